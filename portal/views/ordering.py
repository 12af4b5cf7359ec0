"""Ordering: one item with its form, the basket, one's former orders and doing one of them again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Conflict, FieldError, Forbidden, Invalid, MspError, StaleVersion
from msp.core.web.uploads import takes_files
from msp.itsm.catalog import chains, queries, questions
from msp.itsm.catalog.choices import OfClient
from msp.itsm.catalog.notice import earliest_for
from msp.itsm.catalog.queries import Entry
from msp.itsm.catalog.services import keeping, orders
from msp.itsm.catalog.sums import sum_of
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.words import status_words
from portal import catalogue, forms, fulfilment
from portal.blueprint import portal_blueprint
from portal.shell import zone
from tenants import directory
from tenants import queries as tenants
from tenants.permissions import Permission

blueprint = portal_blueprint("ordering")
_REFUSED = (Invalid, Conflict, Forbidden, StaleVersion)


@dataclass(frozen=True)
class Draft:
    """What stands in the form: answers by field, the note, whom it is for; `line_id` where it lies in the basket.

    `wrong` says which files were not taken; the others are kept until the order goes.
    """

    typed: Mapping[str, Any]
    note: str = ""
    e_mail: str = ""
    line_id: UUID | None = None
    line_version: int = 0
    wrong: Sequence[FieldError] = ()

    def require_files(self) -> None:
        """Refuse where a file that came along was not taken."""
        if self.wrong:
            raise Invalid(errors=self.wrong)


@blueprint.get("/catalogue/items/<uuid:item_id>")
def item(item_id: UUID) -> ResponseReturnValue:
    """The form, empty or as in a former order."""
    entry = queries.visible_item(item_id, by=g.actor)
    again = forms.as_id(request.args.get("again", ""))
    return _item(entry, _again(again, entry) if again else Draft({}), is_again=again is not None)


@blueprint.post("/catalogue/items/<uuid:item_id>")
@takes_files()
def order(item_id: UUID) -> ResponseReturnValue:
    """Order it, put it into the basket, or show it again with what the choices cost."""
    entry = queries.visible_item(item_id, by=g.actor)
    draft, act = _sent(entry), request.form.get("act", "order")
    if act == "look":
        return _item(entry, draft, Invalid(errors=draft.wrong) if draft.wrong else None)
    try:
        with savepoint():
            draft.require_files()
            asked: dict[str, Any] = {
                "number": forms.number("number"), "answers": draft.typed, "note": draft.note, "by": g.actor,
                "for_contact_id": _colleague(draft.e_mail),
            }  # fmt: skip
            if act == "basket":
                keeping.put_in(item_id, **asked)
                return redirect(url_for("ordering.basket", said="added"), 303)
            placed = orders.order(item_id, **asked)
            ref = tickets.visible_ticket(placed.ticket_id, by=g.actor).ref
    except _REFUSED as error:
        return _item(queries.visible_item(item_id, by=g.actor), draft, error)
    return redirect(url_for("ticket.page", ref=ref, said="received"), 303)


@blueprint.post("/catalogue/items/<uuid:item_id>/next")
def next_steps(item_id: UUID) -> ResponseReturnValue:
    """What happens next as the answers stand, for beside the form while it is filled in; nothing is kept of them."""
    entry = queries.visible_item(item_id, by=g.actor)
    asked, _ = _asked(entry, questions.typed(entry.content["form"], request.form))
    return render_template("portal/next_steps.html", steps=fulfilment.next_steps(entry, asked.answers))


@blueprint.get("/basket")
def basket() -> ResponseReturnValue:
    return _basket()


@blueprint.post("/basket")
def order_basket() -> ResponseReturnValue:
    """Order all of it, as it was shown."""
    seen = {}
    for name, value in request.form.items():
        line_id = forms.as_id(name.removeprefix("line-")) if name.startswith("line-") else None
        if line_id is not None:
            seen[line_id] = int(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0
    try:
        with savepoint():
            placed = orders.order_basket(seen, by=g.actor)
    except _REFUSED as error:
        return _basket(error)
    return redirect(url_for("ordering.former", said=len(placed)), 303)


@blueprint.get("/basket/<uuid:line_id>")
def line(line_id: UUID) -> ResponseReturnValue:
    """The form of what lies in the basket, to be answered anew."""
    row = queries.own_line(g.host.id, line_id, by=g.actor)
    entry = queries.visible_item(row.item_id, by=g.actor)
    return _item(entry, Draft(row.answers, row.note, _address(row.for_contact_id), row.id, row.version))


@blueprint.post("/basket/<uuid:line_id>")
@takes_files()
def change_line(line_id: UUID) -> ResponseReturnValue:
    """Save it, or take it out."""
    if request.form.get("act") == "take_out":
        keeping.take_out(line_id, by=g.actor)
        return redirect(url_for("ordering.basket", said="removed"), 303)
    row = queries.own_line(g.host.id, line_id, by=g.actor)
    entry = queries.visible_item(row.item_id, by=g.actor)
    draft = _sent(entry, line_id)
    if request.form.get("act") == "look":
        return _item(entry, draft, Invalid(errors=draft.wrong) if draft.wrong else None)
    try:
        with savepoint():
            draft.require_files()
            keeping.change_line(
                line_id, number=forms.number("number"), version=draft.line_version, answers=draft.typed, note=draft.note,
                for_contact_id=_colleague(draft.e_mail), by=g.actor,
            )  # fmt: skip
    except _REFUSED as error:
        return _item(queries.visible_item(row.item_id, by=g.actor), draft, error)
    return redirect(url_for("ordering.basket", said="changed"), 303)


@blueprint.get("/orders")
def former() -> ResponseReturnValue:
    found = queries.order_page(g.host.id, by=g.actor, cursor=request.args.get("after"))
    offered = queries.entries(g.host.id, [each.order.item_id for each in found.rows], by=g.actor)
    rows = [
        {
            "order": each.order, "ref": each.ref, "price": catalogue.order_price(each.order), "can_repeat": each.order.item_id in offered,
            "is_mine": each.order.contact_id == g.actor.id, "status": status_words(each.status, portal=True, kind="request"),
        }
        for each in found.rows
    ]  # fmt: skip
    return render_template(
        "portal/orders.html", rows=rows, tz=zone(), said=forms.as_count(request.args.get("said", "")),
        next_url=url_for("ordering.former", after=found.next) if found.next else "",
        previous_url=url_for("ordering.former", after=found.previous) if found.previous else "",
    )  # fmt: skip


# --- What a form says -------------------------------------------------------------------------------------------------


def _sent(entry: Entry, line_id: UUID | None = None) -> Draft:
    typed, wrong = forms.answers(entry.content["form"])
    return Draft(typed, forms.text("note"), forms.text("for"), line_id, forms.number("version"), wrong)


def _colleague(e_mail: str) -> UUID | None:
    """Whom it is for, by address; None for oneself."""
    if not e_mail:
        return None
    found = directory.colleague_at(g.host.id, e_mail)
    if found is None:
        raise Invalid.field("for", f"Nobody at {g.host.display_name} has this address.", "unknown")
    return found.id


def _again(order_id: UUID, entry: Entry) -> Draft:
    """The answers of a former order; those that the form no longer asks for are left out by it."""
    former = queries.visible_order(order_id, by=g.actor).order
    if former.item_id != entry.item.id or former.contact_id != g.actor.id:
        return Draft({})
    return Draft(questions.repeated(entry.content["form"], former.answers), former.note, _address(former.for_contact_id))


def _address(contact_id: UUID | None) -> str:
    if contact_id in (None, g.actor.id) or not g.actor.may(Permission.ORDER_FOR):
        return ""
    return tenants.visible_contact(contact_id, by=g.actor).e_mail or ""


# --- What is shown ----------------------------------------------------------------------------------------------------


def _item(entry: Entry, draft: Draft, error: MspError | None = None, *, is_again: bool = False) -> ResponseReturnValue:
    errors = forms.by_question(error)
    if "for_contact_id" in errors:
        errors["for"] = errors.pop("for_contact_id")
    asked, follows = _asked(entry, draft.typed)
    html = render_template(
        "portal/item.html", asked=asked, follows=follows, may_update=follows or questions.has_conditions(entry.content["form"]),
        entry=entry, draft=draft, errors=errors, refusal=error, is_again=is_again,
        action=url_for("ordering.change_line", line_id=draft.line_id) if draft.line_id else request.path,
        sum=sum_of(entry, asked.answers), steps=fulfilment.next_steps(entry, asked.answers), expected=catalogue.expected(entry),
        is_kept=entry.item.id in queries.favourite_ids(g.host.id, by=g.actor), may_order_for=g.actor.may(Permission.ORDER_FOR),
    )  # fmt: skip
    return make_response(html, error.status if error else 200)


def _asked(entry: Entry, typed: Mapping[str, Any]) -> tuple[questions.Asked, bool]:
    """The form as the answers stand, and whether they decide who is asked to approve."""
    named = OfClient(g.host.id, by=g.actor, file_ids=questions.file_ids(entry.content["form"], typed))
    asked = questions.asked(entry.content, typed, named, earliest_for(g.host.id, clock.now(), by=g.actor))
    return asked, bool(asked.form.parts) and chains.has_conditions(entry.content["chain"])


def _basket(error: MspError | None = None) -> ResponseReturnValue:
    lines = queries.basket(g.host.id, by=g.actor)
    files = [id for each in lines if each.entry for id in questions.file_ids(each.entry.content["form"], each.line.answers)]
    named = OfClient(g.host.id, by=g.actor, file_ids=files)
    wrong = {each.pointer.removeprefix("/lines/"): each.message for each in error.errors} if error else {}
    rows = [
        {
            "line": each.line, "entry": each.entry, "is_stale": each.is_stale, "wrong": wrong.get(str(each.line.id), ""),
            "price": catalogue.price_of(each.entry) if each.entry else "",
            "answers": catalogue.line_words(each.line, each.entry, named) if each.entry else [],
        }
        for each in lines
    ]  # fmt: skip
    said = {"added": "It lies in your basket.", "removed": "It is taken out.", "changed": "Saved."}.get(request.args.get("said", ""), "")
    html = render_template(
        "portal/basket.html", rows=rows, totals=catalogue.basket_totals(lines), said="" if error else said, refusal=error, errors=wrong
    )
    return make_response(html, error.status if error else 200)
