"""Who works on a ticket and what it is: assignment, priority, classification, tags, followers."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.core.ids import new_id
from msp.itsm.sla.services import facts
from msp.itsm.sla.services.facts import News
from msp.itsm.tickets import queries
from msp.itsm.tickets.custom import queries as custom_fields
from msp.itsm.tickets.events import TicketAssigned, TicketClassified
from msp.itsm.tickets.models import Follower, Tag, Ticket
from msp.itsm.tickets.services import timeline
from msp.itsm.tickets.services.moves import check_version
from msp.itsm.tickets.services.opening import SUBJECT_LENGTH, attributes, one_line, priority_of
from tenants import queries as tenants
from tenants.permissions import Permission


def assign(
    ticket_id: UUID, *, by: Actor, version: int | None = None, assignee_id: UUID | None = None, team_id: UUID | None = None
) -> Ticket:
    """Give the ticket to an agent, a team or both; None takes it from whoever had it."""
    by.require(Permission.TICKET_ASSIGN)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    check_version(ticket, version)
    agent = tenants.assignable_agent(assignee_id, tenant_id=ticket.tenant_id) if assignee_id else None
    team = tenants.active_team(team_id) if team_id else None
    before = {"assignee": ticket.assignee_name, "team": ticket.team_name}
    ticket.assignee_id, ticket.assignee_name = (agent.id, agent.name) if agent else (None, None)
    ticket.team_id, ticket.team_name = (team.id, team.name) if team else (None, None)
    after = {"assignee": ticket.assignee_name, "team": ticket.team_name}
    if before == after:
        return ticket
    _saved(ticket)
    timeline.note(ticket, "assigned", {"from": before, "to": after}, by=by)
    news = News("assigned", {"team": ticket.team_name, "agent": ticket.assignee_name})
    facts.record(ticket.tenant_id, ticket.id, [news], by=by)
    events.record(TicketAssigned(ticket.tenant_id, ticket.id, ticket.assignee_id, ticket.team_id))
    return ticket


def classify(
    ticket_id: UUID, changes: Mapping[str, Any], *, by: Actor, version: int | None = None, cause: Mapping[str, str] | None = None
) -> Ticket:
    """Change subject, kind, category, site, impact, urgency, priority, service, CI name or custom fields.

    Impact or urgency give the priority by the client's matrix unless `priority` is set by hand. What policies match on makes
    the clocks be read anew from the original facts. `cause` is kept beside it in the timeline: what led to the change.
    """
    by.require(Permission.TICKET_TRIAGE)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    check_version(ticket, version)
    matched = attributes(ticket)
    changed = _apply(ticket, changes, by=by)
    if not changed:
        return ticket
    _saved(ticket)
    timeline.note(ticket, "classified", {"changes": changed, **(cause or {})}, by=by)
    moved = {name: value for name, value in attributes(ticket).items() if matched[name] != value}
    if moved:
        facts.record(ticket.tenant_id, ticket.id, [News("reclassified", moved)], by=by)
    events.record(TicketClassified(ticket.tenant_id, ticket.id, tuple(changed)))
    return ticket


def set_tags(ticket_id: UUID, tags: Iterable[str], *, by: Actor) -> list[str]:
    """The words on a ticket: letters, digits and dashes, in small letters."""
    by.require(Permission.TICKET_TRIAGE)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    wanted = tags_in(tags)
    present = set(queries.tags(ticket))
    if wanted == present:
        return sorted(wanted)
    db.session.execute(
        sa.delete(Tag).where(Tag.tenant_id == ticket.tenant_id, Tag.ticket_id == ticket.id, Tag.tag.in_(present - wanted))
    )
    db.session.add_all(
        Tag(tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, tag=tag) for tag in sorted(wanted - present)
    )
    timeline.note(ticket, "tagged", {"from": sorted(present), "to": sorted(wanted)}, by=by, is_internal=True)
    db.session.flush()
    return sorted(wanted)


def tags_in(words: Iterable[str], field: str = "tags") -> set[str]:
    """Words as they stand on tickets; Invalid where one is no tag."""
    wanted = {word.strip().lower() for word in words if word.strip()}
    for tag in wanted:
        if len(tag) > 40 or not all(letter.isalnum() or letter in "-_." for letter in tag):
            raise Invalid.field(field, f"“{tag}” is no tag: letters, digits and dashes, at most 40.", "format")
    return wanted


def add_follower(ticket_id: UUID, *, by: Actor, contact_id: UUID | None = None, agent_id: UUID | None = None) -> Follower:
    """Let a colleague of the client, or an agent, follow the ticket; a contact who follows may read it."""
    by.require(Permission.TICKET_REPLY)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    if contact_id is not None:
        name = tenants.contact_in(ticket.tenant_id, contact_id, field="contact_id").name
    elif agent_id is not None and not by.is_contact:
        name = tenants.assignable_agent(agent_id, tenant_id=ticket.tenant_id, field="agent_id").name
    else:
        raise Invalid.field("contact_id", "Say who should follow.", "required")
    for known in queries.followers(ticket):
        if (known.contact_id, known.agent_id) == (contact_id, agent_id):
            return known
    follower = Follower(
        tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, contact_id=contact_id, agent_id=agent_id, name=name
    )
    db.session.add(follower)
    timeline.note(ticket, "follower_added", {"name": name}, by=by, is_internal=agent_id is not None)
    db.session.flush()
    return follower


def remove_follower(ticket_id: UUID, follower_id: UUID, *, by: Actor) -> None:
    """Stop telling somebody; a contact may remove himself, or anyone from his own ticket."""
    by.require(Permission.TICKET_REPLY)
    ticket = queries.visible_ticket(ticket_id, by=by, for_update=True)
    follower = db.session.get(Follower, (ticket.tenant_id, follower_id))
    if follower is None or follower.ticket_id != ticket.id:
        return
    if by.is_contact and by.id not in (follower.contact_id, ticket.requester_id):
        raise Conflict("Only whoever opened the ticket can remove others from it.")
    db.session.delete(follower)
    timeline.note(ticket, "follower_removed", {"name": follower.name}, by=by, is_internal=follower.agent_id is not None)
    db.session.flush()


_SIMPLE = ("service", "ci_name")
_FIELDS = (*_SIMPLE, "subject", "kind", "category_id", "site_id", "impact", "urgency", "priority", "custom")


def _apply(ticket: Ticket, changes: Mapping[str, Any], *, by: Actor) -> dict[str, list[Any]]:
    """Set what is named and return before and after of what changed."""
    before = {name: getattr(ticket, name) for name in _FIELDS}
    for name in _SIMPLE:
        if name in changes:
            setattr(ticket, name, (changes[name] or "").strip() or None)
    if "subject" in changes:
        ticket.subject = _subject(changes["subject"])
    if changes.get("kind") in ("incident", "request"):
        ticket.kind = changes["kind"]
    if "category_id" in changes:
        chosen = changes["category_id"]
        ticket.category_id = queries.category_in(ticket.tenant_id, chosen).id if chosen else None
    if "site_id" in changes:
        chosen = changes["site_id"]
        ticket.site_id = tenants.visible_site(ticket.tenant_id, chosen, by=by).id if chosen else None
    if "custom" in changes:
        ticket.custom = custom_fields.for_change(ticket.tenant_id, ticket.kind, ticket.custom, changes["custom"], by=by)
    _set_priority(ticket, changes)
    return {name: [_shown(old), _shown(getattr(ticket, name))] for name, old in before.items() if old != getattr(ticket, name)}


def _set_priority(ticket: Ticket, changes: Mapping[str, Any]) -> None:
    for name, most in (("impact", 3), ("urgency", 3), ("priority", 4)):
        if changes.get(name) is not None and changes[name] not in range(1, most + 1):
            raise Invalid.field(name, f"1 to {most}.", "range")
    ticket.impact = changes.get("impact") or ticket.impact
    ticket.urgency = changes.get("urgency") or ticket.urgency
    if changes.get("priority"):
        ticket.priority, ticket.is_priority_set = changes["priority"], True
    elif changes.get("impact") or changes.get("urgency"):
        ticket.priority, ticket.is_priority_set = priority_of(ticket.tenant_id, ticket.impact, ticket.urgency), False


def _subject(text: str) -> str:
    text = one_line(text)
    if not 1 <= len(text) <= SUBJECT_LENGTH:
        raise Invalid.field("subject", f"1 to {SUBJECT_LENGTH} characters.", "length")
    return text


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _saved(ticket: Ticket) -> None:
    ticket.version += 1
    ticket.updated_at = clock.now()
