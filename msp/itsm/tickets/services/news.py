"""Telling our people what happened to a ticket; for jobs that run as the provider, whoever caused it."""

from collections.abc import Iterable
from uuid import UUID

from msp.core import clock
from msp.core.notify import services as notify
from msp.core.notify.services import News
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Message, Ticket
from msp.itsm.tickets.services import letters
from msp.itsm.tickets.services.recipients import Directory
from tenants.models import Agent


def opened(ticket: Ticket, *, provider_id: UUID) -> None:
    """A new ticket: for the team's people on duty, or for those who watch what has no team yet."""
    directory = Directory(clock.now())
    if ticket.assignee_id is None:
        _tell("new", ticket, directory.on_duty(ticket), f"New: {ticket.subject}", provider_id)


def replied(ticket: Ticket, message: Message, *, provider_id: UUID) -> None:
    """A public reply: for the assignee, or the team while there is none, and for our people who follow."""
    directory = Directory(clock.now())
    wanted = [ticket.assignee_id, *(follower.agent_id for follower in queries.followers(ticket))]
    people = list(directory.reaching(ticket.tenant_id, wanted))
    if message.author_kind == "contact" and ticket.assignee_id is None:
        people += directory.on_duty(ticket)
    others = [agent for agent in people if agent.id != message.author_id]
    _tell("reply", ticket, others, f"{message.author_name} replied: {ticket.subject}", provider_id)


def assigned(ticket: Ticket, assignee_id: UUID | None, *, actor_id: UUID | None, provider_id: UUID) -> None:
    """An assignment: for the new assignee unless he took it himself, or for the team's people on duty."""
    directory = Directory(clock.now())
    people = list(directory.reaching(ticket.tenant_id, [assignee_id])) if assignee_id else directory.on_duty(ticket)
    to = "to you" if assignee_id else f"to {ticket.team_name}"
    if assignee_id or ticket.team_id:
        _tell(
            "assignment",
            ticket,
            [agent for agent in people if agent.id != actor_id],
            f"Assigned {to}: {ticket.subject}",
            provider_id,
        )


def _tell(kind: str, ticket: Ticket, agents: Iterable[Agent], text: str, provider_id: UUID) -> None:
    people = list({agent.id: agent for agent in agents}.values())
    notify.tell(News(ticket.tenant_id, agent.id, kind, "ticket", ticket.id, ticket.ref, text) for agent in people)
    context = {
        "subject": f"[{ticket.ref}] {ticket.subject}", "heading": text, "sentences": [],
        "facts": letters.console_facts(ticket, letters.client_name(ticket)),
    }  # fmt: skip
    letters.to_agents(kind, [(agent, ticket, context) for agent in people], provider_id=provider_id)
