"""What an article made of a ticket would say: its subject and what solved it, masked."""

from dataclasses import dataclass

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import NotFound
from msp.itsm.knowledge.masking import Known, Masked, masked
from msp.itsm.knowledge.services import BODY_LENGTH, TITLE_LENGTH
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Message, Ticket
from tenants import queries as tenants
from tenants.hosts import host_of
from tenants.models import Contact

LONGEST_PART = 15_000
MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class Proposal:
    """A title and a text to begin with, and the language that the client reads."""

    title: Masked
    body: Masked
    language: str


def proposal(ticket: Ticket, *, by: Actor, with_notes: bool = False) -> Proposal:
    """A draft of what was wrong and what helped; internal notes only where they are asked for."""
    if by.is_contact:
        raise NotFound
    asked = [message.body for message in queries.first_public_messages(ticket, limit=1)]
    answer = _answer(ticket)
    parts = [("What was wrong", asked), ("What helped", [answer.body] if answer else [])]
    if with_notes:
        parts.append(("Notes", [note.body for note in _notes(ticket)]))
    blocks = [block for title, said in parts for block in (f"## {title}", *(text[:LONGEST_PART] for text in said))]
    body = "\n\n".join(blocks)
    known = _known(ticket, by=by)
    client = tenants.visible_client(ticket.tenant_id, by=by)
    return Proposal(masked(ticket.subject[:TITLE_LENGTH], known), masked(body[:BODY_LENGTH], known), client.language)


def _answer(ticket: Ticket) -> Message | None:
    """Our last reply; of a resolved ticket the last before it was resolved."""
    statement = _messages(ticket).where(~Message.is_internal, Message.author_kind != "contact")
    if ticket.resolved_at is not None:
        statement = statement.where(Message.sent_at <= ticket.resolved_at)
    return db.session.scalars(statement.order_by(Message.sent_at.desc(), Message.id.desc()).limit(1)).first()


def _notes(ticket: Ticket) -> list[Message]:
    statement = _messages(ticket).where(Message.is_internal).order_by(Message.sent_at.desc(), Message.id.desc())
    return list(db.session.scalars(statement.limit(MOST_NOTES)))[::-1]


def _messages(ticket: Ticket) -> sa.Select[Message]:
    return sa.select(Message).where(Message.tenant_id == ticket.tenant_id, Message.ticket_id == ticket.id)


def _known(ticket: Ticket, *, by: Actor) -> Known:
    """Whose ticket it was: the client, its people and machines, and whoever took part."""
    client = tenants.visible_client(ticket.tenant_id, by=by)
    columns = sa.select(Contact.name, Contact.e_mail, Contact.phone).where(Contact.tenant_id == ticket.tenant_id)
    people = db.session.execute(columns).all()
    authors = _messages(ticket).where(Message.author_kind != "system").with_only_columns(Message.author_name).distinct()
    wrote = db.session.scalars(authors).all()
    followers = [follower.name for follower in queries.followers(ticket)]
    brand = tenants.branding(ticket.tenant_id, by=by)
    domains = {row.e_mail.rpartition("@")[2] for row in people if row.e_mail}
    return Known(
        clients=[client.name, brand.display_name], keys=[client.key],
        other_keys=[other.key for other in tenants.clients(by=by) if other.id != client.id],
        people=list({ticket.requester_name, ticket.assignee_name or "", *wrote, *followers} - {""}), others=[row.name for row in people],
        phones=[row.phone for row in people if row.phone], hosts=sorted({*domains, host_of(ticket.tenant_id) or ""} - {""}),
        items=[ticket.ci_name] if ticket.ci_name else [],
    )  # fmt: skip
