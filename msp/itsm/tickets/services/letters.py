"""Mails about a ticket: to the client's people in their brand, to ours in the provider's. A note is in none."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from msp.core import clock
from msp.core.app import settings
from msp.core.db import call, db
from msp.core.mail import services as mail
from msp.core.mail.services import Letter
from msp.core.notify.services import wants_mail
from msp.core.web.formats import when_words
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Message, Ticket
from msp.itsm.tickets.states import WORDS, portal_word
from tenants import hosts
from tenants.models import Agent, Contact, Tenant

ANSWER = "To add something, write on the page."
SAME_ACT = timedelta(seconds=5)
PROMISES = {"response": "An answer by", "update": "News by", "resolution": "A fix by"}


class Readers(NamedTuple):
    """The client's people to whom a reply was written."""

    requester_id: UUID
    follower_ids: Sequence[UUID]


def confirm(ticket: Ticket) -> None:
    """Tell the requester that we have it."""
    for requester in _contacts(ticket, [ticket.requester_id]):
        _confirm(ticket, requester)


def _confirm(ticket: Ticket, requester: Contact) -> None:
    first = db.session.scalar(_public(ticket).order_by(Message.sent_at, Message.id).limit(1))
    context = {
        **_common(ticket, requester),
        "heading": ticket.subject,
        "name": requester.name,
        "answer": ANSWER,
        "facts": _facts(ticket),
        "text": first.body if first else "",
        "subject": f"[{ticket.ref}] {ticket.subject}",
    }
    mail.send_many("received", [_letter(ticket, requester, context)], tenant_id=ticket.tenant_id)


def pass_on(ticket: Ticket, message: Message, *, to: Readers | None = None) -> None:
    """Mail a public reply to whoever was requester and the contacts who followed when it was written, but not to its writer.

    Whoever has left since, or was taken off the followers, gets none. Without `to`, it goes to the readers of now.
    """
    if message.is_internal:
        raise ValueError("a note is never mailed")
    still = {follower.contact_id: None for follower in queries.followers(ticket)}
    requester_id = to.requester_id if to else ticket.requester_id
    following = [id for id in to.follower_ids if id in still or id == ticket.requester_id] if to else list(still)
    readers = [c for c in _contacts(ticket, [requester_id, *following]) if c.id != message.author_id]
    now, zone = clock.now(), _zone(ticket)
    company = _provider_name() if message.author_kind == "agent" else _client(ticket).name
    context = {
        "writer": {
            "name": message.author_name,
            "detail": f"{company}, {when_words(message.sent_at, now, zone)}",
            "hue": _hue(message),
        },
        "text": message.body,
        "answer": ANSWER,
        "facts": _facts(ticket),
        "subject": f"[{ticket.ref}] {ticket.subject}",
    }
    letters = [_letter(ticket, reader, {**context, **_common(ticket, reader, requester_id)}) for reader in readers]
    mail.send_many("reply", letters, tenant_id=ticket.tenant_id)


def tell_resolved(ticket: Ticket) -> None:
    """Tell the requester that it is done, unless the reply that resolved it has just said so."""
    last = db.session.scalar(_public(ticket).order_by(Message.sent_at.desc(), Message.id.desc()).limit(1))
    if (
        last is not None
        and last.author_kind == "agent"
        and ticket.resolved_at
        and timedelta(0) <= ticket.resolved_at - last.sent_at < SAME_ACT
    ):
        return
    word = portal_word("resolved", ticket.kind).lower()
    for requester in _contacts(ticket, [ticket.requester_id]):
        context = {
            **_common(ticket, requester),
            "heading": f"{ticket.ref} is {word}",
            "facts": _facts(ticket),
            "sentences": [ticket.subject, "If something is still missing, write on the page and it goes on."],
            "subject": f"[{ticket.ref}] {ticket.subject}",
        }
        mail.send_many("notice", [_letter(ticket, requester, context)], tenant_id=ticket.tenant_id)


def to_agents(kind: str, letters: Iterable[tuple[Agent, Ticket, Mapping[str, Any]]], *, provider_id: UUID) -> None:
    """Mail a notice to each of our people who wants this kind of news by mail; it is the provider's own mail."""
    made = [
        Letter(
            agent.e_mail,
            {
                "reference": ticket.ref,
                "action": {"label": "Open the ticket", "url": settings().console_url(f"/tickets/{ticket.ref}")},
                **context,
            },
            agent.name,
            f"{ticket.id}.{agent.id}",
        )
        for agent, ticket, context in letters
        if agent.e_mail and wants_mail(agent.preferences, kind)
    ]
    mail.send_many("notice", made, tenant_id=provider_id)


def console_facts(ticket: Ticket, client_name: str) -> list[dict[str, Any]]:
    """What an agent wants to know at a glance."""
    return [
        {"label": "Client", "value": client_name},
        {"label": "Subject", "value": ticket.subject},
        {"label": "State", "value": WORDS[ticket.status].console, "is_now": True},
        {"label": "Priority", "value": f"P{ticket.priority}"},
        {"label": "Assigned to", "value": ticket.assignee_name or ticket.team_name or "nobody"},
    ]


def _facts(ticket: Ticket) -> list[dict[str, Any]]:
    """Where it is, and what is promised next, in the client's own time."""
    facts: list[dict[str, Any]] = [
        {"label": "Where it is", "value": portal_word(ticket.status, ticket.kind), "is_now": True}
    ]
    promise = PROMISES.get(ticket.sla_clock or "")
    if promise and ticket.sla_standing == "running" and ticket.sla_due_at and ticket.sla_due_at > clock.now():
        when = when_words(ticket.sla_due_at, clock.now(), _zone(ticket))
        facts.append({"label": "Promised", "value": f"{promise} {when}"})
    return facts


def _common(ticket: Ticket, reader: Contact, requester_id: UUID | None = None) -> dict[str, Any]:
    is_own = reader.id == (requester_id or ticket.requester_id)
    return {
        "reference": ticket.ref,
        "reason": "You get this because you asked for it." if is_own else "You get this because you follow it.",
        "action": {"label": "Open the page", "url": hosts.url_of(ticket.tenant_id, f"/tickets/{ticket.ref}")},
    }


def _letter(ticket: Ticket, reader: Contact, context: Mapping[str, Any]) -> Letter:
    return Letter(reader.e_mail or "", context, reader.name, f"{ticket.id}.{reader.id}")


def _contacts(ticket: Ticket, ids: Sequence[UUID | None]) -> list[Contact]:
    """Those of the client's people who are active and can be mailed, in the order given."""
    statement = sa.select(Contact).where(
        Contact.tenant_id == ticket.tenant_id, Contact.id.in_([id for id in ids if id])
    )
    found = {contact.id: contact for contact in db.session.scalars(statement) if contact.is_active and contact.e_mail}
    return [found[id] for id in dict.fromkeys(ids) if id in found]


def _public(ticket: Ticket) -> sa.Select[Message]:
    return sa.select(Message).where(
        Message.tenant_id == ticket.tenant_id, Message.ticket_id == ticket.id, ~Message.is_internal
    )


def client_name(ticket: Ticket) -> str:
    """Whose ticket it is."""
    return _client(ticket).name


def _client(ticket: Ticket) -> Tenant:
    return db.session.get_one(Tenant, ticket.tenant_id)


def _zone(ticket: Ticket) -> ZoneInfo:
    return ZoneInfo(_client(ticket).time_zone)


def _provider_name() -> str:
    return str(call("provider")[0]["name"])


def _hue(message: Message) -> int:
    agent = db.session.get(Agent, message.author_id) if message.author_kind == "agent" and message.author_id else None
    return agent.hue if agent else 12
