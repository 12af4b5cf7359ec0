"""Ordering: each item becomes a request of its own, with the answers and the price as they were."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, FieldError, Invalid, MspError, NotFound
from msp.core.ids import new_id
from msp.itsm.catalog import queries, questions
from msp.itsm.catalog.asking import Wish, checked_wish
from msp.itsm.catalog.models import BasketLine, Order
from msp.itsm.catalog.prices import price_words
from msp.itsm.catalog.services import fulfilling
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.services import opening, triage
from tenants.permissions import Permission

Json = Mapping[str, Any]


def order(
    item_id: UUID, *, number: int, by: Actor, answers: Json | None = None, note: str = "", for_contact_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> Order:  # fmt: skip
    """Order one item, as its version `number` was shown; an agent orders for `contact_id`. A request opens with it."""
    by.require(Permission.TICKET_OPEN)
    wish = checked_wish(item_id, number, answers or {}, note, for_contact_id, by=by, contact_id=contact_id)
    return _place(wish, new_id(), by=by)


def order_basket(seen: Mapping[UUID, int], *, by: Actor) -> list[Order]:
    """Order what lies in one's basket, all of it or nothing. `seen`: the version of the item that each line showed."""
    by.require(Permission.TICKET_OPEN)
    if not by.is_contact or not by.tenant_ids:
        raise NotFound
    lines = queries.locked_basket(by.tenant_ids[0], by=by)
    if not lines:
        raise Conflict("Your basket is empty.")
    if {line.id for line in lines} != set(seen):
        raise Conflict("Your basket was changed in the meantime; look at it again.")
    wishes, wrong = [], []
    for line in lines:
        try:
            wishes.append(_wish(line, seen[line.id], by=by))
        except MspError as error:
            wrong.append(FieldError(f"/lines/{line.id}", error.code, _why(error)))
    if wrong:
        raise Invalid(errors=wrong)
    group_id = new_id()
    placed = [_place(wish, group_id, by=by) for wish in wishes]
    for line in lines:
        db.session.delete(line)
    db.session.flush()
    return placed


def body_of(wish: Wish, lines: list[dict[str, str]]) -> str:
    """What the request says: the answers by their sections, the note, for whom it is and what it costs."""
    return "\n".join(_body(wish, lines)).strip()


def _wish(line: BasketLine, number: int, *, by: Actor) -> Wish:
    form = queries.visible_item(line.item_id, by=by).content["form"]
    answers = questions.still_asked(form, line.answers)
    return checked_wish(line.item_id, number, answers, line.note, line.for_contact_id, by=by)


def _why(error: MspError) -> str:
    if isinstance(error, NotFound):
        return "This can no longer be ordered; take it out."
    return " ".join(each.message for each in error.errors) or error.message


def _place(wish: Wish, group_id: UUID, *, by: Actor) -> Order:
    item, version, content = wish.entry.item, wish.entry.version, wish.entry.content
    lines = questions.lines(content["form"], wish.answers, wish.choices)
    is_for_other = wish.for_contact.id != wish.contact.id
    subject = f"{item.name} for {wish.for_contact.name}" if is_for_other else item.name
    ticket = opening.open_ticket(
        item.tenant_id, subject[: opening.SUBJECT_LENGTH], by=by, kind="request", body=body_of(wish, lines) or subject,
        requester_id=wish.contact.id, site_id=wish.for_contact.site_id if is_for_other else None, service=content["service"] or None,
        impact=content["impact"], urgency=content["urgency"], category_id=tickets.category_at(item.tenant_id, content["ticket_category"]),
        attachment_ids=questions.file_ids(content["form"], wish.answers), has_own_form=True,
    )  # fmt: skip
    if is_for_other:
        triage.add_follower(ticket.id, contact_id=wish.for_contact.id, by=by)
    once, monthly = _cost(wish)
    placed = Order(
        tenant_id=item.tenant_id, id=new_id(), item_id=item.id, item_version_id=version.id, ticket_id=ticket.id, group_id=group_id,
        contact_id=wish.contact.id, for_contact_id=wish.for_contact.id, for_name=wish.for_contact.name, ordered_by_name=by.name,
        item_name=item.name, answers=wish.answers, lines=lines, note=wish.note, price_once=once, price_monthly=monthly,
        currency=version.currency, is_price_shown=content["is_price_shown"] or content["is_quoted"], created_at=clock.now(),
        state="placed",
    )  # fmt: skip
    db.session.add(placed)
    db.session.flush()
    fulfilling.begin(placed, by=by)
    return placed


def _cost(wish: Wish) -> tuple[Decimal | None, Decimal | None]:
    """What the item and the choices made for it cost, once and per month; nothing is said before a quote."""
    if wish.entry.content["is_quoted"]:
        return None, None
    found = questions.cost(wish.entry.content, wish.answers)
    return found.once, found.monthly


def _body(wish: Wish, lines: list[dict[str, str]]) -> Iterator[str]:
    section = ""
    for line in lines:
        if line["section"] != section:
            section = line["section"]
            yield from ("", section)
        yield f"{line['label']}: {line['value']}"
    if wish.note:
        yield from ("", wish.note)
    if wish.for_contact.id != wish.contact.id:
        yield from ("", f"For: {wish.for_contact.name}")
    cost = price_words(*_cost(wish), wish.entry.version.currency)
    if cost and wish.entry.content["is_price_shown"]:
        yield from ("", f"Price: {cost}")
    if not lines and not wish.note:
        yield from ("", wish.entry.content["summary"])
