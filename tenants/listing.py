"""Lists of clients, sites, agents and teams: searched by words, read page by page."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.paging import Cursors, Keyset, Order, Page
from tenants.models import Agent, Site, Team, Tenant
from tenants.queries import reachable

PAGE = 50


def clients(text: str, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[Tenant]:
    """Clients whose name or key holds the text, by name."""
    statement = reachable(sa.select(Tenant).where(Tenant.kind == "client"), Tenant.id, by)
    return _page(statement, text, (Tenant.name, Tenant.key), Tenant.name, Tenant.id, cursor, limit)


def agents(text: str, *, cursor: str | None = None, with_former: bool = False, limit: int = PAGE) -> Page[Agent]:
    """Agents whose name or address holds the text, by name; a provider table, so only for the console."""
    statement = sa.select(Agent)
    if not with_former:
        statement = statement.where(Agent.is_active)
    return _page(statement, text, (Agent.name, Agent.e_mail), Agent.name, Agent.id, cursor, limit, str(with_former))


def teams(text: str, *, cursor: str | None = None, with_former: bool = False, limit: int = PAGE) -> Page[Team]:
    """Teams whose name or address holds the text, by name; a provider table, so only for the console."""
    statement = sa.select(Team)
    if not with_former:
        statement = statement.where(Team.is_active)
    return _page(statement, text, (Team.name, Team.e_mail), Team.name, Team.id, cursor, limit, str(with_former))


def sites(tenant_id: UUID, text: str, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[Site]:
    """Sites of a client whose name or address holds the text, by name."""
    statement = reachable(sa.select(Site).where(Site.tenant_id == tenant_id), Site.tenant_id, by)
    return _page(statement, text, (Site.name, Site.address), Site.name, Site.id, cursor, limit, str(tenant_id))


def _page(
    statement: Any, text: str, columns: tuple[Any, ...], order: Any, unique: Any, cursor: str | None, limit: int,
    bound_to: str = "",
) -> Page[Any]:  # fmt: skip
    words = text.lower().split()
    for word in words:
        statement = statement.where(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)))
    keyset = Keyset([Order(order)], unique, bound_to=f"{bound_to} {' '.join(words)}")
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))
