"""Re-filing a ticket that came in at the wrong client."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import forms, notices, people
from agent_console.blueprint import console_blueprint
from agent_console.views.ticket import ticket_page
from msp.core.db import savepoint
from msp.core.errors import Conflict, Invalid, MspError
from msp.core.web.gates import Gate, gated
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Message, Ticket
from msp.itsm.tickets.services import refiling
from tenants import queries as tenants
from tenants.permissions import Permission

MOST_MESSAGES = 1000
MAY_REFILE = Gate("agent", Permission.TICKET_REFILE)

blueprint = console_blueprint("refile", "/tickets/<ref>/refile")


@blueprint.get("")
@gated(MAY_REFILE)
def form(ref: str) -> ResponseReturnValue:
    return _page(ref, request.args)


@blueprint.post("")
@gated(MAY_REFILE)
def refile(ref: str) -> ResponseReturnValue:
    ticket_id = queries.visible_ticket_key(ref, by=g.actor).id
    try:
        with savepoint():
            made = _refile(ticket_id, request.form)
    except (Conflict, Invalid) as error:
        return make_response(_page(ref, request.form, error), error.status)
    notices.say(f"{ref.upper()} goes on as {made.ref}.")
    return redirect(url_for("ticket.page", ref=made.ref), 303)


@blueprint.post("/at-client")
@gated(MAY_REFILE)
def at_client(ref: str) -> ResponseReturnValue:
    """The field for the requester, for the client that is chosen now."""
    if not request.headers.get("HX-Request"):
        return _page(ref, request.form)
    return render_template("console/refile/at_client.html", it=ticket_page(ref), typed=request.form, errors={})


def _refile(ticket_id: UUID, sent: forms.Form) -> Ticket:
    to = forms.one_id(sent, "client")
    if to is None:
        raise Invalid.field("client", "Say which client it belongs to.", "required")
    client = tenants.visible_client(to, by=g.actor)
    requester = people.named(client.id, sent.get("requester", ""), field="requester", by=g.actor)
    if requester is None:
        raise Invalid.field("requester", "Say who needs help there.", "required")
    return refiling.refile(
        ticket_id, to=client.id, requester_id=requester.id, by=g.actor, message_ids=forms.ids(sent, "message_id"),
        attachment_ids=forms.ids(sent, "attachment_id"),
        version=forms.number(sent, "version"),
    )  # fmt: skip


def _page(ref: str, typed: Mapping[str, str], error: MspError | None = None) -> str:
    shown = ticket_page(ref)
    others = [client for client in tenants.clients(by=g.actor) if client.id != shown.ticket.tenant_id]
    errors = forms.by_field(error)
    found = queries.first_public_messages(shown.ticket, limit=MOST_MESSAGES + 1)
    public = found[:MOST_MESSAGES]
    context: dict[str, Any] = {
        "it": shown,
        "clients": [(client.id, client.name) for client in others if client.status == "active"],
        "messages": public,
        "most": MOST_MESSAGES if len(found) > MOST_MESSAGES else None,
        "chosen": _chosen(public),
        "files": [file for file in queries.attachments(shown.ticket, by=g.actor) if not file.is_internal and file.state == "bound"],
        "chosen_files": set(request.form.getlist("attachment_id")),
        "typed": typed,
        "errors": errors,
        "refusal": error.message if error and not errors else "",
    }
    return render_template("console/refile/page.html", **context)


def _chosen(public: Sequence[Message]) -> set[str]:
    """Messages that are ticked: those of the form sent, at first what the requester's side wrote."""
    if request.method == "POST":
        return set(request.form.getlist("message_id"))
    return {str(message.id) for message in public if message.author_kind == "contact"}
