"""Reads of canned replies, and their text for a ticket."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.web.formats import when_words
from msp.itsm.macros import variables
from msp.itsm.macros.models import Macro
from msp.itsm.tickets.models import Ticket
from tenants import queries as tenants


def macros(*, active_only: bool = True) -> Sequence[Macro]:
    """Canned replies by folder and name; for the console."""
    statement = sa.select(Macro).order_by(Macro.folder, Macro.name)
    return db.session.scalars(statement.where(Macro.is_active) if active_only else statement).all()


def visible_macro(macro_id: UUID, *, by: Actor, for_update: bool = False) -> Macro:
    """One canned reply; contacts see none."""
    statement = sa.select(Macro).where(Macro.id == macro_id)
    found = db.session.scalar(locked(statement) if for_update else statement) if not by.is_contact else None
    if found is None:
        raise NotFound
    return found


def text_for(macro: Macro, ticket: Ticket, *, by: Actor, now: datetime, provider_name: str = "") -> str:
    """The reply as it would be sent about this ticket by this agent."""
    client = tenants.visible_client(ticket.tenant_id, by=by)
    site = tenants.visible_site(ticket.tenant_id, ticket.site_id, by=by).name if ticket.site_id else ""
    due = when_words(ticket.sla_due_at, now, ZoneInfo(client.time_zone)) if ticket.sla_due_at else ""
    return variables.filled(
        macro.body,
        {
            "requester.name": ticket.requester_name,
            "requester.first_name": first_name(ticket.requester_name),
            "client.name": client.name,
            "site.name": site,
            "ticket.ref": ticket.ref,
            "ticket.subject": ticket.subject,
            "ticket.kind": ticket.kind,
            "ticket.due": due,
            "agent.name": by.name,
            "agent.first_name": first_name(by.name),
            "team.name": ticket.team_name or "",
            "provider.name": provider_name,
        },
    )


def first_name(name: str) -> str:
    """What somebody is called; a title is skipped."""
    words = [word for word in name.split() if word.lower().rstrip(".") not in ("dr", "mr", "mrs", "ms", "prof")]
    return words[0] if words else name
