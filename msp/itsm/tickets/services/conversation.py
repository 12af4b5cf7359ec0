"""Public replies and internal notes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.core.ids import new_id
from msp.itsm.sla.services import facts
from msp.itsm.sla.services.facts import News
from msp.itsm.tickets import queries
from msp.itsm.tickets.articles import services as articles
from msp.itsm.tickets.events import NoteAdded, TicketReplied
from msp.itsm.tickets.models import Message, ReadMarker, Ticket
from msp.itsm.tickets.services import files, moves, timeline
from msp.itsm.tickets.services.opening import BODY_LENGTH
from tenants.permissions import Permission


def reply(
    ticket_id: UUID, body: str, *, by: Actor, then: str | None = None, reason: str | None = None,
    attachment_ids: Sequence[UUID] = (), via: str | None = None, version: int | None = None, seen_messages: int | None = None,
    seen_requester: UUID | None = None,
) -> Message:  # fmt: skip
    """A public reply, and the state that follows it.

    An agent's first reply answers the ticket and takes it into work; a contact's answer to a ticket that waits for him sets it
    going again. `seen_messages` is how many the writer had before him: Conflict when somebody wrote meanwhile.
    `seen_requester` is whom he meant to write to: Conflict when it is another by now.
    """
    by.require(Permission.TICKET_REPLY)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    if ticket.status in ("closed", "cancelled", "misfiled"):
        raise Conflict("This ticket is closed; open a new one.")
    if version is not None:
        moves.check_version(ticket, version)
    if seen_messages is not None and seen_messages < ticket.message_count:
        new = ticket.message_count - seen_messages
        raise Conflict(f"{new} new message{'s' if new > 1 else ''} since you began. Read, then send again.")
    if seen_requester not in (None, ticket.requester_id):
        raise Conflict(f"{ticket.requester_name} is the requester by now. Read, then send again.")
    articles.require_sendable(body, ticket.tenant_id, by=by)
    message = _write(ticket, body, is_internal=False, by=by, via=via, attachment_ids=attachment_ids)
    if by.is_agent and ticket.answered_at is None:
        ticket.answered_at = clock.now()
    news = [News("replied", {"message": str(message.id)})]
    news += moves.follow(ticket, _next_state(ticket, then, by=by), reason, by=by)
    facts.record(ticket.tenant_id, ticket.id, news, by=by)
    events.record(TicketReplied(ticket.tenant_id, ticket.id, message.id, by.is_contact))
    return message


def add_note(ticket_id: UUID, body: str, *, by: Actor, attachment_ids: Sequence[UUID] = ()) -> Message:
    """An internal note: never mailed, never seen by the client."""
    by.require(Permission.NOTE_WRITE)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    message = _write(ticket, body, is_internal=True, by=by, via="console", attachment_ids=attachment_ids)
    events.record(NoteAdded(ticket.tenant_id, ticket.id, message.id))
    return message


def mark_read(ticket: Ticket, *, by: Actor) -> None:
    """Remember that the agent has read the ticket as it is now; open to every agent who may see it."""
    by.require(Permission.TICKET_READ)
    if not by.is_agent:
        return
    values = {"tenant_id": ticket.tenant_id, "id": new_id(), "ticket_id": ticket.id, "agent_id": by.id, "read_at": clock.now()}
    statement = insert(ReadMarker).values(values)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "agent_id", "ticket_id"], set_={"read_at": statement.excluded.read_at}
        )
    )


def _next_state(ticket: Ticket, then: str | None, *, by: Actor) -> str | None:
    if then is not None:
        return then if then != ticket.status else None
    if by.is_contact:
        return "open" if ticket.status == "waiting_for_client" else None
    return "open" if ticket.status == "new" else None


def _write(
    ticket: Ticket, body: str, *, is_internal: bool, by: Actor, via: str | None, attachment_ids: Sequence[UUID]
) -> Message:
    text = body.strip()
    if not text:
        raise Invalid.field("body", "There is nothing to send yet.", "required")
    if len(text) > BODY_LENGTH:
        raise Invalid.field("body", "This is too long; attach it as a file.", "too_long")
    now = clock.now()
    message = Message(
        tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, is_internal=is_internal, author_kind=by.kind,
        author_id=by.id, author_name=by.name, body=text, via=via or ("portal" if by.is_contact else "console"), sent_at=now,
    )  # fmt: skip
    db.session.add(message)
    db.session.flush()
    files.bind(attachment_ids, ticket, message, by=by)
    articles.note_uses(ticket, text, by=by)
    if not is_internal:
        ticket.message_count += 1
    ticket.updated_at = now
    timeline.note(ticket, "noted" if is_internal else "replied", {"message": str(message.id)}, by=by, is_internal=is_internal)
    return message
