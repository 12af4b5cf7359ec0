"""Clients, sites, contacts, agents and teams over JSON.

What gives somebody rights, or a way in, needs a sign-in of the last ten minutes here as in the console: roles, the reach
of an agent, letting somebody in again, and invitations. A token never signed in, so it is refused. To take somebody's
access away a token is enough.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import g, url_for

from msp.core import clock
from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.openapi import Right
from msp.core.api.schemas import WordsQuery, listed
from msp.core.app import settings
from msp.core.errors import FieldError, Forbidden, Invalid, NotFound
from msp.core.paging import Page
from tenants import access, directory, listing, queries
from tenants.identity import api_tokens, links
from tenants.models import Agent, Team
from tenants.permissions import Permission as P
from tenants.permissions import audience
from tenants.schemas import (
    AgentChange,
    AgentDetailOut,
    AgentIn,
    AgentOut,
    AgentQuery,
    ContactChange,
    ContactIn,
    ContactOut,
    InvitationOut,
    MembersIn,
    MembersOut,
    SiteChange,
    SiteIn,
    SiteOut,
    TeamChange,
    TeamIn,
    TeamOut,
    TeamQuery,
    TenantChange,
    TenantIn,
    TenantOut,
)
from tenants.services import clients, people

resource = Resource("people", __name__, "Clients and people")
BLUEPRINTS = (resource,)
RIGHTS = {str(permission): Right(scope, audience(permission)) for permission, scope in api_tokens.scopes_of_permissions().items()}


@resource.operation("GET", "/tenants", listed(TenantOut), needs=P.CLIENT_READ, who="agent", query=WordsQuery)
def list_tenants(asked: dict[str, Any]) -> Any:
    """Clients by name."""
    return _page(listing.clients(asked["words"], by=g.actor, cursor=asked["cursor"], limit=asked["limit"]))


@resource.operation("POST", "/tenants", TenantOut, needs=P.CLIENT_MANAGE, who="agent", takes=TenantIn, status=201)
def create_tenant(given: dict[str, Any]) -> Any:
    """A new client with its portal, its brand and the standard service levels."""
    if g.actor.tenant_ids is not None:
        raise Forbidden("Only whoever sees every client can add one.")
    host = (given.pop("host") or f"{given['key'].strip()}.{settings().portal_domain.partition(':')[0]}").strip().lower()
    made = clients.create_client(given.pop("key"), given.pop("name"), host=host, by=g.actor, **given)
    return made, 201, {"Location": url_for("api_people.show_tenant", tenant_id=made.id)}


@resource.operation("GET", "/tenants/<uuid:tenant_id>", TenantOut, needs=P.CLIENT_READ, who="agent")
def show_tenant(tenant_id: UUID) -> Any:
    """One client."""
    return queries.visible_client(tenant_id, by=g.actor)


@resource.operation(
    "PATCH", "/tenants/<uuid:tenant_id>", TenantOut, needs=P.CLIENT_MANAGE, who="agent", takes=TenantChange, changes=True
)
def change_tenant(changes: dict[str, Any], tenant_id: UUID) -> Any:
    """Change a client's name, zone, language or standing."""
    version = expected_version(queries.visible_client(tenant_id, by=g.actor).version)
    return clients.change_client(tenant_id, version=version, by=g.actor, **changes)


# --- Sites ------------------------------------------------------------------------------------------------------------


@resource.operation("GET", "/tenants/<uuid:tenant_id>/sites", listed(SiteOut), query=WordsQuery)
def list_sites(asked: dict[str, Any], tenant_id: UUID) -> Any:
    """Sites of a client by name."""
    g.actor.require_any(P.CONTACT_READ, P.TICKET_READ)
    queries.visible_client(tenant_id, by=g.actor)
    return _page(listing.sites(tenant_id, asked["words"], by=g.actor, cursor=asked["cursor"], limit=asked["limit"]))


@resource.operation("POST", "/tenants/<uuid:tenant_id>/sites", SiteOut, needs=P.SITE_MANAGE, takes=SiteIn, status=201)
def add_site(given: dict[str, Any], tenant_id: UUID) -> Any:
    """Add a site to a client."""
    made = clients.add_site(tenant_id, given["name"], by=g.actor, address=given["address"])
    return made, 201, {"Location": url_for("api_people.show_site", site_id=made.id)}


@resource.operation("GET", "/sites/<uuid:site_id>", SiteOut)
def show_site(site_id: UUID) -> Any:
    """One site."""
    g.actor.require_any(P.CONTACT_READ, P.TICKET_READ)
    return queries.visible_site_by_id(site_id, by=g.actor)


@resource.operation("PATCH", "/sites/<uuid:site_id>", SiteOut, needs=P.SITE_MANAGE, takes=SiteChange, changes=True)
def change_site(changes: dict[str, Any], site_id: UUID) -> Any:
    """Another name or address, or no longer offered."""
    site = queries.visible_site_by_id(site_id, by=g.actor)
    wanted = {"name": site.name, "address": site.address, "is_active": site.is_active, **changes}
    return clients.change_site(site.tenant_id, site.id, version=expected_version(site.version), by=g.actor, **wanted)


# --- Contacts ---------------------------------------------------------------------------------------------------------


@resource.operation("GET", "/tenants/<uuid:tenant_id>/contacts", listed(ContactOut), needs=P.CONTACT_READ, query=WordsQuery)
def list_contacts(asked: dict[str, Any], tenant_id: UUID) -> Any:
    """People of a client by name."""
    queries.visible_client(tenant_id, by=g.actor)
    return _page(directory.people(tenant_id, by=g.actor, **asked))


@resource.operation(
    "POST", "/tenants/<uuid:tenant_id>/contacts", ContactOut, needs=P.CONTACT_MANAGE, takes=ContactIn, status=201
)
def add_contact(given: dict[str, Any], tenant_id: UUID) -> Any:
    """Add somebody to a client: a requester, or, after a recent sign-in, with other roles."""
    queries.visible_client(tenant_id, by=g.actor)
    if given["roles"] != ["requester"]:
        access.require_recent_sign_in()
    try:
        made = people.add_contact(tenant_id, given.pop("name"), by=g.actor, **given)
    except NotFound:
        raise _no_such_site("site_id") from None
    return made, 201, {"Location": url_for("api_people.show_contact", contact_id=made.id)}


@resource.operation("GET", "/contacts/<uuid:contact_id>", ContactOut, needs=P.CONTACT_READ)
def show_contact(contact_id: UUID) -> Any:
    """One contact."""
    return queries.visible_contact(contact_id, by=g.actor)


@resource.operation(
    "PATCH", "/contacts/<uuid:contact_id>", ContactOut, needs=P.CONTACT_MANAGE, takes=ContactChange, changes=True
)
def change_contact(changes: dict[str, Any], contact_id: UUID) -> Any:
    """Change a contact's details or standing; roles after a recent sign-in."""
    contact = queries.visible_contact(contact_id, by=g.actor)
    version = expected_version(contact.version)
    if changes.keys() & {"roles", "managed_site_ids"} or (changes.get("is_active") and not contact.is_active):
        access.require_recent_sign_in()
    has_site = changes.get("site_id", contact.site_id) is not None
    site_id = changes.pop("site_id", None)
    try:
        return people.change_contact(contact_id, version=version, by=g.actor, site_id=site_id, has_site=has_site, **changes)
    except NotFound:
        raise _no_such_site("site_id" if site_id else "managed_site_ids") from None


@resource.operation("POST", "/contacts/<uuid:contact_id>/invitations", InvitationOut, needs=P.CONTACT_MANAGE, status=202)
def invite_contact(contact_id: UUID) -> Any:
    """Mail an invitation to the portal, after a recent sign-in."""
    contact = queries.visible_contact(contact_id, by=g.actor)
    access.require_recent_sign_in()
    links.invite_contact(contact.id, by=g.actor)
    return _invited(contact)


# --- Agents -----------------------------------------------------------------------------------------------------------


@resource.operation("GET", "/agents", listed(AgentOut), needs=P.CLIENT_READ, who="agent", query=AgentQuery)
def list_agents(asked: dict[str, Any]) -> Any:
    """Agents by name, those who left only if asked for."""
    return _page(listing.agents(asked.pop("words"), **asked))


@resource.operation("POST", "/agents", AgentDetailOut, needs=P.AGENT_MANAGE, who="agent", takes=AgentIn, status=201)
def add_agent(given: dict[str, Any]) -> Any:
    """Add an agent, after a recent sign-in; an invitation is a step of its own."""
    access.require_recent_sign_in()
    _check_zone(given["time_zone"])
    _check_clients(given["client_ids"])
    made = people.add_agent(given.pop("name"), given.pop("e_mail"), by=g.actor, **given)
    return _agent(made), 201, {"Location": url_for("api_people.show_agent", agent_id=made.id)}


@resource.operation("GET", "/agents/<uuid:agent_id>", AgentDetailOut, needs=P.CLIENT_READ, who="agent")
def show_agent(agent_id: UUID) -> Any:
    """One agent with teams and reach."""
    return _agent(queries.visible_agent(agent_id, by=g.actor))


@resource.operation(
    "PATCH", "/agents/<uuid:agent_id>", AgentDetailOut, needs=P.AGENT_MANAGE, who="agent", takes=AgentChange, changes=True
)
def change_agent(changes: dict[str, Any], agent_id: UUID) -> Any:
    """Rename an agent, say what he knows or sign him out for good; roles, reach and letting him in again after a recent sign-in."""
    agent = queries.visible_agent(agent_id, by=g.actor)
    version = expected_version(agent.version)
    if changes.keys() & {"roles", "client_ids"} or (changes.get("is_active") and not agent.is_active):
        access.require_recent_sign_in()
    if "client_ids" in changes:
        _check_clients(changes["client_ids"])
        changes["is_limited"] = changes["client_ids"] is not None
    return _agent(people.change_agent(agent.id, version=version, by=g.actor, **changes))


@resource.operation("POST", "/agents/<uuid:agent_id>/invitations", InvitationOut, needs=P.AGENT_MANAGE, who="agent", status=202)
def invite_agent(agent_id: UUID) -> Any:
    """Mail an invitation to the console, after a recent sign-in."""
    agent = queries.visible_agent(agent_id, by=g.actor)
    access.require_recent_sign_in()
    links.invite_agent(agent.id, by=g.actor)
    return _invited(agent)


# --- Teams ------------------------------------------------------------------------------------------------------------


@resource.operation("GET", "/teams", listed(TeamOut), needs=P.CLIENT_READ, who="agent", query=TeamQuery)
def list_teams(asked: dict[str, Any]) -> Any:
    """Teams by name, those that get no more tickets only if asked for."""
    return _page(listing.teams(asked.pop("words"), **asked))


@resource.operation("POST", "/teams", TeamOut, needs=P.TEAM_MANAGE, who="agent", takes=TeamIn, status=201)
def add_team(given: dict[str, Any]) -> Any:
    """Add a team."""
    e_mail = people.checked_e_mail(given["e_mail"]) if given["e_mail"] else None
    made = people.add_team(given["name"], by=g.actor, e_mail=e_mail)
    return made, 201, {"Location": url_for("api_people.show_team", team_id=made.id)}


@resource.operation("GET", "/teams/<uuid:team_id>", TeamOut, needs=P.CLIENT_READ, who="agent")
def show_team(team_id: UUID) -> Any:
    """One team."""
    return queries.visible_team(team_id, by=g.actor)


@resource.operation("PATCH", "/teams/<uuid:team_id>", TeamOut, needs=P.TEAM_MANAGE, who="agent", takes=TeamChange, changes=True)
def change_team(changes: dict[str, Any], team_id: UUID) -> Any:
    """Another name or address, or no more tickets."""
    team = queries.visible_team(team_id, by=g.actor)
    wanted = {"name": team.name, "e_mail": team.e_mail, "is_active": team.is_active, **changes}
    return people.change_team(team.id, version=expected_version(team.version), by=g.actor, **wanted)


@resource.operation("GET", "/teams/<uuid:team_id>/members", MembersOut, needs=P.CLIENT_READ, who="agent")
def show_members(team_id: UUID) -> Any:
    """Who is in a team, leads first."""
    return _members(queries.visible_team(team_id, by=g.actor))


@resource.operation(
    "PUT", "/teams/<uuid:team_id>/members", MembersOut, needs=P.TEAM_MANAGE, who="agent", takes=MembersIn, changes=True
)
def set_members(given: dict[str, Any], team_id: UUID) -> Any:
    """Say anew who is in a team and who leads it."""
    team = queries.visible_team(team_id, by=g.actor)
    version = expected_version(team.version)
    wanted = {member["agent_id"]: member["is_lead"] for member in given["members"]}
    named = [member["agent_id"] for member in given["members"]]
    _refuse_unknown(named, queries.agent_ids(named), "/members/{}/agent_id", "There is no such agent.")
    return _members(people.set_members(team.id, wanted, by=g.actor, version=version))


def _agent(agent: Agent) -> dict[str, Any]:
    """With what the reader may see of the reach: other clients are not named."""
    seen = [id for id in queries.client_ids_of(agent.id) if g.actor.reaches(id)] if agent.is_limited else None
    shown = {name: getattr(agent, name) for name in AgentOut._declared_fields}
    return {**shown, "client_ids": seen, "team_ids": queries.team_ids_of(agent.id)}


def _members(team: Team) -> dict[str, Any]:
    rows = queries.members(team.id)
    members = [{"agent_id": row.Agent.id, "name": row.Agent.name, "is_lead": row.is_lead} for row in rows]
    return {"team_id": team.id, "members": members, "version": team.version}


def _invited(person: Any) -> dict[str, Any]:
    return {"e_mail": person.e_mail, "expires_at": clock.now() + timedelta(seconds=people.INVITATION_SECONDS)}


def _check_clients(client_ids: list[UUID] | None) -> None:
    """Each must be a client that the actor sees."""
    seen = queries.clients_by_id(client_ids or (), by=g.actor).values()
    known = {client.id for client in seen if client.kind == "client"}
    _refuse_unknown(client_ids or (), known, "/client_ids/{}", "There is no such client.")


def _check_zone(name: str) -> None:
    if name not in available_timezones():
        raise Invalid.field("time_zone", f"There is no time zone {name}; an example is Europe/Berlin.", "unknown")


def _refuse_unknown(ids: Sequence[UUID], known: Collection[UUID], pointer: str, message: str) -> None:
    """Point at each id in the body that is none of the known ones."""
    unknown = [FieldError(pointer.format(place), "unknown", message) for place, id in enumerate(ids) if id not in known]
    if unknown:
        raise Invalid(message, errors=unknown)


def _no_such_site(field: str) -> Invalid:
    return Invalid.field(field, "There is no such site at this client.", "unknown")


def _page(page: Page[Any]) -> dict[str, Any]:
    return {"data": page.rows, "next": page.next}
