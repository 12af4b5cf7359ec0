"""Whose ticket it is: another of the client's people takes the requester's place."""

from uuid import UUID

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.errors import Forbidden
from msp.itsm.tickets import queries
from msp.itsm.tickets.events import TicketRequesterChanged
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import timeline
from msp.itsm.tickets.services.moves import check_version
from tenants import queries as tenants
from tenants.permissions import Permission


def change_requester(ticket_id: UUID, requester_id: UUID, *, by: Actor, version: int | None = None) -> Ticket:
    """Let an active contact of the ticket's client be its requester; only our side may.

    He reads the ticket and gets its mails from now on. Whoever it was does no longer, unless he follows it or reads his company's.
    What was said stays in the name of whoever said it.
    """
    by.require(Permission.TICKET_TRIAGE)
    if by.is_contact:
        raise Forbidden("Only we can change whose ticket it is.")
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    check_version(ticket, version)
    if requester_id == ticket.requester_id:
        return ticket
    requester = tenants.contact_in(ticket.tenant_id, requester_id)
    before, name = ticket.requester_id, ticket.requester_name
    ticket.requester_id, ticket.requester_name = requester.id, requester.name
    ticket.version += 1
    ticket.updated_at = clock.now()
    timeline.note(ticket, "requester_changed", {"from": name, "to": requester.name}, by=by)
    events.record(TicketRequesterChanged(ticket.tenant_id, ticket.id, before, requester.id))
    return ticket
