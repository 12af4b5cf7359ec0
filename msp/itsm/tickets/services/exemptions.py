"""Taking a ticket, or one clock of it, out of what is measured: with a reason, in the name of who approves of it."""

from uuid import UUID

from msp.core.actor import Actor
from msp.core.errors import Conflict, Invalid
from msp.itsm.sla import queries as sla
from msp.itsm.sla.models import CLOCKS, INTERNAL_CLOCKS
from msp.itsm.sla.services import facts
from msp.itsm.sla.services.facts import News
from msp.itsm.tickets import queries
from msp.itsm.tickets.articles import services as articles
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import moves, timeline
from tenants.permissions import Permission

REASON_LENGTH = 500


def exempt(ticket_id: UUID, reason: str, *, by: Actor, clock: str | None = None, version: int | None = None) -> Ticket:
    """Count the ticket, or the one clock, neither as met nor as breached from now on; an outcome that stood is withdrawn.

    The clock stops, its steps fire no more, and nothing that happens later lets it count again. The client reads the
    reason, except where one of our internal clocks alone is meant.
    """
    by.require(Permission.SLA_EXEMPT)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    moves.check_version(ticket, version)
    reason = _checked_reason(reason)
    articles.require_sendable(reason, ticket.tenant_id, by=by, field="reason")
    if clock is not None and clock not in CLOCKS:
        raise Invalid.field("clock", f"One of {', '.join(CLOCKS)}.", "unknown")
    if ticket.status in ("cancelled", "misfiled"):
        raise Conflict("Nothing is counted on a ticket that was withdrawn.")
    counting = [row.kind for row in sla.clocks(ticket.tenant_id, [ticket.id]) if row.standing != "none" and not row.is_exempted]
    if not counting or clock not in (None, *counting):
        raise Conflict("Nothing is promised here that still counts.")
    said = {"reason": reason} if clock is None else {"reason": reason, "clock": clock}
    timeline.note(ticket, "exempted", said, by=by, is_internal=clock in INTERNAL_CLOCKS)
    facts.record(ticket.tenant_id, ticket.id, [News("exempted", said)], by=by)
    return ticket


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Invalid.field("reason", "Say why it does not count: the client reads it.", "required")
    if len(reason) > REASON_LENGTH:
        raise Invalid.field("reason", f"At most {REASON_LENGTH} characters.", "too_long")
    return reason
