"""The quote of an order whose item has no price: written by us, approved by whoever ordered, or by the item's chain."""

from decimal import Decimal
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, FieldError, Invalid
from msp.itsm.catalog import underway
from msp.itsm.catalog.content import DEAREST
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.prices import price_words
from msp.itsm.catalog.services import fulfilling
from msp.itsm.tickets.services import timeline
from tenants.permissions import Permission
from tenants.queries import check_version

LONGEST = 2000


def quote_order(order_id: UUID, *, once: Decimal | None, monthly: Decimal | None, words: str, version: int, by: Actor) -> Order:
    """Say what an order costs, once and per month in the item's currency, and what is in it; its approval starts, or is asked anew."""
    by.require(Permission.TICKET_TRIAGE)
    placed = underway.own_order(order_id, by=by)
    check_version(placed, version)
    if not underway.content_of(placed)["is_quoted"] or placed.state not in fulfilling.WAITS:
        raise Conflict("There is nothing to quote here.")
    text = words.replace("\r\n", "\n").replace("\0", "").strip()
    if wrong := _faults(once, monthly, text):
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong)
    placed.price_once, placed.price_monthly, placed.quote = once, monthly, text
    placed.quoted_by_name, placed.quoted_at = by.name, clock.now()
    db.session.flush()
    timeline.note(underway.ticket_of(placed), "order_quoted", {"price": price_words(once, monthly, placed.currency)}, by=by)
    fulfilling.ask(placed, by=by)
    return placed


def _faults(once: Decimal | None, monthly: Decimal | None, text: str) -> list[FieldError]:
    wrong = []
    for name, amount in (("once", once), ("monthly", monthly)):
        if amount is not None and (not amount.is_finite() or not 0 <= amount <= DEAREST or amount != round(amount, 2)):
            wrong.append(FieldError(f"/{name}", "range", "An amount such as 980 or 12.50, without a sign."))
    if once is None and monthly is None:
        wrong.append(FieldError("/once", "required", "Say what it costs, once or per month."))
    if len(text) > LONGEST:
        wrong.append(FieldError("/words", "too_long", f"At most {LONGEST} characters."))
    return wrong
