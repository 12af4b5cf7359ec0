"""A client's people: who they are, what they may do in the portal, and their invitations."""

from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.client_frame import client_page
from agent_console.places import clients as blueprint
from msp.core.db import savepoint
from msp.core.errors import MspError, NotFound
from msp.core.web.gates import Gate, gated
from tenants import access, directory, hosts, say
from tenants import queries as tenants
from tenants.identity import links, second_factor
from tenants.models import Contact
from tenants.permissions import CONTACT_ROLES, ROLE_WORDS, Permission
from tenants.services import people as services

READ = Gate("agent", Permission.CONTACT_READ)
MANAGE = Gate("agent", Permission.CONTACT_MANAGE)
ROLE_HINTS = {
    "requester": "reports and follows own tickets",
    "site_manager": "sees the tickets of the sites managed",
    "manager": "sees every ticket of the company",
    "approver": "decides what waits for approval",
    "client_admin": "looks after people, sites and the brand",
}


@blueprint.get("/<uuid:tenant_id>/people")
@gated(READ)
def people(tenant_id: UUID) -> ResponseReturnValue:
    client, text = tenants.visible_client(tenant_id, by=g.actor), request.args.get("q", "").strip()[:100]
    found = directory.people(client.id, by=g.actor, words=text, cursor=request.args.get("cursor"))
    sites = {site.id: site.name for site in tenants.sites(client.id, by=g.actor)}

    def url(cursor: str | None) -> str:
        return url_for("clients.people", tenant_id=client.id, q=text or None, cursor=cursor) if cursor else ""

    return client_page(
        "console/clients/people.html", client, "people", people=found.rows, text=text, sites=sites, words=ROLE_WORDS,
        next_url=url(found.next), previous_url=url(found.previous), may_edit=g.actor.may(Permission.CONTACT_MANAGE),
    )  # fmt: skip


@blueprint.route("/<uuid:tenant_id>/people/new", methods=["GET", "POST"])
@gated(MANAGE)
def add_contact(tenant_id: UUID) -> ResponseReturnValue:
    access.require_recent_sign_in()
    if request.method != "POST":
        return _form(tenant_id)
    sent = request.form
    try:
        with savepoint():
            contact = services.add_contact(
                tenants.visible_client(tenant_id, by=g.actor).id, forms.text(sent, "name"), by=g.actor,
                e_mail=forms.text(sent, "e_mail") or None, roles=sent.getlist("roles"), site_id=forms.one_id(sent, "site"),
                managed_site_ids=forms.ids(sent, "managed_sites"), **_details(sent),
            )  # fmt: skip
            if "invite" in sent and contact.e_mail:
                links.invite_contact(contact.id, by=g.actor)
    except answers.REFUSED as error:
        return _form(tenant_id, error=error, typed=sent)
    invited = ", and invited by mail" if "invite" in sent and contact.e_mail else ""
    notices.say(f"{contact.name} is added{invited}.")
    return redirect(url_for("clients.people", tenant_id=tenant_id), 303)


@blueprint.get("/<uuid:tenant_id>/people/<uuid:contact_id>")
@gated(READ)
def contact(tenant_id: UUID, contact_id: UUID) -> ResponseReturnValue:
    return _form(tenant_id, _contact(tenant_id, contact_id))


@blueprint.post("/<uuid:tenant_id>/people/<uuid:contact_id>")
@gated(MANAGE)
def change_contact(tenant_id: UUID, contact_id: UUID) -> ResponseReturnValue:
    access.require_recent_sign_in()
    shown, sent = _contact(tenant_id, contact_id), request.form
    try:
        with savepoint():
            roles = [*sent.getlist("roles"), *_kept_roles(shown)]
            site_id = forms.one_id(sent, "site")
            services.change_contact(
                contact_id, version=forms.number(sent, "version") or 0, by=g.actor, name=forms.text(sent, "name"),
                roles=roles if set(roles) != set(shown.roles) else None, site_id=site_id, has_site=site_id is not None,
                managed_site_ids=forms.ids(sent, "managed_sites"), **_details(sent),
            )  # fmt: skip
    except answers.REFUSED as error:
        return _form(tenant_id, _contact(tenant_id, contact_id), error, sent)
    notices.say("Saved.")
    return redirect(url_for("clients.contact", tenant_id=tenant_id, contact_id=contact_id), 303)


@blueprint.post("/<uuid:tenant_id>/people/<uuid:contact_id>/standing")
@gated(MANAGE)
def change_contact_standing(tenant_id: UUID, contact_id: UUID) -> ResponseReturnValue:
    """Sign somebody out for good, or let him in again."""
    access.require_recent_sign_in()
    shown, is_active = _contact(tenant_id, contact_id), request.form.get("active") == "1"
    try:
        with savepoint():
            version = forms.number(request.form, "version") or 0
            services.change_contact(contact_id, version=version, by=g.actor, is_active=is_active)
    except answers.REFUSED as error:
        return _form(tenant_id, _contact(tenant_id, contact_id), error)
    notices.say(f"{shown.name} can enter again." if is_active else f"{shown.name} is signed out and cannot enter any more.")
    return redirect(url_for("clients.contact", tenant_id=tenant_id, contact_id=contact_id), 303)


@blueprint.post("/<uuid:tenant_id>/people/<uuid:contact_id>/invite")
@gated(MANAGE)
def invite_contact(tenant_id: UUID, contact_id: UUID) -> ResponseReturnValue:
    """Mail an invitation; or show its link once, to those who may grant whatever it opens."""
    access.require_recent_sign_in()
    shown = _contact(tenant_id, contact_id)
    try:
        with savepoint():
            if request.form.get("how") == "link":
                if shown.person_id is None:
                    raise NotFound
                token = services.invitation_link(shown.person_id, shown.tenant_id, by=g.actor)
                return _form(tenant_id, shown, link=hosts.url_of(shown.tenant_id, f"/invitation/{token}"))
            links.invite_contact(contact_id, by=g.actor)
    except answers.REFUSED as error:
        return _form(tenant_id, shown, error)
    notices.say(f"An invitation goes to {shown.e_mail}; it is good for 72 hours.")
    return redirect(url_for("clients.contact", tenant_id=tenant_id, contact_id=contact_id), 303)


@blueprint.post("/<uuid:tenant_id>/people/<uuid:contact_id>/second-factor")
@gated(MANAGE)
def forget_second_factor(tenant_id: UUID, contact_id: UUID) -> ResponseReturnValue:
    """For somebody who lost telephone and recovery codes."""
    access.require_recent_sign_in()
    shown = _contact(tenant_id, contact_id)
    try:
        with savepoint():
            second_factor.remove_for_contact(contact_id, by=g.actor)
    except answers.REFUSED as error:
        return _form(tenant_id, shown, error)
    notices.say(f"{shown.name} signs in with the password alone.")
    return redirect(url_for("clients.contact", tenant_id=tenant_id, contact_id=contact_id), 303)


def _contact(tenant_id: UUID, contact_id: UUID) -> Contact:
    found = tenants.visible_contact(contact_id, by=g.actor)
    if found.tenant_id != tenant_id:
        raise NotFound
    return found


def _kept_roles(shown: Contact | None) -> list[str]:
    """What somebody holds that the actor can neither give nor take away: the form does not ask for it."""
    grantable = say.grantable_contact_roles(by=g.actor)
    return [role for role in shown.roles if role not in grantable] if shown else []


def _details(sent: forms.Form) -> dict[str, Any]:
    return {name: forms.text(sent, name) or None for name in ("phone", "job_title", "cost_centre")}


def _form(
    tenant_id: UUID, shown: Contact | None = None, error: MspError | None = None, typed: Any = None, link: str = ""
) -> ResponseReturnValue:
    client, may_edit = tenants.visible_client(tenant_id, by=g.actor), g.actor.may(Permission.CONTACT_MANAGE)
    return client_page(
        "console/clients/contact.html", client, "people", error, contact=shown, typed=_typed(shown, typed), link=link,
        sites=[site for site in tenants.sites(client.id, by=g.actor) if site.is_active or (shown and site.id == shown.site_id)],
        roles=[
            (role, ROLE_WORDS[role], ROLE_HINTS[role])
            for role in (say.grantable_contact_roles(by=g.actor) if may_edit else CONTACT_ROLES)
        ],
        kept=[ROLE_WORDS.get(role, role) for role in _kept_roles(shown)] if may_edit else [], may_edit=may_edit,
        sees_link=say.may_see_invitations(by=g.actor),
        has_factor=may_edit and shown is not None and second_factor.is_removable(shown, by=g.actor),
    )  # fmt: skip


def _typed(shown: Contact | None, sent: Any) -> dict[str, Any]:
    """The values of the fields: as sent, as stored, or as a new contact begins."""
    names = ("name", "e_mail", "phone", "job_title", "cost_centre")
    if sent is not None:
        lists = {"roles": sent.getlist("roles"), "managed_sites": sent.getlist("managed_sites")}
        return {name: sent.get(name, "") for name in names} | lists | {"site": sent.get("site", "")}
    if shown is None:
        return {"roles": ["requester"], "managed_sites": [], "site": ""}
    managed = [str(id) for id in tenants.managed_site_ids(shown.tenant_id, shown.id)]
    stored = {name: getattr(shown, name) or "" for name in names}
    return stored | {"roles": shown.roles, "managed_sites": managed, "site": str(shown.site_id or "")}
