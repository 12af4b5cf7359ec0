"""Clocks: read by the engine from the facts, stored as it says, their steps armed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from prometheus_client import Summary

from msp.core import clock, events
from msp.core.db import current_scope, db
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.itsm.sla import books, queries
from msp.itsm.sla.books import Book
from msp.itsm.sla.content import AT_RISK
from msp.itsm.sla.engine.clock import reading
from msp.itsm.sla.engine.reading import Cycle, Segment
from msp.itsm.sla.engine.rules import RULES
from msp.itsm.sla.events import ClocksChanged
from msp.itsm.sla.models import INTERNAL_CLOCKS, Clock, OutcomeRow
from msp.itsm.sla.services import steps
from msp.itsm.sla.services.replaying import is_replaying

RECOMPUTE = "sla.recompute_internal"
_ENGINE = Summary("msp_sla_engine_seconds", "Seconds that the engine takes to read one clock")


def engine_seconds() -> float:
    """Seconds that this process has spent in the engine."""
    return float(_ENGINE._sum.get())


def recompute(tenant_id: UUID, subject_id: UUID) -> None:
    """Read every clock of the subject anew and store what changed.

    A contact's act cannot touch the clocks between us and our suppliers: a job of ours reads those.
    """
    book = books.locked(tenant_id, subject_id)
    hides_internal = current_scope().role == "msp_tenant"
    promised = queries.promises(tenant_id).clocks
    kinds = [kind for kind in RULES if kind in promised and not (hides_internal and kind in INTERNAL_CLOCKS)]
    store(book, kinds)
    if hides_internal and promised & INTERNAL_CLOCKS:
        outbox.enqueue(RECOMPUTE, {"subject_id": str(subject_id)}, tenant_id=tenant_id)
    events.record(ClocksChanged(tenant_id, subject_id))


def store(book: Book, kinds: Iterable[str]) -> None:
    """Write the cycles of these clocks as the engine reads them now."""
    now, history = clock.now(), book.history()
    present = {(row.kind, row.cycle): row for row in book.clocks}
    ladder = steps.Ladder(book, now)
    outcomes: list[dict[str, Any]] = []
    for kind in kinds:
        with _ENGINE.time():
            cycles = reading(history, RULES[kind], now=now).cycles
        for cycle in cycles:
            row = present.pop((kind, cycle.number), None)
            is_current = cycle is cycles[-1]
            if row is not None and not row.is_current and not is_current and row.outcome == cycle.outcome and _is_same(row, cycle):
                continue
            before = (row.outcome, row.outcome_at) if row is not None else (None, None)
            stored = _store_cycle(book, kind, cycle, row, is_current=is_current, now=now)
            outcomes += _outcomes(stored, before)
            ladder.arm(stored, cycle)
    if any(sa.inspect(row).pending for row in book.clocks):
        db.session.flush()  # outcomes and steps refer to them
    if outcomes:
        db.session.execute(sa.insert(OutcomeRow), outcomes)
    ladder.write()


def _is_same(row: Clock, cycle: Cycle) -> bool:
    return (row.due_at, row.stopped_at, row.breached_at, row.elapsed_seconds, row.is_exempted) == (
        cycle.due_at, cycle.stopped_at, cycle.breached_at, cycle.elapsed_seconds, cycle.is_exempted,
    )  # fmt: skip


def _store_cycle(book: Book, kind: str, cycle: Cycle, row: Clock | None, *, is_current: bool, now: datetime) -> Clock:
    values = clock_values(kind, cycle, is_current=is_current, now=now)
    if row is None:
        row = Clock(tenant_id=book.subject.tenant_id, id=new_id(), subject_id=book.subject.id, **values)
        db.session.add(row)
        book.clocks.append(row)
        return row
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if row.standing == "stopped" and changed.keys() == {"computed_at"}:
        return row  # it says the same at every later instant
    for name, value in changed.items():
        setattr(row, name, value)
    return row


def clock_values(kind: str, cycle: Cycle, *, is_current: bool, now: datetime) -> dict[str, Any]:
    """A cycle as columns."""
    open_pause = next((p for p in cycle.pauses if p.to_at is None), None) if cycle.stopped_at is None else None
    if cycle.target_seconds is None:
        standing = "none"
    elif cycle.stopped_at is not None or cycle.is_exempted:
        standing = "stopped"
    else:
        standing = "paused" if open_pause is not None else "running"
    return {
        "kind": kind,
        "cycle": cycle.number,
        "is_internal": kind in INTERNAL_CLOCKS,
        "is_current": is_current,
        "priority": cycle.priority,
        "policy_version_id": UUID(cycle.policy.id) if cycle.policy else None,
        "calendar_version_id": UUID(cycle.calendar.id) if cycle.calendar else None,
        "target_seconds": cycle.target_seconds,
        "standing": standing,
        "started_at": cycle.started_at,
        "stopped_at": cycle.stopped_at,
        "due_at": cycle.due_at,
        "risk_at": next((t.at for t in cycle.thresholds if t.threshold.key == AT_RISK), None),
        "breaches_at": cycle.breaches_at,
        "breached_at": cycle.breached_at,
        "outcome": cycle.outcome,
        "outcome_at": cycle.outcome_at,
        "paused_at": open_pause.from_at if open_pause else None,
        "elapsed_seconds": cycle.elapsed_seconds,
        "is_exempted": cycle.is_exempted,
        "is_replayed": is_replaying(),
        "segments": [segment_json(segment) for segment in cycle.segments],
        "computed_at": now,
    }


def segment_json(segment: Segment) -> dict[str, Any]:
    """A segment as it is stored; the open one of a running clock has no end."""
    made: dict[str, Any] = {
        "kind": segment.kind,
        "from": segment.from_at.isoformat(),
        "to": segment.to_at.isoformat() if segment.to_at else None,
    }
    if segment.to_at is not None:
        made["seconds"] = segment.seconds
    if segment.pause is not None:
        made["state"] = segment.pause.state
    return made


def _outcomes(row: Clock, before: tuple[str | None, datetime | None]) -> list[dict[str, Any]]:
    """Rows to append: what the cycle came to; an outcome that a later fact took back is withdrawn first."""
    after = (row.outcome, row.outcome_at)
    if after == before:
        return []
    said = [("withdrawn", before[1])] if before[0] is not None else []
    if after[0] is not None:
        said.append((after[0], after[1]))
    return [
        {
            "tenant_id": row.tenant_id, "id": new_id(), "clock_id": row.id, "outcome": outcome, "outcome_at": at,
            "recorded_at": clock.now(), "is_internal": row.is_internal,
        }
        for outcome, at in said
    ]  # fmt: skip
