"""What an edit would do to open tickets: read by the engine from the original facts, before anything is saved.

Every open subject is read twice at the present instant: as it is, and with the one fact more that the edit would
record. So a preview and the act itself cannot disagree.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.ids import new_id
from msp.itsm.sla import content as stored
from msp.itsm.sla import library, queries
from msp.itsm.sla.engine import facts as engine_facts
from msp.itsm.sla.engine.clock import reading
from msp.itsm.sla.engine.definition import Definitions
from msp.itsm.sla.engine.history import History
from msp.itsm.sla.engine.reading import Cycle, Reading
from msp.itsm.sla.engine.rules import RULES
from msp.itsm.sla.models import Clock, Fact
from msp.itsm.sla.services.definitions import MANAGE

MOST = 5000
_AFTER_ALL_OTHERS = 10**9
Direction = Literal["earlier", "later"]
Extra = Callable[[UUID], engine_facts.Fact | None]


@dataclass(frozen=True, slots=True)
class Move:
    """A running clock whose due instant would be another. One subject counts once, by the clock that tells most."""

    subject_id: UUID
    before: Reading
    after: Reading

    @property
    def was(self) -> Cycle:
        return _current(self.before)

    @property
    def becomes(self) -> Cycle:
        return _current(self.after)

    @property
    def is_breach(self) -> bool:
        """Whether it would be overdue at once, and is not yet."""
        return self.becomes.breached_at is not None and self.was.breached_at is None

    @property
    def direction(self) -> Direction:
        was, becomes = self.was, self.becomes
        if was.target_seconds is None or becomes.target_seconds is None:
            return "earlier" if was.target_seconds is None else "later"
        if was.due_at and becomes.due_at:
            return "earlier" if becomes.due_at < was.due_at else "later"
        return "earlier" if (becomes.remaining_seconds or 0) < (was.remaining_seconds or 0) else "later"

    @property
    def shift_seconds(self) -> int | None:
        """By how much: working time, or, where another calendar counts it, time on the wall; None without a target."""
        was, becomes = self.was, self.becomes
        if was.remaining_seconds is None or becomes.remaining_seconds is None:
            return None
        if was.calendar != becomes.calendar and was.due_at and becomes.due_at:
            return int((becomes.due_at - was.due_at).total_seconds())
        return becomes.remaining_seconds - was.remaining_seconds


@dataclass(frozen=True, slots=True)
class Effect:
    """What would move, of how many open subjects. `affected` would run under other versions, moved or not."""

    moves: tuple[Move, ...] = ()
    affected: tuple[UUID, ...] = ()
    open_count: int = 0
    is_capped: bool = False

    def towards(self, direction: Direction) -> list[Move]:
        return [move for move in self.moves if move.direction == direction]

    @property
    def breaches(self) -> list[Move]:
        return [move for move in self.moves if move.is_breach]

    @property
    def unmoved(self) -> int:
        return self.open_count - len(self.moves)


def of_content(
    tenant_id: UUID,
    kind: str,
    content: Mapping[str, Any],
    *,
    by: Actor,
    definition_id: UUID | None = None,
    name: str = "",
) -> Effect:
    """What a new version of a calendar or policy (or, without `definition_id`, a new one) would move if it held now."""
    by.require(MANAGE)
    by.must_reach(tenant_id)
    now = clock.now()
    present = queries.promises(tenant_id).definitions
    fields = (new_id(), definition_id or new_id(), name, _AFTER_ALL_OTHERS, now, content)
    if kind == "policy":
        edited = replace(present, policies=(*present.policies, stored.policy(*fields)))
    else:
        edited = replace(present, calendars=(*present.calendars, stored.calendar_version(*fields)))
    moved = engine_facts.Fact("redefined", now, _AFTER_ALL_OTHERS, actor=engine_facts.Actor(by.name, by.kind))
    return _effect(tenant_id, edited, lambda _: moved, now)


def of_versions(tenant_id: UUID, effective_at: datetime, *, by: Actor) -> Effect:
    """What moving open subjects to the versions in force at an instant does; those of it are saved already."""
    by.require(MANAGE)
    moved = engine_facts.Fact("redefined", effective_at, _AFTER_ALL_OTHERS, actor=engine_facts.Actor(by.name, by.kind))
    return _effect(tenant_id, queries.promises(tenant_id).definitions, lambda _: moved, clock.now())


def of_priorities(tenant_id: UUID, priorities: Mapping[UUID, str], *, by: Actor) -> Effect:
    """What other priorities would move."""
    by.require(MANAGE)
    now = clock.now()
    actor = engine_facts.Actor(by.name, by.kind)

    def extra(subject_id: UUID) -> engine_facts.Fact | None:
        if subject_id not in priorities:
            return None
        data = {"priority": priorities[subject_id]}
        return engine_facts.Fact("reclassified", now, _AFTER_ALL_OTHERS, actor=actor, data=data)

    return _effect(tenant_id, queries.promises(tenant_id).definitions, extra, now)


def _effect(tenant_id: UUID, edited: Definitions, extra: Extra, now: datetime) -> Effect:
    present = queries.promises(tenant_id).definitions
    kinds = [kind for kind in RULES if kind in _promised(present) | _promised(edited)]
    subject_ids = _open_subjects(tenant_id)
    moves, affected = [], []
    for subject_id, facts in _facts(tenant_id, subject_ids[:MOST]):
        more = extra(subject_id)
        if more is None:
            continue
        readings = list(_readings(History(facts, present), History([*facts, more], edited), kinds, now))
        if any(_promise(before) != _promise(after) for before, after in readings):
            affected.append(subject_id)
        if moved := [Move(subject_id, before, after) for before, after in readings if _due(before) != _due(after)]:
            moves.append(min(moved, key=_weight))
    return Effect(tuple(moves), tuple(affected), len(subject_ids[:MOST]), len(subject_ids) > MOST)


def _readings(before: History, after: History, kinds: Iterable[str], now: datetime) -> Iterator[tuple[Reading, Reading]]:
    """Each clock that still runs, before and after; what has stopped stays as it is."""
    for kind in kinds:
        was = reading(before, RULES[kind], now=now)
        if was.current is None or was.current.stopped_at is not None or was.current.is_exempted:
            continue
        yield was, reading(after, RULES[kind], now=now)


def _current(read: Reading) -> Cycle:
    assert read.current is not None  # noqa: S101 - only clocks that have begun are compared
    return read.current


def _promised(definitions: Definitions) -> set[str]:
    return {kind for policy in definitions.policies for row in policy.targets.values() for kind in row}


def _promise(read: Reading) -> tuple[Any, ...]:
    cycle = _current(read)
    return (
        cycle.policy and cycle.policy.id,
        cycle.calendar and cycle.calendar.id,
        cycle.target_seconds,
        cycle.priority,
    )


def _due(read: Reading) -> tuple[datetime | None, int | None]:
    """What a reader sees of the end: the due instant, or, while it is paused, what remains."""
    cycle = _current(read)
    return cycle.due_at, None if cycle.due_at else cycle.remaining_seconds


def _weight(move: Move) -> tuple[bool, bool, float]:
    """What tells most first: a breach, then whatever would be due first."""
    due = move.becomes.due_at
    return not move.is_breach, due is None, due.timestamp() if due else 0.0


def _open_subjects(tenant_id: UUID) -> list[UUID]:
    statement = sa.select(Clock.subject_id).where(Clock.tenant_id == tenant_id, library.still_open()).distinct().limit(MOST + 1)
    return list(db.session.scalars(statement))


def _facts(tenant_id: UUID, subject_ids: list[UUID]) -> Iterator[tuple[UUID, list[engine_facts.Fact]]]:
    """The facts of each subject, read with one statement."""
    found: dict[UUID, list[engine_facts.Fact]] = defaultdict(list)
    statement = sa.select(Fact).where(Fact.tenant_id == tenant_id, Fact.subject_id.in_(subject_ids))
    for row in db.session.scalars(statement.order_by(Fact.subject_id, Fact.number).execution_options(yield_per=2000)):
        found[row.subject_id].append(queries.engine_fact(row))
    yield from found.items()
