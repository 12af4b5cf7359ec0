"""Re-filing: a ticket that came in at the wrong client goes on in the right one; no row ever changes its client."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.core.ids import new_id
from msp.itsm.sla.services import facts
from msp.itsm.tickets import queries
from msp.itsm.tickets.events import TicketRefiled
from msp.itsm.tickets.models import Attachment, Message, Refiling, Ticket
from msp.itsm.tickets.services import files, moves, opening, timeline
from tenants import queries as tenants
from tenants.models import Contact
from tenants.permissions import Permission

REASON = "Filed in error"  # what the wrong client reads; it names nobody


def refile(
    ticket_id: UUID, *, to: UUID, requester_id: UUID, by: Actor, message_ids: Sequence[UUID] = (),
    attachment_ids: Sequence[UUID] = (), version: int | None = None,
) -> Ticket:  # fmt: skip
    """A new ticket at the client `to`, opened when this one was, and this one closed as misfiled.

    The public messages named go along with those of their files that are named, never a note:
    what the wrong client's people wrote is the new requester's word.
    Neither client learns of the other; agents find each ticket from the other.
    """
    by.require(Permission.TICKET_REFILE)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    moves.check_version(ticket, version)
    if ticket.status in ("closed", "cancelled", "misfiled"):
        raise Conflict("This ticket is closed; there is nothing to re-file.")
    if to == ticket.tenant_id:
        raise Invalid.field("client_id", "The ticket is at this client already.", "same")
    copied = _chosen(ticket, message_ids, by=by)
    copied_files = _chosen_files(ticket, attachment_ids, copied, by=by)
    # The rule of re-filing allows both whatever the agent's role: the original opening instant, and the closing state.
    allowed = replace(by, permissions=by.permissions | {Permission.FACT_BACKDATE, Permission.TICKET_ANY_MOVE})
    made = opening.open_ticket(
        to, ticket.subject, by=allowed, kind=ticket.kind, source=ticket.source, requester_id=requester_id,
        impact=ticket.impact, urgency=ticket.urgency, opened_at=ticket.opened_at,
    )  # fmt: skip
    _copy(copied, copied_files, made, tenants.contact_in(to, requester_id), by=by)
    news = moves.follow(ticket, "misfiled", REASON, by=allowed)
    facts.record(ticket.tenant_id, ticket.id, news, by=by)
    _link(ticket, "to", made, by=by)
    _link(made, "from", ticket, by=by)
    events.record(TicketRefiled(ticket.tenant_id, ticket.id))
    return made


def _chosen(ticket: Ticket, message_ids: Sequence[UUID], *, by: Actor) -> list[Message]:
    wanted = set(message_ids)
    found = [message for message in queries.messages_by_id(ticket, wanted, by=by) if not message.is_internal]
    if len(found) != len(wanted):
        raise Invalid.field("message_ids", "Only public messages of this ticket can go along.", "unknown")
    return found


def _chosen_files(ticket: Ticket, ids: Sequence[UUID], messages: Sequence[Message], *, by: Actor) -> list[Attachment]:
    """Files that hang on the messages that go along; what is held, internal or elsewhere cannot."""
    wanted, going = set(ids), {message.id for message in messages}
    found = [
        file
        for file in queries.attachments(ticket, by=by)
        if file.id in wanted and file.message_id in going and file.state == "bound" and not file.is_internal
    ]
    if len(found) != len(wanted):
        raise Invalid.field("attachment_ids", "Only files of messages that go along can go along.", "unknown")
    return found


def _copy(messages: Sequence[Message], attachments: Sequence[Attachment], made: Ticket, requester: Contact, *, by: Actor) -> None:
    for message in messages:
        is_ours = message.author_kind == "agent"
        copied = Message(
            tenant_id=made.tenant_id, id=new_id(), ticket_id=made.id, is_internal=False,
            author_kind=message.author_kind, author_id=message.author_id if is_ours else requester.id,
            author_name=message.author_name if is_ours else requester.name, body=message.body, via=message.via,
            sent_at=message.sent_at,
        )  # fmt: skip
        db.session.add(copied)
        db.session.flush()
        files.copy_to([file for file in attachments if file.message_id == message.id], copied, by=by)
    made.message_count += len(messages)
    db.session.flush()


def _link(ticket: Ticket, direction: str, other: Ticket, *, by: Actor) -> None:
    db.session.add(
        Refiling(
            tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, direction=direction,
            other_tenant_id=other.tenant_id, other_ticket_id=other.id, other_ref=other.ref, at=clock.now(),
            actor_name=by.name,
        )
    )  # fmt: skip
    # Without the reference, which names a client that not every agent of this one may know of.
    timeline.note(ticket, f"refiled_{direction}", by=by, is_internal=True)
    db.session.flush()
