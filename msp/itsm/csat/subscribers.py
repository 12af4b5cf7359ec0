"""A resolved ticket is asked about; a reopened one no longer, and one that is somebody else's now asks him."""

from msp.core import events
from msp.core.db import db
from msp.itsm.csat import services
from msp.itsm.tickets.events import TicketReopened, TicketRequesterChanged, TicketResolved
from msp.itsm.tickets.models import Ticket


@events.subscribe(TicketResolved)
def ask(event: TicketResolved) -> None:
    services.ask(db.session.get_one(Ticket, (event.tenant_id, event.ticket_id)))


@events.subscribe(TicketReopened)
def withdraw(event: TicketReopened) -> None:
    services.withdraw(event.tenant_id, event.ticket_id)


@events.subscribe(TicketRequesterChanged)
def ask_successor(event: TicketRequesterChanged) -> None:
    services.ask_successor(db.session.get_one(Ticket, (event.tenant_id, event.ticket_id)))
