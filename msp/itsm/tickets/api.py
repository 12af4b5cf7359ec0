"""Tickets over JSON, by id or reference, on both kinds of host."""

import re
from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core import clock
from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import listed
from msp.core.errors import Invalid, NotFound
from msp.itsm.sla import queries as sla
from msp.itsm.sla.for_client import client_steps
from msp.itsm.sla.models import CLOCKS, INTERNAL_CLOCKS
from msp.itsm.tickets import queries
from msp.itsm.tickets.found import found
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.schemas import (
    AssignmentIn,
    ClockOut,
    EntryOut,
    ExplanationOut,
    MessageIn,
    MessageOut,
    MoveIn,
    ReplyIn,
    TicketChange,
    TicketIn,
    TicketOut,
    TicketQuery,
)
from msp.itsm.tickets.services import conversation, moves, opening, triage
from msp.itsm.tickets.told import for_client
from tenants.permissions import Permission as P

tickets = Resource("tickets", __name__, "Incidents and requests")
BLUEPRINTS = (tickets,)
ONE = "/tickets/<ticket>"
_REF = re.compile(r"[A-Za-z][A-Za-z0-9]{1,9}-[0-9]{1,9}")


@tickets.operation("GET", "/tickets", listed(TicketOut), needs=P.TICKET_READ, query=TicketQuery)
def list_tickets(asked: dict[str, Any]) -> Any:
    """Tickets by the query language."""
    page = found(asked["q"], by=g.actor, cursor=asked["cursor"], limit=asked["limit"])
    return {"data": page.rows, "next": page.next}


@tickets.operation("POST", "/tickets", TicketOut, needs=P.TICKET_OPEN, takes=TicketIn, status=201)
def open_ticket(given: dict[str, Any]) -> Any:
    """Open a ticket."""
    tenant_id = given.pop("tenant_id") or (g.host.id if g.actor.is_contact else None)
    if tenant_id is None:
        raise Invalid.field("tenant_id", "Say at which client.", "required")
    made = opening.open_ticket(tenant_id, given.pop("subject"), by=g.actor, **given)
    return made, 201, {"Location": url_for("api_tickets.show_ticket", ticket=made.ref)}


@tickets.operation("GET", ONE, TicketOut, needs=P.TICKET_READ)
def show_ticket(ticket: str) -> Any:
    """One ticket."""
    return _ticket(ticket)


@tickets.operation("PATCH", ONE, TicketOut, needs=P.TICKET_TRIAGE, takes=TicketChange, changes=True)
def change_ticket(changes: dict[str, Any], ticket: str) -> Any:
    """Change what a ticket is about."""
    row = _ticket(ticket)
    return triage.classify(row.id, changes, by=g.actor, version=expected_version(row.version))


@tickets.operation("POST", f"{ONE}/moves", TicketOut, needs=P.TICKET_MOVE, takes=MoveIn, changes=True)
def move_ticket(given: dict[str, Any], ticket: str) -> Any:
    """Take a ticket to another state."""
    row = _ticket(ticket)
    return moves.move(row.id, given["to"], by=g.actor, version=expected_version(row.version), reason=given["reason"])


@tickets.operation("PUT", f"{ONE}/assignment", TicketOut, needs=P.TICKET_ASSIGN, takes=AssignmentIn, changes=True)
def assign_ticket(given: dict[str, Any], ticket: str) -> Any:
    """Give a ticket to an agent, a team, or nobody."""
    row = _ticket(ticket)
    return triage.assign(row.id, by=g.actor, version=expected_version(row.version), **given)


@tickets.operation("GET", f"{ONE}/replies", listed(MessageOut), needs=P.TICKET_READ)
def list_replies(ticket: str) -> Any:
    """The conversation as the client reads it, the last 200 messages."""
    return _messages(ticket, is_internal=False)


@tickets.operation("POST", f"{ONE}/replies", MessageOut, needs=P.TICKET_REPLY, takes=ReplyIn, status=201)
def reply(given: dict[str, Any], ticket: str) -> Any:
    """Write to the other side."""
    return conversation.reply(_ticket(ticket).id, given.pop("body"), by=g.actor, via="api", **given)


@tickets.operation("GET", f"{ONE}/notes", listed(MessageOut), needs=P.TICKET_READ, who="agent")
def list_notes(ticket: str) -> Any:
    """Internal notes, for agents alone."""
    return _messages(ticket, is_internal=True)


@tickets.operation("POST", f"{ONE}/notes", MessageOut, needs=P.NOTE_WRITE, who="agent", takes=MessageIn, status=201)
def add_note(given: dict[str, Any], ticket: str) -> Any:
    """Write an internal note."""
    return conversation.add_note(_ticket(ticket).id, given.pop("body"), by=g.actor, **given)


@tickets.operation("GET", f"{ONE}/timeline", listed(EntryOut), needs=P.TICKET_READ)
def timeline(ticket: str) -> Any:
    """What happened, the last 300 entries; a contact is told what the portal tells, in its words."""
    row = _ticket(ticket)
    entries = queries.timeline(row, by=g.actor)
    if g.actor.is_contact:
        return {"data": for_client(entries, me=g.actor.id, kind=row.kind), "next": None}
    return {"data": entries, "next": None}


@tickets.operation("GET", f"{ONE}/clocks", listed(ClockOut), needs=P.TICKET_READ)
def list_clocks(ticket: str) -> Any:
    """The ticket's clocks as they were last read."""
    row = _ticket(ticket)
    return {"data": [c for c in sla.clocks(row.tenant_id, [row.id]) if not (g.actor.is_contact and c.is_internal)], "next": None}


@tickets.operation("GET", f"{ONE}/clocks/<kind>", ExplanationOut, needs=P.TICKET_READ)
def explain_clock(ticket: str, kind: str) -> Any:
    """Why a clock is due when it is due."""
    row = _ticket(ticket)
    if kind not in CLOCKS or (g.actor.is_contact and kind in INTERNAL_CLOCKS):
        raise NotFound
    reading, steps = sla.explanation(row.tenant_id, row.id, kind, now=clock.now())
    if g.actor.is_contact:
        steps = client_steps(reading)
    return {"kind": kind, "state": reading.state, "due_at": reading.due_at, "steps": steps}


def _ticket(named: str) -> Ticket:
    """By id or reference; whatever is neither is nothing that exists."""
    if _REF.fullmatch(named):
        return queries.visible_ticket_by_ref(named, by=g.actor)
    try:
        return queries.visible_ticket(UUID(named), by=g.actor)
    except ValueError:
        raise NotFound from None


def _messages(ticket: str, *, is_internal: bool) -> dict[str, Any]:
    found = queries.messages(_ticket(ticket), by=g.actor)
    return {"data": [message for message in found if message.is_internal is is_internal], "next": None}
