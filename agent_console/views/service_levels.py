"""Service levels over all clients, and the provider's templates."""

from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from agent_console import answers, forms, notices
from agent_console.editor import calendars
from agent_console.editor.kinds import KINDS
from agent_console.editor.templates import Template, context
from agent_console.places import service_levels as blueprint
from agent_console.views.sla_editor import MANAGE, READ
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Invalid, NotFound, StaleVersion
from msp.core.web.gates import gated
from msp.itsm.sla import library, public_holidays
from msp.itsm.sla.models import KINDS as KIND_NAMES
from msp.itsm.sla.services import templates
from tenants import listing
from tenants import queries as tenants
from tenants.permissions import Permission


@blueprint.get("")
@gated(READ)
def page() -> ResponseReturnValue:
    """Each client with its policies in force."""
    text = request.args.get("q", "").strip()[:100]
    found = listing.clients(text, by=g.actor, cursor=request.args.get("cursor"))
    now = clock.now()
    policies: dict[UUID, list[Any]] = {client.id: [] for client in found.rows}
    for each in library.held(policies, by=g.actor):
        if each.definition.kind == "policy":
            policies[each.definition.tenant_id].append((each, each.in_force(now)))

    def url(cursor: str | None) -> str:
        return url_for("service_levels.page", q=text or None, cursor=cursor) if cursor else ""

    return render_template(
        "console/sla/page.html",
        rows=[(client, policies[client.id]) for client in found.rows],
        text=text,
        next_url=url(found.next),
        previous_url=url(found.previous),
        templates=library.templates(),
        may_edit=g.actor.may(Permission.SLA_MANAGE),
        kinds=KINDS,
        now=now,
    )


@blueprint.get("/templates/new")
@gated(MANAGE)
def new_template() -> ResponseReturnValue:
    """A template that starts from another one of its kind."""
    return _template_page(_beginning())


@blueprint.post("/templates/new")
@gated(MANAGE)
def add_template() -> ResponseReturnValue:
    return _acted(_beginning(MultiDict(request.form)))


@blueprint.get("/templates/<uuid:template_id>")
@gated(READ)
def template(template_id: UUID) -> ResponseReturnValue:
    stored = library.template(template_id)
    return _template_page(Template(stored.kind, stored, stored.content, KINDS[stored.kind].to_form(stored.content)))


@blueprint.post("/templates/<uuid:template_id>")
@gated(MANAGE)
def change_template(template_id: UUID) -> ResponseReturnValue:
    stored = library.template(template_id)
    return _acted(Template(stored.kind, stored, stored.content, MultiDict(request.form)))


@blueprint.post("/templates/<uuid:template_id>/copy")
@gated(MANAGE)
def copy_template(template_id: UUID) -> ResponseReturnValue:
    """Begin a client's copy: its editor, filled in from the template."""
    stored = library.template(template_id)
    try:
        tenant_id = forms.one_id(request.form, "client")
    except Invalid:
        tenant_id = None
    if tenant_id is None or stored.kind == "matrix":
        raise NotFound
    client = tenants.visible_client(tenant_id, by=g.actor)
    return redirect(url_for("clients.new", tenant_id=client.id, kind=stored.kind, start=stored.id), 303)


def _beginning(form: forms.Form | None = None) -> Template:
    kind = request.args.get("kind", "")
    source = next(iter(library.templates(kind)), None) if kind in KIND_NAMES else None
    if source is None:
        raise NotFound
    return Template(kind, None, source.content, form or KINDS[kind].to_form(source.content))


def _acted(edited: Template) -> ResponseReturnValue:
    act = edited.form.get("act", "save")
    if act.startswith(("add:", "remove:")):
        edited.form = calendars.change_rows(edited.form, act)
        return _template_page(edited)
    try:
        if act == "holidays":
            return _with_holidays(edited)
        with savepoint():
            saved = templates.save_template(
                edited.kind.name, forms.text(edited.form, "name"), edited.content(), by=g.actor,
                template_id=edited.stored.id if edited.stored else None, number=forms.number(edited.form, "number"),
            )  # fmt: skip
    except answers.REFUSED as refused:
        if isinstance(refused, StaleVersion):
            edited.form.poplist("number")  # whoever saves again has seen what stands there now
        edited.refuse(refused)
        return make_response(_template_page(edited), refused.status)
    notices.say(f"Template {saved.name} is saved. Clients’ copies stay as they are and show the difference.")
    return redirect(url_for("service_levels.template", template_id=saved.id), 303)


def _with_holidays(edited: Template) -> ResponseReturnValue:
    form = edited.form
    year = forms.number(form, "year") or clock.now().year
    found = public_holidays.public_holidays(form.get("country", ""), form.get("region", ""), year)
    edited.form, _ = calendars.with_holidays(form, found)
    return _template_page(edited)


def _template_page(edited: Template) -> str:
    shown: dict[str, Any] = context(edited, by=g.actor)
    return render_template("console/sla/template.html", **shown)
