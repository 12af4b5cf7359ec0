"""Rules of automation: their list in order, one in its editor with a dry run, its versions, what it did."""

import json
from typing import Any
from uuid import UUID

from flask import Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices, rule_form
from agent_console.places import automation as blueprint
from agent_console.shell import agent_zone
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError, NotFound
from msp.core.query.errors import QueryError
from msp.core.web.gates import Gate, gated
from msp.itsm.automation import describe, dry_run, matching, queries, shipped
from msp.itsm.automation.engine import definition, trace
from msp.itsm.automation.engine.actions import KINDS
from msp.itsm.automation.models import Rule
from msp.itsm.automation.services import rules
from msp.itsm.macros import queries as macros
from msp.itsm.runbooks import queries as runbooks
from msp.itsm.tickets import listing
from tenants import queries as tenants
from tenants import skills
from tenants.models import Tenant
from tenants.permissions import Permission

MANAGE = Gate("agent", Permission.AUTOMATE)
MARKS = {
    "start": "clock", "matched": "check", "did": "check", "skipped": "minus", "stopped": "alert-triangle", "failed": "alert-triangle",
    "end": "flag",
}  # fmt: skip


@blueprint.get("")
def page() -> ResponseReturnValue:
    found = queries.rule_page(by=g.actor, cursor=request.args.get("cursor"))
    acting = queries.versions_in_force([rule.id for rule in found.rows])
    counted = queries.acted_since([rule.id for rule in found.rows], clock.now() - queries.HOUR * 24)
    clients = tenants.clients_by_id([rule.client_id for rule in found.rows if rule.client_id], by=g.actor)
    says = {id: queries.definition_of(version) for id, version in acting.items()}
    says |= {rule.id: queries.readable(rule.draft) for rule in found.rows if rule.id not in says}

    def url(cursor: str | None) -> str:
        return url_for("automation.page", cursor=cursor) if cursor else ""

    return answers.page(
        "console/automation/page.html", rows=found.rows, acting=acting, counted=counted, clients=clients, says=says,
        next_url=url(found.next), previous_url=url(found.previous), may_edit=g.actor.may(Permission.AUTOMATE),
        mine=_is_mine, starts=shipped.STARTS, now=clock.now(),
    )  # fmt: skip


@blueprint.route("/new", methods=["GET", "POST"])
@gated(MANAGE)
def add() -> ResponseReturnValue:
    sent = request.form
    if request.method != "POST":
        start = shipped.STARTS.get(request.args.get("from", ""))
        return _editor(None, rule_form.shown(start.name, "", start.content) if start else dict(rule_form.BLANK))
    fields = rule_form.typed(sent)
    if sent.get("act") != "save":
        return _editor(None, fields)
    try:
        with savepoint():
            made = rules.add_rule(
                fields["name"], rule_form.content(fields), client_id=forms.one_id(sent, "client"), by=g.actor
            )
    except answers.REFUSED as error:
        return _editor(None, fields, error)
    notices.say("Saved as a draft. It does nothing until it is put in force.")
    return redirect(url_for("automation.rule", rule_id=made.id), 303)


@blueprint.get("/<uuid:rule_id>")
def rule(rule_id: UUID) -> ResponseReturnValue:
    shown = queries.visible_rule(rule_id, by=g.actor)
    return _editor(shown, _fields(shown))


@blueprint.post("/<uuid:rule_id>")
@gated(MANAGE)
def change(rule_id: UUID) -> ResponseReturnValue:
    shown, sent = queries.visible_rule(rule_id, by=g.actor), request.form
    fields = {**rule_form.typed(sent), "client": str(shown.client_id or "")}
    if sent.get("act") != "save":
        return _editor(shown, fields)
    try:
        with savepoint():
            rules.change_draft(
                rule_id, name=fields["name"], content=rule_form.content(fields), version=forms.number(sent, "version") or 0, by=g.actor
            )
    except answers.REFUSED as error:
        return _editor(queries.visible_rule(rule_id, by=g.actor), fields, error)
    notices.say("Saved as a draft.")
    return redirect(url_for("automation.rule", rule_id=rule_id), 303)


@blueprint.post("/<uuid:rule_id>/force")
@gated(MANAGE)
def put_in_force(rule_id: UUID) -> ResponseReturnValue:
    return _act(rule_id, "put_in_force", "It is in force now.")


@blueprint.post("/<uuid:rule_id>/pause")
@gated(MANAGE)
def pause(rule_id: UUID) -> ResponseReturnValue:
    return _act(rule_id, "pause", "It is paused.")


@blueprint.post("/<uuid:rule_id>/resume")
@gated(MANAGE)
def resume(rule_id: UUID) -> ResponseReturnValue:
    return _act(rule_id, "resume", "It acts again, on what happens from now on.")


@blueprint.post("/<uuid:rule_id>/move")
@gated(MANAGE)
def move(rule_id: UUID) -> ResponseReturnValue:
    rules.move(rule_id, up=request.form.get("to") == "up", version=forms.number(request.form, "version") or 0, by=g.actor)
    return redirect(url_for("automation.page"), 303)


@blueprint.get("/<uuid:rule_id>/versions")
def versions(rule_id: UUID) -> ResponseReturnValue:
    shown = queries.visible_rule(rule_id, by=g.actor)
    found = list(queries.versions(shown, by=g.actor))
    says = [queries.definition_of(each) for each in found]
    known = describe.names([each for each in says if each])
    changes = [
        (definition.differences(older, newer) if older and newer else [])
        for newer, older in zip(says, [*says[1:], None], strict=True)
    ]  # fmt: skip
    rows = list(zip(found, says, [_named(each, known) for each in changes], strict=True))
    return answers.page("console/automation/versions.html", it=shown, rows=rows, now=clock.now())


@blueprint.get("/<uuid:rule_id>/runs")
def runs(rule_id: UUID) -> ResponseReturnValue:
    shown, outcome = queries.visible_rule(rule_id, by=g.actor), request.args.get("outcome") or None
    if outcome is not None and outcome not in trace.OUTCOMES:
        raise NotFound
    found = queries.run_page(shown, by=g.actor, outcome=outcome, cursor=request.args.get("cursor"))

    def url(cursor: str | None) -> str:
        return url_for("automation.runs", rule_id=rule_id, outcome=outcome, cursor=cursor) if cursor else ""

    words = [("", "All"), *trace.OUTCOMES.items()]
    tabs = [
        {"label": label, "href": url_for("automation.runs", rule_id=rule_id, outcome=name or None), "current": (outcome or "") == name}
        for name, label in words
    ]
    return answers.page(
        "console/automation/runs.html", it=shown, rows=[(each, trace.read(each.run.trace)) for each in found.rows], tabs=tabs,
        marks=MARKS, outcomes=trace.OUTCOMES, next_url=url(found.next), previous_url=url(found.previous), now=clock.now(),
    )  # fmt: skip


@blueprint.get("/export")
@gated(MANAGE)
def export() -> ResponseReturnValue:
    """Every rule as a file that can be imported."""
    text = json.dumps({"rules": rules.export_rules(by=g.actor)}, indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": 'attachment; filename="rules.json"', "Cache-Control": "no-store"}
    return Response(text, mimetype="application/json", headers=headers)


# --- What is shown ----------------------------------------------------------------------------------------------------


def _act(rule_id: UUID, what: str, said: str) -> ResponseReturnValue:
    try:
        with savepoint():
            getattr(rules, what)(rule_id, version=forms.number(request.form, "version") or 0, by=g.actor)
    except answers.REFUSED as error:
        shown = queries.visible_rule(rule_id, by=g.actor)
        return _editor(shown, _fields(shown), error)
    notices.say(said)
    return redirect(url_for("automation.rule", rule_id=rule_id), 303)


def _is_mine(shown: Rule) -> bool:
    """Whether the agent's clients are all that it is for."""
    return g.actor.tenant_ids is None or (shown.client_id is not None and g.actor.reaches(shown.client_id))


def _fields(shown: Rule) -> dict[str, Any]:
    acting = queries.versions_in_force([shown.id]).get(shown.id)
    said = queries.readable(shown.draft or (acting.content if acting else None))
    client = str(shown.client_id or "")
    if said is None:  # of a step, say, that there is no longer
        return {**rule_form.BLANK, "name": shown.name, "client": client}
    return rule_form.shown(shown.name, client, definition.dump(said))


def _editor(shown: Rule | None, fields: dict[str, Any], error: MspError | None = None) -> ResponseReturnValue:
    may_edit = g.actor.may(Permission.AUTOMATE) and (shown is None or _is_mine(shown))
    acting = queries.versions_in_force([shown.id]).get(shown.id) if shown else None
    read, wrong = _read(fields) if may_edit else (None, None)
    query_error = next((each for each in (error, wrong, _query_error(fields["query"])) if isinstance(each, QueryError)), None)
    before = queries.definition_of(acting) if acting else None
    known = describe.names([each for each in (before, read) if each])
    changes = _named(definition.differences(before, read), known) if before and read and shown and shown.draft else []
    client = _client(fields)
    return answers.page(
        "console/automation/rule.html", error, it=shown, typed=fields, acting=acting, may_edit=may_edit, kinds=KINDS, known=known,
        is_lost=acting is not None and before is None,
        events=definition.EVENTS, without=definition.WITHOUT, calendars=definition.CALENDARS, once=definition.ONCE,
        clients=_clients(), agents=_options(tenants.agents()), teams=_options(tenants.teams()), macros=_options(macros.macros()),
        runbooks=_options(runbooks.offered(client.id if client else None)),
        skills=skills.in_use(), query_error=query_error, matches="" if query_error else _matches(fields), changes=changes,
        place=queries.place_of(shown, by=g.actor) if shown else None, dry=_dry(read, fields), marks=MARKS,
        may_all=g.actor.tenant_ids is None, now=clock.now(),
    )  # fmt: skip


def _read(fields: dict[str, Any]) -> tuple[definition.Definition | None, MspError | None]:
    """What the fields say, if it can be read."""
    try:
        return rules.check(rule_form.content(fields), by=g.actor), None
    except (Invalid, QueryError) as error:
        return None, error


def _query_error(text: str) -> MspError | None:
    """What is wrong with a condition, also while other things still are."""
    try:
        matching.check(text, by=g.actor, now=clock.now(), tz=agent_zone())
    except QueryError as error:
        return error
    return None


def _matches(fields: dict[str, Any]) -> str:
    """How many open tickets the condition finds now."""
    query = f"{fields['query']} is:open"
    if client := _client(fields):
        query += f" client:{client.key.lower()}"
    try:
        return listing.in_words(listing.total(listing.asked(query, by=g.actor, tz=agent_zone()), by=g.actor))
    except QueryError:  # too long with what was added
        return ""


def _dry(read: definition.Definition | None, fields: dict[str, Any]) -> dry_run.Rehearsal | None:
    asked = request.form.get("act") == "dry" if request.method == "POST" else request.args.get("dry")
    if not asked or read is None:
        return None
    client = _client(fields)
    return dry_run.rehearse(read, by=g.actor, now=clock.now(), client_id=client.id if client else None)


def _client(fields: dict[str, Any]) -> Tenant | None:
    """The client that the fields name, if the agent sees one of that id; saving refuses another."""
    try:
        id = UUID(fields["client"])
    except ValueError:
        return None
    return tenants.clients_by_id([id], by=g.actor).get(id)


def _named(changes: list[tuple[str, str, str]], known: dict[str, str]) -> list[tuple[str, str, str]]:
    """Differences with names in place of ids."""

    def named(text: str) -> str:
        for id, name in known.items():
            text = text.replace(id, name)
        return text

    return [(part, named(before), named(after)) for part, before, after in changes]


def _clients() -> list[tuple[str, str]]:
    return [(str(client.id), client.name) for client in tenants.clients(by=g.actor)]


def _options(rows: Any) -> list[tuple[str, str]]:
    return [(str(row.id), row.name) for row in rows]
