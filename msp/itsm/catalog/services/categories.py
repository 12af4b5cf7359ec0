"""The shelves of a client's catalogue."""

from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import FieldError, Invalid
from msp.core.ids import new_id
from msp.itsm.catalog import queries
from msp.itsm.catalog.content import ICONS
from msp.itsm.catalog.models import CatalogCategory
from tenants import queries as tenants
from tenants.permissions import Permission
from tenants.queries import check_version

LONGEST = 60


def add_category(tenant_id: UUID, name: str, *, by: Actor, icon: str = "box") -> CatalogCategory:
    """A shelf after those that there are."""
    by.require(Permission.CATALOG_MANAGE)
    client = tenants.visible_client(tenant_id, by=by)
    _check(client.id, name := " ".join(name.split()), icon, None)
    return _add(client.id, name, icon)


def change_category(
    category_id: UUID, *, version: int, by: Actor, name: str | None = None, icon: str | None = None, is_active: bool | None = None
) -> CatalogCategory:
    """Rename a shelf, give it another icon, take it down or put it up again; its items stay orderable under “All”."""
    by.require(Permission.CATALOG_MANAGE)
    category = queries.own_category(category_id, by=by)
    check_version(category, version)
    wanted, picture = category.name if name is None else " ".join(name.split()), category.icon if icon is None else icon
    _check(category.tenant_id, wanted, picture, category.id)
    category.name, category.icon = wanted, picture
    if is_active is not None:
        category.is_active = is_active
    db.session.flush()
    return category


def move_category(category_id: UUID, step: int, *, by: Actor) -> CatalogCategory:
    """One place up (-1) or down (1); at the end of the row it stays."""
    by.require(Permission.CATALOG_MANAGE)
    category = queries.own_category(category_id, by=by)
    row = list(queries.categories(category.tenant_id, by=by, active_only=False))
    here = next(place for place, each in enumerate(row) if each.id == category.id)
    there = min(max(here + step, 0), len(row) - 1)
    row.insert(there, row.pop(here))
    for place, each in enumerate(row, 1):
        each.position = place
    db.session.flush()
    return category


def shelf(tenant_id: UUID, name: str, icon: str) -> CatalogCategory:
    """The shelf of this name, put up where there is none."""
    statement = sa.select(CatalogCategory).where(CatalogCategory.tenant_id == tenant_id, CatalogCategory.name == name)
    return db.session.scalar(statement) or _add(tenant_id, name, icon)


def _add(tenant_id: UUID, name: str, icon: str) -> CatalogCategory:
    last = db.session.scalar(sa.select(sa.func.max(CatalogCategory.position)).where(CatalogCategory.tenant_id == tenant_id))
    made = CatalogCategory(tenant_id=tenant_id, id=new_id(), name=name, icon=icon, position=(last or 0) + 1)
    db.session.add(made)
    db.session.flush()
    return made


def _check(tenant_id: UUID, name: str, icon: str, own_id: UUID | None) -> None:
    wrong = []
    if not 1 <= len(name) <= LONGEST:
        wrong.append(FieldError("/name", "length", f"Say it in 1 to {LONGEST} characters."))
    taken = sa.exists().where(
        CatalogCategory.tenant_id == tenant_id, CatalogCategory.name == name, CatalogCategory.id.is_distinct_from(own_id)
    )
    if db.session.scalar(sa.select(taken)):
        wrong.append(FieldError("/name", "taken", f"There is a category called {name} already."))
    if icon not in ICONS:
        wrong.append(FieldError("/icon", "unknown", "Choose one of the icons."))
    if wrong:
        raise Invalid(errors=wrong)
