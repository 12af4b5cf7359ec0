"""Telling us: something is broken, or something is wanted. What was typed stays when it has to be put right."""

from collections.abc import Sequence
from typing import Any, Literal

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.db import savepoint
from msp.core.errors import FieldError, Forbidden, Invalid, MspError
from msp.core.web.uploads import takes_files
from msp.itsm.tickets import queries
from msp.itsm.tickets.custom import queries as custom_fields
from msp.itsm.tickets.custom import values
from msp.itsm.tickets.custom.models import CustomField
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import opening
from portal import forms, words
from portal.blueprint import portal_blueprint
from portal.views.help import fitting
from tenants import queries as tenants

Kind = Literal["incident", "request"]
blueprint = portal_blueprint("report")

_TEXTS = {
    "incident": {
        "title": "What is broken?",
        "lead": "Tell us what happens and whom it keeps from working. The rest is ours.",
        "subject": "In a few words",
        "body": "What happens",
        "body_hint": "What you did, what you saw, since when",
        "impact": "Who is affected",
        "urgency": "How bad is it",
        "category": "What is it about",
    },
    "request": {
        "title": "What do you need?",
        "lead": "Equipment, access, advice or a change: say it in your own words.",
        "subject": "In a few words",
        "body": "What exactly, and what for",
        "body_hint": "Names, places, dates: whatever we would have to ask",
        "impact": "Whom is it for",
        "urgency": "How soon",
        "category": "What is it about",
    },
}
# A request is somebody's own wish in his own time unless he says otherwise; of what is broken we do not guess.
_FIRST: dict[Kind, dict[str, str]] = {"incident": {}, "request": {"impact": "3", "urgency": "2"}}


@blueprint.route("/report", methods=["GET", "POST"])
@takes_files()
def problem() -> ResponseReturnValue:
    return _form("incident")


@blueprint.route("/request", methods=["GET", "POST"])
@takes_files()
def wish() -> ResponseReturnValue:
    return _form("request")


def _form(kind: Kind) -> ResponseReturnValue:
    fields = [field for field in custom_fields.fields(g.host.id, kind, by=g.actor) if field.is_asked]
    if request.method != "POST":
        return _page(kind, fields, {**_FIRST[kind], "subject": request.args.get("subject", "")[:300]})
    sent = forms.Files()
    try:
        with savepoint():
            ticket = _open(kind, fields, sent)
    except (Invalid, Forbidden) as error:
        return make_response(_page(kind, fields, request.form, sent, error), error.status)
    return redirect(url_for("ticket.page", ref=ticket.ref, said="received"), 303)


def _open(kind: Kind, fields: Sequence[CustomField], sent: forms.Files) -> Ticket:
    wrong = [*_missing(kind), *sent.errors]
    if wrong:
        raise Invalid(errors=wrong)
    return opening.open_ticket(
        g.host.id, forms.text("subject"), kind=kind, body=forms.text("body"), site_id=forms.one_id("site_id"),
        category_id=forms.one_id("category_id"), impact=forms.number("impact"), urgency=forms.number("urgency"),
        custom=values.read_form(request.form, fields), attachment_ids=sent.ids, by=g.actor,
    )  # fmt: skip


def _missing(kind: Kind) -> list[FieldError]:
    """What a person has to say; all of it at once, not one after another."""
    wrong = []
    if not forms.text("subject"):
        what = "is broken" if kind == "incident" else "you need"
        wrong.append(FieldError("/subject", "required", f"Say in a few words what {what}."))
    if not forms.text("body"):
        wrong.append(FieldError("/body", "required", "Describe it, so that we need not ask first."))
    if forms.number("impact") not in (1, 2, 3):
        wrong.append(FieldError("/impact", "required", "Choose who is affected." if kind == "incident" else "Choose."))
    if forms.number("urgency") not in (1, 2, 3):
        wrong.append(FieldError("/urgency", "required", "Choose how bad it is." if kind == "incident" else "Choose."))
    return wrong


def _page(
    kind: Kind, fields: Sequence[CustomField], typed: Any, sent: forms.Files | None = None,
    error: MspError | None = None,
) -> str:  # fmt: skip
    errors = _errors(error)
    sites = [(str(site.id), site.name) for site in tenants.sites(g.host.id, by=g.actor) if site.is_active]
    return render_template(
        "portal/report.html",
        kind=kind,
        texts=_TEXTS[kind],
        action=request.path,
        typed=typed,
        errors=errors,
        refusal=error,
        impacts=words.IMPACTS,
        urgencies=words.URGENCIES if kind == "incident" else words.WISHES,
        sites=sites,
        site_id=typed.get("site_id") if sent else _own_site(),
        categories=[(str(each.id), each.path) for each in queries.categories(g.host.id, by=g.actor)],
        fields=[(field, [(choice, choice) for choice in field.choices]) for field in fields],
        subject=typed.get("subject", "")[:200],
        fitting=fitting(typed.get("subject", "")) if kind == "incident" else [],
        files=sent.kept() if sent else (),
        files_hint=forms.files_hint(),
    )


def _own_site() -> str:
    site_id = tenants.visible_contact(g.actor.id, by=g.actor).site_id
    return str(site_id) if site_id else ""


def _errors(error: MspError | None) -> dict[str, str]:
    """Messages by field; those about files together, those of custom fields by the name of their input."""
    found: dict[str, str] = {}
    for wrong in error.errors if error else ():
        name = wrong.pointer.strip("/").replace("custom/", "custom-").replace("attachment_ids", "files")
        found[name] = f"{found[name]} {wrong.message}" if name in found else wrong.message
    return found
