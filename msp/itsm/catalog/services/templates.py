"""Templates of the provider: written, changed as a new version, retired, imported."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import FieldError, Invalid
from msp.core.ids import new_id
from msp.itsm.catalog import library
from msp.itsm.catalog.content import checked
from msp.itsm.catalog.models import CatalogTemplate, CatalogTemplateVersion
from msp.itsm.catalog.services import naming
from tenants.permissions import Permission
from tenants.queries import check_version

MOST = 200
Json = Mapping[str, Any]


def add_template(content: Json, *, by: Actor) -> CatalogTemplate:
    """A template that items can be taken from."""
    by.require(Permission.CATALOG_MANAGE)
    made = _checked(content, by=by)
    if library.named([made["name"]]):
        raise _taken(made["name"])
    return _add(made, by=by)


def change_template(template_id: UUID, content: Json, *, version: int, by: Actor) -> CatalogTemplate:
    """Save the template anew; items that were taken from it stay as they are and show the difference."""
    by.require(Permission.CATALOG_MANAGE)
    template = library.own_template(template_id, by=by)
    check_version(template, version)
    made = _checked(content, [library.version_of(template.id, template.number).content], by=by)
    if any(other.id != template.id for other in library.named([made["name"]]).values()):
        raise _taken(made["name"])
    _change(template, made, by=by)
    return template


def offer_template(template_id: UUID, is_active: bool, *, version: int, by: Actor) -> CatalogTemplate:
    """Retire a template, or offer it again; what was taken from it stays."""
    by.require(Permission.CATALOG_MANAGE)
    template = library.own_template(template_id, by=by)
    check_version(template, version)
    template.is_active = is_active
    db.session.flush()
    return template


def import_templates(given: Sequence[Json], *, by: Actor) -> list[CatalogTemplate]:
    """Templates as they were exported: all of them, or none where one is wrong. One of a known name gets a new version."""
    by.require(Permission.CATALOG_MANAGE)
    if not 1 <= len(given) <= MOST:
        raise Invalid.field("templates", f"1 to {MOST} templates at a time.", "length")
    made, wrong = [], []
    for place, content in enumerate(given):
        try:
            made.append(_checked(content, by=by))
        except Invalid as refused:
            wrong += [FieldError(f"/templates/{place}{error.pointer}", error.code, error.message) for error in refused.errors]
    names = [content["name"] for content in made]
    twice = sorted({name for name in names if names.count(name) > 1})
    wrong += [FieldError("/templates", "repeated", f"“{name}” stands there twice.") for name in twice]
    if wrong:
        raise Invalid(errors=wrong)
    known = library.named(names)
    for content in made:
        if content["name"] in known:
            known[content["name"]].is_active = True
            _change(known[content["name"]], content, by=by)
        else:
            known[content["name"]] = _add(content, by=by)
    return [known[name] for name in names]


def exported(contents: Sequence[Json]) -> dict[str, Any]:
    """Templates as a document that `import_templates` reads."""
    return {"format": library.FORMAT, "templates": list(contents)}


def _checked(content: Json, agreed: Sequence[Json] = (), *, by: Actor) -> dict[str, Any]:
    made = checked(content)
    if wrong := naming.faults(made, None, by=by, agreed=agreed):
        raise Invalid(errors=wrong)
    return made


def _add(content: dict[str, Any], *, by: Actor) -> CatalogTemplate:
    provider_id = by.provider_id or call("provider")[0]["id"]
    template = CatalogTemplate(id=new_id(), tenant_id=provider_id, name=content["name"], number=1)
    db.session.add(template)
    db.session.flush()
    _write(template, content, by=by)
    return template


def _change(template: CatalogTemplate, content: dict[str, Any], *, by: Actor) -> None:
    if library.version_of(template.id, template.number).content == content:
        return
    template.name, template.number = content["name"], template.number + 1
    db.session.flush()
    _write(template, content, by=by)


def _write(template: CatalogTemplate, content: dict[str, Any], *, by: Actor) -> None:
    db.session.add(
        CatalogTemplateVersion(
            id=new_id(), tenant_id=template.tenant_id, template_id=template.id, number=template.number, content=content,
            author_name=by.name, created_at=clock.now(),
        )
    )  # fmt: skip
    db.session.flush()


def _taken(name: str) -> Invalid:
    return Invalid.field("name", f"There is a template called {name} already.", "taken")
