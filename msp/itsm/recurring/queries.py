"""Reads of recurring tickets: for agents alone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.recurring import schedule
from msp.itsm.recurring.models import Recurring, RecurringOpening
from msp.itsm.recurring.schedule import Plan
from msp.itsm.tickets.models import Ticket
from tenants import queries as tenants

PAGE = 50


def visible_recurring(recurring_id: UUID, *, by: Actor, for_update: bool = False) -> Recurring:
    """One of a client that the agent reaches."""
    if by.is_contact:
        raise NotFound
    statement = sa.select(Recurring).where(Recurring.id == recurring_id)
    if by.tenant_ids is not None:
        statement = statement.where(Recurring.tenant_id.in_(by.tenant_ids))
    found: Recurring | None = db.session.scalar(locked(statement, of=Recurring) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def recurring_page(tenant_id: UUID, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[Recurring]:
    """A client's recurring tickets by subject."""
    if by.is_contact:
        raise NotFound
    by.must_reach(tenant_id)
    statement = sa.select(Recurring).where(Recurring.tenant_id == tenant_id)
    keyset = Keyset([Order(Recurring.subject)], Recurring.id, bound_to=str(tenant_id))
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def openings(row: Recurring, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[RecurringOpening]:
    """When it was due, the newest first."""
    by.must_reach(row.tenant_id)
    statement = sa.select(RecurringOpening).where(
        RecurringOpening.tenant_id == row.tenant_id, RecurringOpening.recurring_id == row.id
    )
    keyset = Keyset([Order(RecurringOpening.due_at, is_descending=True)], RecurringOpening.id, bound_to=str(row.id))
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def refs(found: Sequence[RecurringOpening]) -> dict[UUID, str]:
    """References of the tickets that opened."""
    ids = [each.ticket_id for each in found if each.ticket_id]
    if not ids:
        return {}
    pairs = db.session.execute(sa.select(Ticket.id, Ticket.ref).where(Ticket.tenant_id == found[0].tenant_id, Ticket.id.in_(ids)))
    return {row.id: row.ref for row in pairs}


def latest_problems(rows: Sequence[Recurring]) -> dict[UUID, str]:
    """Why the last opening of each failed, where it did; with one statement."""
    if not rows:
        return {}
    newest = (
        sa.select(RecurringOpening.recurring_id, RecurringOpening.problem)
        .where(RecurringOpening.tenant_id == rows[0].tenant_id, RecurringOpening.recurring_id.in_([row.id for row in rows]))
        .ext(distinct_on(RecurringOpening.recurring_id))
        .order_by(RecurringOpening.recurring_id, RecurringOpening.due_at.desc())
    )
    return {row.recurring_id: row.problem for row in db.session.execute(newest) if row.problem}


def plan_of(row: Recurring, zone: ZoneInfo | str) -> Plan:
    """The plan that a row holds, on the client's clocks."""
    return Plan(schedule.parse(row.rule), row.starts_on, row.at, str(zone), row.on_closed)


def due(now: datetime, limit: int) -> Sequence[Recurring]:
    """What is due, of whatever clients, the oldest first; rows that another sweep holds are left to it."""
    statement = (
        sa.select(Recurring)
        .where(Recurring.next_at <= now, Recurring.paused_at.is_(None))
        .order_by(Recurring.next_at)
        .limit(limit)
    )
    return db.session.scalars(locked(statement, of=Recurring, skip_locked=True)).all()


def zone_of(tenant_id: UUID, *, by: Actor) -> ZoneInfo:
    """The clocks of the client."""
    return ZoneInfo(tenants.visible_client(tenant_id, by=by).time_zone)
