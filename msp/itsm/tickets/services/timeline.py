"""The timeline and the word to open pages: what every act on a ticket leaves behind."""

from collections.abc import Mapping
from typing import Any

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.live import publish as live
from msp.itsm.tickets.models import Ticket, TimelineEntry


def note(ticket: Ticket, kind: str, data: Mapping[str, Any] | None = None, *, by: Actor, is_internal: bool = False) -> None:
    """Append an entry and tell open pages; an internal one is told to agents only."""
    db.session.add(
        TimelineEntry(
            tenant_id=ticket.tenant_id, ticket_id=ticket.id, at=clock.now(), kind=kind, is_internal=is_internal,
            actor_kind=by.kind, actor_id=by.id, actor_name=by.name, data=dict(data or {}),
        )
    )  # fmt: skip
    tell(ticket, "ticket", is_internal=is_internal)


def tell(ticket: Ticket, topic: str, *, is_internal: bool = False) -> None:
    """Tell open pages that this ticket shows something else now."""
    channels = [live.STAFF, live.internal(ticket.tenant_id)]
    if not is_internal:
        channels.append(live.public(ticket.tenant_id))
    live.publish(tuple(channels), topic, id=ticket.id, tenant=ticket.tenant_id, version=ticket.version)
