"""Whom a request waits for, as the reader calls him."""

from uuid import UUID

from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.words import StatusWords, status_words


def status_of(ticket: Ticket, *, me: UUID | None) -> StatusWords:
    """How it stands; what waits for a colleague says for whom, in place of “you”."""
    said = status_words(ticket.status, portal=True, kind=ticket.kind)
    if ticket.status != "waiting_for_client" or ticket.requester_id == me:
        return said
    name = ticket.requester_name.split(" ")[0]
    return said._replace(word=f"Waiting for {name}") if name else said
