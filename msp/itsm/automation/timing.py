"""Since when a ticket is without what a rule waits for, and when that has lasted long enough in the client's calendar."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from msp.core.db import db
from msp.itsm.automation.engine.definition import AfterTime
from msp.itsm.sla import opening
from msp.itsm.sla import queries as sla
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.models import Clock
from msp.itsm.tickets.models import Message, Ticket, TimelineEntry

# What makes time begin anew for a rule that waits for it.
BEGINS: dict[str, frozenset[str]] = {
    "public_reply": frozenset({"opened", "client_replied"}), "reply": frozenset({"opened", "client_replied", "agent_replied"}),
    "move": frozenset({"opened", "moved"}), "assignment": frozenset({"opened", "assigned"}),
}  # fmt: skip
_ENTRIES = {"move": "moved", "assignment": "assigned"}


def anchors(tenant_id: UUID, tickets: Iterable[Ticket], without: str) -> dict[UUID, datetime]:
    """Since when each ticket is without it, with as many statements as of one; none where nobody waits for a reply of ours."""
    opened = {ticket.id: ticket.opened_at for ticket in tickets}
    if without in _ENTRIES:
        column, kind = TimelineEntry.ticket_id, TimelineEntry.kind == _ENTRIES[without]
        latest = sa.select(column, sa.func.max(TimelineEntry.at)).where(TimelineEntry.tenant_id == tenant_id, column.in_(opened), kind)
        return opened | dict(db.session.execute(latest.group_by(column)).all())
    public = sa.and_(Message.tenant_id == tenant_id, Message.ticket_id.in_(opened), ~Message.is_internal)
    kinds = ("agent",) if without == "public_reply" else ("agent", "contact")
    last = sa.select(Message.ticket_id, sa.func.max(Message.sent_at).label("at")).where(public, Message.author_kind.in_(kinds))
    last = last.group_by(Message.ticket_id)
    if without == "reply":
        return opened | dict(db.session.execute(last).all())
    ours = last.subquery()
    first = (
        sa.select(ours.c.ticket_id, sa.func.min(Message.sent_at))
        .outerjoin(
            Message,
            sa.and_(
                Message.tenant_id == tenant_id, Message.ticket_id == ours.c.ticket_id, ~Message.is_internal,
                Message.author_kind == "contact", Message.sent_at > ours.c.at,
            ),
        )
        .group_by(ours.c.ticket_id)
    )  # fmt: skip
    answered: dict[UUID, datetime | None] = dict(db.session.execute(first).all())
    return {id: at for id, at in (opened | answered).items() if at is not None}


def due_at(ticket: Ticket, trigger: AfterTime, since: datetime) -> datetime:
    """When so many minutes have passed: of the calendar that the ticket's clock counts by, or of every hour."""
    calendar = calendar_of(ticket) if trigger.calendar == "client" else None
    if calendar is None:
        return since + timedelta(minutes=trigger.minutes)
    return calendar.add(since, trigger.minutes * 60)


def calendar_of(ticket: Ticket) -> Calendar | None:
    """The calendar of the ticket's clock, else the client's own hours; None where only every hour is known."""
    known = {version.id: version.calendar for version in sla.promises(ticket.tenant_id).definitions.calendars}
    named = sa.select(Clock.calendar_version_id).where(
        Clock.tenant_id == ticket.tenant_id, Clock.subject_id == ticket.id, Clock.is_current, Clock.calendar_version_id.is_not(None)
    )
    used = db.session.scalar(named.order_by(Clock.kind != "resolution", Clock.kind).limit(1))
    if used is not None and str(used) in known:
        return known[str(used)]
    return next((each for each in known.values() if not opening.is_round_the_clock(each)), None)
