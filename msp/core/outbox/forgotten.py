"""The sweeps: what is due and on nobody's list is pushed again, so Redis may forget; what was done long ago is deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db, transaction
from msp.core.ids import first_id_at
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.core.outbox.queue import push, waiting
from msp.core.scope import Scope

UNCLAIMED = timedelta(seconds=10)
STALE = timedelta(minutes=1)
LIMIT = 2000
STALE_LIMIT = 200
BATCH = 2000


def push_due() -> bool:
    """Push again what is due and unclaimed for ten seconds, and what a dead worker holds; False when Redis refuses.

    What already waits in Redis is left alone, so that a long queue does not grow by being looked at. After a minute
    the oldest are pushed all the same: a worker that died between taking a job and beginning it leaves it so.
    """
    due = _due(LIMIT)
    if not due:
        return True
    stale = clock.now() - STALE
    queued = waiting(id for _, id, _ in due)
    again = {id for _, id, due_at in due[:STALE_LIMIT] if due_at <= stale}
    by_queue: dict[str, list[UUID]] = {}
    for queue, id, _ in due:
        if id not in queued or id in again:
            by_queue.setdefault(queue, []).append(id)
    pushed = [push(queue, ids) for queue, ids in by_queue.items()]
    return all(pushed)


def do_due(queue: str, *, within: timedelta) -> int:
    """Do the due rows of one queue in this process while time allows, for when Redis is away; how many were done."""
    until, done = monotonic() + within.total_seconds(), 0
    for _, id, _ in _due(LIMIT, queue=queue, unclaimed=timedelta()):
        if monotonic() > until:
            break
        done += worker.do(id) == "done"
    return done


def forget_done(*, older_than: timedelta, batch: int = BATCH) -> int:
    """Delete what was done, or suppressed, before then, a batch a transaction; how many rows. What gave up stays."""
    before, deleted = clock.now() - older_than, 0
    old = (
        sa.select(Outbox.id)
        .where(
            # An id begins with the time at which it was made, so the primary key finds old rows without another index.
            Outbox.id < first_id_at(before),
            sa.or_(Outbox.done_at < before, Outbox.suppressed_at < before),
            sa.or_(Outbox.parked_at.is_(None), Outbox.done_at.is_not(None)),
        )
        .order_by(Outbox.id)
        .limit(batch)
    )
    while True:
        with transaction(Scope.staff()):
            done = cast(sa.CursorResult[Any], db.session.execute(sa.delete(Outbox).where(Outbox.id.in_(old))))
        deleted += done.rowcount
        if done.rowcount < batch:
            return deleted


def _due(
    limit: int, *, queue: str | None = None, unclaimed: timedelta = UNCLAIMED
) -> Sequence[sa.Row[str, UUID, datetime]]:
    now = clock.now()
    due = (
        sa.select(Outbox.queue, Outbox.id, Outbox.run_after)
        .where(
            Outbox.done_at.is_(None),
            Outbox.parked_at.is_(None),
            Outbox.suppressed_at.is_(None),
            Outbox.run_after <= now,
            sa.or_(
                # What was put off, or tried before, is nobody's yet; anything else its writer has just pushed.
                sa.and_(
                    Outbox.claimed_until.is_(None),
                    sa.or_(Outbox.created_at <= now - unclaimed, Outbox.run_after > Outbox.created_at),
                ),
                Outbox.claimed_until < now,
            ),
        )
        .order_by(Outbox.run_after, Outbox.id)
        .limit(limit)
    )
    with transaction(Scope.staff()):
        return db.session.execute(due if queue is None else due.where(Outbox.queue == queue)).all()
