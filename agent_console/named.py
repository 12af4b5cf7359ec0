"""Names for ids that a page would otherwise show as they are: tickets, people, teams, sites and clients, with one query."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.itsm.sla.models import Definition
from msp.itsm.tickets.models import Category, Ticket
from tenants.models import Agent, Contact, Site, Team, Tenant
from tenants.queries import reachable


def names_of(ids: Iterable[UUID], *, by: Actor) -> dict[UUID, str]:
    """What each id is called, of those that the actor may see; ids of other things are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    of_clients: list[tuple[Any, Any]] = [
        (Ticket, Ticket.ref), (Contact, Contact.name), (Site, Site.name), (Category, Category.path), (Definition, Definition.name),
    ]  # fmt: skip
    parts = [
        reachable(sa.select(model.id, name.label("name")).where(model.id.in_(wanted)), model.tenant_id, by)
        for model, name in of_clients
    ]
    parts += [sa.select(model.id, model.name).where(model.id.in_(wanted)) for model in (Agent, Team)]
    parts.append(reachable(sa.select(Tenant.id, Tenant.name).where(Tenant.id.in_(wanted)), Tenant.id, by))
    return {row.id: row.name for row in db.session.execute(sa.union_all(*parts))}


def ids_in(rows: Iterable[Mapping[str, Any]], *fields: str) -> Iterator[UUID]:
    """Every id in these fields of the rows, and inside lists and objects that they hold."""
    for row in rows:
        for field in fields:
            yield from _ids(row.get(field))


def as_id(value: Any) -> UUID | None:
    """The id that a value is, None where it is none."""
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _ids(value: Any) -> Iterator[UUID]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _ids(each)
    elif (id := as_id(value)) is not None:
        yield id
