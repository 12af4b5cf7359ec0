"""A client's name, standing, sites, brand and host names."""

from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.client_frame import client_page
from agent_console.places import clients as blueprint
from agent_console.views.clients import MANAGE, READ, colour_words, portal_url
from msp.core.db import savepoint
from msp.core.errors import Forbidden, MspError
from msp.core.web.gates import Gate, gated
from msp.itsm.sla import describe
from tenants import queries as tenants
from tenants.languages import LANGUAGES
from tenants.permissions import Permission
from tenants.services import addresses, clients, people

BRAND = Gate("agent", Permission.BRANDING_MANAGE)
SITES = Gate("agent", Permission.SITE_MANAGE)


# --- Name and standing ------------------------------------------------------------------------------------------------


@blueprint.get("/<uuid:tenant_id>/settings")
@gated(READ)
def settings(tenant_id: UUID) -> ResponseReturnValue:
    return _settings(tenant_id)


@blueprint.post("/<uuid:tenant_id>/settings")
@gated(MANAGE)
def change_settings(tenant_id: UUID) -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            clients.change_client(
                tenant_id, version=forms.number(sent, "version") or 0, by=g.actor, name=forms.text(sent, "name"),
                time_zone=sent.get("time_zone", "").strip(), language=sent.get("language"),
            )  # fmt: skip
    except answers.REFUSED as error:
        return _settings(tenant_id, error, sent)
    notices.say("Saved.")
    return redirect(url_for("clients.settings", tenant_id=tenant_id), 303)


@blueprint.post("/<uuid:tenant_id>/standing")
@gated(MANAGE)
def change_standing(tenant_id: UUID) -> ResponseReturnValue:
    """Suspend the client, or let it in again."""
    status = "suspended" if request.form.get("status") == "suspended" else "active"
    version = forms.number(request.form, "version") or 0
    try:
        with savepoint():
            client = clients.change_client(tenant_id, version=version, by=g.actor, status=status)
    except answers.REFUSED as error:
        return _settings(tenant_id, error)
    said = f"{client.name} is suspended: its people are signed out." if status == "suspended" else f"{client.name} is active again."
    notices.say(said)
    return redirect(url_for("clients.settings", tenant_id=tenant_id), 303)


def _settings(tenant_id: UUID, error: MspError | None = None, typed: Any = None) -> ResponseReturnValue:
    client = tenants.visible_client(tenant_id, by=g.actor)
    typed = typed or {"name": client.name, "time_zone": client.time_zone, "language": client.language}
    return client_page(
        "console/clients/settings.html", client, "settings", error, typed=typed, zones=describe.zone_names(), languages=LANGUAGES.items(),
        may_edit=g.actor.may(Permission.CLIENT_MANAGE),
    )  # fmt: skip


# --- Sites ------------------------------------------------------------------------------------------------------------


@blueprint.get("/<uuid:tenant_id>/sites")
@gated(READ)
def sites(tenant_id: UUID) -> ResponseReturnValue:
    return _sites(tenant_id)


@blueprint.post("/<uuid:tenant_id>/sites")
@gated(SITES)
def add_site(tenant_id: UUID) -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            site = clients.add_site(tenant_id, forms.text(sent, "name"), by=g.actor, address=forms.text(sent, "address"))
    except answers.REFUSED as error:
        return _sites(tenant_id, error, sent)
    notices.say(f"{site.name} is added.")
    return redirect(url_for("clients.sites", tenant_id=tenant_id), 303)


@blueprint.post("/<uuid:tenant_id>/sites/<uuid:site_id>")
@gated(SITES)
def change_site(tenant_id: UUID, site_id: UUID) -> ResponseReturnValue:
    sent = request.form
    try:
        with savepoint():
            clients.change_site(
                tenant_id, site_id, version=forms.number(sent, "version") or 0, by=g.actor, name=forms.text(sent, "name"),
                address=forms.text(sent, "address"), is_active="is_active" in sent,
            )  # fmt: skip
    except answers.REFUSED as error:
        return _sites(tenant_id, error, sent, site_id)
    notices.say("Saved.")
    return redirect(url_for("clients.sites", tenant_id=tenant_id), 303)


def _sites(tenant_id: UUID, error: MspError | None = None, typed: Any = None, site_id: UUID | None = None) -> ResponseReturnValue:
    client = tenants.visible_client(tenant_id, by=g.actor)
    return client_page(
        "console/clients/sites.html", client, "sites", error, sites=tenants.sites(client.id, by=g.actor), typed=typed or {},
        wrong_site=site_id, may_edit=g.actor.may(Permission.SITE_MANAGE),
    )  # fmt: skip


# --- The portal: brand and host names ---------------------------------------------------------------------------------


@blueprint.get("/<uuid:tenant_id>/portal")
@gated(READ)
def portal(tenant_id: UUID) -> ResponseReturnValue:
    return _portal(tenant_id)


@blueprint.post("/<uuid:tenant_id>/portal")
@gated(BRAND)
def change_branding(tenant_id: UUID) -> ResponseReturnValue:
    """Save the brand, or look at what becomes of a colour."""
    sent = request.form
    if "look" in sent:
        return _portal(tenant_id, typed=sent)
    try:
        with savepoint():
            mail_from = forms.text(sent, "mail_from")
            clients.change_branding(
                tenant_id, version=forms.number(sent, "version") or 0, by=g.actor, display_name=forms.text(sent, "display_name"),
                colour=sent.get("colour", "").strip(), support_phone=forms.text(sent, "support_phone") or None,
                mail_from=people.checked_e_mail(mail_from) if mail_from else None, welcome=forms.text(sent, "welcome") or None,
            )  # fmt: skip
    except answers.REFUSED as error:
        return _portal(tenant_id, error, sent)
    notices.say("The portal’s looks are saved.")
    return redirect(url_for("clients.portal", tenant_id=tenant_id), 303)


@blueprint.post("/<uuid:tenant_id>/hosts")
@gated(MANAGE)
def change_hosts(tenant_id: UUID) -> ResponseReturnValue:
    """Add a host name, make one the primary one, or take one away."""
    if g.actor.tenant_ids is not None:
        raise Forbidden("Only whoever sees every client can change host names.")
    sent, name = request.form, request.form.get("host", "").strip()
    acts = {"add": addresses.add_host, "primary": addresses.make_primary, "remove": addresses.remove_host}
    try:
        with savepoint():
            acts.get(sent.get("act", ""), addresses.add_host)(tenant_id, name, by=g.actor)
    except answers.REFUSED as error:
        return _portal(tenant_id, error, host=name)
    notices.say({"primary": f"Links begin with {name} now.", "remove": f"{name} is removed."}.get(sent.get("act", ""), f"{name} is added."))
    return redirect(url_for("clients.portal", tenant_id=tenant_id), 303)


def _portal(tenant_id: UUID, error: MspError | None = None, typed: Any = None, host: str = "") -> ResponseReturnValue:
    client = tenants.visible_client(tenant_id, by=g.actor)
    branding = tenants.branding(client.id, by=g.actor)
    sees_all = g.actor.tenant_ids is None
    typed = typed or {
        "display_name": branding.display_name, "colour": branding.colour, "support_phone": branding.support_phone,
        "mail_from": branding.mail_from, "welcome": branding.welcome,
    }  # fmt: skip
    return client_page(
        "console/clients/portal.html", client, "portal", error, branding=branding, typed=typed, host=host,
        colour=colour_words(typed.get("colour", "")), hosts=tenants.hosts(client.id) if sees_all else (), sees_all=sees_all,
        portal_url=portal_url(client), may_brand=g.actor.may(Permission.BRANDING_MANAGE),
        may_host=sees_all and g.actor.may(Permission.CLIENT_MANAGE),
    )  # fmt: skip
