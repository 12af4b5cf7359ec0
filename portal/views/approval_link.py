"""The page behind the link in a mail: opening it shows, sending it decides. No sign-in is needed where the client allows it."""

from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import bind, db, savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, MspError, NotFound
from msp.core.scope import Scope, Trail
from msp.core.secrets import Keyring
from msp.core.web.gates import open_to_all
from msp.itsm.approvals import book, links, queries
from msp.itsm.approvals.card import card
from msp.itsm.approvals.errors import ApprovalLinkRefused
from msp.itsm.approvals.models import Approval, Link
from msp.itsm.approvals.services import answering, linking
from tenants.models import Contact
from tenants.permissions import Permission
from tenants.views.blueprints import keep_private, require_open

blueprint = Blueprint("approval_link", __name__)
blueprint.gate = open_to_all("the signed link says who decides")  # type: ignore[attr-defined]  # read by core.web.gates
blueprint.before_request(require_open)
blueprint.after_request(keep_private)


class Holder(NamedTuple):
    """The actor that the link makes, for this one thing, and the link."""

    by: Actor
    link_id: UUID


@blueprint.route("/decide/<token>", methods=["GET", "POST"])
def decide(token: str) -> ResponseReturnValue:
    by, link_id = _holder(token)
    link = linking.own(link_id, by=by)
    if not queries.links_decide(link.tenant_id):
        return redirect(f"/approvals/{link.approval_id}", 303)  # the portal asks for the sign-in
    try:
        usable = linking.usable(link_id, by=by, for_update=request.method == "POST")
        approval = queries.visible_approval(usable.approval_id, by=by)
    except NotFound as error:
        return _refused(link, by, error)
    if request.method != "POST":
        return _page(approval, by, token)
    return _answer(approval, usable, by, token)


@blueprint.route("/decide/<token>/not-me", methods=["GET", "POST"])
def not_me(token: str) -> ResponseReturnValue:
    """Somebody else got the link: he says so, and it stops working."""
    by, link_id = _holder(token)
    try:
        linking.usable(link_id, by=by)
        if request.method == "POST":
            linking.disown(link_id, by=by)
    except NotFound as error:
        return _refused(linking.own(link_id, by=by), by, error)
    return make_response(render_template("approvals/not_me.html", by=by, token=token, is_done=request.method == "POST", surface="portal"))


def _answer(approval: Approval, link: Link, by: Actor, token: str) -> ResponseReturnValue:
    sent = request.form
    reason, answer = sent.get("reason", "").replace("\0", ""), sent.get("answer", "")
    try:
        if answer not in ("approve", "decline"):
            raise Invalid.field("answer", "Approve or decline.", "required")
        with savepoint():
            answering.decide(
                approval.id, answer == "approve", by=by, reason=reason, seen=sent.get("seen", ""), channel="mail", link=link
            )
    except (Conflict, Forbidden, Invalid) as error:
        return _page(queries.visible_approval(approval.id, by=by), by, token, error, reason)
    done = queries.visible_approval(approval.id, by=by)
    shown = card(done, book.seats_of(done))
    return make_response(render_template("approvals/thanks.html", it=shown, answer=answer, by=by, surface="portal"))


def _holder(token: str) -> Holder:
    """The request's transaction becomes that of the contact whose link it is."""
    held = links.held(token, tenant_id=g.host.id, keys=Keyring(settings().secret_keys))
    trail = Trail("by a link in a mail", "contact", request_id=g.get("request_id"), address=request.remote_addr)
    bind(Scope.of_tenant(g.host.id, held.contact_id, trail))
    contact = db.session.get(Contact, (g.host.id, held.contact_id))
    if contact is None or not contact.is_active:
        raise ApprovalLinkRefused
    rights = frozenset({Permission.APPROVAL_READ, Permission.APPROVAL_ANSWER})
    return Holder(Actor(contact.id, "contact", contact.name, rights, (g.host.id,)), held.link_id)


def _page(approval: Approval, by: Actor, token: str, error: MspError | None = None, reason: str = "") -> Response:
    errors = {wrong.pointer.strip("/"): wrong.message for wrong in error.errors} if error else {}
    html = render_template(
        "approvals/decide.html", it=card(approval, book.seats_of(approval)), by=by, token=token, reason=reason, refusal=error,
        errors=errors, now=clock.now(), tz=ZoneInfo(g.host.time_zone), surface="portal",
    )  # fmt: skip
    return make_response(html, error.status if error else 200)


def _refused(link: Link, by: Actor, error: NotFound) -> Response:
    """Used, too old, given back: said plainly, with where it stands and the way through the portal."""
    try:
        approval = queries.visible_approval(link.approval_id, by=by) if link.disowned_at is None else None
    except NotFound:
        approval = None
    shown = card(approval, book.seats_of(approval)) if approval is not None else None
    return make_response(render_template("approvals/refused.html", it=shown, refusal=error, surface="portal"), error.status)
