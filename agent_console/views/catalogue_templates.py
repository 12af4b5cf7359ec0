"""Templates of the catalogue: the list, one with its copies, a new one; going out and coming in as JSON."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, catalogue_forms, forms, notices
from agent_console.places import settings as blueprint
from msp.core.api.parsing import read_json
from msp.core.db import savepoint
from msp.core.errors import BadRequest, Invalid, MspError
from msp.core.web.formats import count_words
from msp.core.web.gates import Gate, gated
from msp.core.web.uploads import takes_files
from msp.itsm.catalog import content as catalog
from msp.itsm.catalog import library
from msp.itsm.catalog.services import templates
from tenants import queries as tenants
from tenants.permissions import Permission

MANAGE = Gate("agent", Permission.CATALOG_MANAGE)
ROOT = "/catalogue"
ONE = f"{ROOT}/<uuid:template_id>"


@blueprint.get(ROOT)
def catalogue_templates() -> ResponseReturnValue:
    return _list()


@blueprint.route(f"{ROOT}/new", methods=["GET", "POST"])
@gated(MANAGE)
def add_catalogue_template() -> ResponseReturnValue:
    sent = request.form
    if request.method != "POST":
        return _editor(None, catalog.BLANK, catalogue_forms.typed_of(catalog.BLANK))
    if catalogue_forms.is_step(sent):
        return _editor(None, catalog.BLANK, catalogue_forms.rearranged(sent))
    try:
        with savepoint():
            made = templates.add_template(catalogue_forms.content_of(sent, catalog.BLANK), by=g.actor)
    except answers.REFUSED as error:
        return _editor(None, catalog.BLANK, sent, error)
    notices.say(f"“{made.name}” can be copied to clients now.")
    return redirect(url_for("settings.catalogue_templates"), 303)


@blueprint.get(ONE)
def catalogue_template(template_id: UUID) -> ResponseReturnValue:
    shown = library.visible_template(template_id, by=g.actor)
    return _editor(shown, shown.version.content, catalogue_forms.typed_of(shown.version.content))


@blueprint.post(ONE)
@gated(MANAGE)
def change_catalogue_template(template_id: UUID) -> ResponseReturnValue:
    """Save it, look at it, retire it or offer it again."""
    shown, sent = library.visible_template(template_id, by=g.actor), request.form
    if catalogue_forms.is_step(sent):
        return _editor(shown, shown.version.content, catalogue_forms.rearranged(sent))
    standing = {"retire": False, "offer": True}.get(sent.get("act", ""))
    try:
        with savepoint():
            version = forms.number(sent, "version") or 0
            if standing is not None:
                templates.offer_template(template_id, standing, version=version, by=g.actor)
            else:
                templates.change_template(
                    template_id, catalogue_forms.content_of(sent, shown.version.content), version=version, by=g.actor
                )
    except answers.REFUSED as error:
        return _editor(library.visible_template(template_id, by=g.actor), shown.version.content, sent, error)
    notices.say("Saved. Copies at clients stay as they are, and show the difference." if standing is None else "Saved.")
    return redirect(url_for("settings.catalogue_template", template_id=template_id), 303)


@blueprint.get(f"{ROOT}/templates.json")
def export_catalogue_templates() -> ResponseReturnValue:
    """Every template, or the one that `template` names, as a file."""
    one = forms.one_id(request.args, "template")
    if one is not None:
        contents = [library.visible_template(one, by=g.actor).version.content]
    else:
        contents = [row.version.content for row in library.template_page(by=g.actor, limit=templates.MOST).rows]
    text = json.dumps(templates.exported(contents), ensure_ascii=False, indent=2)
    return Response(text, mimetype="application/json", headers={"Content-Disposition": 'attachment; filename="templates.json"'})


@blueprint.post(f"{ROOT}/templates.json")
@gated(MANAGE)
@takes_files(one=True)
def import_catalogue_templates() -> ResponseReturnValue:
    """Take templates from a file."""
    file = request.files.get("file")
    try:
        with savepoint():
            made = templates.import_templates(_contents(file.stream.read() if file else b""), by=g.actor)
    except (*answers.REFUSED, BadRequest) as error:
        return _list(error)
    notices.say(f"{count_words(len(made), 'template', 'templates')} taken from the file.")
    return redirect(url_for("settings.catalogue_templates"), 303)


def _contents(raw: bytes) -> list[Mapping[str, Any]]:
    document = read_json(raw) if raw else None
    given = document.get("templates") if isinstance(document, dict) and document.get("format") == library.FORMAT else None
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise Invalid.field("file", "Choose a file of templates as it was downloaded here.", "format")
    return given


def _list(error: MspError | None = None) -> ResponseReturnValue:
    found = library.template_page(by=g.actor, cursor=request.args.get("cursor"))
    problems = [(each.pointer, each.message) for each in error.errors] if error else []

    def url(cursor: str | None) -> str:
        return url_for("settings.catalogue_templates", cursor=cursor) if cursor else ""

    return answers.page(
        "console/catalogue/templates.html", error, problems=problems, next_url=url(found.next), previous_url=url(found.previous),
        rows=[(row.template, catalogue_forms.tile(row.version.content)) for row in found.rows],
        may_edit=g.actor.may(Permission.CATALOG_MANAGE),
    )  # fmt: skip


def _editor(shown: library.Shown | None, before: Mapping[str, Any], typed: Any, error: MspError | None = None) -> ResponseReturnValue:
    preview = catalogue_forms.preview_of(typed, before) if hasattr(typed, "getlist") else catalogue_forms.tile(before)
    draft = catalogue_forms.draft_of(typed, before)
    error = catalogue_forms.placed(error, draft)
    copies = library.copies_of(shown.template.id, by=g.actor) if shown else []
    clients = tenants.clients_by_id({copy.tenant_id for copy in copies}, by=g.actor)
    return answers.page(
        "console/catalogue/template.html", catalogue_forms.named(error), original=shown.template if shown else None, typed=typed,
        preview=preview,
        copies=[(clients[copy.tenant_id], copy) for copy in copies if copy.tenant_id in clients],
        may_edit=g.actor.may(Permission.CATALOG_MANAGE), **catalogue_forms.editor(typed, draft, None, by=g.actor),
        **catalogue_forms.builder_fields(draft, error, typed),
    )  # fmt: skip
