"""Moves between states, each with the facts that the clocks live on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.errors import Conflict, Forbidden, Invalid, StaleVersion
from msp.itsm.sla.services import facts
from msp.itsm.sla.services.facts import News
from msp.itsm.tickets import queries
from msp.itsm.tickets.articles import services as articles
from msp.itsm.tickets.events import TicketMoved, TicketReopened, TicketResolved
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import earlier, timeline
from msp.itsm.tickets.states import CONTACT_MOVES, MOVES, STATES, WAITING, WORDS
from tenants.permissions import Permission


def move(
    ticket_id: UUID, to: str, *, by: Actor, version: int | None = None, reason: str | None = None, supplier: str | None = None,
    occurred_at: datetime | None = None, is_quoted: bool = False,
) -> Ticket:  # fmt: skip
    """Take the ticket to another state; waiting needs a reason. `is_quoted`: the reason is what somebody else has said already.

    `occurred_at` is when it really happened, which the clocks count by: what lies back needs a permission and a reason.
    """
    by.require(Permission.TICKET_MOVE)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    check_version(ticket, version)
    at = earlier.checked(ticket, occurred_at, reason, by=by, is_move=True)
    news = follow(ticket, to, reason, by=by, supplier=supplier, at=at, is_quoted=is_quoted)
    if news:
        facts.record(ticket.tenant_id, ticket.id, earlier.dated(news, at, reason), by=by)
    return ticket


def acknowledge(
    ticket_id: UUID, *, by: Actor, then: str = "open", occurred_at: datetime | None = None, reason: str | None = None
) -> Ticket:
    """Tell the clock that somebody has taken note: the response is given without a reply, and a new ticket is in work.

    `occurred_at` is when it really happened, as a call at ten past nine: what lies back needs a permission and a reason.
    """
    by.require(Permission.TICKET_REPLY)
    by.require(Permission.TICKET_MOVE)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    if by.is_contact:
        raise Forbidden("Only we can acknowledge a ticket.")
    articles.require_sendable(reason or "", ticket.tenant_id, by=by, field="reason")
    if ticket.answered_at is not None and occurred_at is None:
        return ticket
    at = earlier.checked(ticket, occurred_at, reason, by=by)
    if ticket.answered_at is not None and ticket.answered_at <= (at or clock.now()):
        raise Conflict("It was answered before that already.")
    ticket.answered_at = at or clock.now()
    news = earlier.dated([News("acknowledged", {"reason": reason} if reason else {})], at, reason)
    timeline.note(ticket, "acknowledged", _data(reason, at), by=by)
    if ticket.status == "new":
        news += follow(ticket, then, None, by=by)
    facts.record(ticket.tenant_id, ticket.id, news, by=by)
    return ticket


def check_version(ticket: Ticket, version: int | None) -> None:
    """Refuse to save over a change that the writer has not seen."""
    if version is not None and ticket.version != version:
        raise StaleVersion(present=ticket.version)


def follow(
    ticket: Ticket, to: str | None, reason: str | None, *, by: Actor, supplier: str | None = None, at: datetime | None = None,
    is_quoted: bool = False,
) -> list[News]:  # fmt: skip
    """Change the state of a locked ticket and return the facts of it; nothing where it stays. No service of its own."""
    if to is None or to == ticket.status:
        return []
    _check_move(ticket, to, reason, by=by)
    if reason and not is_quoted:  # the client reads it
        articles.require_sendable(reason, ticket.tenant_id, by=by, field="reason")
    before, now = ticket.status, clock.now()
    ticket.status, ticket.version, ticket.updated_at = to, ticket.version + 1, now
    ticket.waiting_reason = reason if to in WAITING else None
    if to == "resolved":
        ticket.resolved_at = at or now
    if to in ("closed", "cancelled", "misfiled"):
        ticket.closed_at = at or now
    if before in ("resolved", "closed") and to not in ("closed", "cancelled", "misfiled"):
        ticket.resolved_at = ticket.closed_at = None
        ticket.reopened_count += 1
    timeline.note(ticket, "moved", {"from": before, "to": to, **_data(reason, at)}, by=by)
    _tell(ticket, before, to)
    return facts_of(before, to, reason, supplier)


def facts_of(before: str, to: str, reason: str | None = None, supplier: str | None = None) -> list[News]:
    """What a move means to the clocks."""
    if before in ("resolved", "closed") and to not in ("closed", "cancelled", "misfiled", "resolved"):
        news = [News("reopened", {"reason": reason})]
        return news if to in ("new", "open") else [*news, *facts_of("open", to, reason, supplier)]
    if to in WAITING:
        waiting = News("waiting", {"state": to, "reason": reason})
        return [News("handed_over", {"supplier": supplier or reason}), waiting] if to == "waiting_for_supplier" else [waiting]
    if to in ("resolved", "closed", "cancelled"):
        return [News(to, {"reason": reason})]
    if to == "misfiled":
        return [News("cancelled", {"reason": reason})]
    return [News("resumed", {"reason": reason})] if before in WAITING else []


def _data(reason: str | None, at: datetime | None) -> dict[str, Any]:
    """What a timeline entry says beside the act: why, and since when it counts where that is not now."""
    return {**({"reason": reason} if reason else {}), **({"occurred_at": at.isoformat()} if at else {})}


def _check_move(ticket: Ticket, to: str, reason: str | None, *, by: Actor) -> None:
    if to not in STATES:
        raise Invalid.field("status", f"One of {', '.join(STATES)}.", "unknown")
    if not by.may(Permission.TICKET_ANY_MOVE):
        allowed = CONTACT_MOVES.get(ticket.status, frozenset()) if by.is_contact else MOVES[ticket.status]
        answers = by.is_contact and ticket.status == "waiting_for_client" and to == "open"
        if to not in allowed and not answers:
            before, after = WORDS[ticket.status].console, WORDS[to].console
            raise Conflict(f"A ticket cannot go from “{before}” to “{after}”.", allowed=sorted(allowed))
    if to in ("waiting_for_client", "waiting_for_supplier", "scheduled") and not (reason or "").strip():
        raise Invalid.field("reason", "Say what it waits for: the reason stands in the explanation of the clock.", "required")


def _tell(ticket: Ticket, before: str, to: str) -> None:
    events.record(TicketMoved(ticket.tenant_id, ticket.id, before, to))
    if to == "resolved":
        events.record(TicketResolved(ticket.tenant_id, ticket.id))
    elif before in ("resolved", "closed") and to not in ("closed", "cancelled"):
        events.record(TicketReopened(ticket.tenant_id, ticket.id))
