"""The editor of a client's calendars, policies and priority matrix, with what an edit would move."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from agent_console import forms, notices
from agent_console.editor import calendars, previews
from agent_console.editor.context import context
from agent_console.editor.editing import Editing, blank
from agent_console.editor.kinds import KINDS
from agent_console.places import clients as client_pages
from agent_console.places import service_levels as blueprint
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Conflict, Invalid, NotFound, StaleVersion
from msp.core.web.gates import Gate, gated
from msp.itsm.sla import library, public_holidays
from msp.itsm.sla.models import KINDS as KIND_NAMES
from msp.itsm.sla.models import DefinitionVersion
from msp.itsm.sla.services import definitions, rollouts, templates
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.services import reprioritise
from tenants import queries as tenants
from tenants.models import Tenant
from tenants.permissions import Permission

READ = Gate("agent", Permission.SLA_READ)
MANAGE = Gate("agent", Permission.SLA_MANAGE)


@blueprint.get("/<uuid:definition_id>")
@gated(READ)
def edit(definition_id: UUID) -> ResponseReturnValue:
    """The newest version in its fields; `version` starts from an earlier one, `start=template` from the template."""
    editing = _editing(definition_id)
    if request.args.get("start") == "template":
        _take_template(editing)
    elif number := request.args.get("version", type=int):
        _take_version(editing, number)
    if editing.notice and g.actor.may(Permission.SLA_MANAGE):
        editing.look(by=g.actor)
    return _page(editing)


@blueprint.post("/<uuid:definition_id>")
@gated(MANAGE)
def change(definition_id: UUID) -> ResponseReturnValue:
    """Look at what the edit would do, or save it."""
    return _acted(_editing(definition_id, MultiDict(request.form)))


@client_pages.get("/<uuid:tenant_id>/service-levels/new")
@gated(MANAGE)
def new(tenant_id: UUID) -> ResponseReturnValue:
    """What a new definition can start from; then its editor."""
    client, kind = tenants.visible_client(tenant_id, by=g.actor), _kind(request.args)
    if "start" not in request.args:
        own = [held for held in library.held([client.id], by=g.actor) if held.definition.kind == kind]
        return render_template("console/sla/new.html", client=client, kind=KINDS[kind], templates=library.templates(kind), own=own)
    return _page(_beginning(client, kind, request.args))


@client_pages.post("/<uuid:tenant_id>/service-levels/new")
@gated(MANAGE)
def add(tenant_id: UUID) -> ResponseReturnValue:
    client = tenants.visible_client(tenant_id, by=g.actor)
    return _acted(_beginning(client, _kind(request.args), request.args, MultiDict(request.form)))


@blueprint.post("/<uuid:definition_id>/end")
@gated(MANAGE)
def end(definition_id: UUID) -> ResponseReturnValue:
    """Take a policy out of force from a day on."""
    editing = _editing(definition_id, MultiDict(request.form))
    try:
        with savepoint():
            version = forms.number(request.form, "version") or 0
            definitions.end_policy(definition_id, version=version, ends_at=editing.begins_at(), by=g.actor)
    except (Conflict, Invalid) as refused:
        editing.form = editing.before_form
        editing.refusal = refused.message
        return make_response(_page(editing), refused.status)
    notices.say(f"{editing.definition.name} applies to no new ticket from that day on.")
    return redirect(url_for("clients.service_levels", tenant_id=editing.client.id), 303)


@blueprint.get("/<uuid:definition_id>/progress")
@gated(READ)
def progress(definition_id: UUID) -> ResponseReturnValue:
    """How far open tickets have been moved: a fragment that asks again until it is done."""
    return render_template("console/sla/progress.html", **context(_editing(definition_id), by=g.actor))


@blueprint.get("/regions")
@gated(MANAGE)
def regions() -> ResponseReturnValue:
    """The regions of a country, for the form that takes its holidays."""
    return render_template("console/sla/regions.html", regions=public_holidays.regions(request.args.get("country", "")))


def _acted(editing: Editing) -> ResponseReturnValue:
    act = editing.form.get("act", "preview")
    if act.startswith(("add:", "remove:")):
        editing.change_rows(act)
        return _page(editing)
    if act == "holidays":
        return _with_holidays(editing)
    if act == "save":
        return _save(editing)
    editing.look(by=g.actor)
    if request.headers.get("HX-Target", "").endswith("#preview"):
        return render_template("console/sla/panel.html", **_shown(editing))
    return make_response(_page(editing), 422 if editing.errors or editing.refusal else 200)


def _save(editing: Editing) -> ResponseReturnValue:
    try:
        with savepoint():
            saved = _saved(editing)
    except StaleVersion as refused:
        editing.form.poplist("version")  # whoever saves again has seen what stands there now
        shown = _editing(editing.definition.id, editing.form)
        shown.refuse(refused)
        return make_response(_page(shown), refused.status)
    except (Conflict, Invalid) as refused:
        editing.refuse(refused)
        return make_response(_page(editing), refused.status)
    notices.say(saved)
    return redirect(url_for("service_levels.edit", definition_id=editing.definition.id), 303)


def _saved(editing: Editing) -> str:
    """Save what is typed; what to say about it."""
    form, name = editing.form, forms.text(editing.form, "name") or editing.definition.name
    note, begins_at = forms.text(form, "note")[:200] or None, editing.begins_at()
    if editing.is_new:
        editing.definition.name = name
        content = editing.content()
        made = definitions.add_definition(
            editing.client.id, editing.kind.name, name, content, by=g.actor, template=editing.start_template, effective_at=begins_at,
            note=note,
        )  # fmt: skip
        editing.definition = made
        _bring(library.last_version(made), editing)
        return f"{made.name} is saved."
    version = forms.number(form, "version") or 0
    renamed = definitions.rename(editing.definition.id, name, version=version, by=g.actor)
    content = editing.content()
    if not editing.is_changed(content):
        if renamed.version == version:
            raise Invalid(f"Nothing has changed: this is version {editing.number - 1} as it stands.")
        return f"It is called {renamed.name} now."
    made_version = definitions.add_version(
        renamed.id, content, version=renamed.version, effective_at=begins_at, by=g.actor, note=note,
        template_number=editing.template_number,
    )  # fmt: skip
    _bring(made_version, editing)
    return f"Version {made_version.number} of {renamed.name} is saved."


def _bring(version: DefinitionVersion, editing: Editing) -> None:
    """Open tickets come under the version, or stay where they are."""
    begin = reprioritise.begin if editing.kind.name == "matrix" else rollouts.begin
    begin(version, moves_open="leave" not in editing.form, by=g.actor)


def _with_holidays(editing: Editing) -> ResponseReturnValue:
    form = editing.form
    try:
        found = public_holidays.public_holidays(
            form.get("country", ""), form.get("region", ""), forms.number(form, "year") or clock.now().year
        )
    except Invalid as refused:
        editing.refuse(refused)
        return make_response(_page(editing), refused.status)
    editing.form, count = calendars.with_holidays(form, found)
    editing.notice = f"{public_holidays.country_name(form.get('country', ''))}: {count} days added, not saved yet"
    editing.look(by=g.actor)
    return _page(editing)


# --- What is edited ---------------------------------------------------------------------------------------------------


def _editing(definition_id: UUID, form: forms.Form | None = None) -> Editing:
    definition = library.visible_definition(definition_id, by=g.actor)
    client = tenants.visible_client(definition.tenant_id, by=g.actor)
    versions = library.versions(definition)
    before = versions[-1].content
    editing = Editing(client, definition, versions, before, form or KINDS[definition.kind].to_form(before))
    if form is not None and form.get("template_number", "").isdecimal():
        editing.template_number = int(form["template_number"][:9])
    return editing


def _beginning(client: Tenant, kind: str, args: Mapping[str, str], form: forms.Form | None = None) -> Editing:
    """A new definition that starts from a template, or from another one of the client's."""
    try:
        source = UUID(args.get("start", ""))
    except ValueError:
        raise NotFound from None
    template = next((each for each in library.templates(kind) if each.id == source), None)
    if template is not None:
        content, name = templates.content_for(client.id, template, is_draft=True), template.name
    else:
        own = library.visible_definition(source, by=g.actor)
        if (own.tenant_id, own.kind) != (client.id, kind):
            raise NotFound
        content, name = library.last_version(own).content, f"{own.name} copy"
    editing = Editing(client, blank(client, kind, name), (), content, form or KINDS[kind].to_form(content))
    editing.start, editing.start_template = source, template
    return editing


def _take_template(editing: Editing) -> None:
    """Fill in what the template says now, to be looked at and saved."""
    if editing.definition.template_id is None:
        raise NotFound
    template = library.template(editing.definition.template_id)
    content = templates.content_for(editing.client.id, template, is_draft=True)
    if editing.kind.name == "policy":
        content["conditions"] = editing.before.get("conditions", {})
    editing.form = editing.kind.to_form(content)
    editing.template_number = template.number
    editing.notice = f"Filled in from template {template.name}, not saved yet"


def _take_version(editing: Editing, number: int) -> None:
    version = next((each for each in editing.versions if each.number == number), None)
    if version is None:
        raise NotFound
    if version is not editing.versions[-1]:
        editing.form = editing.kind.to_form(version.content)
        editing.notice = f"Filled in from version {number}, not saved yet"


def _kind(args: Mapping[str, str]) -> str:
    kind = args.get("kind", "")
    if kind not in KIND_NAMES or kind == "matrix":
        raise NotFound
    return kind


# --- What is shown ----------------------------------------------------------------------------------------------------


def _page(editing: Editing) -> str:
    return render_template("console/sla/editor.html", **_shown(editing))


def _shown(editing: Editing) -> dict[str, Any]:
    shown = context(editing, by=g.actor)
    shown["panel"] = None
    if editing.effect is not None:
        moved = [move.subject_id for move in editing.effect.moves]
        found = tickets.tickets_by_id(editing.client.id, moved, by=g.actor)
        is_whole = editing.form.get("act") == "all"
        shown["panel"] = previews.panel(editing.effect, found, now=clock.now(), tz=editing.tz, is_whole=is_whole)
    return shown
