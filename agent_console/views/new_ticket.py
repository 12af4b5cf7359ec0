"""A ticket that an agent opens: whose, for whom, what. Errors keep everything that was typed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import forms, notices, people
from agent_console.blueprint import console_blueprint
from agent_console.ticket_page import LEVELS
from msp.core.db import savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, MspError
from msp.core.web.gates import Gate, gated
from msp.itsm.tickets import queries
from msp.itsm.tickets.custom import queries as custom_fields
from msp.itsm.tickets.custom import values
from msp.itsm.tickets.services import opening
from tenants import queries as tenants
from tenants.models import Tenant
from tenants.permissions import Permission

SOURCES = (
    ("phone", "By phone"), ("in_person", "In person"), ("mail", "By mail"), ("console", "Noticed by us"),
    ("monitoring", "From monitoring"),
)  # fmt: skip
MAY_OPEN = Gate("agent", Permission.TICKET_OPEN)

blueprint = console_blueprint("new_ticket", "/tickets/new")


@blueprint.get("")
@gated(MAY_OPEN)
def form() -> ResponseReturnValue:
    return _page(request.args)


@blueprint.post("")
@gated(MAY_OPEN)
def create() -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            ticket = _open(sent)
    except (Conflict, Forbidden, Invalid) as error:
        return make_response(_page(sent, error), error.status)
    notices.say(f"{ticket.ref} opened.")
    return redirect(url_for("ticket.page", ref=ticket.ref), 303)


@blueprint.post("/at-client")
@gated(MAY_OPEN)
def at_client() -> ResponseReturnValue:
    """What depends on the client and on impact and urgency, for what is chosen now."""
    if not request.headers.get("HX-Request"):
        return _page(request.form)
    return render_template("console/new_ticket/at_client.html", **_context(request.form))


@blueprint.get("/people")
def people_found() -> ResponseReturnValue:
    """Suggestions for somebody of a client, by name or address."""
    tenant_id, typed = forms.one_id(request.args, "client"), people.address(request.args.get("q", "").strip())
    found = tenants.contacts_matching(tenant_id, typed, by=g.actor, limit=people.OFFERED) if tenant_id and typed else ()
    return render_template("console/new_ticket/people.html", found=[(people.label(each), each) for each in found])


def _open(sent: forms.Form) -> Any:
    tenant_id = forms.one_id(sent, "client")
    if tenant_id is None:
        raise Invalid.field("client", "Say whose ticket it is.", "required")
    client = tenants.visible_client(tenant_id, by=g.actor)
    requester = people.named(client.id, sent.get("requester", ""), field="requester", by=g.actor)
    if requester is None:
        raise Invalid.field("requester", "Say who needs help.", "required")
    kind = sent.get("kind", "")
    fields = custom_fields.fields(client.id, kind, by=g.actor)
    return opening.open_ticket(
        client.id, forms.text(sent, "subject"), by=g.actor, kind=kind, custom=values.read_form(sent, fields),
        body=forms.text(sent, "body"), source=sent.get("source") or None, requester_id=requester.id,
        site_id=forms.one_id(sent, "site"), category_id=forms.one_id(sent, "category"),
        impact=_level(sent, "impact"), urgency=_level(sent, "urgency"),
    )  # fmt: skip


def _page(typed: Mapping[str, str], error: MspError | None = None) -> str:
    clients = [(client.id, client.name) for client in tenants.clients(by=g.actor) if client.status == "active"]
    errors = forms.by_field(error)
    return render_template(
        "console/new_ticket/page.html", clients=clients, sources=SOURCES, errors=errors,
        refusal=error.message if error and not errors else "", **_context(typed),
    )  # fmt: skip


def _context(typed: Mapping[str, str]) -> dict[str, Any]:
    """The chosen client with its sites and categories, and the priority that impact and urgency give there."""
    client = _client(typed)
    context: dict[str, Any] = {"typed": typed, "client": client, "levels": LEVELS}
    if client is not None:
        context |= {
            "sites": [(site.id, site.name) for site in tenants.sites(client.id, by=g.actor)],
            "categories": [(each.id, each.path) for each in queries.categories(client.id, by=g.actor)],
            "custom": forms.custom_inputs(custom_fields.fields(client.id, _kind(typed), by=g.actor)),
            "priority": opening.priority_of(client.id, _level(typed, "impact"), _level(typed, "urgency")),
        }
    return context


def _client(typed: Mapping[str, str]) -> Tenant | None:
    try:
        tenant_id = UUID(typed.get("client", ""))
    except ValueError:
        return None
    return tenants.visible_client(tenant_id, by=g.actor)


def _kind(typed: Mapping[str, str]) -> str:
    """The kind that is chosen; at first an incident."""
    return typed.get("kind") or "incident"


def _level(typed: Mapping[str, str], name: str) -> int:
    """1 to 3; what is no level counts as medium."""
    text = typed.get(name, "2")
    return int(text) if text in ("1", "2", "3") else 2
