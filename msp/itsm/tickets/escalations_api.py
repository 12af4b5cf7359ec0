"""The steps of a ticket's escalations over JSON: for agents alone."""

from typing import Any

from flask import g

from msp.core.api.blueprint import Resource
from msp.core.api.schemas import PageQuery, listed
from msp.itsm.sla import listing
from msp.itsm.tickets import found
from msp.itsm.tickets.schemas import EscalationOut
from tenants.permissions import Permission as P

escalations = Resource("escalations", __name__, "Steps of escalations")


@escalations.operation(
    "GET", "/tickets/<ticket>/escalations", listed(EscalationOut), needs=P.TICKET_READ, who="agent", query=PageQuery
)
def list_escalations(asked: dict[str, Any], ticket: str) -> Any:
    """Every step of the ticket's clocks in the order of their instants; the timeline says whom each one told."""
    row = found.named(ticket, by=g.actor)
    page = listing.steps(row.tenant_id, row.id, **asked)
    return {"data": page.rows, "next": page.next}
