"""The sweep: steps whose instant has come take effect, each exactly once; clocks that ran out are noted as breached.

Rows are taken with SKIP LOCKED, so two sweeps share the work and neither waits for a request that holds a clock. What
steps do to whoever owns the subject is told in an event of the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, events, heartbeats
from msp.core.db import db, locked, transaction
from msp.core.ids import new_id
from msp.core.scope import Scope, Trail
from msp.itsm.sla import books
from msp.itsm.sla.content import BREACH
from msp.itsm.sla.events import StepsFired
from msp.itsm.sla.models import Clock, Escalation, OutcomeRow
from msp.itsm.sla.services.replaying import is_replaying

SWEEP = "sla.sweep"
BATCH = 500
STAFF = Scope.staff(trail=Trail(actor_name="escalation"))


@dataclass(frozen=True)
class Settled:
    """What one batch came to; `is_full` when there may be more."""

    fired: int
    is_full: bool


def sweep(now: datetime) -> int:
    """Let everything due take effect, batch by batch in transactions of their own; how many steps fired."""
    fired = 0
    while True:
        with transaction(STAFF):
            batch = _settle(
                due_steps(now).where(~Escalation.is_replayed), due_clocks(now).where(~Clock.is_replayed), BATCH
            )
        heartbeats.beat(SWEEP)
        fired += batch.fired
        if not batch.is_full:
            return fired


def fire_due(tenant_id: UUID, subject_id: UUID, now: datetime) -> int:
    """Let what is due of one subject take effect, each step at its own instant; how many fired.

    For a replay of the past, in the caller's transaction.
    """
    book = books.locked(tenant_id, subject_id)
    instants = {row.fire_at for row in book.steps if row.state == "armed" and row.fire_at and row.fire_at <= now}
    instants |= {row.breaches_at for row in book.clocks if _runs_out(row) and row.breaches_at and row.breaches_at < now}
    if not instants:
        return 0
    own = sa.and_(Clock.tenant_id == tenant_id, Clock.subject_id == subject_id)
    steps, ending = due_steps(now).where(own), due_clocks(now).where(own)
    fired = 0
    for instant in sorted(instants):
        with clock.at(instant):
            fired += _settle(
                steps.where(Escalation.fire_at <= instant), ending.where(Clock.breaches_at <= instant), BATCH
            ).fired
    return fired


def _runs_out(row: Clock) -> bool:
    return row.standing == "running" and row.breached_at is None


def due_steps(now: datetime) -> sa.Select[UUID, datetime | None, str]:
    """Armed steps whose instant has come, with the state of their clocks.

    More than the target is used only a second after the due instant, so the breach waits for that second.
    """
    return (
        sa.select(Escalation.id, Escalation.fire_at, Clock.standing)
        .join(Clock, sa.and_(Clock.tenant_id == Escalation.tenant_id, Clock.id == Escalation.clock_id))
        .where(
            Escalation.state == sa.literal_column("'armed'"),  # literally, so that every plan knows the partial index
            Escalation.fire_at <= now,
            sa.or_(Escalation.step != BREACH, Escalation.fire_at < now.replace(microsecond=0)),
        )
        .order_by(Escalation.fire_at, Escalation.tenant_id, Escalation.id)
    )


def due_clocks(now: datetime) -> sa.Select[UUID, UUID, datetime | None, bool]:
    """Running clocks that have used more than their target and do not say so yet."""
    return (
        sa.select(Clock.tenant_id, Clock.id, Clock.breaches_at, Clock.is_internal)
        .where(
            Clock.standing == sa.literal_column("'running'"),
            Clock.breached_at.is_(None),
            Clock.breaches_at < now.replace(microsecond=0),
        )
        .order_by(Clock.breaches_at, Clock.id)
    )


def _settle(armed: sa.Select[*tuple[Any, ...]], ending: sa.Select[*tuple[Any, ...]], limit: int) -> Settled:
    """Take one batch and write its effects, a statement for each kind of them."""
    steps = _taken(armed, limit, Escalation, Clock)
    ended = _taken(ending, limit, Clock)
    fired = [row.id for row in steps if row.standing == "running"]
    moot = [row.id for row in steps if row.standing != "running"]
    if moot:
        # Without an instant it rests; a clock that runs again arms it anew.
        db.session.execute(sa.update(Escalation).where(Escalation.id.in_(moot)).values(fire_at=None))
    if fired:
        settled = {"state": "fired", "settled_at": clock.now()}
        db.session.execute(sa.update(Escalation).where(Escalation.id.in_(fired)).values(settled))
    if ended:
        _note_breaches(ended)
    if fired or ended:
        events.record(StepsFired(tuple(fired), tuple(row.id for row in ended), is_replaying()))
    return Settled(len(fired), max(len(steps), len(ended)) == limit)


def _taken(statement: sa.Select[*tuple[Any, ...]], limit: int, *tables: Any) -> Sequence[Any]:
    return db.session.execute(locked(statement.limit(limit), skip_locked=True, key_share=True, of=list(tables))).all()


def _note_breaches(ended: Sequence[Any]) -> None:
    db.session.execute(
        sa.update(Clock)
        .where(Clock.id.in_([row.id for row in ended]))
        .values(breached_at=Clock.breaches_at, outcome="breached", outcome_at=Clock.breaches_at)
    )
    now = clock.now()
    outcomes = [
        {
            "tenant_id": row.tenant_id, "id": new_id(), "clock_id": row.id, "outcome": "breached",
            "outcome_at": row.breaches_at, "recorded_at": now, "is_internal": row.is_internal,
        }
        for row in ended
    ]  # fmt: skip
    db.session.execute(sa.insert(OutcomeRow).inline(), outcomes)
