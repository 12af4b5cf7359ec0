"""Asking for work: an outbox row in the running transaction, its id to Redis after the commit."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, jobs
from msp.core.db import after_commit, current_scope, db
from msp.core.ids import new_id
from msp.core.outbox.models import Outbox
from msp.core.outbox.queue import push

_suppressed: ContextVar[bool] = ContextVar("outbox_suppressed", default=False)


@contextmanager
def suppressed() -> Iterator[None]:
    """Rows written inside are born suppressed: a replay of the past sends nothing."""
    token = _suppressed.set(True)
    try:
        yield
    finally:
        _suppressed.reset(token)


def enqueue(
    kind: str, args: Mapping[str, Any], *, tenant_id: UUID | None = None, run_after: datetime | None = None
) -> UUID:
    """Ask for one job; its id."""
    return enqueue_many(kind, [args], tenant_id=tenant_id, run_after=run_after)[0]


def enqueue_many(
    kind: str, calls: Iterable[Mapping[str, Any]], *, tenant_id: UUID | None = None, run_after: datetime | None = None
) -> list[UUID]:
    """Ask for many jobs of one kind with one statement; their ids.

    `tenant_id` is the client the work is about; in a tenant scope it is that scope's own.
    """
    registered = jobs.kind_of(kind)
    scope, now = current_scope(), clock.now()
    tenant_ids = [tenant_id] if tenant_id else list(scope.tenant_ids if scope.role == "msp_tenant" else ())
    rows = [
        {
            "id": new_id(),
            "kind": kind,
            "queue": registered.queue,
            "args": dict(args),
            "tenant_ids": tenant_ids,
            "actor_id": scope.actor_id,
            "created_at": now,
            "run_after": run_after or now,
            "suppressed_at": now if _suppressed.get() else None,
        }
        for args in calls
    ]
    if not rows:
        return []
    db.session.execute(sa.insert(Outbox).inline(), rows)
    ids = [row["id"] for row in rows]
    if not _suppressed.get() and (run_after is None or run_after <= now):
        after_commit(lambda: push(registered.queue, ids))
    return ids
