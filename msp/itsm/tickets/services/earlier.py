"""Acts that are entered after they happened: from when they count, and what that asks for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from msp.core import clock
from msp.core.actor import Actor
from msp.core.errors import Invalid
from msp.itsm.sla import queries as sla
from msp.itsm.sla.services.facts import BACKDATED, News
from msp.itsm.tickets.models import Ticket
from tenants.permissions import Permission

_MOVES = frozenset({"waiting", "resumed", "resolved", "reopened", "cancelled", "closed"})
_MINUTE = timedelta(minutes=1)


def checked(ticket: Ticket, at: datetime | None, reason: str | None, *, by: Actor, is_move: bool = False) -> datetime | None:
    """The instant from which an act counts, None for now; five minutes back and more need a permission and a reason.

    It lies between the opening, for a move the last move, and now. Whoever says the minute in which those were means them.
    """
    by.require_any(Permission.TICKET_MOVE, Permission.TICKET_REPLY)
    if at is None:
        return None
    now, least = clock.now(), _last_move(ticket) if is_move else ticket.opened_at
    if at > now:
        raise Invalid.field("occurred_at", "That is still to come; say when it happened.", "future")
    if at < least and at >= least.replace(second=0, microsecond=0) > at - _MINUTE:
        at = least
    if at < least:
        what = "Its state was changed after that" if least > ticket.opened_at else "The ticket was opened after that"
        raise Invalid.field("occurred_at", f"{what}; choose a later time.", "order")
    if now - at > BACKDATED:
        by.require(Permission.FACT_BACKDATE)
        if not (reason or "").strip():
            raise Invalid.field("reason", "Say how you know: what lies back needs a reason.", "required")
    return at


def dated(news: Sequence[News], at: datetime | None, reason: str | None) -> list[News]:
    """The facts of an act as they count from that instant, each with the reason."""
    if at is None:
        return list(news)
    return [replace(item, occurred_at=at, data={"reason": reason, **_said(item)}) for item in news]


def _said(item: News) -> dict[str, str | None]:
    return {name: value for name, value in item.data.items() if name != "reason" or value}


def _last_move(ticket: Ticket) -> datetime:
    moved = [fact.occurred_at for fact in sla.facts(ticket.tenant_id, ticket.id) if fact.kind in _MOVES]
    return max([ticket.opened_at, *moved])
