"""Runbooks: their list, one in its editor with a test call, its secret, its versions, what it did."""

import json
from itertools import pairwise
from typing import Any
from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from agent_console import answers, forms, notices, runbook_form
from agent_console.places import runbooks as blueprint
from msp.core import clock, webhooks
from msp.core.api.parsing import field_errors, read_json
from msp.core.db import savepoint
from msp.core.errors import BadRequest, Invalid, MspError, NotFound
from msp.core.web.formats import count_words
from msp.core.web.gates import Gate, gated
from msp.core.web.uploads import takes_files
from msp.itsm.runbooks import calling, content, queries
from msp.itsm.runbooks.calling import Answer
from msp.itsm.runbooks.models import STATES, Runbook
from msp.itsm.runbooks.schemas import RunbooksIn
from msp.itsm.runbooks.services import books
from tenants import access
from tenants import queries as tenants
from tenants.permissions import Permission

MANAGE = Gate("agent", Permission.RUNBOOK_MANAGE)
TONES = {"waiting": "hold", "running": "accent", "finished": "ok", "failed": "bad", "stopped": ""}


@blueprint.get("")
def page() -> ResponseReturnValue:
    return _list()


@blueprint.post("/import")
@gated(MANAGE)
@takes_files(one=True)
def import_file() -> ResponseReturnValue:
    """Take runbooks from a file, switched off: all of them, or none."""
    file = request.files.get("file")
    try:
        with savepoint():
            made = books.import_runbooks(_given(file.stream.read() if file else b""), by=g.actor)
    except (*answers.REFUSED, BadRequest) as error:
        return _list(error)
    notices.say(f"{count_words(len(made), 'runbook', 'runbooks')} taken from the file, switched off until you have looked at them.")
    return redirect(url_for("runbooks.page"), 303)


def _given(raw: bytes) -> list[dict[str, Any]]:
    """The runbooks of a file as it was exported here; the same schema as over the API."""
    document = read_json(raw) if raw else None
    if not isinstance(document, dict) or "runbooks" not in document:
        raise Invalid.field("file", "Choose a file of runbooks as it was exported here.", "format")
    try:
        found: list[dict[str, Any]] = RunbooksIn().load(document)["runbooks"]
    except ValidationError as error:
        raise Invalid(errors=list(field_errors(error.messages))) from None
    return found


def _list(error: MspError | None = None) -> ResponseReturnValue:
    problems = [(each.pointer, each.message) for each in error.errors] if error else []
    found = queries.runbook_page(by=g.actor, cursor=request.args.get("cursor"))

    def url(cursor: str | None) -> str:
        return url_for("runbooks.page", cursor=cursor) if cursor else ""

    return answers.page(
        "console/runbooks/page.html", error, problems=problems, rows=found.rows, next_url=url(found.next),
        latest=queries.latest(found.rows), previous_url=url(found.previous), may_edit=g.actor.may(Permission.RUNBOOK_MANAGE),
        clients=tenants.clients_by_id([row.client_id for row in found.rows if row.client_id], by=g.actor),
    )  # fmt: skip


@blueprint.route("/new", methods=["GET", "POST"])
@gated(MANAGE)
def add() -> ResponseReturnValue:
    sent = request.form
    if request.method != "POST":
        return _editor(None, dict(runbook_form.BLANK))
    fields = runbook_form.typed(sent)
    if sent.get("act") != "save":
        return _editor(None, fields)
    try:
        with savepoint():
            made = books.add_runbook(fields["name"], runbook_form.content(fields), client_id=forms.one_id(sent, "client"), by=g.actor)
    except answers.REFUSED as error:
        return _editor(None, fields, error)
    notices.say("Saved. Give its secret to whoever answers there.")
    return redirect(url_for("runbooks.runbook", runbook_id=made.id), 303)


@blueprint.get("/<uuid:runbook_id>")
def runbook(runbook_id: UUID) -> ResponseReturnValue:
    shown = queries.visible_runbook(runbook_id, by=g.actor)
    return _editor(shown, _fields(shown))


@blueprint.post("/<uuid:runbook_id>")
@gated(MANAGE)
def change(runbook_id: UUID) -> ResponseReturnValue:
    shown, sent = queries.visible_runbook(runbook_id, by=g.actor), request.form
    fields = {**runbook_form.typed(sent), "client": str(shown.client_id or "")}
    if sent.get("act") != "save":
        return _editor(shown, fields)
    try:
        with savepoint():
            version = forms.number(sent, "version") or 0
            books.change_runbook(runbook_id, name=fields["name"], given=runbook_form.content(fields), version=version, by=g.actor)
    except answers.REFUSED as error:
        return _editor(queries.visible_runbook(runbook_id, by=g.actor), fields, error)
    notices.say("Saved. Runs from now on follow it.")
    return redirect(url_for("runbooks.runbook", runbook_id=runbook_id), 303)


@blueprint.post("/<uuid:runbook_id>/test")
@gated(MANAGE)
def test(runbook_id: UUID) -> ResponseReturnValue:
    """Call what is saved once, and show what came back."""
    shown = queries.visible_runbook(runbook_id, by=g.actor)
    try:
        answer = books.send_test(runbook_id, by=g.actor)
    except answers.REFUSED as error:
        return _editor(shown, _fields(shown), error)
    return _editor(shown, _fields(shown), answer=answer)


@blueprint.post("/<uuid:runbook_id>/switch")
@gated(MANAGE)
def switch(runbook_id: UUID) -> ResponseReturnValue:
    is_on = request.form.get("to") == "on"
    return _act(runbook_id, "It can be run again." if is_on else "It is not run any more.", is_active=is_on)


@blueprint.get("/<uuid:runbook_id>/secret")
@gated(MANAGE)
def secret(runbook_id: UUID) -> ResponseReturnValue:
    """What its messages are checked by; so only after a fresh sign-in."""
    access.require_recent_sign_in()
    shown = queries.visible_runbook(runbook_id, by=g.actor)
    if not _is_mine(shown):
        raise NotFound
    return answers.page("console/runbooks/secret.html", it=shown, secret=webhooks.secret_text(calling.secrets_of(shown)[0]))


@blueprint.post("/<uuid:runbook_id>/secret")
@gated(MANAGE)
def renew(runbook_id: UUID) -> ResponseReturnValue:
    access.require_recent_sign_in()
    books.renew_secret(runbook_id, version=forms.number(request.form, "version") or 0, by=g.actor)
    notices.say("This is the new secret. The one before signs as well until then.")
    return redirect(url_for("runbooks.secret", runbook_id=runbook_id), 303)


@blueprint.get("/<uuid:runbook_id>/versions")
def versions(runbook_id: UUID) -> ResponseReturnValue:
    shown = queries.visible_runbook(runbook_id, by=g.actor)
    found = list(queries.versions(shown, by=g.actor))
    says = [content.stored(each.content) for each in found]
    changes = [content.differences(older, newer) for newer, older in pairwise(says)]
    rows = list(zip(found, says, [*changes, []], strict=True)) if found else []
    return answers.page("console/runbooks/versions.html", it=shown, rows=rows)


@blueprint.get("/<uuid:runbook_id>/runs")
def runs(runbook_id: UUID) -> ResponseReturnValue:
    shown, state = queries.visible_runbook(runbook_id, by=g.actor), request.args.get("state") or None
    if state is not None and state not in STATES:
        raise NotFound
    found = queries.run_page(shown, by=g.actor, state=state, cursor=request.args.get("cursor"))

    def url(cursor: str | None) -> str:
        return url_for("runbooks.runs", runbook_id=runbook_id, state=state, cursor=cursor) if cursor else ""

    tabs = [
        {"label": label, "href": url_for("runbooks.runs", runbook_id=runbook_id, state=name or None), "current": (state or "") == name}
        for name, label in [("", "All"), *STATES.items()]
    ]
    return answers.page(
        "console/runbooks/runs.html", it=shown, rows=found.rows, tabs=tabs, words=STATES, tones=TONES, next_url=url(found.next),
        previous_url=url(found.previous), now=clock.now(),
    )  # fmt: skip


@blueprint.get("/export")
@gated(MANAGE)
def export() -> ResponseReturnValue:
    """Every runbook as a file that can be imported; secrets are no part of it."""
    text = json.dumps({"runbooks": books.export_runbooks(by=g.actor)}, indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": 'attachment; filename="runbooks.json"', "Cache-Control": "no-store"}
    return Response(text, mimetype="application/json", headers=headers)


# --- What is shown ----------------------------------------------------------------------------------------------------


def _act(runbook_id: UUID, said: str, **changes: Any) -> ResponseReturnValue:
    try:
        with savepoint():
            books.change_runbook(runbook_id, version=forms.number(request.form, "version") or 0, by=g.actor, **changes)
    except answers.REFUSED as error:
        shown = queries.visible_runbook(runbook_id, by=g.actor)
        return _editor(shown, _fields(shown), error)
    notices.say(said)
    return redirect(url_for("runbooks.runbook", runbook_id=runbook_id), 303)


def _is_mine(shown: Runbook) -> bool:
    """Whether the agent's clients are all that it is for."""
    return g.actor.tenant_ids is None or (shown.client_id is not None and g.actor.reaches(shown.client_id))


def _fields(shown: Runbook) -> dict[str, Any]:
    return runbook_form.shown(shown.name, str(shown.client_id or ""), queries.latest([shown])[shown.id].content)


def _editor(
    shown: Runbook | None, fields: dict[str, Any], error: MspError | None = None, answer: Answer | None = None
) -> ResponseReturnValue:
    return answers.page(
        "console/runbooks/runbook.html", error, it=shown, typed=fields, answer=answer, sources=content.SOURCES,
        may_edit=g.actor.may(Permission.RUNBOOK_MANAGE) and (shown is None or _is_mine(shown)), may_all=g.actor.tenant_ids is None,
        clients=[(str(client.id), client.name) for client in tenants.clients(by=g.actor)],
        recent=queries.run_page(shown, by=g.actor, limit=8).rows if shown else (), words=STATES, tones=TONES, now=clock.now(),
    )  # fmt: skip
