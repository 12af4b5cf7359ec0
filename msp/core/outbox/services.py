"""Asking for work: an outbox row in the running transaction, its id to Redis after the commit."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from msp.core import audit, clock, jobs
from msp.core.actor import Actor
from msp.core.db import after_commit, current_scope, db
from msp.core.errors import Forbidden
from msp.core.ids import new_id
from msp.core.outbox import queries, worker
from msp.core.outbox.models import Outbox
from msp.core.outbox.queue import push

_suppressed: ContextVar[bool] = ContextVar("outbox_suppressed", default=False)


@dataclass(frozen=True)
class Ask:
    """One job of a kind. `tenant_id` is the client the work is about; in a tenant scope it is that scope's own.

    `id`: made of what is asked for, where the same may be asked for twice and is to be done once.
    """

    args: Mapping[str, Any]
    tenant_id: UUID | None = None
    run_after: datetime | None = None
    id: UUID | None = None


@contextmanager
def suppressed() -> Iterator[None]:
    """Rows written inside are born suppressed, and open pages are told nothing: a replay of the past sends nothing."""
    token = _suppressed.set(True)
    try:
        yield
    finally:
        _suppressed.reset(token)


def is_suppressed() -> bool:
    """Whether the past is being replayed here."""
    return _suppressed.get()


def enqueue(
    kind: str, args: Mapping[str, Any], *, tenant_id: UUID | None = None, run_after: datetime | None = None
) -> UUID:
    """Ask for one job; its id."""
    return enqueue_each(kind, [Ask(args, tenant_id, run_after)])[0]


def enqueue_many(
    kind: str, calls: Iterable[Mapping[str, Any]], *, tenant_id: UUID | None = None, run_after: datetime | None = None
) -> list[UUID]:
    """Ask for many jobs of one kind about one client with one statement; their ids."""
    return enqueue_each(kind, [Ask(args, tenant_id, run_after) for args in calls])


def enqueue_each(kind: str, asks: Iterable[Ask]) -> list[UUID]:
    """Ask for many jobs of one kind, each about its own client, with one statement; their ids."""
    registered = jobs.kind_of(kind)
    scope, now = current_scope(), clock.now()
    own = list(scope.tenant_ids) if scope.role == "msp_tenant" else []
    found = list(asks)
    rows: list[dict[str, Any]] = [
        {
            "id": ask.id or new_id(),
            "kind": kind,
            "queue": registered.queue,
            "args": dict(ask.args),
            "tenant_ids": [ask.tenant_id] if ask.tenant_id else own,
            "actor_id": scope.actor_id,
            "created_at": now,
            "run_after": ask.run_after or now,
            "suppressed_at": now if is_suppressed() else None,
        }
        for ask in found
    ]
    if not rows:
        return []
    known = any(ask.id for ask in found)
    db.session.execute(postgresql.insert(Outbox).on_conflict_do_nothing() if known else sa.insert(Outbox).inline(), rows)
    due = [row["id"] for row in rows if row["run_after"] <= now]
    if due and not is_suppressed():
        after_commit(lambda: push(registered.queue, due))
    return [row["id"] for row in rows]


def send_again(outbox_id: UUID, *, by: Actor) -> None:
    """Let a row that gave up be tried anew; only for whoever sees every client, for the work may be about any."""
    by.require(queries.MANAGE)
    if by.tenant_ids is not None:
        raise Forbidden("Only whoever sees every client can send work again.")
    row = queries.parked_row(outbox_id, by=by)
    tenant_id = row.tenant_ids[0] if len(row.tenant_ids) == 1 else None
    audit.note(db.session(), "sent again", "outbox", row.id, tenant_id=tenant_id, changes={"kind": row.kind})
    worker.retry(row.id)
    after_commit(lambda: push(row.queue, [row.id]))
