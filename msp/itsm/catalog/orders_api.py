"""Orders and the basket over JSON: read, changed while they wait, quoted; put in, taken out, ordered together."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import g

from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import listed
from msp.core.errors import Invalid
from msp.itsm.catalog import queries, underway
from msp.itsm.catalog.queries import Line, Placed
from msp.itsm.catalog.schemas import (
    CatalogBasket,
    CatalogBasketIn,
    CatalogLineChange,
    CatalogLineIn,
    CatalogLineOut,
    CatalogOrderChange,
    CatalogOrderOut,
    CatalogOrders,
    CatalogQuery,
    CatalogQuoteIn,
)
from msp.itsm.catalog.services import correcting, keeping, orders, quoting
from tenants.permissions import Permission as P

placed_orders = Resource("catalog_orders", __name__, "Orders, and the basket of what is not ordered yet")
ONE = "/catalog/orders/<uuid:order_id>"
BASKET = "/catalog/basket"
LINE = f"{BASKET}/<uuid:line_id>"


@placed_orders.operation("GET", "/catalog/orders", listed(CatalogOrderOut), needs=P.TICKET_READ, query=CatalogQuery)
def list_catalog_orders(asked: dict[str, Any]) -> Any:
    """Orders, newest first; for a contact his own and those for him."""
    page = queries.order_page(whose(asked["tenant_id"]), by=g.actor, cursor=asked["cursor"], limit=asked["limit"])
    return {"data": _orders(page.rows), "next": page.next}


@placed_orders.operation("GET", ONE, CatalogOrderOut, needs=P.TICKET_READ)
def show_catalog_order(order_id: UUID) -> Any:
    """One order, as it was placed."""
    return order_of(order_id)


@placed_orders.operation("PATCH", ONE, CatalogOrderOut, needs=P.TICKET_OPEN, takes=CatalogOrderChange, changes=True)
def change_catalog_order(given: dict[str, Any], order_id: UUID) -> Any:
    """Answer an order anew that is not placed yet: what is asked is asked anew, what was declined is sent again."""
    version = expected_version(underway.own_order(order_id, by=g.actor).version)
    correcting.change_order(order_id, version=version, by=g.actor, **given)
    return order_of(order_id)


@placed_orders.operation("POST", f"{ONE}/quote", CatalogOrderOut, needs=P.TICKET_TRIAGE, who="agent", takes=CatalogQuoteIn, changes=True)
def quote_catalog_order(given: dict[str, Any], order_id: UUID) -> Any:
    """Say what an order costs that is quoted first; its approval starts."""
    version = expected_version(underway.own_order(order_id, by=g.actor).version)
    quoting.quote_order(order_id, version=version, by=g.actor, **given)
    return order_of(order_id)


# --- The basket -------------------------------------------------------------------------------------------------------


@placed_orders.operation("GET", BASKET, CatalogBasket, needs=P.PORTAL_USE, who="contact")
def list_catalog_basket() -> Any:
    """What lies in your basket: a handful."""
    return {"data": [_line(each) for each in queries.basket(whose(None), by=g.actor)]}


@placed_orders.operation("POST", BASKET, CatalogLineOut, needs=P.PORTAL_USE, who="contact", takes=CatalogLineIn, status=201)
def put_into_catalog_basket(given: dict[str, Any]) -> Any:
    """Put an item with its answers in."""
    return _line_of(keeping.put_in(given.pop("item_id"), by=g.actor, **given).id)


@placed_orders.operation("PATCH", LINE, CatalogLineOut, needs=P.PORTAL_USE, who="contact", takes=CatalogLineChange, changes=True)
def change_catalog_basket_line(given: dict[str, Any], line_id: UUID) -> Any:
    """Answer a line anew."""
    version = expected_version(queries.own_line(whose(None), line_id, by=g.actor).version)
    keeping.change_line(line_id, version=version, by=g.actor, **given)
    return _line_of(line_id)


@placed_orders.operation("DELETE", LINE, needs=P.PORTAL_USE, who="contact", status=204)
def take_out_of_catalog_basket(line_id: UUID) -> Any:
    """Take a line out."""
    keeping.take_out(line_id, by=g.actor)


@placed_orders.operation("POST", f"{BASKET}/order", CatalogOrders, needs=P.TICKET_OPEN, who="contact", takes=CatalogBasketIn, status=201)
def order_catalog_basket(given: dict[str, Any]) -> Any:
    """Order all of it, or nothing."""
    made = orders.order_basket({line["line_id"]: line["number"] for line in given["lines"]}, by=g.actor)
    return {"data": _orders([queries.visible_order(each.id, by=g.actor) for each in made])}


# --- What goes out ----------------------------------------------------------------------------------------------------


def whose(tenant_id: UUID | None) -> UUID:
    """The client that a caller asks about; a contact has but one."""
    if tenant_id is None and g.actor.is_contact:
        return UUID(str(g.actor.tenant_ids[0]))
    if tenant_id is None:
        raise Invalid.field("tenant_id", "Say whose.", "required")
    return tenant_id


def order_of(order_id: UUID) -> dict[str, Any]:
    """One order as it goes out."""
    return _orders([queries.visible_order(order_id, by=g.actor)])[0]


def _orders(found: Iterable[Placed]) -> list[dict[str, Any]]:
    rows = list(found)
    approvals = underway.approval_ids(each.order for each in rows)
    return [_order(each, approvals.get(each.order.id)) for each in rows]


def _order(placed: Placed, approval_id: UUID | None) -> dict[str, Any]:
    row = placed.order
    names = [name for name in CatalogOrderOut._declared_fields if name not in ("ticket", "status", "approval_id")]
    shown = {**{name: getattr(row, name) for name in names}, "ticket": placed.ref, "status": placed.status, "approval_id": approval_id}
    if g.actor.is_contact and not row.is_price_shown:
        shown |= {"price_once": None, "price_monthly": None}
    return shown


def _line_of(line_id: UUID) -> dict[str, Any]:
    return next(_line(each) for each in queries.basket(whose(None), by=g.actor) if each.line.id == line_id)


def _line(each: Line) -> dict[str, Any]:
    names = ("id", "item_id", "number", "answers", "note", "for_contact_id", "created_at", "version")
    item = each.entry.item if each.entry else None
    return {
        **{name: getattr(each.line, name) for name in names}, "item_name": item.name if item else None,
        "number_now": item.number if item else None,
    }  # fmt: skip
