"""Approvals: what waits for one's decision, what one asked for, what one decided; deciding, passing on, withdrawing, being away."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, MspError, NotFound, StaleVersion
from msp.core.web.formats import count_words
from msp.itsm.approvals import book, letters, queries, words
from msp.itsm.approvals.card import card
from msp.itsm.approvals.models import Approval
from msp.itsm.approvals.services import answering, covering
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.words import StatusWords
from portal import forms
from portal.blueprint import portal_blueprint
from portal.rows import Row
from portal.shell import zone
from portal.words import by_words

blueprint = portal_blueprint("approvals")
TABS = (("waiting", "Waiting for me"), ("asked", "Asked by me"), ("decided", "Decided by me"))
SAID = {
    "approve": "You approved it.", "decline": "You declined it.", "delegated": "It is passed on.", "withdrawn": "It is withdrawn.",
    "covered": "Your cover is asked while you are away.", "back": "You are asked yourself again.",
}  # fmt: skip
_REFUSED = (Invalid, Conflict, Forbidden, StaleVersion)


@blueprint.get("/approvals")
def page() -> ResponseReturnValue:
    return _list()


@blueprint.get("/approvals/<uuid:approval_id>")
def one(approval_id: UUID) -> ResponseReturnValue:
    return _one(approval_id)


@blueprint.post("/approvals/<uuid:approval_id>/decide")
def decide(approval_id: UUID) -> ResponseReturnValue:
    answer = request.form.get("answer", "")
    try:
        if answer not in ("approve", "decline"):
            raise Invalid.field("answer", "Approve or decline.", "required")
        with savepoint():
            answering.decide(
                approval_id, answer == "approve", by=g.actor, reason=forms.text("reason"), seen=request.form.get("seen", "")
            )
    except _REFUSED as error:
        return _one(approval_id, error)
    return redirect(url_for("approvals.one", approval_id=approval_id, said=answer), 303)


@blueprint.post("/approvals/<uuid:approval_id>/delegate")
def delegate(approval_id: UUID) -> ResponseReturnValue:
    try:
        with savepoint():
            answering.delegate(approval_id, forms.text("e_mail"), by=g.actor)
    except _REFUSED as error:
        return _one(approval_id, error)
    return redirect(url_for("approvals.one", approval_id=approval_id, said="delegated"), 303)


@blueprint.post("/approvals/<uuid:approval_id>/withdraw")
def withdraw(approval_id: UUID) -> ResponseReturnValue:
    try:
        with savepoint():
            answering.withdraw(approval_id, by=g.actor)
    except _REFUSED as error:
        return _one(approval_id, error)
    return redirect(url_for("approvals.one", approval_id=approval_id, said="withdrawn"), 303)


@blueprint.post("/approvals/cover")
def cover() -> ResponseReturnValue:
    """Name who is asked in one's place, or be asked oneself again."""
    try:
        with savepoint():
            moved = _end_or_name_cover()
    except _REFUSED as error:
        return _list(error)
    said = "back" if moved is None else "covered"
    return redirect(url_for("approvals.page", said=said, moved=moved or None), 303)


def _end_or_name_cover() -> int | None:
    """How much of what waited went to the cover; None where one is back."""
    if request.form.get("act") == "end":
        covering.end_cover(by=g.actor)
        return None
    named = covering.set_cover(forms.text("cover"), _moment("from_at"), _moment("until_at"), by=g.actor)
    return covering.begin_if_due(named, by=g.actor)


def rows(found: Iterable[Approval], now: datetime) -> list[Row]:
    """Approvals as lines of a list."""
    return [
        Row(
            url_for("approvals.one", approval_id=each.id), each.title, ", ".join(_meta(each, now)),
            StatusWords(look="", **words.STATES[each.state]._asdict()),
        )
        for each in found
    ]  # fmt: skip


def _meta(approval: Approval, now: datetime) -> Iterable[str]:
    if approval.reference:
        yield approval.reference
    amount, note = letters.cost(approval)
    if amount:
        yield f"{amount} {note}"
    yield f"asked by {approval.requester_name} {by_words(approval.created_at, now, zone())}"
    if approval.due_at is not None:
        yield f"until {by_words(approval.due_at, now, zone())}"


def _list(error: MspError | None = None) -> ResponseReturnValue:
    which = next((each for each in queries.WHICH if each == request.args.get("which", "waiting") and each != "all"), None)
    if which is None:
        raise NotFound
    now = clock.now()
    found = queries.approval_page(by=g.actor, which=which, cursor=request.args.get("after"))
    tabs = [{"label": label, "href": url_for("approvals.page", which=name), "current": name == which} for name, label in TABS]

    def url(cursor: str | None) -> str:
        return url_for("approvals.page", which=which, after=cursor) if cursor else ""

    said, moved = SAID.get(request.args.get("said", ""), ""), request.args.get("moved", "")
    if said == SAID["covered"] and moved.isascii() and moved.isdigit():
        said += f" What waited for you went over: {count_words(int(moved[:6]), 'approval')}."
    html = render_template(
        "portal/approvals.html", rows=rows(found.rows, now), tabs=tabs, which=which, next_url=url(found.next),
        previous_url=url(found.previous), cover=queries.cover_of(g.host.id, g.actor.id, now=now), now=now, tz=zone(),
        said=said, refusal=error, errors=forms.by_field(error) if error else {}, typed=request.form,
    )  # fmt: skip
    return make_response(html, error.status if error else 200)


def _one(approval_id: UUID, error: MspError | None = None) -> ResponseReturnValue:
    approval = queries.visible_approval(approval_id, by=g.actor)
    seats = book.seats_of(approval)
    shown = card(approval, seats)
    context: dict[str, Any] = {
        "it": shown, "link": _link(shown.link), "may_decide": any(seat.is_open and seat.holder_contact_id == g.actor.id for seat in seats),
        "is_mine": approval.requester_contact_id == g.actor.id, "now": clock.now(), "tz": zone(), "typed": request.form,
        "said": SAID.get(request.args.get("said", ""), ""), "refusal": error, "errors": forms.by_field(error) if error else {},
        "me": g.actor.id, "successor": queries.successor(approval) if approval.state == "voided" else None,
    }  # fmt: skip
    return make_response(render_template("portal/approval.html", **context), error.status if error else 200)


def _link(path: str) -> str:
    """The page that has the rest; none where it is a request that this reader may not see."""
    ref = path.removeprefix("/requests/")
    if ref != path:
        try:
            tickets.visible_ticket_by_ref(ref, by=g.actor)
        except NotFound:
            return ""
    return path


def _moment(name: str) -> datetime:
    """The local time typed, in the client's zone."""
    try:
        return datetime.fromisoformat(forms.text(name)).replace(tzinfo=zone())
    except ValueError:
        raise Invalid.field(name, "Say the day and the time.", "required") from None
