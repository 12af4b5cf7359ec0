"""Canned replies: the list, one with its preview, a new one."""

from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.places import settings as blueprint
from msp.core.db import savepoint
from msp.core.errors import MspError
from msp.core.web.gates import Gate, gated
from msp.itsm.macros import queries, services, variables
from msp.itsm.macros.models import THEN, Macro
from msp.itsm.tickets.states import WORDS
from tenants.permissions import Permission

MANAGE = Gate("agent", Permission.MACRO_MANAGE)


@blueprint.get("/macros")
def macros() -> ResponseReturnValue:
    return answers.page(
        "console/settings/macros.html", macros=queries.macros(active_only=False),
        may_edit=g.actor.may(Permission.MACRO_MANAGE), words={state: WORDS[state].console for state in THEN},
    )  # fmt: skip


@blueprint.route("/macros/new", methods=["GET", "POST"])
@gated(MANAGE)
def add_macro() -> ResponseReturnValue:
    sent = request.form
    if request.method != "POST" or "look" in sent:
        return _form(None, typed=sent)
    try:
        with savepoint():
            made = services.add_macro(by=g.actor, **_texts(sent))
    except answers.REFUSED as error:
        return _form(None, error, sent)
    notices.say(f"“{made.name}” is ready to be used.")
    return redirect(url_for("settings.macros"), 303)


@blueprint.get("/macros/<uuid:macro_id>")
def macro(macro_id: UUID) -> ResponseReturnValue:
    return _form(queries.visible_macro(macro_id, by=g.actor))


@blueprint.post("/macros/<uuid:macro_id>")
@gated(MANAGE)
def change_macro(macro_id: UUID) -> ResponseReturnValue:
    shown, sent = queries.visible_macro(macro_id, by=g.actor), request.form
    if "look" in sent:
        return _form(shown, typed=sent)
    try:
        with savepoint():
            services.change_macro(
                macro_id, version=forms.number(sent, "version") or 0, by=g.actor, is_active="is_active" in sent, **_texts(sent)
            )
    except answers.REFUSED as error:
        return _form(shown, error, sent)
    notices.say("Saved.")
    return redirect(url_for("settings.macros"), 303)


def _texts(sent: forms.Form) -> dict[str, Any]:
    return {
        "name": forms.text(sent, "name"), "body": forms.text(sent, "body"), "folder": forms.text(sent, "folder"),
        "then_status": sent.get("then_status") or None,
    }  # fmt: skip


def _form(shown: Macro | None, error: MspError | None = None, typed: Any = None) -> ResponseReturnValue:
    if not typed and shown is not None:
        typed = {
            "name": shown.name, "folder": shown.folder, "body": shown.body, "then_status": shown.then_status or "",
            **({"is_active": "1"} if shown.is_active else {}),
        }  # fmt: skip
    typed = typed or {}
    body = typed.get("body", "")
    return answers.page(
        "console/settings/macro.html", error, macro=shown, typed=typed, preview=variables.sample(body),
        unknown=list(variables.unknown(body)), variables=variables.VARIABLES,
        then=[(state, WORDS[state].console) for state in THEN], folders=sorted({each.folder for each in queries.macros() if each.folder}),
        may_edit=g.actor.may(Permission.MACRO_MANAGE),
    )  # fmt: skip
