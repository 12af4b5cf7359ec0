"""Tickets over JSON, by id or reference, on both kinds of host."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, request, url_for

from msp.core import clock
from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.parsing import refuse_unstorable
from msp.core.api.schemas import PageQuery, listed
from msp.core.errors import Invalid, NotFound, UnsupportedType
from msp.core.paging import Page
from msp.itsm.sla import queries as sla
from msp.itsm.sla.for_client import client_steps
from msp.itsm.sla.models import CLOCKS, INTERNAL_CLOCKS
from msp.itsm.tickets import queries, ticket_lists, word_search
from msp.itsm.tickets.escalations_api import escalations
from msp.itsm.tickets.found import found, named
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.pages import answer_with
from msp.itsm.tickets.schemas import (
    AcknowledgementIn,
    AssignmentIn,
    AttachmentOut,
    CategoryOut,
    ClockOut,
    EntryOut,
    ExemptionIn,
    ExplanationOut,
    FollowerIn,
    FollowerOut,
    MessageIn,
    MessageOut,
    MoveIn,
    RefilingIn,
    ReplyIn,
    TagsIn,
    TagsOut,
    TicketChange,
    TicketIn,
    TicketOut,
    TicketQuery,
    UploadQuery,
)
from msp.itsm.tickets.services import conversation, exemptions, files, moves, opening, refiling, requester, triage
from msp.itsm.tickets.told import for_client
from tenants import queries as tenants
from tenants.permissions import Permission as P

tickets = Resource("tickets", __name__, "Incidents and requests")
BLUEPRINTS = (tickets, escalations)
ONE = "/tickets/<ticket>"


@tickets.operation("GET", "/tickets", listed(TicketOut), needs=P.TICKET_READ, query=TicketQuery)
def list_tickets(asked: dict[str, Any]) -> Any:
    """Tickets by the query language."""
    page = found(asked["q"], by=g.actor, cursor=asked["cursor"], limit=asked["limit"])
    return _one_page(page), 200, {"X-Search-Cut": str(word_search.MOST_FOUND)} if page.is_cut else {}


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
    """Change what a ticket is about, or whose it is."""
    row = _locked(ticket)
    moves.check_version(row, expected_version(row.version))
    if "requester_id" in changes:
        requester.change_requester(row.id, changes.pop("requester_id"), by=g.actor)
    return triage.classify(row.id, changes, by=g.actor)


@tickets.operation("POST", f"{ONE}/moves", TicketOut, needs=P.TICKET_MOVE, takes=MoveIn, changes=True)
def move_ticket(given: dict[str, Any], ticket: str) -> Any:
    """Take a ticket to another state."""
    row = _locked(ticket)
    return moves.move(row.id, given.pop("to"), by=g.actor, version=expected_version(row.version), **given)


@tickets.operation("PUT", f"{ONE}/assignment", TicketOut, needs=P.TICKET_ASSIGN, takes=AssignmentIn, changes=True)
def assign_ticket(given: dict[str, Any], ticket: str) -> Any:
    """Give a ticket to an agent, a team, or nobody."""
    row = _locked(ticket)
    return triage.assign(row.id, by=g.actor, version=expected_version(row.version), **given)


@tickets.operation("GET", f"{ONE}/replies", listed(MessageOut), needs=P.TICKET_READ, query=PageQuery)
def list_replies(asked: dict[str, Any], ticket: str) -> Any:
    """The conversation as the client reads it, oldest first."""
    return _one_page(ticket_lists.replies(_ticket(ticket), **asked))


@tickets.operation("POST", f"{ONE}/replies", MessageOut, needs=P.TICKET_REPLY, takes=ReplyIn, status=201)
def reply(given: dict[str, Any], ticket: str) -> Any:
    """Write to the other side."""
    return conversation.reply(_ticket(ticket).id, given.pop("body"), by=g.actor, via="api", **given)


@tickets.operation("GET", f"{ONE}/notes", listed(MessageOut), needs=P.TICKET_READ, who="agent", query=PageQuery)
def list_notes(asked: dict[str, Any], ticket: str) -> Any:
    """Internal notes, oldest first; for agents alone."""
    return _one_page(ticket_lists.notes(_ticket(ticket), by=g.actor, **asked))


@tickets.operation("POST", f"{ONE}/notes", MessageOut, needs=P.NOTE_WRITE, who="agent", takes=MessageIn, status=201)
def add_note(given: dict[str, Any], ticket: str) -> Any:
    """Write an internal note."""
    return conversation.add_note(_ticket(ticket).id, given.pop("body"), by=g.actor, **given)


@tickets.operation("POST", f"{ONE}/acknowledgement", TicketOut, needs=P.TICKET_MOVE, who="agent", takes=AcknowledgementIn)
def acknowledge_ticket(given: dict[str, Any], ticket: str) -> Any:
    """Tell the clock that somebody has taken note; once is enough, and a body is not needed."""
    return moves.acknowledge(_ticket(ticket).id, by=g.actor, **given)


@tickets.operation("POST", f"{ONE}/exemption", TicketOut, needs=P.SLA_EXEMPT, who="agent", takes=ExemptionIn, changes=True)
def exempt_ticket(given: dict[str, Any], ticket: str) -> Any:
    """Count a ticket, or one clock of it, neither as met nor as breached; whoever asks approves of it by name."""
    row = _locked(ticket)
    return exemptions.exempt(row.id, given["reason"], by=g.actor, clock=given["clock"], version=expected_version(row.version))


@tickets.operation("POST", f"{ONE}/refiling", TicketOut, needs=P.TICKET_REFILE, who="agent", takes=RefilingIn, status=201, changes=True)
def refile_ticket(given: dict[str, Any], ticket: str) -> Any:
    """Go on in the client that it belongs to: the answer is the new ticket, the old one is closed as misfiled."""
    row = _locked(ticket)
    made = refiling.refile(
        row.id, to=given["tenant_id"], requester_id=given["requester_id"], by=g.actor, message_ids=given["message_ids"],
        attachment_ids=given["attachment_ids"], version=expected_version(row.version),
    )  # fmt: skip
    return made, 201, {"Location": url_for("api_tickets.show_ticket", ticket=made.ref)}


# --- Tags, followers, categories --------------------------------------------------------------------------------------


@tickets.operation("GET", f"{ONE}/tags", TagsOut, needs=P.TICKET_READ, who="agent")
def show_tags(ticket: str) -> Any:
    """The words on a ticket, for agents alone."""
    return {"tags": queries.tags(_ticket(ticket))}


@tickets.operation("PUT", f"{ONE}/tags", TagsOut, needs=P.TICKET_TRIAGE, who="agent", takes=TagsIn)
def set_tags(given: dict[str, Any], ticket: str) -> Any:
    """These words in place of those that were there."""
    return {"tags": triage.set_tags(_ticket(ticket).id, given["tags"], by=g.actor)}


@tickets.operation("GET", f"{ONE}/followers", listed(FollowerOut), needs=P.TICKET_READ, query=PageQuery)
def list_followers(asked: dict[str, Any], ticket: str) -> Any:
    """Who is told of public replies beside the requester, by name; a contact reads of his colleagues."""
    return _one_page(ticket_lists.followers(_ticket(ticket), by=g.actor, **asked))


@tickets.operation("POST", f"{ONE}/followers", FollowerOut, needs=P.TICKET_REPLY, takes=FollowerIn, status=201)
def add_follower(given: dict[str, Any], ticket: str) -> Any:
    """Let a colleague or an agent follow; whoever follows already stays."""
    if (given["contact_id"] is None) is (given["agent_id"] is None):
        raise Invalid.field("contact_id", "Name a contact or an agent.", "required")
    return triage.add_follower(_ticket(ticket).id, by=g.actor, **given)


@tickets.operation("DELETE", f"{ONE}/followers/<uuid:follower_id>", needs=P.TICKET_REPLY, status=204)
def remove_follower(ticket: str, follower_id: UUID) -> None:
    """Stop telling somebody."""
    triage.remove_follower(_ticket(ticket).id, follower_id, by=g.actor)


@tickets.operation("GET", "/tenants/<uuid:tenant_id>/categories", listed(CategoryOut), needs=P.TICKET_READ)
def list_categories(tenant_id: UUID) -> Any:
    """The client's whole category tree in the order of its paths."""
    tenants.visible_client(tenant_id, by=g.actor)
    return {"data": queries.categories(tenant_id, by=g.actor), "next": None}


# --- Files ------------------------------------------------------------------------------------------------------------


@tickets.operation("POST", "/attachments", AttachmentOut, query=UploadQuery, status=201, is_upload=True)
def upload_attachment(asked: dict[str, Any]) -> Any:
    """Send a file ahead of the message that names it in `attachment_ids`; after 24 hours without one it is gone."""
    g.actor.require_any(P.TICKET_OPEN, P.TICKET_REPLY)
    tenant_id = asked["tenant_id"] or (g.host.id if g.actor.is_contact else None)
    if tenant_id is None:
        raise Invalid.field("tenant_id", "Say at which client.", "required")
    if request.mimetype != "multipart/form-data":
        raise UnsupportedType("Send the file as multipart/form-data.")
    sent = request.files.get("file")
    if sent is None:
        raise Invalid.field("file", "Choose a file.", "required")
    name = sent.filename or "file"
    refuse_unstorable({"file": name})
    made = files.upload(tenant_id, name, sent.stream, declared=sent.mimetype, by=g.actor)
    return made, 201, {"Location": url_for("api_tickets.download_attachment", attachment_id=made.id)}


@tickets.operation("GET", f"{ONE}/attachments", listed(AttachmentOut), needs=P.TICKET_READ, query=PageQuery)
def list_attachments(asked: dict[str, Any], ticket: str) -> Any:
    """The ticket's files in the order in which they came; those of notes for agents alone."""
    return _one_page(ticket_lists.attachments(_ticket(ticket), by=g.actor, **asked))


@tickets.operation("GET", "/attachments/<uuid:attachment_id>", needs=P.TICKET_READ, content_type="application/octet-stream")
def download_attachment(attachment_id: UUID) -> Response:
    """The file itself."""
    return answer_with(attachment_id)


# --- What happened, and the clocks ------------------------------------------------------------------------------------


@tickets.operation("GET", f"{ONE}/timeline", listed(EntryOut), needs=P.TICKET_READ, query=PageQuery)
def timeline(asked: dict[str, Any], ticket: str) -> Any:
    """What happened, oldest first; a contact is told what the portal tells, in its words."""
    row = _ticket(ticket)
    page = ticket_lists.timeline(row, by=g.actor, **asked)
    if g.actor.is_contact:
        tz = ZoneInfo(tenants.visible_client(row.tenant_id, by=g.actor).time_zone)
        return {"data": for_client(page.rows, me=g.actor.id, kind=row.kind, tz=tz), "next": page.next}
    return _one_page(page)


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


def _ticket(text: str) -> Ticket:
    return named(text, by=g.actor)


def _locked(text: str) -> Ticket:
    """The ticket to be changed, in the version that `If-Match` is held against."""
    return queries.visible_ticket(_ticket(text).id, by=g.actor, for_update=True)


def _one_page(page: Page[Any]) -> dict[str, Any]:
    return {"data": page.rows, "next": page.next}
