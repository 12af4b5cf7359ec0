"""Whatever happens to a ticket, in whatever order: what must hold of every reading."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msp.itsm.sla.engine import clock, rules, stopwatch
from msp.itsm.sla.engine.explain import explain, thread
from msp.itsm.sla.engine.facts import KINDS, Fact
from msp.itsm.sla.engine.reading import Cycle
from msp.itsm.sla.engine.seconds import seconds_of
from tests.itsm.sla.engine.strategies import examples
from tests.itsm.sla.engine.week import AGENT, CLIENT, MONDAY, POLICY, RULE, definitions, opened

WAITING = ["waiting_for_client", "scheduled", "waiting_for_supplier"]


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Facts of two weeks, many of them at one instant; the opening comes first or not at all."""
    found = []
    for number in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from(KINDS[1:]))
        instant = MONDAY + timedelta(minutes=30 * draw(st.integers(18, 400)), seconds=draw(st.sampled_from([0, 0, 1])))
        by_kind: dict[str, dict[str, str | None]] = {
            "waiting": {"state": draw(st.sampled_from(WAITING))},
            "reclassified": {"priority": draw(st.sampled_from(["P1", "P2", "P3", "P5", None]))},
            "assigned": {"team": draw(st.sampled_from(["Network", "Clinical"]))},
            "handed_over": {"supplier": draw(st.sampled_from(["A", "B"]))},
        }
        actor = draw(st.sampled_from([AGENT, AGENT, CLIENT, RULE]))
        found.append(Fact(kind, instant, number + 1, str(number), actor, by_kind.get(kind, {})))
    return [opened(), *found] if draw(st.integers(0, 9)) else found


policies = st.builds(
    lambda reopening, pauses, phone: replace(
        POLICY, reopening=reopening, pauses_response=pauses, phone_counts_as_answer=phone
    ),
    st.sampled_from(["continue", "new_cycle"]),
    st.booleans(),
    st.booleans(),
)
nows = st.integers(0, 800).map(lambda half_hours: MONDAY + timedelta(minutes=30 * half_hours))


@pytest.mark.parametrize("kind", rules.RULES)
@given(history=facts(), policy=policies, now=nows, seed=st.randoms(use_true_random=False))
@examples(1 / 2)
def test_every_reading_is_consistent(
    kind: str, history: list[Fact], policy: object, now: datetime, seed: object
) -> None:
    given_definitions = definitions(policy)  # type: ignore[arg-type]  # it is a Policy
    now = max([now, *(fact.occurred_at for fact in history)])
    reading = clock.read(history, given_definitions, rules.RULES[kind], now=now)
    for cycle in reading.cycles:
        check_outcome(cycle)
        if cycle.target_seconds is not None and cycle.calendar is not None:
            check_arithmetic(cycle, now)
            steps = explain(reading, cycle)
            counted = sum(step.seconds for step in steps if step.counted and not step.is_ahead)
            assert counted == cycle.elapsed_seconds == steps[-1].seconds
            assert all(before.to_at == after.from_at for before, after in pairwise(thread(reading, cycle)))
    assert [cycle.number for cycle in reading.cycles] == list(range(1, len(reading.cycles) + 1))
    assert all(cycle.stopped_at for cycle in reading.cycles[:-1])
    seed.shuffle(history)  # type: ignore[attr-defined]  # it is a random.Random
    assert clock.read(history, given_definitions, rules.RULES[kind], now=now) == reading


def check_outcome(cycle: Cycle) -> None:
    assert (cycle.outcome is None) == (cycle.outcome_at is None)
    assert (cycle.outcome == "breached") == (cycle.breached_at is not None)
    running = {"on_track", "at_risk", "breached", "paused", "none"}
    assert (cycle.state in running) or cycle.stopped_at is not None or cycle.is_exempted
    if cycle.outcome == "met":
        assert cycle.outcome_at == cycle.stopped_at
    if cycle.breached_at is not None and cycle.stopped_at is not None:
        assert cycle.started_at <= cycle.breached_at <= cycle.stopped_at


def check_arithmetic(cycle: Cycle, now: datetime) -> None:
    """The same figures from the pauses alone."""
    assert cycle.calendar is not None
    assert cycle.target_seconds is not None
    calendar, start = cycle.calendar.calendar, seconds_of(cycle.started_at)
    end = seconds_of(cycle.stopped_at or max(now, cycle.started_at))
    pauses = stopwatch.normalised(
        ((seconds_of(pause.from_at), seconds_of(pause.to_at) if pause.to_at else None) for pause in cycle.pauses), start
    )
    due = stopwatch.due(calendar, start, cycle.target_seconds, pauses)
    assert cycle.due_at == (None if due is None else cycle.due_at)
    assert due == (None if cycle.due_at is None else seconds_of(cycle.due_at))
    assert cycle.elapsed_seconds == stopwatch.used(calendar, start, end, pauses)
    assert cycle.remaining_seconds == cycle.target_seconds - cycle.elapsed_seconds
    if cycle.breached_at is not None:
        assert cycle.elapsed_seconds > cycle.target_seconds
        exceeded = stopwatch.exceeded(calendar, due, pauses)
        assert exceeded is not None
        assert seconds_of(cycle.breached_at) >= exceeded
        assert cycle.moves or seconds_of(cycle.breached_at) == exceeded
    running = [segment for segment in cycle.segments if segment.kind == "running"]
    assert sum(segment.seconds for segment in running) == cycle.elapsed_seconds
    assert all(before.to_at == after.from_at for before, after in pairwise(cycle.segments))
    assert all(before.kind != after.kind or before.kind == "paused" for before, after in pairwise(cycle.segments))
    if cycle.segments:
        assert cycle.segments[0].from_at == cycle.started_at
        assert cycle.segments[-1].to_at == cycle.stopped_at
    for move, following in pairwise(cycle.moves):
        assert move.to_due_at == following.from_due_at or None in (move.to_due_at, following.from_due_at)
