"""What a client's tickets are sorted into and asked for: categories and custom fields."""

from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.client_frame import client_page
from agent_console.places import clients as blueprint
from agent_console.views.clients import MANAGE, READ
from msp.core.db import savepoint
from msp.core.errors import MspError, NotFound
from msp.core.web.gates import gated
from msp.itsm.tickets import queries
from msp.itsm.tickets.custom import queries as custom
from msp.itsm.tickets.custom import services as custom_services
from msp.itsm.tickets.custom.models import CustomField
from msp.itsm.tickets.services import categories as category_services
from tenants import queries as tenants
from tenants.permissions import Permission

FIELD_KINDS = (
    ("text", "Text"), ("number", "Number"), ("date", "Date"), ("choice", "One of several"), ("flag", "Yes or no"),
)  # fmt: skip
TICKET_KINDS = (("incident", "Incidents"), ("request", "Requests"))


# --- Categories -------------------------------------------------------------------------------------------------------


@blueprint.get("/<uuid:tenant_id>/categories")
@gated(READ)
def categories(tenant_id: UUID) -> ResponseReturnValue:
    return _categories(tenant_id)


@blueprint.post("/<uuid:tenant_id>/categories")
@gated(MANAGE)
def add_category(tenant_id: UUID) -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            made = category_services.add_category(tenant_id, forms.text(sent, "name"), by=g.actor, parent_id=forms.one_id(sent, "parent"))
    except answers.REFUSED as error:
        return _categories(tenant_id, error, sent)
    notices.say(f"{made.path} is added.")
    return redirect(url_for("clients.categories", tenant_id=tenant_id), 303)


@blueprint.post("/<uuid:tenant_id>/categories/<uuid:category_id>")
@gated(MANAGE)
def change_category(tenant_id: UUID, category_id: UUID) -> ResponseReturnValue:
    """Rename a category, retire its branch, or take it back."""
    if queries.visible_category(category_id, by=g.actor).tenant_id != tenant_id:
        raise NotFound
    sent = request.form
    standing = {"retire": False, "restore": True}.get(sent.get("act", ""))
    try:
        with savepoint():
            category_services.change_category(
                category_id, version=forms.number(sent, "version") or 0, by=g.actor, is_active=standing,
                name=forms.text(sent, "name") if standing is None else None,
            )  # fmt: skip
    except answers.REFUSED as error:
        return _categories(tenant_id, error, sent, category_id)
    notices.say("Saved.")
    return redirect(url_for("clients.categories", tenant_id=tenant_id), 303)


def _categories(tenant_id: UUID, error: MspError | None = None, typed: Any = None, wrong: UUID | None = None) -> ResponseReturnValue:
    client = tenants.visible_client(tenant_id, by=g.actor)
    return client_page(
        "console/clients/categories.html", client, "categories", error, typed=typed or {}, wrong_category=wrong,
        categories=queries.categories(client.id, by=g.actor, active_only=False), separator=category_services.SEPARATOR,
        may_edit=g.actor.may(Permission.CLIENT_MANAGE),
    )  # fmt: skip


# --- Custom fields ----------------------------------------------------------------------------------------------------


@blueprint.get("/<uuid:tenant_id>/fields")
@gated(READ)
def fields(tenant_id: UUID) -> ResponseReturnValue:
    return _fields(tenant_id)


@blueprint.post("/<uuid:tenant_id>/fields")
@gated(MANAGE)
def add_field(tenant_id: UUID) -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            made = custom_services.add_field(
                tenant_id, sent.get("ticket_kind", ""), forms.text(sent, "label"), sent.get("kind", ""), by=g.actor,
                **_options(sent),
            )  # fmt: skip
    except answers.REFUSED as error:
        return _fields(tenant_id, error, sent)
    notices.say(f"“{made.label}” is asked for from now on.")
    return redirect(url_for("clients.fields", tenant_id=tenant_id), 303)


@blueprint.get("/<uuid:tenant_id>/fields/<uuid:field_id>")
@gated(READ)
def field(tenant_id: UUID, field_id: UUID) -> ResponseReturnValue:
    return _field(tenant_id, field_id)


@blueprint.post("/<uuid:tenant_id>/fields/<uuid:field_id>")
@gated(MANAGE)
def change_field(tenant_id: UUID, field_id: UUID) -> ResponseReturnValue:
    """Change a field, or move it up or down on forms."""
    _field_of(tenant_id, field_id)
    sent = request.form
    try:
        with savepoint():
            if sent.get("act") in ("up", "down"):
                custom_services.move_field(field_id, -1 if sent["act"] == "up" else 1, by=g.actor)
            else:
                custom_services.change_field(
                    field_id, forms.text(sent, "label"), version=forms.number(sent, "version") or 0, by=g.actor,
                    is_active="is_active" in sent, **_options(sent),
                )  # fmt: skip
    except answers.REFUSED as error:
        return _field(tenant_id, field_id, error, sent)
    if sent.get("act") not in ("up", "down"):
        notices.say("Saved.")
    return redirect(url_for("clients.fields", tenant_id=tenant_id), 303)


def _options(sent: forms.Form) -> dict[str, Any]:
    return {
        "choices": forms.text(sent, "choices").splitlines(), "hint": forms.text(sent, "hint"),
        "is_required": "is_required" in sent, "is_asked": "is_asked" in sent,
    }  # fmt: skip


def _field_of(tenant_id: UUID, field_id: UUID) -> CustomField:
    found = custom.visible_field(field_id, by=g.actor)
    if found.tenant_id != tenant_id:
        raise NotFound
    return found


def _fields(tenant_id: UUID, error: MspError | None = None, typed: Any = None) -> ResponseReturnValue:
    client = tenants.visible_client(tenant_id, by=g.actor)
    found = custom.fields(client.id, by=g.actor, active_only=False)
    return client_page(
        "console/clients/fields.html", client, "fields", error, typed=typed, field_kinds=FIELD_KINDS,
        groups=[(words, [each for each in found if each.ticket_kind == kind]) for kind, words in TICKET_KINDS],
        ticket_kinds=TICKET_KINDS, kind_words=dict(FIELD_KINDS), may_edit=g.actor.may(Permission.CLIENT_MANAGE),
    )  # fmt: skip


def _field(tenant_id: UUID, field_id: UUID, error: MspError | None = None, sent: Any = None) -> ResponseReturnValue:
    client, shown = tenants.visible_client(tenant_id, by=g.actor), _field_of(tenant_id, field_id)
    typed = sent or {
        "label": shown.label, "hint": shown.hint, "choices": "\n".join(shown.choices),
        **{name: "1" for name in ("is_required", "is_asked", "is_active") if getattr(shown, name)},
    }  # fmt: skip
    return client_page(
        "console/clients/field.html", client, "fields", error, field=shown, typed=typed, kind_words=dict(FIELD_KINDS),
        ticket_words=dict(TICKET_KINDS), may_edit=g.actor.may(Permission.CLIENT_MANAGE),
    )  # fmt: skip
