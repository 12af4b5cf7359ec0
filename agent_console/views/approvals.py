"""Approvals of all clients: where they stand, the chain and the history of one, deciding where the agent is asked, mailing again."""

from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.places import approvals as blueprint
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError, NotFound
from msp.core.web.gates import Gate, gated
from msp.itsm.approvals import book, queries, words
from msp.itsm.approvals.card import card
from msp.itsm.approvals.models import STATES
from msp.itsm.approvals.services import answering, covering, linking, moving
from tenants import queries as tenants
from tenants.permissions import Permission

ANSWER = Gate("agent", Permission.APPROVAL_ANSWER)
MANAGE = Gate("agent", Permission.CLIENT_MANAGE)
TABS = (
    ("waiting", "Waiting"), ("mine", "For me"), ("approved", "Approved"), ("rejected", "Declined"), ("expired", "Expired"), ("all", "All"),
)  # fmt: skip


@blueprint.get("")
@gated(Gate("agent", Permission.APPROVAL_READ))
def page() -> ResponseReturnValue:
    return _list()


@blueprint.post("/policy")
@gated(MANAGE)
def policy() -> ResponseReturnValue:
    """Whether links in mails decide without a sign-in, at one client."""
    client_id = forms.one_id(request.form, "client")
    if client_id is None:
        raise Invalid.field("client", "Choose a client.", "required")
    covering.set_policy(client_id, links_decide=request.form.get("links_decide") == "1", by=g.actor)
    notices.say("Saved.")
    return redirect(url_for("approvals.page", client=client_id), 303)


@blueprint.get("/<uuid:approval_id>")
@gated(Gate("agent", Permission.APPROVAL_READ))
def one(approval_id: UUID) -> ResponseReturnValue:
    return _one(approval_id)


@blueprint.post("/<uuid:approval_id>/decide")
@gated(ANSWER)
def decide(approval_id: UUID) -> ResponseReturnValue:
    answer, sent = request.form.get("answer", ""), request.form
    try:
        if answer not in ("approve", "decline"):
            raise Invalid.field("answer", "Approve or decline.", "required")
        with savepoint():
            reason, seen = forms.text(sent, "reason"), sent.get("seen", "")
            answering.decide(approval_id, answer == "approve", by=g.actor, reason=reason, seen=seen, channel="console")
    except answers.REFUSED as error:
        return _one(approval_id, error)
    notices.say("You approved it." if answer == "approve" else "You declined it.")
    return redirect(url_for("approvals.one", approval_id=approval_id), 303)


@blueprint.post("/<uuid:approval_id>/delegate")
@gated(ANSWER)
def delegate(approval_id: UUID) -> ResponseReturnValue:
    try:
        with savepoint():
            answering.delegate(approval_id, forms.text(request.form, "e_mail"), by=g.actor, channel="console")
    except answers.REFUSED as error:
        return _one(approval_id, error)
    notices.say("It is passed on.")
    return redirect(url_for("approvals.one", approval_id=approval_id), 303)


@blueprint.post("/<uuid:approval_id>/send")
@gated(ANSWER)
def send(approval_id: UUID) -> ResponseReturnValue:
    """Mail the question once more to one of those who are asked."""
    seat_id = forms.one_id(request.form, "seat")
    try:
        if seat_id is None:
            raise Invalid.field("seat", "Choose who is mailed.", "required")
        with savepoint():
            linking.send_again(approval_id, seat_id, by=g.actor)
    except answers.REFUSED as error:
        return _one(approval_id, error)
    notices.say("The mail is on its way; an earlier link no longer works.")
    return redirect(url_for("approvals.one", approval_id=approval_id), 303)


@blueprint.post("/<uuid:approval_id>/reassign")
@gated(MANAGE)
def reassign(approval_id: UUID) -> ResponseReturnValue:
    """Put another in the place of one of those who are asked."""
    seat_id = forms.one_id(request.form, "seat")
    try:
        if seat_id is None:
            raise Invalid.field("seat", "Choose in whose place.", "required")
        with savepoint():
            moving.reassign(approval_id, seat_id, forms.text(request.form, "e_mail"), by=g.actor)
    except answers.REFUSED as error:
        return _one(approval_id, error)
    notices.say("Somebody else is asked.")
    return redirect(url_for("approvals.one", approval_id=approval_id), 303)


def _list() -> ResponseReturnValue:
    tab, client_id = request.args.get("state", "waiting"), forms.one_id(request.args, "client")
    if tab not in dict(TABS):
        raise NotFound
    which: queries.Which = "waiting" if tab == "mine" else "all"
    state = tab if tab in STATES else None
    found = queries.approval_page(
        by=g.actor, which=which, state=state, client_id=client_id, cursor=request.args.get("cursor")
    )
    clients = [(client.id, client.name) for client in tenants.clients(by=g.actor)]
    tabs = [
        {"label": label, "href": url_for("approvals.page", state=name, client=client_id), "current": name == tab} for name, label in TABS
    ]

    def url(cursor: str | None) -> str:
        return url_for("approvals.page", state=tab, client=client_id, cursor=cursor) if cursor else ""

    return answers.page(
        "console/approvals/page.html", rows=found.rows, names=dict(clients), tabs=tabs, state=tab, client=client_id,
        clients=clients, states=words.STATES, now=clock.now(), next_url=url(found.next), previous_url=url(found.previous),
        links_decide=queries.links_decide(client_id) if client_id else None, may_manage=g.actor.may(Permission.CLIENT_MANAGE),
    )  # fmt: skip


def _one(approval_id: UUID, error: MspError | None = None) -> ResponseReturnValue:
    approval = queries.visible_approval(approval_id, by=g.actor)
    seats = book.seats_of(approval)
    client = tenants.visible_client(approval.tenant_id, by=g.actor)
    history = [(entry, words.entry_words(entry), words.CHANNELS[entry.channel]) for entry in queries.history(approval)]
    return answers.page(
        "console/approvals/one.html", error, it=card(approval, seats), client=client, history=history, me=g.actor.id, now=clock.now(),
        may_decide=any(seat.is_open and seat.holder_agent_id == g.actor.id for seat in seats) and g.actor.may(Permission.APPROVAL_ANSWER),
        may_reassign=approval.is_waiting and g.actor.may(Permission.CLIENT_MANAGE),
        may_send=approval.is_waiting and g.actor.may(Permission.APPROVAL_ANSWER), typed=request.form,
        open_seats=[(seat.id, seat.holder_name) for seat in seats if seat.is_open], successor=queries.successor(approval),
    )  # fmt: skip
