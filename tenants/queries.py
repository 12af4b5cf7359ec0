"""Reads about clients and people: each takes `by` and returns only what this actor may see."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import Invalid, NotFound, StaleVersion
from tenants.models import Agent, AgentClient, Branding, Contact, Host, ManagedSite, Site, Team, TeamMember, Tenant

# Neighbours in this order are far apart to the eye (`data-hue` in tokens.css); the twelfth, a grey, is left out.
SPREAD_HUES = (1, 2, 3, 4, 5, 6, 10, 8, 9, 7, 11)
Narrowed = TypeVar("Narrowed", bound="sa.Select[*tuple[Any, ...]]")


def check_version(row: Any, version: int) -> None:
    """Refuse to save over somebody else's change."""
    if row.version != version:
        raise StaleVersion(present=row.version)


def reachable(statement: Narrowed, column: Any, by: Actor) -> Narrowed:
    """The statement narrowed to the actor's clients: the policy is the guarantee, this is the speed."""
    if by.tenant_ids is None:
        return statement
    return statement.where(column.in_(by.tenant_ids))


def visible_client(tenant_id: UUID, *, by: Actor, for_update: bool = False) -> Tenant:
    """One client; NotFound where it is absent or not this actor's."""
    statement = sa.select(Tenant).where(Tenant.id == tenant_id, Tenant.kind == "client")
    if for_update:
        statement = locked(statement)
    client = db.session.scalar(reachable(statement, Tenant.id, by))
    if client is None:
        raise NotFound
    return client


def clients(*, by: Actor) -> Sequence[Tenant]:
    """Every client that the actor may see, by name."""
    statement = sa.select(Tenant).where(Tenant.kind == "client").order_by(Tenant.name, Tenant.id)
    return db.session.scalars(reachable(statement, Tenant.id, by)).all()


def clients_by_id(ids: Iterable[UUID], *, by: Actor) -> dict[UUID, Tenant]:
    """The named clients that the actor may see."""
    statement = sa.select(Tenant).where(Tenant.id.in_(set(ids)))
    return {client.id: client for client in db.session.scalars(reachable(statement, Tenant.id, by))}


def time_zones(tenant_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The time zone of each named client."""
    found = db.session.execute(sa.select(Tenant.id, Tenant.time_zone).where(Tenant.id.in_(set(tenant_ids))))
    return {row.id: row.time_zone for row in found}


def key_is_taken(key: str) -> bool:
    return db.session.scalar(sa.select(sa.exists().where(Tenant.key == key))) or False


def next_hue() -> int:
    """A colour for a new client: the first of the spread ones that the fewest clients have."""
    used = Counter(db.session.scalars(sa.select(Tenant.hue).where(Tenant.kind == "client")).all())
    return min(SPREAD_HUES, key=lambda hue: used[hue])


def host_is_taken(name: str) -> bool:
    return db.session.get(Host, name) is not None


def branding(tenant_id: UUID, *, by: Actor) -> Branding:
    """How a client's portal looks."""
    found = db.session.scalar(reachable(sa.select(Branding).where(Branding.tenant_id == tenant_id), Branding.tenant_id, by))
    if found is None:
        raise NotFound
    return found


def hosts(tenant_id: UUID) -> Sequence[Host]:
    """Host names of a tenant; for staff."""
    return db.session.scalars(sa.select(Host).where(Host.tenant_id == tenant_id).order_by(Host.name)).all()


def sites(tenant_id: UUID, *, by: Actor) -> Sequence[Site]:
    """Sites of a client by name."""
    statement = sa.select(Site).where(Site.tenant_id == tenant_id).order_by(Site.name)
    return db.session.scalars(reachable(statement, Site.tenant_id, by)).all()


def site_named(tenant_id: UUID, name: str) -> Site | None:
    return db.session.scalar(sa.select(Site).where(Site.tenant_id == tenant_id, Site.name == name))


def visible_site(tenant_id: UUID, site_id: UUID, *, by: Actor) -> Site:
    """One site of a client; NotFound where it is absent or not this actor's."""
    statement = sa.select(Site).where(Site.tenant_id == tenant_id, Site.id == site_id)
    site = db.session.scalar(reachable(statement, Site.tenant_id, by))
    if site is None:
        raise NotFound
    return site


def visible_site_by_id(site_id: UUID, *, by: Actor) -> Site:
    """One site, whichever client's; NotFound where it is absent or not this actor's."""
    site = db.session.scalar(reachable(sa.select(Site).where(Site.id == site_id), Site.tenant_id, by))
    if site is None:
        raise NotFound
    return site


def visible_contact(contact_id: UUID, *, by: Actor, for_update: bool = False) -> Contact:
    """One contact; a contact without the right to see others sees himself."""
    statement = sa.select(Contact).where(Contact.id == contact_id)
    if by.is_contact and not by.may("contact.read"):
        statement = statement.where(Contact.id == by.id)
    if for_update:
        statement = locked(statement)
    contact = db.session.scalar(reachable(statement, Contact.tenant_id, by))
    if contact is None:
        raise NotFound
    return contact


def contact_in(tenant_id: UUID, contact_id: UUID, *, field: str = "requester_id") -> Contact:
    """A contact of the client that a row belongs to, to be named on it; Invalid, by the name of the field, otherwise."""
    contact = db.session.get(Contact, (tenant_id, contact_id))
    if contact is None or not contact.is_active:
        raise Invalid.field(field, "There is no such contact at this client.", "unknown")
    return contact


def contacts_matching(tenant_id: UUID, text: str, *, by: Actor, limit: int) -> Sequence[Contact]:
    """Active people of one client whose name holds the text or whose address begins with it, by name."""
    statement = sa.select(Contact).where(
        Contact.tenant_id == tenant_id,
        Contact.is_active,
        sa.or_(Contact.name.icontains(text, autoescape=True), Contact.e_mail.startswith(text.lower(), autoescape=True)),
    )
    ordered = statement.order_by(Contact.name, Contact.id).limit(limit)
    return db.session.scalars(reachable(ordered, Contact.tenant_id, by)).all()


def managed_site_ids(tenant_id: UUID, contact_id: UUID) -> list[UUID]:
    """Sites that a contact manages."""
    statement = sa.select(ManagedSite.site_id).where(
        ManagedSite.tenant_id == tenant_id, ManagedSite.contact_id == contact_id
    )
    return list(db.session.scalars(statement))


def visible_agent(agent_id: UUID, *, by: Actor, for_update: bool = False) -> Agent:
    """One agent; contacts see none."""
    if not by.is_agent and by.kind != "system":
        raise NotFound
    statement = sa.select(Agent).where(Agent.id == agent_id)
    agent = db.session.scalar(locked(statement) if for_update else statement)
    if agent is None:
        raise NotFound
    return agent


def agent_ids(ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that an agent has; for the console."""
    return set(db.session.scalars(sa.select(Agent.id).where(Agent.id.in_(set(ids)))))


def agents(*, active_only: bool = True) -> Sequence[Agent]:
    """Agents by name; a provider table, so only for the console."""
    statement = sa.select(Agent).order_by(Agent.name, Agent.id)
    return db.session.scalars(statement.where(Agent.is_active) if active_only else statement).all()


def assignable_agent(agent_id: UUID, *, tenant_id: UUID, field: str = "assignee_id") -> Agent:
    """An agent who may work for the client: active, and not limited to others; Invalid otherwise."""
    agent = db.session.get(Agent, agent_id)
    if agent is None or not agent.is_active or (agent.is_limited and tenant_id not in client_ids_of(agent.id)):
        raise Invalid.field(field, "This agent cannot work for this client.", "not_assignable")
    return agent


def assignable_agents(tenant_id: UUID) -> Sequence[Agent]:
    """Active agents who may work for the client, by name."""
    granted = sa.select(AgentClient.agent_id).where(AgentClient.client_id == tenant_id)
    statement = sa.select(Agent).where(Agent.is_active, sa.or_(~Agent.is_limited, Agent.id.in_(granted)))
    return db.session.scalars(statement.order_by(Agent.name, Agent.id)).all()


def client_ids_of(agent_id: UUID) -> list[UUID]:
    """Clients that a limited agent may see."""
    return list(db.session.scalars(sa.select(AgentClient.client_id).where(AgentClient.agent_id == agent_id)))


def reach_of(agent_ids: Iterable[UUID], *, by: Actor) -> Sequence[Any]:
    """Agent and name of each client that these limited agents may see, as far as the reader sees it too."""
    statement = (
        sa.select(AgentClient.agent_id, Tenant.name)
        .join(Tenant, Tenant.id == AgentClient.client_id)
        .where(AgentClient.agent_id.in_(list(agent_ids)))
        .order_by(Tenant.name)
    )
    return db.session.execute(reachable(statement, Tenant.id, by)).all()


def team_ids_of(agent_id: UUID) -> list[UUID]:
    """Teams that an agent is in."""
    return list(db.session.scalars(sa.select(TeamMember.team_id).where(TeamMember.agent_id == agent_id)))


def teams(*, active_only: bool = True) -> Sequence[Team]:
    """Teams by name."""
    statement = sa.select(Team).order_by(Team.name)
    return db.session.scalars(statement.where(Team.is_active) if active_only else statement).all()


def visible_team(team_id: UUID, *, by: Actor) -> Team:
    """One team, also one that gets no more tickets; contacts see none."""
    team = db.session.get(Team, team_id) if not by.is_contact else None
    if team is None:
        raise NotFound
    return team


def active_team(team_id: UUID) -> Team:
    """A team that tickets can go to; Invalid otherwise."""
    team = db.session.get(Team, team_id)
    if team is None or not team.is_active:
        raise Invalid.field("team_id", "There is no such team.", "unknown")
    return team


def team_sizes() -> dict[UUID, int]:
    """How many active agents each team has."""
    statement = (
        sa.select(TeamMember.team_id, sa.func.count())
        .join(Agent, Agent.id == TeamMember.agent_id)
        .where(Agent.is_active)
        .group_by(TeamMember.team_id)
    )
    return {team_id: number for team_id, number in db.session.execute(statement)}  # noqa: C416 - rows are no pairs to the type checker


def members(team_id: UUID) -> Sequence[Any]:
    """Agents of a team with `is_lead`, leads first."""
    statement = (
        sa.select(Agent, TeamMember.is_lead)
        .join(TeamMember, TeamMember.agent_id == Agent.id)
        .where(TeamMember.team_id == team_id)
        .order_by(TeamMember.is_lead.desc(), Agent.name)
    )
    return db.session.execute(statement).all()
