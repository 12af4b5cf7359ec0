"""An approval's state, folded from what was recorded: it ends in exactly one outcome, and by nobody who may not."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from msp.itsm.approvals.engine.chain import Chain, Stage, Value, applies
from msp.itsm.approvals.engine.errors import Ended, Misplaced, NotDue, NotEntitled, TooLate
from msp.itsm.approvals.engine.seating import Person

Outcome = Literal["approved", "rejected", "withdrawn", "expired", "voided"]
OUTCOMES: tuple[Outcome, ...] = ("approved", "rejected", "withdrawn", "expired", "voided")


@dataclass(frozen=True)
class Place:
    """A seat as an entry names it."""

    seat: str
    person: Person
    holder: Person


@dataclass(frozen=True)
class Entry:
    """Something that happened to an approval at `at` (UTC)."""

    at: datetime


@dataclass(frozen=True)
class Seated(Entry):
    """The next stage was opened for these."""

    places: tuple[Place, ...]
    required: int


@dataclass(frozen=True)
class Answered(Entry):
    seat: str
    by: Person
    is_approved: bool


@dataclass(frozen=True)
class Delegated(Entry):
    seat: str
    by: Person
    to: Person


@dataclass(frozen=True)
class Moved(Entry):
    """A seat went to another without its holder's doing: he is away, has left, or somebody who may put another in his place."""

    seat: str
    to: Person


@dataclass(frozen=True)
class Raised(Entry):
    """A late stage went to others, each of whom decides it alone."""

    places: tuple[Place, ...]


@dataclass(frozen=True)
class Expired(Entry):
    pass


@dataclass(frozen=True)
class Withdrawn(Entry):
    by: Person


@dataclass(frozen=True)
class Changed(Entry):
    """What was shown is no longer what is: this approval is void."""


@dataclass(frozen=True)
class Seat:
    """A place of the present stage and what came of it. `is_raised`: it came by escalation."""

    id: str
    person: Person
    holder: Person
    is_raised: bool = False
    answer: bool | None = None


@dataclass(frozen=True)
class State:
    """Where an approval stands.

    `plan` are the numbers of the chain's stages that apply, `position` is the place in it. A stage without `opened_at` waits to
    be seated. `barred`, the requester among them, decide only where a stage says that they count.
    `due_at` and `remind_at` are instants (UTC) of the present stage.
    """

    chain: Chain
    plan: tuple[int, ...]
    requester: Person | None
    barred: frozenset[Person] = frozenset()
    position: int = 0
    seats: tuple[Seat, ...] = ()
    required: int = 0
    opened_at: datetime | None = None
    due_at: datetime | None = None
    remind_at: datetime | None = None
    is_raised: bool = False
    outcome: Outcome | None = None

    @property
    def number(self) -> int | None:
        """The present stage's number in the chain; None once there is an outcome."""
        return self.plan[self.position] if self.outcome is None else None

    @property
    def stage(self) -> Stage:
        return self.chain.stages[self.plan[self.position]]

    @property
    def needs_seating(self) -> bool:
        return self.outcome is None and self.opened_at is None

    @property
    def can_be_raised(self) -> bool:
        return self.stage.escalates and not self.is_raised

    def open_seats(self) -> tuple[Seat, ...]:
        """Seats whose holders may decide now."""
        if self.outcome is not None:
            return ()
        return tuple(seat for seat in self.seats if seat.answer is None)

    def seat_of(self, person: Person) -> Seat | None:
        """The open seat that a person holds."""
        return next((seat for seat in self.open_seats() if seat.holder == person), None)

    def is_late(self, at: datetime) -> bool:
        """Whether no answer is taken any more, though nobody has noted that it expired."""
        return self.due_at is not None and at >= self.due_at and not self.can_be_raised


def begun(chain: Chain, shown: dict[str, Value], requester: Person | None, others: Iterable[Person] = ()) -> State:
    """The state before anything happened; `others` decide no more than the requester does.

    Where no stage applies nobody needs to be asked, and it is approved.
    """
    plan = tuple(number for number, stage in enumerate(chain.stages) if applies(stage.condition, shown))
    barred = frozenset((*([requester] if requester else []), *others))
    return State(chain, plan, requester, barred, outcome=None if plan else "approved")


def fold(state: State, entries: Iterable[Entry]) -> State:
    """The state after the entries; Refused (Ended, NotEntitled, TooLate, NotDue, Misplaced) at the first that does not follow."""
    for entry in entries:
        state = after(state, entry)
    return state


def after(state: State, entry: Entry) -> State:
    """The state after one entry more; Refused where it cannot follow."""
    if state.outcome is not None:
        raise Ended(state.outcome)
    match entry:
        case Seated():
            return _seated(state, entry)
        case Answered():
            return _answered(state, entry)
        case Delegated() | Moved():
            return _handed_over(state, entry)
        case Raised():
            return _raised(state, entry)
        case Expired():
            _must_be_due(state, entry)
            return _ended(state, "expired")
        case Withdrawn():
            if state.requester is None or entry.by != state.requester:
                raise NotEntitled("only the requester withdraws")
            return _ended(state, "withdrawn")
        case Changed():
            return _ended(state, "voided")
        case _:
            raise Misplaced(type(entry).__name__)


def _seated(state: State, entry: Seated) -> State:
    if not state.needs_seating:
        raise Misplaced("the stage has its seats")
    stage, holders = state.stage, [place.holder for place in entry.places]
    if len(set(holders)) < len(holders) or not 1 <= entry.required <= max(1, len(holders)):
        raise Misplaced("the seats do not fit the stage")
    _must_not_be_barred(state, holders)
    return replace(
        state, seats=tuple(Seat(each.seat, each.person, each.holder) for each in entry.places), required=entry.required,
        opened_at=entry.at, due_at=_later(entry.at, stage.expires_after_hours), remind_at=_later(entry.at, stage.remind_after_hours),
        is_raised=False,
    )  # fmt: skip


def _answered(state: State, entry: Answered) -> State:
    _open_seat(state, entry.seat, entry.by)
    if state.is_late(entry.at):
        raise TooLate("the stage is over")
    seats = tuple(replace(each, answer=entry.is_approved) if each.id == entry.seat else each for each in state.seats)
    state = replace(state, seats=seats)
    said = [seat.answer for seat in seats if not seat.is_raised]
    alone = [seat.answer for seat in seats if seat.is_raised]
    if False in alone or len(said) - said.count(False) < min(state.required, len(said)):
        return _ended(state, "rejected")
    if True in alone or (said and said.count(True) >= state.required):
        return _next(state)
    return state


def _handed_over(state: State, entry: Delegated | Moved) -> State:
    _open_seat(state, entry.seat, entry.by if isinstance(entry, Delegated) else None)
    if state.is_late(entry.at):
        raise TooLate("the stage is over")
    if any(seat.holder == entry.to for seat in state.seats):
        raise Misplaced("that person decides here already")
    _must_not_be_barred(state, [entry.to])
    return replace(
        state, seats=tuple(replace(each, holder=entry.to) if each.id == entry.seat else each for each in state.seats)
    )


def _raised(state: State, entry: Raised) -> State:
    _must_be_due(state, entry)
    holders = [place.holder for place in entry.places]
    if not state.can_be_raised or not holders or len(set(holders)) < len(holders):
        raise Misplaced("the stage is not escalated so")
    if {seat.holder for seat in state.seats} & set(holders):
        raise Misplaced("who sits there already is not asked again")
    _must_not_be_barred(state, holders)
    more = tuple(Seat(each.seat, each.person, each.holder, is_raised=True) for each in entry.places)
    return replace(
        state, seats=state.seats + more, is_raised=True, due_at=_later(entry.at, state.stage.expires_after_hours),
        remind_at=_later(entry.at, state.stage.remind_after_hours),
    )  # fmt: skip


def _next(state: State) -> State:
    if state.position + 1 == len(state.plan):
        return _ended(state, "approved")
    return replace(
        state, position=state.position + 1, seats=(), required=0, opened_at=None, due_at=None, remind_at=None, is_raised=False
    )


def _ended(state: State, outcome: Outcome) -> State:
    return replace(state, outcome=outcome, due_at=None, remind_at=None)


def _open_seat(state: State, seat_id: str, person: Person | None) -> Seat:
    seat = next((each for each in state.seats if each.id == seat_id), None)
    if seat is None or seat.answer is not None:
        raise Misplaced("there is no such open seat")
    if person is not None and seat.holder != person:
        raise NotEntitled("the seat is another's")
    return seat


def _must_not_be_barred(state: State, people: Iterable[Person]) -> None:
    if not state.stage.self_counts and not state.barred.isdisjoint(people):
        raise NotEntitled("nobody decides here on what he asked for or gets himself")


def _must_be_due(state: State, entry: Entry) -> None:
    if state.due_at is None or entry.at < state.due_at:
        raise NotDue("its time has not come")


def _later(at: datetime, hours: int | None) -> datetime | None:
    return at + timedelta(hours=hours) if hours is not None else None
