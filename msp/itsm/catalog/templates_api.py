"""The catalogue's templates over JSON, for agents: read, written, exported, imported."""

from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import PageQuery, listed
from msp.itsm.catalog import library
from msp.itsm.catalog.schemas import (
    CatalogDocument,
    CatalogDocumentIn,
    CatalogImported,
    CatalogTemplateChange,
    CatalogTemplateIn,
    CatalogTemplateOut,
)
from msp.itsm.catalog.services import templates as services
from tenants.permissions import Permission as P

templates = Resource("catalog_templates", __name__, "What clients’ items are taken from")
ONE = "/catalog/templates/<uuid:catalog_template_id>"


@templates.operation("GET", "/catalog/templates", listed(CatalogTemplateOut), needs=P.CLIENT_READ, who="agent", query=PageQuery)
def list_catalog_templates(asked: dict[str, Any]) -> Any:
    """Templates by name."""
    page = library.template_page(by=g.actor, **asked)
    return {"data": [_shown(row) for row in page.rows], "next": page.next}


@templates.operation(
    "POST", "/catalog/templates", CatalogTemplateOut, needs=P.CATALOG_MANAGE, who="agent", takes=CatalogTemplateIn, status=201
)
def add_catalog_template(given: dict[str, Any]) -> Any:
    """A template that items can be taken from."""
    made = services.add_template(given, by=g.actor)
    location = url_for("api_catalog_templates.show_catalog_template", catalog_template_id=made.id)
    return _one(made.id), 201, {"Location": location}


@templates.operation("GET", "/catalog/templates/export", CatalogDocument, needs=P.CLIENT_READ, who="agent")
def export_catalog_templates() -> Any:
    """Every template as a document that can be imported elsewhere."""
    return services.exported([row.version.content for row in library.template_page(by=g.actor, limit=services.MOST).rows])


@templates.operation(
    "POST", "/catalog/templates/import", CatalogImported, needs=P.CATALOG_MANAGE, who="agent", takes=CatalogDocumentIn
)
def import_catalog_templates(given: dict[str, Any]) -> Any:
    """Take templates from a document: all of them, or none. One of a known name becomes its new version."""
    return {"ids": [row.id for row in services.import_templates(given["templates"], by=g.actor)]}


@templates.operation("GET", ONE, CatalogTemplateOut, needs=P.CLIENT_READ, who="agent")
def show_catalog_template(catalog_template_id: UUID) -> Any:
    """One template as it stands now."""
    return _one(catalog_template_id)


@templates.operation(
    "PATCH", ONE, CatalogTemplateOut, needs=P.CATALOG_MANAGE, who="agent", takes=CatalogTemplateChange, changes=True
)
def change_catalog_template(changes: dict[str, Any], catalog_template_id: UUID) -> Any:
    """Change it, or say whether it is offered; clients' copies stay as they are and show the difference."""
    row = library.own_template(catalog_template_id, by=g.actor)
    version = expected_version(row.version)
    is_active = changes.pop("is_active", None)
    content = library.version_of(row.id, row.number).content | changes
    row = services.change_template(row.id, content, version=version, by=g.actor)
    if is_active is not None:
        services.offer_template(row.id, is_active, version=row.version, by=g.actor)
    return _one(catalog_template_id)


def _one(template_id: UUID) -> dict[str, Any]:
    return _shown(library.visible_template(template_id, by=g.actor))


def _shown(row: library.Shown) -> dict[str, Any]:
    names = ("id", "number", "is_active", "version")
    return {**row.version.content, **{name: getattr(row.template, name) for name in names}}
