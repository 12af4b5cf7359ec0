"""Whatever the definition and whatever happens, an approval ends in exactly one outcome, and by nobody who may not."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msp.itsm.approvals.engine import reading, seating, state
from msp.itsm.approvals.engine.chain import Chain
from msp.itsm.approvals.engine.errors import Refused
from msp.itsm.approvals.engine.seating import Found, Person
from msp.itsm.approvals.engine.state import OUTCOMES, Entry, State
from tests.itsm.approvals import chains

EVERYBODY = [*chains.CONTACTS, *chains.AGENTS]
MOST_VOIDED = 3


@dataclass
class Run:
    """One approval from its beginning to its end, with a book of its own about who may decide: the oracle."""

    chain: Chain
    shown: dict[str, Any]
    found: Found
    now: datetime = chains.MONDAY
    entries: list[Entry] = field(default_factory=list)
    holders: dict[str, Person] = field(default_factory=dict)
    answered: dict[str, bool] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    approvals: Counter[int] = field(default_factory=Counter)
    required: dict[int, int] = field(default_factory=dict)
    raised: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.start = self.state = state.begun(self.chain, self.shown, chains.REQUESTER)
        self._note(self.state)

    def do(self, entry: Entry) -> bool:
        """Record it if the engine takes it."""
        try:
            after = state.after(self.state, entry)
        except Refused:
            return False
        assert self.state.outcome is None, "nothing follows an outcome"
        self.entries.append(entry)
        self._check(entry)
        self.state = after
        self._note(after)
        return True

    def seat(self) -> None:
        """Open the stage that waits for it, as the service does."""
        if self.state.needs_seating:
            made = seating.seating(self.state.stage, self.found, barred={chains.REQUESTER})
            assert self.do(state.Seated(self.now, self._places(made.places), made.required))

    def take_time(self, hours: int) -> None:
        """Let time pass, and what is due happen, as the sweep does."""
        self.now += timedelta(hours=hours)
        if self.state.outcome is None and self.state.due_at is not None and self.now >= self.state.due_at:
            more: tuple[Any, ...] = ()
            if self.state.can_be_raised:
                sitting = [seat.holder for seat in self.state.seats]
                more = seating.raised(self.state.stage, self.found, barred={chains.REQUESTER}, holders=sitting)
            assert self.do(state.Raised(self.now, self._places(more)) if more else state.Expired(self.now))

    def _places(self, places: Any) -> tuple[state.Place, ...]:
        made = [state.Place(f"{len(self.entries)}-{n}", each.person, each.holder) for n, each in enumerate(places)]
        return tuple(made)

    def _check(self, entry: Entry) -> None:
        """The oracle, from the entries alone: whoever answers or delegates holds that seat at this moment."""
        position = self.state.position
        if isinstance(entry, state.Seated | state.Raised):
            if isinstance(entry, state.Seated):
                self.holders, self.answered = {}, {}
                self.required[position] = entry.required
            else:
                self.raised |= {place.seat for place in entry.places}
            self.holders |= {place.seat: place.holder for place in entry.places}
        elif isinstance(entry, state.Answered | state.Delegated):
            assert self.holders[entry.seat] == entry.by
            assert entry.seat not in self.answered
            if isinstance(entry, state.Delegated):
                self.holders[entry.seat] = entry.to
            else:
                self.answered[entry.seat] = entry.is_approved
                weight = 99 if entry.seat in self.raised else 1
                self.approvals[position] += weight if entry.is_approved else 0
        elif isinstance(entry, state.Withdrawn):
            assert entry.by == chains.REQUESTER
        assert len(set(self.holders.values())) == len(self.holders), "nobody holds two seats"
        if not self.state.stage.self_counts:
            assert chains.REQUESTER not in self.holders.values()

    def _note(self, now: State) -> None:
        if now.outcome is not None:
            self.outcomes.append(now.outcome)


@st.composite
def runs(draw: Any) -> Run:
    chain = draw(chains.CHAINS)
    return Run(chain, draw(chains.SHOWN), draw(chains.directories(chain)))


def random_act(run: Run, data: st.DataObject) -> None:
    """Anything by anybody, entitled or not."""
    who = data.draw(st.sampled_from(EVERYBODY))
    seats = [seat.id for seat in run.state.seats] or ["none"]
    seat = data.draw(st.sampled_from(seats))
    act = data.draw(st.sampled_from(["yes", "no", "mine", "mine", "delegate", "time", "expire", "withdraw", "seat", "change"]))
    match act:
        case "yes" | "no":
            run.do(state.Answered(run.now, seat, who, act == "yes"))
        case "mine":
            for each in run.state.open_seats()[:1]:
                run.do(state.Answered(run.now, each.id, each.holder, data.draw(st.booleans())))
        case "delegate":
            holder = next((each.holder for each in run.state.seats if each.id == seat), who)
            by = data.draw(st.sampled_from([holder, who]))
            run.do(state.Delegated(run.now, seat, by, data.draw(st.sampled_from(EVERYBODY))))
        case "time":
            run.take_time(data.draw(st.integers(1, 300)))
        case "expire":
            run.do(state.Expired(run.now))
        case "withdraw":
            run.do(state.Withdrawn(run.now, who))
        case "seat":
            run.do(state.Seated(run.now, (), 1))
        case "change":
            run.do(state.Changed(run.now))


def to_the_end(run: Run) -> None:
    """Time alone ends whatever nobody ends: each stage expires, an escalated one a second time."""
    for _ in range(2 * len(run.chain.stages) + 1):
        run.seat()
        run.take_time(24 * 400)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(run=runs(), data=st.data())
def test_it_ends_in_exactly_one_outcome_and_by_nobody_who_may_not(run: Run, data: st.DataObject) -> None:
    for voided in range(MOST_VOIDED + 1):
        for _ in range(data.draw(st.integers(0, 12))):
            run.seat()
            random_act(run, data)
        to_the_end(run)
        assert len(run.outcomes) == 1, run.outcomes
        assert run.outcomes[0] in OUTCOMES
        assert state.fold(run.start, run.entries) == run.state, "the entries alone give the state"
        if run.outcomes == ["approved"]:
            for position in range(len(run.start.plan)):
                assert run.approvals[position] >= run.required[position]
        if run.outcomes != ["voided"] or voided == MOST_VOIDED:
            break
        run = Run(run.chain, run.shown, run.found, run.now)  # asked again
    for person in EVERYBODY:
        for entry in (
            state.Withdrawn(run.now, person), state.Expired(run.now), state.Changed(run.now),
            *(state.Answered(run.now, seat.id, person, True) for seat in run.state.seats),
        ):  # fmt: skip
            assert not run.do(entry), "nothing follows an outcome"


@settings(max_examples=250, deadline=None)
@given(chain=chains.CHAINS)
def test_a_chain_survives_json(chain: Chain) -> None:
    assert reading.read_chain(reading.write_chain(chain)) == chain


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(run=runs())
def test_a_stage_is_never_without_an_able_person_that_there_is(run: Run) -> None:
    """Vacant only where no administrator and no account manager is left who may decide."""
    while run.state.needs_seating:
        stage = run.state.stage
        made = seating.seating(stage, run.found, barred={chains.REQUESTER})
        able = {*run.found.admins, *run.found.managers} - (set() if stage.self_counts else {chains.REQUESTER})
        assert made.places or not able
        assert 1 <= made.required <= max(1, len(made.places))
        run.seat()
        for seat in run.state.open_seats():
            run.do(state.Answered(run.now, seat.id, seat.holder, True))
        assert made.places or run.state.outcome is None
        if not made.places:
            break
