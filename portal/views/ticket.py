"""One request: where it is, what was promised and said; answering, ending, reopening it, letting others know."""

from collections.abc import Callable
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.db import savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, MspError, StaleVersion
from msp.core.web.uploads import takes_files
from msp.itsm.csat import queries as csat_queries
from msp.itsm.csat import services as csat
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import conversation, moves, triage
from portal import forms
from portal.blueprint import portal_blueprint
from portal.ticket_page import TicketPage
from tenants import directory

blueprint = portal_blueprint("ticket")
# Regions that the page fetches anew when it hears that the request has changed.
REGIONS = frozenset({"journey", "promise", "conversation", "beside", "way"})
SAID = {
    "answered": "Your message is sent.",
    "works": "Good to hear. We have noted that it works again.",
    "reopened": "We have taken it up again.",
    "withdrawn": "It is withdrawn.",
    "informed": "Your colleague can read this now, and is told of our answers.",
    "rated": "Thank you for telling us.",
    "changed": "It is changed, and whoever is asked sees it as it is now.",
    "sent": "It is sent again.",
}
_REFUSED = (Invalid, Conflict, Forbidden, StaleVersion)


@blueprint.get("/requests/<ref>")
def page(ref: str) -> ResponseReturnValue:
    it = TicketPage(queries.visible_ticket_by_ref(ref, by=g.actor), by=g.actor, cursor=request.args.get("cursor") or None)
    region = request.headers.get("HX-Target", "")
    if request.headers.get("HX-Request") and region in REGIONS:
        return render_template(f"portal/ticket/{region}.html", it=it)
    return _page(it)


@blueprint.post("/requests/<ref>/answer")
@takes_files()
def answer(ref: str) -> ResponseReturnValue:
    sent = forms.Files()

    def write(ticket: Ticket) -> object:
        if sent.errors:
            raise Invalid(errors=sent.errors)
        return conversation.reply(ticket.id, forms.text("body"), attachment_ids=sent.ids, by=g.actor)

    return _act(ref, "answer", "answered", write, sent=sent)


@blueprint.post("/requests/<ref>/works")
def works(ref: str) -> ResponseReturnValue:
    return _act(ref, "works", "works", lambda ticket: moves.move(ticket.id, "resolved", version=_version(), by=g.actor))


@blueprint.post("/requests/<ref>/still-broken")
def still_broken(ref: str) -> ResponseReturnValue:
    """Reopen it; the reason stands in the conversation, where whoever works on it reads."""

    def reopen(ticket: Ticket) -> object:
        why = forms.text("reason")
        if not why:
            raise Invalid.field("reason", "Say what still does not work.", "required")
        return conversation.reply(ticket.id, why, then="open", reason=why[:200], by=g.actor)

    return _act(ref, "reopen", "reopened", reopen)


@blueprint.post("/requests/<ref>/withdraw")
def withdraw(ref: str) -> ResponseReturnValue:
    def cancel(ticket: Ticket) -> object:
        reason = forms.text("reason")[:200] or None
        return moves.move(ticket.id, "cancelled", version=_version(), reason=reason, by=g.actor)

    return _act(ref, "withdraw", "withdrawn", cancel)


@blueprint.post("/requests/<ref>/inform")
def inform(ref: str) -> ResponseReturnValue:
    def add(ticket: Ticket) -> object:
        colleague = directory.colleague_at(ticket.tenant_id, forms.text("e_mail"))
        if colleague is None:
            raise Invalid.field("e_mail", f"Nobody at {g.host.display_name} has this address.", "unknown")
        return triage.add_follower(ticket.id, contact_id=colleague.id, by=g.actor)

    return _act(ref, "inform", "informed", add)


@blueprint.post("/requests/<ref>/rating")
def rate(ref: str) -> ResponseReturnValue:
    def record(ticket: Ticket) -> object:
        survey = csat_queries.latest_survey(ticket, by=g.actor)
        if survey is None:
            raise Conflict("Nobody has asked you about this.")
        return csat.answer(survey.id, forms.number("score"), comment=forms.text("comment"), by=g.actor)

    return _act(ref, "rating", "rated", record)


def _act(
    ref: str, form: str, said: str, act: Callable[[Ticket], object], *, sent: forms.Files | None = None
) -> ResponseReturnValue:
    """Do it and show the request; where it is refused, the page again with what was typed in that form."""
    ticket = queries.visible_ticket_by_ref(ref, by=g.actor)
    try:
        with savepoint():
            act(ticket)
    except _REFUSED as error:
        again = queries.visible_ticket_by_ref(ref, by=g.actor)
        return _page(TicketPage(again, by=g.actor), error, form=form, sent=sent)
    return redirect(url_for("ticket.page", ref=ticket.ref, said=said), 303)


def _page(
    it: TicketPage, error: MspError | None = None, *, form: str = "", sent: forms.Files | None = None
) -> Response:
    typed: Any = request.form if error else {}
    errors = forms.by_field(error) if error else {}
    if "attachment_ids" in errors:
        errors["files"] = errors.pop("attachment_ids")
    said = request.args.get("said", "")
    g.list_of_request = "requests.company" if it.is_of_company else "requests.mine"
    html = render_template(
        "portal/ticket.html", it=it, refusal=error, refused_form=form, typed=typed, errors=errors,
        files=sent.kept() if sent else (), files_hint=forms.files_hint(), said=SAID.get(said, ""),
        is_received=said == "received",
    )  # fmt: skip
    return make_response(html, error.status if error else 200)


def _version() -> int | None:
    return forms.number("version") or None
