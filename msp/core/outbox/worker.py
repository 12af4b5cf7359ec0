"""Doing the work: claim under the staff role, work under the row's own scope, finish with the claim.

A claim that ran out was somebody else's crash; the row is worked again. The last statement of the work is the
row's own `done_at`, so inside the database an effect happens exactly once.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask import current_app

from msp.core import clock, jobs
from msp.core.actor import Actor
from msp.core.db import db, transaction
from msp.core.outbox.models import Outbox
from msp.core.outbox.queue import push
from msp.core.scope import Scope, Trail

CLAIM = timedelta(minutes=5)
UNCLAIMED = timedelta(seconds=10)
BACKOFF_SECONDS = (5, 15, 60, 300, 900, 1800, 3600)
log = structlog.get_logger(__name__)


class ClaimLost(RuntimeError):
    """Another worker finished the row meanwhile; this one's effects are undone."""


def work(outbox_id: str) -> str:
    """RQ's entry point: do one row, whatever state it is in; says what happened."""
    from msp.core.process import application  # the worker process builds its application once

    with application().app_context():
        return do(UUID(outbox_id))


def do(outbox_id: UUID) -> str:
    """Claim and do one row: `done`, `gone` (not ours to do), `failed` or `parked`."""
    claimed = _claim(outbox_id)
    if claimed is None:
        return "gone"
    row, claim = claimed
    try:
        _perform(row, claim)
    except ClaimLost:
        return "gone"
    except Exception as error:
        log.exception("job_failed", kind=row["kind"], outbox_id=str(outbox_id))
        return _note_failure(row, claim, error)
    return "done"


def _claim(outbox_id: UUID) -> tuple[Mapping[str, Any], str] | None:
    now, claim = clock.now(), secrets.token_hex(16)
    statement = (
        sa.update(Outbox)
        .where(
            Outbox.id == outbox_id,
            Outbox.done_at.is_(None),
            Outbox.parked_at.is_(None),
            Outbox.suppressed_at.is_(None),
            Outbox.run_after <= now,
            sa.or_(Outbox.claimed_until.is_(None), Outbox.claimed_until < now),
        )
        .values(claim=claim, claimed_until=now + CLAIM, attempts=Outbox.attempts + 1)
        .returning(Outbox.__table__)
    )
    with transaction(Scope.staff()) as session:
        row = session.execute(statement).mappings().one_or_none()
        return (dict(row), claim) if row else None


def _perform(row: Mapping[str, Any], claim: str) -> None:
    kind = jobs.kind_of(row["kind"])
    scope = scope_of(row, kind)
    tenant_ids = tuple(row["tenant_ids"])
    actor = Actor(
        row["actor_id"], "system", kind.name, kind.permissions, tenant_ids or None, provider_id=provider_id()
    )
    with transaction(scope) as session:
        kind.work(jobs.Call(row["id"], row["args"], actor, tenant_ids))
        finished = session.execute(
            sa.update(Outbox)
            .where(Outbox.id == row["id"], Outbox.claim == claim, Outbox.done_at.is_(None))
            .values(done_at=clock.now())
        )
        if finished.rowcount != 1:
            raise ClaimLost(str(row["id"]))


def scope_of(row: Mapping[str, Any], kind: jobs.JobKind) -> Scope:
    """The scope written in the row; a provider's job works as an agent of the row's clients."""
    tenant_ids, trail = tuple(row["tenant_ids"]), Trail(actor_name=kind.name, request_id=str(row["id"]))
    if kind.runs_as == "provider" and tenant_ids:
        return Scope.of_agent(tenant_ids, row["actor_id"], trail)
    return Scope(row["scope_role"], tenant_ids, row["actor_id"], trail)


def provider_id() -> UUID | None:
    """The provider's tenant, known to the application since it was installed."""
    return current_app.extensions.get("msp.provider_id")


def _note_failure(row: Mapping[str, Any], claim: str, error: Exception) -> str:
    attempts, now = row["attempts"], clock.now()
    parked = attempts >= jobs.kind_of(row["kind"]).tries
    wait = BACKOFF_SECONDS[min(attempts - 1, len(BACKOFF_SECONDS) - 1)]
    with transaction(Scope.staff()) as session:
        session.execute(
            sa.update(Outbox)
            .where(Outbox.id == row["id"], Outbox.claim == claim)
            .values(
                claim=None,
                claimed_until=None,
                run_after=now + timedelta(seconds=wait),
                parked_at=now if parked else None,
                error=f"{type(error).__name__}: {error}"[:2000],
            )
        )
    return "parked" if parked else "failed"


def push_due(limit: int = 2000) -> int:
    """Push again what is due and unclaimed; the sweep that makes Redis forgettable. Returns how many."""
    now = clock.now()
    due = (
        sa.select(Outbox.queue, Outbox.id)
        .where(
            Outbox.done_at.is_(None),
            Outbox.parked_at.is_(None),
            Outbox.suppressed_at.is_(None),
            Outbox.run_after <= now,
            sa.or_(
                sa.and_(Outbox.claimed_until.is_(None), Outbox.created_at <= now - UNCLAIMED),
                sa.and_(Outbox.claimed_until.is_(None), Outbox.run_after > Outbox.created_at),
                Outbox.claimed_until < now,
            ),
        )
        .order_by(Outbox.run_after, Outbox.id)
        .limit(limit)
    )
    with transaction(Scope.staff()):
        found: dict[str, list[UUID]] = {}
        for queue, id in db.session.execute(due):
            found.setdefault(queue, []).append(id)
    for queue, ids in found.items():
        push(queue, ids)
    return sum(map(len, found.values()))


def retry(outbox_id: UUID) -> None:
    """Send a parked row again; runs in the caller's transaction."""
    db.session.execute(
        sa.update(Outbox)
        .where(Outbox.id == outbox_id, Outbox.parked_at.is_not(None), Outbox.done_at.is_(None))
        .values(parked_at=None, attempts=0, run_after=clock.now(), claim=None, claimed_until=None)
    )
