"""People of the company, for whoever looks after them: who may come in, what they see. An address is never changed."""

from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.db import savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, MspError, StaleVersion
from msp.core.web.gates import Gate, gated
from portal import forms
from portal.blueprint import portal_blueprint
from tenants import access, directory
from tenants import queries as tenants
from tenants.identity import links
from tenants.models import Contact
from tenants.permissions import CONTACT_ROLES, ROLE_WORDS, Permission
from tenants.services import people

MANAGERS = Gate("contact", Permission.CONTACT_MANAGE)
ROLES = {
    "requester": "Reports problems, asks for things, follows their own requests",
    "site_manager": "Sees the requests of the sites they manage",
    "manager": "Sees all requests of the company and the running clocks",
    "approver": "Decides where an approval is needed",
    "client_admin": "Sees everything a manager sees, and looks after people, sites and the look of this portal",
}
SAID = {
    "invited": "The invitation is on its way. It holds for three days.",
    "saved": "Saved.",
}
_REFUSED = (Invalid, Conflict, Forbidden, StaleVersion)
blueprint = portal_blueprint("people")


@blueprint.get("/people")
@gated(MANAGERS)
def page() -> ResponseReturnValue:
    words = request.args.get("q", "").replace("\0", "").strip()[:100]
    found = directory.people(g.host.id, by=g.actor, words=words, cursor=request.args.get("after"))
    return render_template(
        "portal/people.html",
        folk=found.rows,
        sites={site.id: site.name for site in tenants.sites(g.host.id, by=g.actor)},
        role_words=ROLE_WORDS,
        words=words,
        next_url=url_for("people.page", q=words or None, after=found.next) if found.next else "",
        previous_url=url_for("people.page", q=words or None, after=found.previous) if found.previous else "",
        said=SAID.get(request.args.get("said", ""), ""),
    )


@blueprint.route("/people/new", methods=["GET", "POST"])
@gated(MANAGERS)
def invite() -> ResponseReturnValue:
    access.require_recent_sign_in()
    if request.method != "POST":
        return _form(None, {"roles": ["requester"]})
    try:
        with savepoint():
            contact = people.add_contact(g.host.id, e_mail=_address(), by=g.actor, **_details())
            links.invite_contact(contact.id, by=g.actor)
    except _REFUSED as error:
        return _form(None, _typed(), error)
    return redirect(url_for("people.page", said="invited"), 303)


@blueprint.route("/people/<uuid:contact_id>", methods=["GET", "POST"])
@gated(MANAGERS)
def person(contact_id: UUID) -> ResponseReturnValue:
    access.require_recent_sign_in()
    contact = tenants.visible_contact(contact_id, by=g.actor)
    if request.method != "POST":
        return _form(contact, _stored(contact))
    try:
        with savepoint():
            people.change_contact(
                contact.id, version=forms.number("version"), is_active=_standing(contact), by=g.actor, **_details()
            )
    except _REFUSED as error:
        return _form(tenants.visible_contact(contact_id, by=g.actor), _typed(), error)
    return redirect(url_for("people.page", said="saved"), 303)


@blueprint.post("/people/<uuid:contact_id>/invitation")
@gated(MANAGERS)
def invite_again(contact_id: UUID) -> ResponseReturnValue:
    access.require_recent_sign_in()
    contact = tenants.visible_contact(contact_id, by=g.actor)
    try:
        with savepoint():
            links.invite_contact(contact.id, by=g.actor)
    except _REFUSED as error:
        return _form(contact, _stored(contact), error)
    return redirect(url_for("people.page", said="invited"), 303)


def _form(contact: Contact | None, typed: Any, error: MspError | None = None) -> ResponseReturnValue:
    html = render_template(
        "portal/person.html",
        contact=contact,
        typed=typed,
        roles=[(role, ROLE_WORDS[role], ROLES[role]) for role in CONTACT_ROLES],
        sites=[(str(site.id), site.name) for site in tenants.sites(g.host.id, by=g.actor) if site.is_active],
        refusal=error,
        errors=forms.by_field(error) if error else {},
        is_self=contact is not None and contact.id == g.actor.id,
    )
    return make_response(html, error.status if error else 200)


def _typed() -> dict[str, Any]:
    return {
        **request.form, "roles": request.form.getlist("roles"), "managed": request.form.getlist("managed"),
        "is_active": "is_active" in request.form,
    }  # fmt: skip


def _stored(contact: Contact) -> dict[str, Any]:
    return {
        "name": contact.name, "phone": contact.phone, "job_title": contact.job_title,
        "cost_centre": contact.cost_centre, "site_id": contact.site_id, "roles": contact.roles,
        "is_active": contact.is_active,
        "managed": [str(id) for id in tenants.managed_site_ids(contact.tenant_id, contact.id)],
    }  # fmt: skip


def _details() -> dict[str, Any]:
    """What can be said of a person, new or known."""
    return {
        "name": _name(), "roles": request.form.getlist("roles"), "site_id": forms.one_id("site_id"),
        "phone": forms.text("phone") or None, "job_title": forms.text("job_title") or None,
        "cost_centre": forms.text("cost_centre") or None, "managed_site_ids": _managed(),
    }  # fmt: skip


def _name() -> str:
    name = forms.text("name")
    if not 1 <= len(name) <= 100:
        raise Invalid.field("name", "Write the name, in at most 100 characters.", "length")
    return name


def _address() -> str:
    address = forms.text("e_mail")
    if not address:
        raise Invalid.field("e_mail", "Write the e-mail address; the invitation goes there.", "required")
    return address


def _standing(contact: Contact) -> bool | None:
    """Whether he may come in; nobody locks himself out."""
    return None if contact.id == g.actor.id else "is_active" in request.form


def _managed() -> list[UUID]:
    """Sites that he manages; only a site manager has any."""
    if "site_manager" not in request.form.getlist("roles"):
        return []
    return [id for id in map(forms.as_id, request.form.getlist("managed")) if id is not None]
