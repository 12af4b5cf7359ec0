"""What a contact keeps for himself: favourites, and the basket of what he has not ordered yet."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, NotFound
from msp.core.ids import new_id
from msp.itsm.catalog import asking, queries
from msp.itsm.catalog.models import BasketLine, CatalogFavourite
from tenants.permissions import Permission
from tenants.queries import check_version

MOST_LINES = 30
Json = Mapping[str, Any]


def keep(item_id: UUID, is_kept: bool, *, by: Actor) -> None:
    """Keep an item at hand, or no longer; twice is as good as once."""
    by.require(Permission.PORTAL_USE)
    item = queries.visible_item(item_id, by=by).item
    if is_kept:
        made = insert(CatalogFavourite).values(tenant_id=item.tenant_id, id=new_id(), contact_id=by.id, item_id=item.id)
        db.session.execute(made.on_conflict_do_nothing())
    else:
        mine = sa.and_(CatalogFavourite.tenant_id == item.tenant_id, CatalogFavourite.contact_id == by.id)
        db.session.execute(sa.delete(CatalogFavourite).where(mine, CatalogFavourite.item_id == item.id))


def put_in(
    item_id: UUID, *, number: int, by: Actor, answers: Json | None = None, note: str = "", for_contact_id: UUID | None = None
) -> BasketLine:
    """Put an item with its answers into one's basket; they are as complete as for an order."""
    by.require(Permission.PORTAL_USE)
    wish = asking.checked_wish(item_id, number, answers or {}, note, for_contact_id, by=by)
    tenant_id = wish.entry.item.tenant_id
    if queries.basket_size(tenant_id, by=by) >= MOST_LINES:
        raise Conflict(f"A basket holds {MOST_LINES} things; order some of them first.")
    line = BasketLine(
        tenant_id=tenant_id, id=new_id(), contact_id=wish.contact.id, item_id=item_id, number=number, answers=wish.answers,
        note=wish.note, for_contact_id=wish.for_contact.id, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(line)
    db.session.flush()
    return line


def change_line(
    line_id: UUID, *, number: int, version: int, by: Actor, answers: Json | None = None, note: str = "",
    for_contact_id: UUID | None = None,
) -> BasketLine:  # fmt: skip
    """Answer anew what lies in the basket."""
    by.require(Permission.PORTAL_USE)
    line = _line(line_id, by=by)
    check_version(line, version)
    wish = asking.checked_wish(line.item_id, number, answers or {}, note, for_contact_id, by=by)
    line.number, line.answers, line.note, line.for_contact_id = number, wish.answers, wish.note, wish.for_contact.id
    db.session.flush()
    return line


def take_out(line_id: UUID, *, by: Actor) -> None:
    """Take a line out of one's basket."""
    by.require(Permission.PORTAL_USE)
    db.session.delete(_line(line_id, by=by))
    db.session.flush()


def _line(line_id: UUID, *, by: Actor) -> BasketLine:
    if not by.is_contact or not by.tenant_ids:
        raise NotFound
    return queries.own_line(by.tenant_ids[0], line_id, by=by)
