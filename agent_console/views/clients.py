"""Clients: the list with what is open at each, one client at a glance, a new one."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices, rows
from agent_console.client_frame import client_page
from agent_console.editor import durations
from agent_console.places import clients as blueprint
from agent_console.shell import agent_zone
from msp.core import clock
from msp.core.app import settings
from msp.core.db import call, savepoint
from msp.core.errors import Forbidden, MspError
from msp.core.web.brand import brand_check
from msp.core.web.gates import Gate, gated
from msp.itsm.sla import describe, library
from msp.itsm.tickets import listing as tickets
from msp.itsm.tickets.workload import Workload, workloads
from tenants import hosts, listing
from tenants import queries as tenants
from tenants.directory import people
from tenants.languages import LANGUAGES
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.services import clients

READ = Gate("agent", Permission.CLIENT_READ)
MANAGE = Gate("agent", Permission.CLIENT_MANAGE)
DEFAULT_COLOUR = "#1f5f8b"
_FIELDS = ("/name", "/key", "/time_zone", "/language", "/host", "/colour", "/support_phone", "/welcome")
_SHOWN_TICKETS, _SHOWN_PEOPLE = 8, 6


@blueprint.get("")
@gated(READ)
def page() -> ResponseReturnValue:
    text = request.args.get("q", "").strip()[:100]
    found = listing.clients(text, by=g.actor, cursor=request.args.get("cursor"))
    loads = workloads([client.id for client in found.rows], by=g.actor, now=clock.now())
    return render_template(
        "console/clients/page.html",
        text=text,
        rows=[(client, loads.get(client.id, Workload())) for client in found.rows],
        next_url=url_for("clients.page", q=text or None, cursor=found.next) if found.next else "",
        previous_url=url_for("clients.page", q=text or None, cursor=found.previous) if found.previous else "",
        may_add=may_add(),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@gated(MANAGE)
def create() -> ResponseReturnValue:
    if request.method != "POST":
        return _new_page()
    sent = request.form
    if "look" in sent:
        return _new_page(typed=sent)
    if not may_add():
        raise Forbidden("Only whoever sees every client can add one.")
    try:
        with savepoint():
            client = clients.create_client(
                sent.get("key", ""), forms.text(sent, "name"), time_zone=sent.get("time_zone", "").strip(),
                host=_host(sent), by=g.actor, language=sent.get("language", "en"), colour=sent.get("colour", "").strip() or None,
                support_phone=forms.text(sent, "support_phone") or None, welcome=forms.text(sent, "welcome") or None,
            )  # fmt: skip
    except answers.REFUSED as error:
        return _new_page(_as_typed(error, sent), typed=sent)
    notices.say(f"{client.name} is a client now. It has the standard service levels to begin with.")
    return redirect(url_for("clients.client", tenant_id=client.id), 303)


@blueprint.get("/<uuid:tenant_id>")
@gated(READ)
def client(tenant_id: UUID) -> ResponseReturnValue:
    shown, now, tz = tenants.visible_client(tenant_id, by=g.actor), clock.now(), agent_zone()
    query = f"client:{shown.key.lower()} is:open sort:due"
    found = tickets.listing(tickets.asked(query, by=g.actor, tz=tz), by=g.actor, limit=_SHOWN_TICKETS)
    return client_page(
        "console/clients/client.html",
        shown,
        "client",
        load=workloads([shown.id], by=g.actor, now=now).get(shown.id, Workload()),
        rows=[rows.row(each, now=now, tz=tz) for each in found.rows],
        query=query,
        language=LANGUAGES.get(shown.language, shown.language),
        local_time=now.astimezone(ZoneInfo(shown.time_zone)),
        sites=tenants.sites(shown.id, by=g.actor),
        people=people(shown.id, by=g.actor, limit=_SHOWN_PEOPLE).rows,
        promise=_promise(shown),
        branding=tenants.branding(shown.id, by=g.actor),
        portal_url=portal_url(shown),
    )


def may_add() -> bool:
    """A client can be added by whoever may manage clients and sees them all: a limited agent could not see the new one."""
    return g.actor.may(Permission.CLIENT_MANAGE) and g.actor.tenant_ids is None


def portal_url(client: Tenant) -> str:
    """Where the client's people go; empty where it has no host name."""
    host = call("host_of", p_tenant=client.id)[0]["host_of"]
    return hosts.url_on(host) if host else ""


def colour_words(colour: str) -> dict[str, Any]:
    """What pages make of a colour; with what is wrong, where it is none."""
    try:
        check = brand_check(colour)
    except ValueError:
        return {"given": "", "ok": False, "words": "A colour is # and six hexadecimal digits."}
    words = "Shown as it is." if check.shown_hex == colour.lower() else f"Shown as {check.shown_hex}, so that text on it can be read."
    if not check.ok:
        words = f"It would have to change too much to stay readable; {check.shown_hex} would do."
    return {"given": colour.lower(), "shown": check.shown_hex, "ok": check.ok, "contrast": check.contrast, "words": words}


def _new_page(error: MspError | None = None, typed: Any = None) -> ResponseReturnValue:
    typed = typed or {"colour": DEFAULT_COLOUR, "time_zone": g.session.time_zone, "language": "en"}
    colour = typed.get("colour", "").strip() or DEFAULT_COLOUR
    return answers.page(
        "console/clients/new.html", error, typed=typed, languages=LANGUAGES.items(), domain=settings().portal_domain.partition(":")[0],
        zones=describe.zone_names(), colour=colour_words(colour), may_add=may_add(),
    )  # fmt: skip


def _host(sent: forms.Form) -> str:
    """The host name as typed, or the key under the installation's own domain."""
    typed = sent.get("host", "").strip().lower()
    return typed or f"{sent.get('key', '').strip().lower()}.{settings().portal_domain.partition(':')[0]}"


def _as_typed(error: MspError, sent: forms.Form) -> MspError:
    """What is wrong in the order of the form; a host name that was made of a wrong key is not a fault of its own."""
    kept = [each for each in error.errors if each.pointer != "/host" or sent.get("host", "").strip() or len(error.errors) == 1]
    if kept:
        error.errors = tuple(sorted(kept, key=lambda each: _FIELDS.index(each.pointer) if each.pointer in _FIELDS else len(_FIELDS)))
    return error


def _promise(client: Tenant) -> dict[str, Any] | None:
    """The default policy in short: its targets by priority."""
    if not g.actor.may(Permission.SLA_READ):
        return None
    held = library.held([client.id], by=g.actor)
    found = next((each for each in held if each.definition.kind == "policy" and each.definition.is_default), None)
    if found is None:
        return None
    version = found.in_force(clock.now())
    targets = [
        (priority, durations.words(row.get("response", {}).get("minutes")), durations.words(row.get("resolution", {}).get("minutes")))
        for priority, row in sorted(version.content["targets"].items())
    ]
    others = sum(1 for each in held if each.definition.kind == "policy") - 1
    return {"definition": found.definition, "number": version.number, "targets": targets, "others": others}
