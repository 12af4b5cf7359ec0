"""What hangs on one ticket, page by page: messages, timeline, files, followers; a contact's pages hold what is his to read."""

from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.tickets import told
from msp.itsm.tickets.models import Attachment, Follower, Message, Ticket, TimelineEntry

T = TypeVar("T")


def replies(ticket: Ticket, *, cursor: str | None, limit: int) -> Page[Message]:
    """What both sides read, oldest first."""
    return _messages(ticket, False, cursor, limit)


def notes(ticket: Ticket, *, by: Actor, cursor: str | None, limit: int) -> Page[Message]:
    """Internal notes, oldest first: none for a contact, whatever the policies of the table would show."""
    return Page([], None, None) if by.is_contact else _messages(ticket, True, cursor, limit)


def timeline(ticket: Ticket, *, by: Actor, cursor: str | None, limit: int) -> Page[TimelineEntry]:
    """What happened, oldest first; for a contact the entries that are told to clients."""
    statement = sa.select(TimelineEntry).where(TimelineEntry.tenant_id == ticket.tenant_id, TimelineEntry.ticket_id == ticket.id)
    if by.is_contact:
        statement = statement.where(told.is_told())
    return _page(statement, TimelineEntry.at, TimelineEntry.id, ticket, by.kind, cursor, limit)


def attachments(ticket: Ticket, *, by: Actor, cursor: str | None, limit: int) -> Page[Attachment]:
    """Files of its messages in the order in which they came; those of notes for agents alone."""
    statement = sa.select(Attachment).where(
        Attachment.tenant_id == ticket.tenant_id, Attachment.ticket_id == ticket.id, Attachment.state.in_(("bound", "held"))
    )
    if by.is_contact:
        statement = statement.where(~Attachment.is_internal)
    return _page(statement, Attachment.created_at, Attachment.id, ticket, by.kind, cursor, limit)


def followers(ticket: Ticket, *, by: Actor, cursor: str | None, limit: int) -> Page[Follower]:
    """Who follows, by name; who of us does is our own business."""
    statement = sa.select(Follower).where(Follower.tenant_id == ticket.tenant_id, Follower.ticket_id == ticket.id)
    if by.is_contact:
        statement = statement.where(Follower.contact_id.is_not(None))
    return _page(statement, Follower.name, Follower.id, ticket, by.kind, cursor, limit)


def _messages(ticket: Ticket, is_internal: bool, cursor: str | None, limit: int) -> Page[Message]:
    statement = sa.select(Message).where(
        Message.tenant_id == ticket.tenant_id, Message.ticket_id == ticket.id, Message.is_internal.is_(is_internal)
    )
    return _page(statement, Message.sent_at, Message.id, ticket, "notes" if is_internal else "replies", cursor, limit)


def _page(
    statement: sa.Select[T], order: Any, unique: sa.SQLColumnExpression[UUID], ticket: Ticket, which: str, cursor: str | None,
    limit: int,
) -> Page[T]:  # fmt: skip
    keyset = Keyset([Order(order)], unique, bound_to=f"{ticket.id} {which}")
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))
