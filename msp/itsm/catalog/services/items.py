"""A client's items: taken from a template or written anew, changed, withdrawn, shown again, brought up to their template."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, FieldError, Invalid, NotFound
from msp.core.ids import new_id
from msp.itsm.catalog import library, queries
from msp.itsm.catalog.content import BLANK, checked, money, search_words
from msp.itsm.catalog.difference import FIELDS
from msp.itsm.catalog.models import CatalogItem, CatalogItemVersion
from msp.itsm.catalog.services import categories, naming
from tenants import queries as tenants
from tenants.permissions import CONTACT_ROLES, Permission
from tenants.queries import check_version

Json = Mapping[str, Any]


def add_item(
    tenant_id: UUID, content: Json, *, by: Actor, category_id: UUID | None = None, roles: Sequence[str] = (),
    site_ids: Sequence[UUID] = (), is_visible: bool = True,
) -> CatalogItem:  # fmt: skip
    """Something that the client's people may order: all of them, or those of some roles or sites."""
    by.require(Permission.CATALOG_MANAGE)
    client = tenants.visible_client(tenant_id, by=by)
    made = _normal(content)
    item = CatalogItem(tenant_id=client.id, id=new_id(), number=0, is_visible=is_visible)
    _set(item, made, category_id, roles, site_ids, by=by)
    return item


def take_template(template_id: UUID, tenant_id: UUID, *, by: Actor, is_visible: bool = True) -> CatalogItem:
    """A client's copy of a template; it stays linked, in the category that the template names."""
    by.require(Permission.CATALOG_MANAGE)
    client = tenants.visible_client(tenant_id, by=by)
    try:
        shown = library.visible_template(template_id, by=by)
    except NotFound:
        raise Invalid.field("template_id", "There is no such template.", "unknown") from None
    if not shown.template.is_active:
        raise Conflict("This template is no longer offered.")
    content = shown.version.content
    shelf = categories.shelf(client.id, content["category"], content["icon"]) if content["category"] else None
    item = CatalogItem(
        tenant_id=client.id, id=new_id(), number=0, is_visible=is_visible, template_id=shown.template.id,
        template_number=shown.version.number,
    )  # fmt: skip
    _set(item, _normal(content), shelf.id if shelf else None, (), (), by=by)
    return item


def change_item(
    item_id: UUID, content: Json, *, version: int, by: Actor, category_id: UUID | None = None, roles: Sequence[str] = (),
    site_ids: Sequence[UUID] = (),
) -> CatalogItem:  # fmt: skip
    """Save the item anew; what was ordered keeps the version that it was ordered under."""
    by.require(Permission.CATALOG_MANAGE)
    item = queries.own_item(item_id, by=by)
    check_version(item, version)
    _set(item, _normal(content), category_id, roles, site_ids, by=by)
    return item


def show_item(item_id: UUID, is_visible: bool, *, version: int, by: Actor) -> CatalogItem:
    """Withdraw an item from the catalogue, or show it again; orders stay as they are."""
    by.require(Permission.CATALOG_MANAGE)
    item = queries.own_item(item_id, by=by)
    check_version(item, version)
    item.is_visible = is_visible
    db.session.flush()
    return item


def take_over(item_id: UUID, fields: Iterable[str], *, number: int, version: int, by: Actor) -> CatalogItem:
    """Take over fields of the template's newest version, `number` as it was looked at; the rest stays the client's own.

    From then on the copy counts as taken from that version, whatever was left out.
    """
    by.require(Permission.CATALOG_MANAGE)
    item = queries.own_item(item_id, by=by)
    check_version(item, version)
    if item.template_id is None:
        raise NotFound
    chosen = set(fields)
    if unknown := sorted(chosen - FIELDS.keys()):
        raise Invalid(errors=[FieldError("/fields", "unknown", f"There is no field {name}.") for name in unknown])
    template = library.visible_template(item.template_id, by=by).version
    if template.number != number:
        raise Conflict("The template was changed in the meantime; look at the difference again.")
    content = queries.version_of(item, item.number).content
    item.template_number = number
    _set(item, _normal(content | {name: template.content[name] for name in chosen}), item.category_id, item.roles, item.site_ids, by=by)
    return item


def _normal(content: Json) -> dict[str, Any]:
    """Where it stands is said by the item's row, not by its content."""
    return checked({**content, "category": BLANK["category"]})


def _agreed(item: CatalogItem) -> list[Json]:
    """What the item says until now, and what its template does."""
    made: list[Json] = [queries.version_of(item, item.number).content] if item.number else []
    if item.template_id is not None and item.template_number is not None:
        made.append(library.version_of(item.template_id, item.template_number).content)
    return made


def _set(
    item: CatalogItem, content: dict[str, Any], category_id: UUID | None, roles: Sequence[str], site_ids: Sequence[UUID], *, by: Actor
) -> None:
    """Write the row, and a version where the content is another one."""
    wrong = []
    if queries.is_taken(item.tenant_id, content["name"], item.id):
        wrong.append(FieldError("/name", "taken", f"There is an item called {content['name']} already."))
    if category_id is not None and queries.category_in(item.tenant_id, category_id) is None:
        wrong.append(FieldError("/category_id", "unknown", "There is no such category at this client."))
    if not set(roles) <= CONTACT_ROLES.keys():
        wrong.append(FieldError("/roles", "unknown", f"Roles are {', '.join(CONTACT_ROLES)}."))
    if not set(site_ids) <= {site.id for site in tenants.sites(item.tenant_id, by=by)}:
        wrong.append(FieldError("/site_ids", "unknown", "There is no such site at this client."))
    wrong += naming.faults(content, item.tenant_id, by=by, agreed=_agreed(item))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong)
    item.name, item.icon, item.summary, item.search = content["name"], content["icon"], content["summary"], search_words(content)
    item.category_id, item.roles, item.site_ids = category_id, sorted(set(roles)), sorted(set(site_ids))
    is_new = item.number == 0 or queries.version_of(item, item.number).content != content
    item.number += is_new
    db.session.add(item)
    db.session.flush()
    if is_new:
        db.session.add(
            CatalogItemVersion(
                tenant_id=item.tenant_id, id=new_id(), item_id=item.id, number=item.number, content=content,
                price_once=money(content["price_once"]), price_monthly=money(content["price_monthly"]),
                currency=content["currency"], author_name=by.name, created_at=clock.now(),
            )
        )  # fmt: skip
        db.session.flush()
