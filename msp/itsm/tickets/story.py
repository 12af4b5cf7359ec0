"""What was said and what happened on a ticket as one list, read from its end page by page."""

from collections.abc import Sequence
from datetime import datetime
from heapq import merge
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.paging import Cursors, Keyset, Order, Page, Position
from msp.itsm.tickets import told
from msp.itsm.tickets.models import Message, Ticket, TimelineEntry

PAGE = 200
SAID_BY_MESSAGE = frozenset({"replied", "noted"})  # entries beside the message that says the same
_SHOWN_OTHERWISE = ("opened", "replied")  # in the portal: by the journey, and as a message

Item: TypeAlias = Message | TimelineEntry
Key: TypeAlias = tuple[datetime, int, UUID]  # a message stands before what happened at its instant


def pages(ticket: Ticket, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[Item]:
    """Messages and entries, newest first; a contact's hold what is his to read. `next` leads to what is earlier."""
    orders = [Order(Message.sent_at, is_descending=True), Order(sa.literal_column("is_event"), is_descending=True)]
    keyset = Keyset(orders, Message.id, bound_to=f"{ticket.id} story {by.kind}")
    statements = _statements(ticket, by)

    def read(position: Position | None, most: int) -> Sequence[tuple[Item, Key]]:
        is_backward = position is not None and position.is_backward
        found = [
            [
                (row, (at, is_event, row.id))
                for row, at in db.session.execute(_beyond(statement, order, unique, is_event, position).limit(most))
            ]
            for is_event, (statement, order, unique) in enumerate(statements)
        ]
        return list(merge(*found, key=lambda each: each[1], reverse=not is_backward))[:most]

    return paging.keyed_page(read, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def reader_changes(ticket: Ticket, *, by: Actor, after: datetime) -> Sequence[TimelineEntry]:
    """What changed since then about who is sent replies; for agents."""
    if by.is_contact:
        return ()
    statement = sa.select(TimelineEntry).where(
        TimelineEntry.tenant_id == ticket.tenant_id, TimelineEntry.ticket_id == ticket.id, TimelineEntry.at > after,
        TimelineEntry.kind.in_(("requester_changed", "follower_added", "follower_removed")),
    )  # fmt: skip
    return db.session.scalars(statement.order_by(TimelineEntry.at, TimelineEntry.id)).all()


def _statements(ticket: Ticket, by: Actor) -> list[tuple[sa.Select[Any], Any, Any]]:
    """Messages, then entries, each with the columns of their order."""
    messages: Any = sa.select(Message, Message.sent_at).where(Message.tenant_id == ticket.tenant_id, Message.ticket_id == ticket.id)
    entries: Any = sa.select(TimelineEntry, TimelineEntry.at).where(
        TimelineEntry.tenant_id == ticket.tenant_id, TimelineEntry.ticket_id == ticket.id
    )
    if by.is_contact:
        messages = messages.where(~Message.is_internal)
        entries = entries.where(told.is_told(), TimelineEntry.kind.not_in(_SHOWN_OTHERWISE))
    else:
        entries = entries.where(TimelineEntry.kind.not_in(SAID_BY_MESSAGE))
    return [(messages, Message.sent_at, Message.id), (entries, TimelineEntry.at, TimelineEntry.id)]


def _beyond(statement: sa.Select[Any], order: Any, unique: Any, is_event: int, position: Position | None) -> sa.Select[Any]:
    """The rows of one kind beyond a position, nearest first."""
    if position is None:
        return statement.order_by(order.desc(), unique.desc())
    at, of_event, row_id = position.key
    is_backward = position.is_backward
    if is_event == of_event:
        mine, there = sa.tuple_(order, unique), sa.tuple_(sa.literal(at, order.type), sa.literal(row_id, unique.type))
        statement = statement.where(mine > there if is_backward else mine < there)
    elif is_event > of_event:  # at its instant it comes after
        statement = statement.where(order >= at if is_backward else order < at)
    else:
        statement = statement.where(order > at if is_backward else order <= at)
    return statement.order_by(*((order, unique) if is_backward else (order.desc(), unique.desc())))
