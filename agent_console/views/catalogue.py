"""A client's catalogue: its items and categories, one item's editor, its template, ordering for somebody."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, catalogue_forms, forms, notices
from agent_console.client_frame import client_page
from agent_console.places import clients as blueprint
from agent_console.views.clients import READ
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import MspError, NotFound
from msp.core.web.gates import Gate, gated
from msp.itsm.catalog import content as catalog
from msp.itsm.catalog import difference, library, queries
from msp.itsm.catalog.choices import OfClient
from msp.itsm.catalog.expectation import Promised
from msp.itsm.catalog.queries import Entry
from msp.itsm.catalog.services import categories, items
from tenants import queries as tenants
from tenants.models import Tenant
from tenants.permissions import CONTACT_ROLES, ROLE_WORDS, Permission

MANAGE = Gate("agent", Permission.CATALOG_MANAGE)
ROOT = "/<uuid:tenant_id>/catalogue"
ONE = f"{ROOT}/items/<uuid:item_id>"
ROLES = [(role, ROLE_WORDS[role]) for role in CONTACT_ROLES]


@blueprint.get(ROOT)
@gated(READ)
def catalogue(tenant_id: UUID) -> ResponseReturnValue:
    return _page(tenant_id)


@blueprint.post(ROOT)
@gated(MANAGE)
def take_template(tenant_id: UUID) -> ResponseReturnValue:
    """Copy a template to this client."""
    try:
        with savepoint():
            template_id = forms.one_id(request.form, "template")
            if template_id is None:
                raise NotFound
            made = items.take_template(template_id, tenant_id, by=g.actor)
    except answers.REFUSED as error:
        return _page(tenant_id, error)
    notices.say(f"“{made.name}” can be ordered now.")
    return redirect(url_for("clients.catalogue_item", tenant_id=tenant_id, item_id=made.id), 303)


@blueprint.route(f"{ROOT}/new", methods=["GET", "POST"])
@gated(MANAGE)
def add_catalogue_item(tenant_id: UUID) -> ResponseReturnValue:
    client, sent = tenants.visible_client(tenant_id, by=g.actor), request.form
    if request.method != "POST":
        return _editor(client, None, catalog.BLANK, catalogue_forms.typed_of(catalog.BLANK))
    if catalogue_forms.is_step(sent):
        return _editor(client, None, catalog.BLANK, catalogue_forms.rearranged(sent))
    try:
        with savepoint():
            made = items.add_item(tenant_id, catalogue_forms.content_of(sent, catalog.BLANK, tenant_id), by=g.actor, **_audience(sent))
    except answers.REFUSED as error:
        return _editor(client, None, catalog.BLANK, sent, error)
    notices.say(f"“{made.name}” can be ordered now.")
    return redirect(url_for("clients.catalogue", tenant_id=tenant_id), 303)


@blueprint.get(ONE)
@gated(READ)
def catalogue_item(tenant_id: UUID, item_id: UUID) -> ResponseReturnValue:
    entry = entry_of(tenant_id, item_id)
    return _editor(tenants.visible_client(tenant_id, by=g.actor), entry, entry.content, _typed(entry))


@blueprint.post(ONE)
@gated(MANAGE)
def change_catalogue_item(tenant_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """Save it, look at it, withdraw it or show it again."""
    entry, sent = entry_of(tenant_id, item_id), request.form
    client = tenants.visible_client(tenant_id, by=g.actor)
    if catalogue_forms.is_step(sent):
        return _editor(client, entry, entry.content, catalogue_forms.rearranged(sent))
    standing = {"withdraw": False, "show": True}.get(sent.get("act", ""))
    try:
        with savepoint():
            version = forms.number(sent, "version") or 0
            if standing is not None:
                items.show_item(item_id, standing, version=version, by=g.actor)
            else:
                content = catalogue_forms.content_of(sent, entry.content, tenant_id)
                items.change_item(item_id, content, version=version, by=g.actor, **_audience(sent))
    except answers.REFUSED as error:
        again = entry_of(tenant_id, item_id)
        return _editor(client, again, again.content, sent if standing is None else _typed(again), error)
    notices.say("Saved." if standing is None else "It can be ordered again." if standing else "It can no longer be ordered.")
    return redirect(url_for("clients.catalogue_item", tenant_id=tenant_id, item_id=item_id), 303)


# --- Beside its template ----------------------------------------------------------------------------------------------


@blueprint.get(f"{ONE}/template")
@gated(READ)
def catalogue_difference(tenant_id: UUID, item_id: UUID) -> ResponseReturnValue:
    return _difference(tenant_id, item_id)


@blueprint.post(f"{ONE}/template")
@gated(MANAGE)
def take_over_template(tenant_id: UUID, item_id: UUID) -> ResponseReturnValue:
    """Take over the fields that were ticked."""
    entry_of(tenant_id, item_id)
    sent = request.form
    try:
        with savepoint():
            items.take_over(
                item_id, sent.getlist("fields"), number=forms.number(sent, "number") or 0, version=forms.number(sent, "version") or 0,
                by=g.actor,
            )  # fmt: skip
    except answers.REFUSED as error:
        return _difference(tenant_id, item_id, error)
    notices.say("Taken over.")
    return redirect(url_for("clients.catalogue_item", tenant_id=tenant_id, item_id=item_id), 303)


# --- Categories -------------------------------------------------------------------------------------------------------


@blueprint.post(f"{ROOT}/categories")
@gated(MANAGE)
def add_catalogue_category(tenant_id: UUID) -> ResponseReturnValue:
    try:
        with savepoint():
            categories.add_category(tenant_id, forms.text(request.form, "name"), icon=request.form.get("icon", ""), by=g.actor)
    except answers.REFUSED as error:
        return _page(tenant_id, error, request.form)
    notices.say("Added.")
    return redirect(url_for("clients.catalogue", tenant_id=tenant_id), 303)


@blueprint.post(f"{ROOT}/categories/<uuid:category_id>")
@gated(MANAGE)
def change_catalogue_category(tenant_id: UUID, category_id: UUID) -> ResponseReturnValue:
    """Rename it, move it, take it down or put it up again."""
    if queries.own_category(category_id, by=g.actor).tenant_id != tenant_id:
        raise NotFound
    sent = request.form
    act = sent.get("act", "")
    try:
        with savepoint():
            if act in ("up", "down"):
                categories.move_category(category_id, -1 if act == "up" else 1, by=g.actor)
            else:
                standing = {"retire": False, "restore": True}.get(act)
                categories.change_category(
                    category_id, version=forms.number(sent, "version") or 0, is_active=standing, by=g.actor,
                    name=forms.text(sent, "name") if standing is None else None, icon=sent.get("icon") if standing is None else None,
                )  # fmt: skip
    except answers.REFUSED as error:
        return _page(tenant_id, error, sent, category_id)
    return redirect(url_for("clients.catalogue", tenant_id=tenant_id), 303)


# --- What is shown ----------------------------------------------------------------------------------------------------


def entry_of(tenant_id: UUID, item_id: UUID) -> Entry:
    """An item of just this client."""
    entry = queries.visible_item(item_id, by=g.actor)
    if entry.item.tenant_id != tenant_id:
        raise NotFound
    return entry


def _page(tenant_id: UUID, error: MspError | None = None, typed: Any = None, wrong: UUID | None = None) -> ResponseReturnValue:
    client = tenants.visible_client(tenant_id, by=g.actor)
    words, is_gone = request.args.get("q", "").replace("\0", "").strip()[:100], request.args.get("show") == "withdrawn"
    found = queries.item_page(client.id, by=g.actor, words=words, visible=not is_gone, cursor=request.args.get("cursor"))
    newest = library.newest_numbers(entry.item.template_id for entry in found.rows if entry.item.template_id)
    may_edit, promised = g.actor.may(Permission.CATALOG_MANAGE), Promised(client.id, clock.now())
    shelves = queries.categories(client.id, by=g.actor, active_only=False)
    here: dict[str, Any] = {"q": words or None, "show": "withdrawn" if is_gone else None}
    contact = request.args.get("contact") or None

    def url(cursor: str | None) -> str:
        return url_for("clients.catalogue", tenant_id=client.id, cursor=cursor, **here) if cursor else ""

    return client_page(
        "console/catalogue/client.html", client, "catalogue", error, words=words, is_gone=is_gone, shelves=shelves, typed=typed or {},
        rows=[
            {
                "item": entry.item, "tile": catalogue_forms.tile(entry.content), "expected": promised.of(entry.content),
                "has_newer": newest.get(entry.item.template_id, 0) > (entry.item.template_number or 0) if entry.item.template_id else False,
            }
            for entry in found.rows
        ],
        names={shelf.id: shelf.name for shelf in shelves}, wrong_category=wrong, may_edit=may_edit, contact=contact,
        templates=library.template_page(by=g.actor, active_only=True, limit=200).rows if may_edit else [],
        may_order=g.actor.may(Permission.TICKET_OPEN), next_url=url(found.next), previous_url=url(found.previous),
        **catalogue_forms.fields(),
    )  # fmt: skip


def _editor(
    client: Tenant, entry: Entry | None, before: Mapping[str, Any], typed: Any, error: MspError | None = None
) -> ResponseReturnValue:
    def chosen(name: str) -> Any:
        return typed.getlist(name) if hasattr(typed, "getlist") else typed.get(name, [])

    preview = catalogue_forms.preview_of(typed, before) if hasattr(typed, "getlist") else catalogue_forms.tile(before)
    draft = catalogue_forms.draft_of(typed, before)
    error = catalogue_forms.placed(error, draft)
    return client_page(
        "console/catalogue/item.html", client, "catalogue", catalogue_forms.named(error), entry=entry, typed=typed, preview=preview,
        expected=Promised(client.id, clock.now()).of(preview) if preview else None,
        shelves=[(str(shelf.id), shelf.name) for shelf in queries.categories(client.id, by=g.actor)],
        roles=ROLES, sites=[(str(site.id), site.name) for site in tenants.sites(client.id, by=g.actor)],
        chosen_roles=chosen("roles"), chosen_sites=chosen("site_ids"), may_edit=g.actor.may(Permission.CATALOG_MANAGE),
        **catalogue_forms.editor(typed, draft, client.id, by=g.actor),
        **catalogue_forms.builder_fields(draft, error, typed, OfClient(client.id, by=g.actor)),
    )  # fmt: skip


def _difference(tenant_id: UUID, item_id: UUID, error: MspError | None = None) -> ResponseReturnValue:
    entry = entry_of(tenant_id, item_id)
    if entry.item.template_id is None:
        raise NotFound
    shown = library.visible_template(entry.item.template_id, by=g.actor)
    base = library.version_of(shown.template.id, entry.item.template_number or shown.template.number)
    return client_page(
        "console/catalogue/difference.html", tenants.visible_client(tenant_id, by=g.actor), "catalogue", error, entry=entry,
        original=shown.template, may_edit=g.actor.may(Permission.CATALOG_MANAGE),
        differences=difference.differences(shown.version.content, entry.content, base.content),
    )  # fmt: skip


def _typed(entry: Entry) -> dict[str, Any]:
    return {
        **catalogue_forms.typed_of(entry.content), "category_id": str(entry.item.category_id or ""), "roles": entry.item.roles,
        "site_ids": [str(id) for id in entry.item.site_ids],
    }  # fmt: skip


def _audience(sent: forms.Form) -> dict[str, Any]:
    return {
        "category_id": forms.one_id(sent, "category_id"), "roles": sent.getlist("roles"), "site_ids": forms.ids(sent, "site_ids"),
    }  # fmt: skip
