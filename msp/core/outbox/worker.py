"""Doing the work: claim under the staff role, work under the row's own scope, finish with the claim.

A claim that ran out was somebody else's crash; the row is worked again. The last statement of the work is the
row's own `done_at`, so inside the database an effect happens exactly once.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask import current_app

from msp.core import clock, jobs
from msp.core.actor import Actor
from msp.core.db import call, db, transaction
from msp.core.outbox.models import Outbox
from msp.core.outbox.queue import SECONDS
from msp.core.process import application
from msp.core.scope import Scope, Trail

BACKOFF_SECONDS = (5, 15, 60, 300, 900, 1800, 3600)
TRIES = 8  # of a kind that this version of the program does not know
log = structlog.get_logger(__name__)


class ClaimLost(RuntimeError):
    """Another worker finished the row meanwhile; this one's effects are undone."""


def work(outbox_id: str) -> str:
    """RQ's entry point: do one row, whatever state it is in; says what happened."""
    with application().app_context():
        return do(UUID(outbox_id))


def do(outbox_id: UUID) -> str:
    """Claim and do one row: `done`, `gone` (not ours to do), `failed` or `parked`."""
    row = _claim(outbox_id)
    if row is None:
        return "gone"
    try:
        _perform(row)
    except ClaimLost:
        return "gone"
    except Exception as error:
        log.exception("job_failed", kind=row["kind"], outbox_id=str(outbox_id))
        return _note_failure(row, error)
    return "done"


def _claim(outbox_id: UUID) -> Mapping[str, Any] | None:
    now = clock.now()
    seconds = sa.case(SECONDS, value=Outbox.queue, else_=max(SECONDS.values()))
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
        .values(
            claim=f"{holder(os.getpid())}{secrets.token_hex(8)}",
            claimed_until=now + seconds * sa.literal(timedelta(seconds=1)),
            attempts=Outbox.attempts + 1,
        )
        .returning(Outbox.__table__)
    )
    with transaction(Scope.staff()) as session:
        row = session.execute(statement).mappings().one_or_none()
        return dict(row) if row else None


def holder(pid: int) -> str:
    """How the claims of a process begin."""
    return f"{socket.gethostname()}:{pid}:"


def _perform(row: Mapping[str, Any]) -> None:
    kind = jobs.kind_of(row["kind"])
    scope, tenant_ids = scope_of(row, kind), tuple(row["tenant_ids"])
    with transaction(scope) as session:
        actor = Actor(
            row["actor_id"], "system", kind.actor, kind.permissions, tenant_ids or None, provider_id=_provider_id()
        )
        kind.work(jobs.Call(row["id"], row["args"], actor, tenant_ids))
        finished = session.execute(
            sa.update(Outbox)
            .where(Outbox.id == row["id"], Outbox.claim == row["claim"], Outbox.done_at.is_(None))
            .values(done_at=clock.now())
        )
        if cast(sa.CursorResult[Any], finished).rowcount != 1:
            raise ClaimLost(str(row["id"]))


def scope_of(row: Mapping[str, Any], kind: jobs.JobKind) -> Scope:
    """The scope written in the row; a provider's job works as an agent of the row's clients."""
    tenant_ids, trail = tuple(row["tenant_ids"]), Trail(actor_name=kind.actor, request_id=str(row["id"]))
    if kind.runs_as == "provider" and tenant_ids:
        return Scope.of_agent(tenant_ids, row["actor_id"], trail)
    return Scope(row["scope_role"], tenant_ids, row["actor_id"], trail)


def _provider_id() -> UUID | None:
    """The provider's tenant; it never changes once installed, so it is asked for once."""
    known: UUID | None = current_app.extensions.get("msp.provider_id")
    if known is None and (rows := call("provider")):
        known = current_app.extensions["msp.provider_id"] = rows[0]["id"]
    return known


def _note_failure(row: Mapping[str, Any], error: Exception) -> str:
    attempts, now = row["attempts"], clock.now()
    known = jobs.kinds().get(row["kind"])
    parked = isinstance(error, jobs.GiveUp) or attempts >= (known.tries if known else TRIES)
    wait = BACKOFF_SECONDS[min(attempts - 1, len(BACKOFF_SECONDS) - 1)]
    with transaction(Scope.staff()) as session:
        session.execute(
            sa.update(Outbox)
            .where(Outbox.id == row["id"], Outbox.claim == row["claim"])
            .values(
                claim=None,
                claimed_until=None,
                run_after=now + timedelta(seconds=wait),
                parked_at=now if parked else None,
                error=f"{type(error).__name__}: {error}"[:2000],
            )
        )
    return "parked" if parked else "failed"


def release(outbox_id: UUID, pid: int) -> None:
    """Give up the claim of a process of this machine that has died; a row that kills every process is parked."""
    tries = {name: kind.tries for name, kind in jobs.kinds().items()}
    with transaction(Scope.staff()) as session:
        session.execute(
            sa.update(Outbox)
            .where(
                Outbox.id == outbox_id, Outbox.claim.startswith(holder(pid), autoescape=True), Outbox.done_at.is_(None)
            )
            .values(
                claim=None,
                claimed_until=None,
                error="The process that worked on it died.",
                parked_at=sa.case(
                    (Outbox.attempts >= sa.case(tries, value=Outbox.kind, else_=TRIES), clock.now()), else_=None
                ),
            )
        )


def retry(outbox_id: UUID) -> None:
    """Send a parked row again; runs in the caller's transaction."""
    db.session.execute(
        sa.update(Outbox)
        .where(Outbox.id == outbox_id, Outbox.parked_at.is_not(None), Outbox.done_at.is_(None))
        .values(parked_at=None, attempts=0, run_after=clock.now(), claim=None, claimed_until=None)
    )
