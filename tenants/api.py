"""Clients, contacts, agents and teams over JSON."""

from typing import Any
from uuid import UUID

from flask import g

from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import WordsQuery, listed
from msp.core.errors import Invalid, NotFound
from msp.core.paging import Page
from tenants import directory, listing, queries
from tenants.permissions import Permission as P
from tenants.schemas import AgentOut, ContactChange, ContactIn, ContactOut, TeamOut, TenantChange, TenantOut
from tenants.services import clients, people

resource = Resource("people", __name__, "Clients and people")
BLUEPRINTS = (resource,)


@resource.operation("GET", "/tenants", listed(TenantOut), needs=P.CLIENT_READ, who="agent", query=WordsQuery)
def list_tenants(asked: dict[str, Any]) -> Any:
    """Clients by name."""
    return _page(listing.clients(asked["words"], by=g.actor, cursor=asked["cursor"], limit=asked["limit"]))


@resource.operation("GET", "/tenants/<uuid:tenant_id>", TenantOut, needs=P.CLIENT_READ, who="agent")
def show_tenant(tenant_id: UUID) -> Any:
    """One client."""
    return queries.visible_client(tenant_id, by=g.actor)


@resource.operation(
    "PATCH", "/tenants/<uuid:tenant_id>", TenantOut, needs=P.CLIENT_MANAGE, who="agent", takes=TenantChange, changes=True
)
def change_tenant(changes: dict[str, Any], tenant_id: UUID) -> Any:
    """Change a client's name, zone or standing."""
    version = expected_version(queries.visible_client(tenant_id, by=g.actor).version)
    return clients.change_client(tenant_id, version=version, by=g.actor, **changes)


@resource.operation("GET", "/tenants/<uuid:tenant_id>/contacts", listed(ContactOut), needs=P.CONTACT_READ, query=WordsQuery)
def list_contacts(asked: dict[str, Any], tenant_id: UUID) -> Any:
    """People of a client by name."""
    queries.visible_client(tenant_id, by=g.actor)
    return _page(directory.people(tenant_id, by=g.actor, **asked))


@resource.operation(
    "POST", "/tenants/<uuid:tenant_id>/contacts", ContactOut, needs=P.CONTACT_MANAGE, takes=ContactIn, status=201
)
def add_contact(given: dict[str, Any], tenant_id: UUID) -> Any:
    """Add a requester to a client."""
    queries.visible_client(tenant_id, by=g.actor)
    try:
        return people.add_contact(tenant_id, given.pop("name"), by=g.actor, **given)
    except NotFound:
        raise Invalid.field("site_id", "There is no such site at this client.", "unknown") from None


@resource.operation("GET", "/contacts/<uuid:contact_id>", ContactOut, needs=P.CONTACT_READ)
def show_contact(contact_id: UUID) -> Any:
    """One contact."""
    return queries.visible_contact(contact_id, by=g.actor)


@resource.operation(
    "PATCH", "/contacts/<uuid:contact_id>", ContactOut, needs=P.CONTACT_MANAGE, takes=ContactChange, changes=True
)
def change_contact(changes: dict[str, Any], contact_id: UUID) -> Any:
    """Change a contact's details or standing."""
    version = expected_version(queries.visible_contact(contact_id, by=g.actor).version)
    return people.change_contact(contact_id, version=version, by=g.actor, **changes)


@resource.operation("GET", "/agents", listed(AgentOut), needs=P.CLIENT_READ, who="agent", query=WordsQuery)
def list_agents(asked: dict[str, Any]) -> Any:
    """Active agents by name."""
    return _page(listing.agents(asked["words"], cursor=asked["cursor"], limit=asked["limit"]))


@resource.operation("GET", "/agents/<uuid:agent_id>", AgentOut, needs=P.CLIENT_READ, who="agent")
def show_agent(agent_id: UUID) -> Any:
    """One agent."""
    return queries.visible_agent(agent_id, by=g.actor)


@resource.operation("GET", "/teams", listed(TeamOut), needs=P.CLIENT_READ, who="agent")
def list_teams() -> Any:
    """All active teams by name, on one page."""
    return {"data": queries.teams(), "next": None}


@resource.operation("GET", "/teams/<uuid:team_id>", TeamOut, needs=P.CLIENT_READ, who="agent")
def show_team(team_id: UUID) -> Any:
    """One team."""
    return queries.visible_team(team_id, by=g.actor)


def _page(page: Page[Any]) -> dict[str, Any]:
    return {"data": page.rows, "next": page.next}
