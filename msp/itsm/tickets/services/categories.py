"""A client's category tree: nodes are added, renamed and retired, never removed, for old tickets name them."""

from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Invalid
from msp.core.ids import new_id
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Category
from tenants import queries as tenants
from tenants.permissions import Permission

SEPARATOR = " / "
LONGEST_NAME, DEEPEST = 60, 4


def add_category(tenant_id: UUID, name: str, *, by: Actor, parent_id: UUID | None = None) -> Category:
    """A category at the top of the tree or under another one."""
    by.require(Permission.CLIENT_MANAGE)
    client = tenants.visible_client(tenant_id, by=by)
    parent = queries.category_in(client.id, parent_id) if parent_id else None
    path = _path(name, parent.path if parent else None)
    _refuse_taken(client.id, path)
    category = Category(tenant_id=client.id, id=new_id(), parent_id=parent.id if parent else None, name=name.strip(), path=path)
    db.session.add(category)
    db.session.flush()
    return category


def change_category(category_id: UUID, *, version: int, by: Actor, name: str | None = None, is_active: bool | None = None) -> Category:
    """Another name, told by every path under it; or retire a branch, or take it back."""
    by.require(Permission.CLIENT_MANAGE)
    category = queries.visible_category(category_id, by=by)
    tenants.check_version(category, version)
    branch = _branch(category)
    if name is not None and name.strip() != category.name:
        before, (*parents, _) = category.path, category.path.split(SEPARATOR)
        after = _path(name, SEPARATOR.join(parents) or None)
        _refuse_taken(category.tenant_id, after)
        category.name = name.strip()
        for each in branch:
            each.path = after + each.path.removeprefix(before)
    if is_active is not None:
        for each in branch:
            each.is_active = is_active
    db.session.flush()
    return category


def _branch(category: Category) -> list[Category]:
    """The category and everything under it."""
    everything = db.session.scalars(sa.select(Category).where(Category.tenant_id == category.tenant_id)).all()
    return [each for each in everything if each.id == category.id or each.path.startswith(category.path + SEPARATOR)]


def _path(name: str, parent: str | None) -> str:
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or "/" in name:
        raise Invalid.field("name", f"A name of 1 to {LONGEST_NAME} characters, without a slash.", "format")
    path = f"{parent}{SEPARATOR}{name}" if parent else name
    if path.count(SEPARATOR) >= DEEPEST:
        raise Invalid.field("parent_id", f"A tree is at most {DEEPEST} deep.", "too_deep")
    return path


def _refuse_taken(tenant_id: UUID, path: str) -> None:
    if db.session.scalar(sa.select(sa.exists().where(Category.tenant_id == tenant_id, Category.path == path))):
        raise Invalid.field("name", f"There is “{path}” already.", "taken")
