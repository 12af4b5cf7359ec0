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


def due_at(trigger: AfterTime, since: datetime, calendar: Calendar | None) -> datetime:
    """When so many minutes have passed: of this calendar, or of every hour where the rule or the client has none."""
    if calendar is None or trigger.calendar != "client":
        return since + timedelta(minutes=trigger.minutes)
    return calendar.add(since, trigger.minutes * 60)


def lasting(trigger: AfterTime, since: datetime, now: datetime, calendar: Calendar | None) -> tuple[datetime, datetime]:
    """Of the stretches that follow on each other from `since` on the one that ends first after `now`: its beginning and its end."""
    seconds = trigger.minutes * 60
    if calendar is None or trigger.calendar != "client":
        base = since + timedelta(seconds=int((now - since).total_seconds()) // seconds * seconds)
    else:
        whole = calendar.measure(since, now) // seconds
        base = calendar.add(since, whole * seconds) if whole else since
    return base, due_at(trigger, base, calendar)


def calendars(tickets: Iterable[Ticket]) -> dict[UUID, Calendar | None]:
    """For each ticket the calendar of its clock, else its client's own hours; None where only every hour is known."""
    found = list(tickets)
    used = sa.select(Clock.subject_id, Clock.calendar_version_id).where(
        Clock.tenant_id.in_({ticket.tenant_id for ticket in found}), Clock.subject_id.in_([ticket.id for ticket in found]),
        Clock.is_current, Clock.calendar_version_id.is_not(None),
    )  # fmt: skip
    # Read in this order the resolution comes last, and so it is the one that is kept.
    versions = dict(db.session.execute(used.order_by(Clock.kind == "resolution", Clock.kind.desc())).all())
    by_ticket: dict[UUID, Calendar | None] = {}
    for ticket in found:
        known = {each.id: each.calendar for each in sla.promises(ticket.tenant_id).definitions.calendars}
        own = next((each for each in known.values() if not opening.is_round_the_clock(each)), None)
        by_ticket[ticket.id] = known.get(str(versions.get(ticket.id)), own)
    return by_ticket
