"""Reads: an agent's own notifications."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import NotFound
from msp.core.notify.models import Notification
from msp.core.paging import Cursors, Keyset, Order, Page, page


def unread_count(*, by: Actor) -> int:
    """How many the agent has not read."""
    statement = own(sa.select(sa.func.count()).select_from(Notification), by=by).where(Notification.read_at.is_(None))
    return db.session.scalar(statement) or 0


def notifications(
    *, by: Actor, cursors: Cursors, cursor: str | None = None, limit: int = 50, only_unread: bool = False
) -> Page[Notification]:
    """The agent's notifications, newest first."""
    bound_to = "unread" if only_unread else ""
    keyset = Keyset([Order(Notification.created_at, is_descending=True)], Notification.id, bound_to=bound_to)
    statement = own(sa.select(Notification), by=by)
    if only_unread:
        statement = statement.where(Notification.read_at.is_(None))
    return page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=cursors)


def own_notification(notification_id: UUID, *, by: Actor) -> Notification:
    """One of the agent's own; NotFound for anybody else's."""
    found = db.session.scalar(own(sa.select(Notification).where(Notification.id == notification_id), by=by))
    if not isinstance(found, Notification):
        raise NotFound
    return found


def own(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    """The statement narrowed to the agent's own, about clients that he may see now; nothing for anybody else."""
    statement = statement.where(Notification.agent_id == by.id if by.is_agent else sa.false())
    return statement if by.tenant_ids is None else statement.where(Notification.tenant_id.in_(by.tenant_ids))
