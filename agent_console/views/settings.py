"""Settings of the provider: what there is to set, and work that did not get done."""

from typing import Any
from uuid import UUID

from flask import current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, notices
from agent_console.places import settings as blueprint
from msp.core import clock
from msp.core.db import savepoint
from msp.core.outbox import queries as outbox
from msp.core.outbox import services as outbox_services
from msp.core.web.formats import count_words
from msp.core.web.gates import Gate, gated
from msp.itsm.macros import queries as macros
from msp.itsm.sla import library
from msp.itsm.sla.services import hooks
from tenants import access
from tenants import queries as tenants
from tenants.permissions import Permission

OUTBOX = Gate("agent", Permission.OUTBOX_MANAGE)


@blueprint.get("")
def page() -> ResponseReturnValue:
    return render_template("console/settings/page.html", groups=[group for group in _groups() if group["items"]])


@blueprint.get("/outbox")
@gated(OUTBOX)
def outbox_page() -> ResponseReturnValue:
    return _outbox()


@blueprint.get("/web-hooks")
@gated(Gate("agent", Permission.SLA_MANAGE))
def web_hooks() -> ResponseReturnValue:
    """The addresses that escalation steps call, with their secrets; so only after a fresh sign-in."""
    access.require_recent_sign_in()
    found = hooks.endpoints(by=g.actor)
    clients = tenants.clients_by_id({each.tenant_id for each in found}, by=g.actor)
    return render_template("console/settings/web_hooks.html", endpoints=found, clients=clients)


@blueprint.post("/outbox/<uuid:outbox_id>")
@gated(OUTBOX)
def retry(outbox_id: UUID) -> ResponseReturnValue:
    """Send a row again that gave up."""
    try:
        with savepoint():
            outbox_services.send_again(outbox_id, by=g.actor)
    except answers.REFUSED as error:
        return _outbox(error)
    notices.say("It is tried again now.")
    return redirect(url_for("settings.outbox_page"), 303)


def _outbox(error: Any = None) -> ResponseReturnValue:
    state = "failing" if request.args.get("state") == "failing" else "parked"
    found = outbox.troubled(state, by=g.actor, cursor=request.args.get("cursor"))
    clients = tenants.clients_by_id({id for row in found.rows for id in row.tenant_ids}, by=g.actor)
    return answers.page(
        "console/settings/outbox.html", error, rows=found.rows, state=state, counts=outbox.counts(by=g.actor), clients=clients,
        next_url=url_for("settings.outbox_page", state=state, cursor=found.next) if found.next else "",
        previous_url=url_for("settings.outbox_page", state=state, cursor=found.previous) if found.previous else "",
        now=clock.now(), may_retry=g.actor.tenant_ids is None,
    )  # fmt: skip


def _groups() -> list[dict[str, Any]]:
    """What this agent may set, each with a word about how it stands."""
    return [
        {"label": "Work", "items": list(_work())},
        {"label": "People", "items": list(_people())},
        {"label": "The installation", "items": list(_installation())},
    ]


def _item(endpoint: str, icon: str, title: str, text: str, tone: str = "") -> dict[str, str]:
    return {"href": url_for(endpoint), "icon": icon, "title": title, "text": text, "tone": tone}


def _work() -> Any:
    if g.actor.may(Permission.NOTE_WRITE) or g.actor.may(Permission.MACRO_MANAGE):
        number = len(macros.macros())
        told = f"{count_words(number, 'text', 'texts')} that agents put into a reply" if number else "None yet"
        yield _item("settings.macros", "bolt", "Canned replies", told)
    yield _item("settings.catalogue_templates", "box", "Catalogue", "Templates of what clients’ people can order")
    if g.actor.may(Permission.SLA_READ):
        number = len(library.templates())
        told = f"{count_words(number, 'template', 'templates')}, and what each client has"
        yield _item("service_levels.page", "clock", "Service levels", told)


def _people() -> Any:
    if g.actor.may(Permission.AGENT_MANAGE):
        yield _item("agents.page", "user", "Agents", f"{count_words(len(tenants.agents()), 'person', 'people')}, their roles and clients")
    yield _item("teams.page", "users", "Teams", f"{count_words(len(tenants.teams()), 'team', 'teams')}, who is in them and on call")
    if g.actor.may(Permission.CLIENT_READ):
        yield _item("clients.page", "building", "Clients", "Their people, sites, categories and fields")


def _installation() -> Any:
    if g.actor.may(Permission.OUTBOX_MANAGE):
        found = outbox.counts(by=g.actor)
        words = f"{found['parked']} gave up, {found['failing']} are being tried again" if any(found.values()) else "Nothing is stuck"
        yield _item("settings.outbox_page", "send", "Outbox", words, "bad" if found["parked"] else "")
    if g.actor.may(Permission.AUDIT_READ):
        yield _item("settings.changes", "history", "Audit trail", "Who changed what, when and from where")
        yield _item("settings.refusals", "lock", "Refused accesses", "Failed sign-ins, and what somebody was not allowed")
    if g.actor.may(Permission.SLA_MANAGE):
        yield _item("settings.web_hooks", "link", "Web-hooks", "Addresses that escalation steps call, and their secrets")
    for label, endpoint, icon, words in (
        ("API tokens", "account.tokens", "key", "Your own, for programs that work on your behalf"),
        ("Your account", "account.overview", "user", "Name, look, password, second factor and sessions"),
    ):
        if endpoint in current_app.view_functions and (endpoint != "account.tokens" or g.actor.may(Permission.TOKEN_MANAGE)):
            yield _item(endpoint, icon, label, words)
