"""A client's catalogue and its orders over JSON, on both kinds of host."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core import clock
from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import listed
from msp.itsm.catalog import queries, questions
from msp.itsm.catalog.expectation import Promised
from msp.itsm.catalog.orders_api import order_of, placed_orders, whose
from msp.itsm.catalog.queries import Entry
from msp.itsm.catalog.schemas import (
    CatalogCategories,
    CatalogCategoryIn,
    CatalogCategoryOut,
    CatalogCopyIn,
    CatalogItemChange,
    CatalogItemIn,
    CatalogItemOut,
    CatalogItemQuery,
    CatalogOrderIn,
    CatalogOrderOut,
)
from msp.itsm.catalog.services import categories, items, orders
from msp.itsm.catalog.templates_api import templates
from tenants.permissions import Permission as P

catalog = Resource("catalog", __name__, "What clients can order, and what they ordered")
BLUEPRINTS = (catalog, templates, placed_orders)
ONE = "/catalog/items/<uuid:item_id>"
OF_CLIENT = "/tenants/<uuid:tenant_id>/catalog"
_AUDIENCE = ("category_id", "roles", "site_ids")


@catalog.operation("GET", "/catalog/items", listed(CatalogItemOut), needs=P.TICKET_READ, query=CatalogItemQuery)
def list_catalog_items(asked: dict[str, Any]) -> Any:
    """A client's items by name; for a contact those that he may order."""
    page = queries.item_page(whose(asked.pop("tenant_id")), by=g.actor, **asked)
    return {"data": _items(page.rows), "next": page.next}


@catalog.operation("POST", f"{OF_CLIENT}/items", CatalogItemOut, needs=P.CATALOG_MANAGE, who="agent", takes=CatalogItemIn, status=201)
def add_catalog_item(given: dict[str, Any], tenant_id: UUID) -> Any:
    """Something that the client's people may order."""
    audience = {name: given.pop(name) for name in _AUDIENCE if name in given}
    return _made(items.add_item(tenant_id, given, by=g.actor, **audience).id)


@catalog.operation("POST", f"{OF_CLIENT}/copies", CatalogItemOut, needs=P.CATALOG_MANAGE, who="agent", takes=CatalogCopyIn, status=201)
def copy_catalog_template(given: dict[str, Any], tenant_id: UUID) -> Any:
    """A client's copy of a template; it stays linked."""
    return _made(items.take_template(given["template_id"], tenant_id, by=g.actor).id)


@catalog.operation("GET", ONE, CatalogItemOut, needs=P.TICKET_READ)
def show_catalog_item(item_id: UUID) -> Any:
    """One item."""
    return _items([queries.visible_item(item_id, by=g.actor)])[0]


@catalog.operation("PATCH", ONE, CatalogItemOut, needs=P.CATALOG_MANAGE, who="agent", takes=CatalogItemChange, changes=True)
def change_catalog_item(changes: dict[str, Any], item_id: UUID) -> Any:
    """Change an item, withdraw it or show it again; what was ordered stays as it was."""
    row = queries.own_item(item_id, by=g.actor)
    version = expected_version(row.version)
    is_visible = changes.pop("is_visible", None)
    audience = {name: changes.pop(name, getattr(row, name)) for name in _AUDIENCE}
    content = queries.version_of(row, row.number).content | changes
    row = items.change_item(item_id, content, version=version, by=g.actor, **audience)
    if is_visible is not None:
        items.show_item(item_id, is_visible, version=row.version, by=g.actor)
    return _items([queries.visible_item(item_id, by=g.actor)])[0]


@catalog.operation("POST", f"{ONE}/orders", CatalogOrderOut, needs=P.TICKET_OPEN, takes=CatalogOrderIn, status=201)
def order_catalog_item(given: dict[str, Any], item_id: UUID) -> Any:
    """Order it; a request opens with what was answered."""
    placed = orders.order(item_id, by=g.actor, **given)
    return order_of(placed.id), 201, {"Location": url_for("api_catalog_orders.show_catalog_order", order_id=placed.id)}


@catalog.operation("GET", f"{OF_CLIENT}/categories", CatalogCategories, needs=P.TICKET_READ)
def list_catalog_categories(tenant_id: UUID) -> Any:
    """A client's categories in their order: a handful."""
    return {"data": queries.categories(tenant_id, by=g.actor)}


@catalog.operation(
    "POST", f"{OF_CLIENT}/categories", CatalogCategoryOut, needs=P.CATALOG_MANAGE, who="agent", takes=CatalogCategoryIn, status=201
)
def add_catalog_category(given: dict[str, Any], tenant_id: UUID) -> Any:
    """A category after those that there are."""
    return categories.add_category(tenant_id, given["name"], icon=given["icon"], by=g.actor)



def _made(item_id: UUID) -> Any:
    shown = _items([queries.visible_item(item_id, by=g.actor)])[0]
    return shown, 201, {"Location": url_for("api_catalog.show_catalog_item", item_id=item_id)}


def _items(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Items with their content; what a contact is not to see of them is left out."""
    promised: dict[UUID, Promised] = {}
    return [_item(entry, promised.setdefault(entry.item.tenant_id, Promised(entry.item.tenant_id, clock.now()))) for entry in entries]


def _item(entry: Entry, promised: Promised) -> dict[str, Any]:
    row, found = entry.item, promised.of(entry.content)
    names = ("id", "tenant_id", "category_id", "template_id", "template_number", "roles", "site_ids", "is_visible", "number", "version")
    shown = {**entry.content, **{name: getattr(row, name) for name in names}, "expected_seconds": found.seconds if found else None}
    if g.actor.is_contact:
        shown |= {"template_id": None, "template_number": None, "chain": None, "roles": [], "site_ids": [], "impact": 0, "urgency": 0}
        ours: dict[str, Any] = {"detail": "", "team_id": None, "runbook_id": None, "inputs": {}}
        shown["tasks"] = [{**task, **ours} for task in shown["tasks"]] if shown["tasks"] else None
        if not shown["is_price_shown"]:
            shown |= {"price_once": None, "price_monthly": None, "form": questions.unpriced(shown["form"])}
    return shown
