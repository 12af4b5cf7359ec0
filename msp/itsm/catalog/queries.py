"""Reads of the catalogue: what may be ordered, by whom, and what was."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.catalog.models import BasketLine, CatalogCategory, CatalogFavourite, CatalogItem, CatalogItemVersion
from msp.itsm.catalog.models import Order as Ordered
from msp.itsm.tickets.models import Ticket
from tenants import queries as tenants

PAGE, OFTEN = 60, 4
COUNTED = timedelta(days=180)


class Entry(NamedTuple):
    """An item with the version in force."""

    item: CatalogItem
    version: CatalogItemVersion

    @property
    def content(self) -> dict[str, Any]:
        return self.version.content


class Line(NamedTuple):
    """A line of a basket with its item; `entry` is None where that can no longer be ordered."""

    line: BasketLine
    entry: Entry | None

    @property
    def is_stale(self) -> bool:
        """Whether the item was changed since it was put there."""
        return self.entry is None or self.entry.item.number != self.line.number


class Placed(NamedTuple):
    """An order with its ticket's reference and standing."""

    order: Ordered
    ref: str
    status: str


def visible_item(item_id: UUID, *, by: Actor) -> Entry:
    """One item: for agents any of their clients', for a contact one that he may order."""
    found = db.session.execute(_visible(_entries().where(CatalogItem.id == item_id), by=by)).first()
    if found is None:
        raise NotFound
    return Entry(*found)


def own_item(item_id: UUID, *, by: Actor) -> CatalogItem:
    """The row of an item to be changed, locked; agents only."""
    if by.is_contact:
        raise NotFound
    statement = tenants.reachable(sa.select(CatalogItem).where(CatalogItem.id == item_id), CatalogItem.tenant_id, by)
    found: CatalogItem | None = db.session.scalar(locked(statement))
    if found is None:
        raise NotFound
    return found


def item_page(
    tenant_id: UUID, *, by: Actor, words: str = "", category_id: UUID | None = None, only_favourites: bool = False,
    visible: bool | None = None, cursor: str | None = None, limit: int = PAGE,
) -> Page[Entry]:  # fmt: skip
    """One page of a client's items by name: those that hold every word in name, summary or synonyms.

    `visible` picks the shown or the withdrawn ones, for agents; contacts are given what they may order.
    """
    by.must_reach(tenant_id)
    statement = _visible(_entries().where(CatalogItem.tenant_id == tenant_id), by=by)
    for word in words.lower().split()[:10]:
        statement = statement.where(CatalogItem.search.contains(word, autoescape=True))
    if category_id is not None:
        statement = statement.where(CatalogItem.category_id == category_id)
    if only_favourites:
        statement = statement.where(CatalogItem.id.in_(_favourites(tenant_id, by)))
    if visible is not None:
        statement = statement.where(CatalogItem.is_visible == visible)
    bound = f"{tenant_id}:{words.lower().split()}:{category_id}:{only_favourites}:{visible}"
    keyset = Keyset([Order(CatalogItem.name)], CatalogItem.id, bound_to=bound)
    found = paging.page_of_rows(
        db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )
    return Page([Entry(*row) for row in found.rows], found.next, found.previous)


def often_requested(tenant_id: UUID, *, by: Actor, now: datetime) -> list[Entry]:
    """The items that were ordered most in the last half year, of those that this actor may see."""
    by.must_reach(tenant_id)
    counts = (
        sa.select(Ordered.item_id, sa.func.count().label("number"))
        .where(Ordered.tenant_id == tenant_id, Ordered.created_at > now - COUNTED)
        .group_by(Ordered.item_id)
        .subquery()
    )
    statement = _visible(_entries().join(counts, counts.c.item_id == CatalogItem.id), by=by)
    statement = statement.where(CatalogItem.tenant_id == tenant_id, CatalogItem.is_visible)
    rows = db.session.execute(statement.order_by(counts.c.number.desc(), CatalogItem.name).limit(OFTEN))
    return [Entry(*row) for row in rows]


def entries(tenant_id: UUID, ids: Iterable[UUID], *, by: Actor) -> dict[UUID, Entry]:
    """Several items by id, as far as the actor may see them."""
    statement = _entries().where(CatalogItem.tenant_id == tenant_id, CatalogItem.id.in_(set(ids)))
    return {row[0].id: Entry(*row) for row in db.session.execute(_visible(statement, by=by))}


def version_of(item: CatalogItem, number: int) -> CatalogItemVersion:
    """One version of an item."""
    found: CatalogItemVersion | None = db.session.scalar(
        sa.select(CatalogItemVersion).where(
            CatalogItemVersion.tenant_id == item.tenant_id, CatalogItemVersion.item_id == item.id, CatalogItemVersion.number == number
        )
    )
    if found is None:
        raise NotFound
    return found


def categories(tenant_id: UUID, *, by: Actor, active_only: bool = True) -> Sequence[CatalogCategory]:
    """A client's categories in their order."""
    by.must_reach(tenant_id)
    statement = sa.select(CatalogCategory).where(CatalogCategory.tenant_id == tenant_id)
    if active_only:
        statement = statement.where(CatalogCategory.is_active)
    return db.session.scalars(statement.order_by(CatalogCategory.position, CatalogCategory.name)).all()


def own_category(category_id: UUID, *, by: Actor) -> CatalogCategory:
    """The row of a category to be changed, locked; agents only."""
    statement = tenants.reachable(sa.select(CatalogCategory).where(CatalogCategory.id == category_id), CatalogCategory.tenant_id, by)
    found = None if by.is_contact else db.session.scalar(locked(statement))
    if found is None:
        raise NotFound
    return found


def category_in(tenant_id: UUID, category_id: UUID) -> CatalogCategory | None:
    return db.session.get(CatalogCategory, (tenant_id, category_id))


def favourite_ids(tenant_id: UUID, *, by: Actor) -> set[UUID]:
    """The items that a contact keeps at hand."""
    return set(db.session.scalars(_favourites(tenant_id, by))) if by.is_contact else set()


def basket(tenant_id: UUID, *, by: Actor) -> list[Line]:
    """What the contact has not ordered yet, the oldest first; with two statements."""
    rows = db.session.scalars(_basket(tenant_id, by).order_by(BasketLine.created_at, BasketLine.id)).all()
    found = entries(tenant_id, [row.item_id for row in rows], by=by)
    return [Line(row, found.get(row.item_id)) for row in rows]


def basket_size(tenant_id: UUID, *, by: Actor) -> int:
    """How many lines there are."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(_basket(tenant_id, by).subquery())) or 0


def own_line(tenant_id: UUID, line_id: UUID, *, by: Actor) -> BasketLine:
    """A line of one's own basket, locked."""
    found: BasketLine | None = db.session.scalar(locked(_basket(tenant_id, by).where(BasketLine.id == line_id)))
    if found is None:
        raise NotFound
    return found


def locked_basket(tenant_id: UUID, *, by: Actor) -> Sequence[BasketLine]:
    """One's whole basket, locked, so that it is ordered once."""
    return db.session.scalars(locked(_basket(tenant_id, by).order_by(BasketLine.created_at, BasketLine.id))).all()


def order_page(
    tenant_id: UUID, *, by: Actor, item_id: UUID | None = None, cursor: str | None = None, limit: int = 30
) -> Page[Placed]:
    """One page of orders, newest first: a contact's own and those for him; for agents the client's."""
    by.must_reach(tenant_id)
    statement = sa.select(Ordered, Ticket.ref, Ticket.status).join(
        Ticket, sa.and_(Ticket.tenant_id == Ordered.tenant_id, Ticket.id == Ordered.ticket_id)
    )
    statement = _own_orders(statement.where(Ordered.tenant_id == tenant_id), by)
    if item_id is not None:
        statement = statement.where(Ordered.item_id == item_id)
    keyset = Keyset([Order(Ordered.created_at, is_descending=True)], Ordered.id, bound_to=f"{tenant_id}:{item_id}")
    found = paging.page_of_rows(
        db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )
    return Page([Placed(*row) for row in found.rows], found.next, found.previous)


def visible_order(order_id: UUID, *, by: Actor) -> Placed:
    """One order."""
    statement = (
        sa.select(Ordered, Ticket.ref, Ticket.status)
        .join(Ticket, sa.and_(Ticket.tenant_id == Ordered.tenant_id, Ticket.id == Ordered.ticket_id))
        .where(Ordered.id == order_id)
    )
    found = db.session.execute(_own_orders(tenants.reachable(statement, Ordered.tenant_id, by), by)).first()
    if found is None:
        raise NotFound
    return Placed(*found)


def order_of(ticket: Ticket) -> Ordered | None:
    """What was ordered with a ticket that the actor sees already."""
    statement = sa.select(Ordered).where(Ordered.tenant_id == ticket.tenant_id, Ordered.ticket_id == ticket.id)
    found: Ordered | None = db.session.scalar(statement)
    return found


def is_taken(tenant_id: UUID, name: str, own_id: UUID | None) -> bool:
    """Whether another item of the client has the name."""
    statement = sa.select(
        sa.exists().where(CatalogItem.tenant_id == tenant_id, CatalogItem.name == name, CatalogItem.id.is_distinct_from(own_id))
    )
    return db.session.scalar(statement) or False


def _entries() -> sa.Select[CatalogItem, CatalogItemVersion]:
    return sa.select(CatalogItem, CatalogItemVersion).join(
        CatalogItemVersion,
        sa.and_(
            CatalogItemVersion.tenant_id == CatalogItem.tenant_id, CatalogItemVersion.item_id == CatalogItem.id,
            CatalogItemVersion.number == CatalogItem.number,
        ),
    )  # fmt: skip


def _visible(statement: Any, *, by: Actor) -> Any:
    """An agent: his clients' items. A contact: what is shown, for one of his roles and at his site."""
    statement = tenants.reachable(statement, CatalogItem.tenant_id, by)
    if not by.is_contact:
        return statement
    contact = tenants.visible_contact(by.id, by=by) if by.id else None
    if contact is None:
        raise NotFound
    no_roles, no_sites = sa.func.cardinality(CatalogItem.roles) == 0, sa.func.cardinality(CatalogItem.site_ids) == 0
    at_site = sa.literal(contact.site_id, sa.Uuid()) == sa.any_(CatalogItem.site_ids)
    has_role = sa.or_(*(sa.literal(role, sa.Text()) == sa.any_(CatalogItem.roles) for role in contact.roles))
    return statement.where(CatalogItem.is_visible, sa.or_(no_roles, has_role), sa.or_(no_sites, at_site))


def _favourites(tenant_id: UUID, by: Actor) -> sa.Select[UUID]:
    return sa.select(CatalogFavourite.item_id).where(CatalogFavourite.tenant_id == tenant_id, CatalogFavourite.contact_id == by.id)


def _basket(tenant_id: UUID, by: Actor) -> sa.Select[BasketLine]:
    """An agent has no basket: his id is no contact's."""
    return sa.select(BasketLine).where(BasketLine.tenant_id == tenant_id, BasketLine.contact_id == by.id)


def _own_orders(statement: Any, by: Actor) -> Any:
    if not by.is_contact:
        return statement
    return statement.where(sa.or_(Ordered.contact_id == by.id, Ordered.for_contact_id == by.id))
