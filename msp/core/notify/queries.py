"""Reads: an agent's own notifications."""

from typing import Any

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.notify.models import Notification
from msp.core.paging import Cursors, Keyset, Order, Page, page


def unread_count(*, by: Actor) -> int:
    """How many the agent has not read."""
    statement = own(sa.select(sa.func.count()).select_from(Notification), by=by).where(Notification.read_at.is_(None))
    return db.session.scalar(statement) or 0


def notifications(*, by: Actor, cursors: Cursors, cursor: str | None = None, limit: int = 50) -> Page[Notification]:
    """The agent's notifications, newest first."""
    keyset = Keyset([Order(Notification.created_at, is_descending=True)], Notification.id)
    statement = own(sa.select(Notification), by=by)
    return page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=cursors)


def own(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    """The statement narrowed to the agent's own, about clients that he may see now; nothing for anybody else."""
    statement = statement.where(Notification.agent_id == by.id if by.is_agent else sa.false())
    return statement if by.tenant_ids is None else statement.where(Notification.tenant_id.in_(by.tenant_ids))
