"""Reads of the provider's templates and of the items taken from them; agents only."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.catalog.models import CatalogItem, CatalogTemplate, CatalogTemplateVersion
from tenants import queries as tenants

PAGE = 50
FORMAT = "msp.catalog.templates/1"


class Shown(NamedTuple):
    """A template with its newest version."""

    template: CatalogTemplate
    version: CatalogTemplateVersion


def template_page(*, by: Actor, active_only: bool = False, cursor: str | None = None, limit: int = PAGE) -> Page[Shown]:
    """One page of templates by name."""
    _agents_only(by)
    statement = _shown()
    if active_only:
        statement = statement.where(CatalogTemplate.is_active)
    keyset = Keyset([Order(CatalogTemplate.name)], CatalogTemplate.id, bound_to=str(active_only))
    found = paging.page_of_rows(
        db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )
    return Page([Shown(*row) for row in found.rows], found.next, found.previous)


def visible_template(template_id: UUID, *, by: Actor) -> Shown:
    """One template."""
    _agents_only(by)
    found = db.session.execute(_shown().where(CatalogTemplate.id == template_id)).first()
    if found is None:
        raise NotFound
    return Shown(*found)


def own_template(template_id: UUID, *, by: Actor) -> CatalogTemplate:
    """The row of a template to be changed, locked."""
    _agents_only(by)
    found: CatalogTemplate | None = db.session.scalar(locked(sa.select(CatalogTemplate).where(CatalogTemplate.id == template_id)))
    if found is None:
        raise NotFound
    return found


def named(names: Iterable[str]) -> dict[str, CatalogTemplate]:
    """Templates by name, locked."""
    statement = locked(sa.select(CatalogTemplate).where(CatalogTemplate.name.in_(set(names))).order_by(CatalogTemplate.name))
    return {each.name: each for each in db.session.scalars(statement)}


def version_of(template_id: UUID, number: int) -> CatalogTemplateVersion:
    """One version of a template."""
    found: CatalogTemplateVersion | None = db.session.scalar(
        sa.select(CatalogTemplateVersion).where(
            CatalogTemplateVersion.template_id == template_id, CatalogTemplateVersion.number == number
        )
    )
    if found is None:
        raise NotFound
    return found


def copies_of(template_id: UUID, *, by: Actor) -> Sequence[CatalogItem]:
    """The items of the actor's clients that were taken from a template."""
    _agents_only(by)
    statement = sa.select(CatalogItem).where(CatalogItem.template_id == template_id).order_by(CatalogItem.tenant_id, CatalogItem.id)
    return db.session.scalars(tenants.reachable(statement, CatalogItem.tenant_id, by).limit(200)).all()


def newest_numbers(ids: Iterable[UUID]) -> dict[UUID, int]:
    """The newest version of each template."""
    statement = sa.select(CatalogTemplate.id, CatalogTemplate.number).where(CatalogTemplate.id.in_(set(ids)))
    return {row.id: row.number for row in db.session.execute(statement)}


def _shown() -> sa.Select[CatalogTemplate, CatalogTemplateVersion]:
    return sa.select(CatalogTemplate, CatalogTemplateVersion).join(
        CatalogTemplateVersion,
        sa.and_(CatalogTemplateVersion.template_id == CatalogTemplate.id, CatalogTemplateVersion.number == CatalogTemplate.number),
    )


def _agents_only(by: Actor) -> None:
    if by.is_contact:
        raise NotFound
