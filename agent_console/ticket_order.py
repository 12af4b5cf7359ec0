"""An order beside its ticket: as it was placed, its approval, its quote."""

from functools import cached_property
from typing import Any

from msp.core.actor import Actor
from msp.itsm.approvals import book
from msp.itsm.approvals.card import Card, card
from msp.itsm.catalog import underway
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.prices import price_words
from msp.itsm.catalog.services.fulfilling import WAITS
from tenants.permissions import Permission

STANDS = {
    "placed": "", "quoting": "Waits for our quote", "asking": "Is being approved", "declined": "Was declined; the client may correct it",
    "cancelled": "Is cancelled",
}  # fmt: skip


class OrderPanel:
    """What the ticket's page says of the order, each part read when it is asked for."""

    def __init__(self, placed: Order, *, by: Actor) -> None:
        self.placed, self.by = placed, by

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The item, the answers, the price."""
        placed = self.placed
        answers = [(str(line["label"]), str(line["value"])) for line in placed.lines]
        cost = price_words(placed.price_once, placed.price_monthly, placed.currency)
        return [("Item", placed.item_name), ("For", placed.for_name), *answers, ("Price", cost), ("Quote", placed.quote)]

    @property
    def stands(self) -> str:
        return STANDS[self.placed.state]

    @cached_property
    def content(self) -> dict[str, Any]:
        return underway.content_of(self.placed)

    @cached_property
    def card(self) -> Card | None:
        approval = underway.approval_of(self.placed)
        return card(approval, book.seats_of(approval)) if approval is not None else None

    @property
    def may_quote(self) -> bool:
        return self.content["is_quoted"] and self.placed.state in WAITS and self.by.may(Permission.TICKET_TRIAGE)

    @property
    def may_correct(self) -> bool:
        """Whether it can be answered anew in the client's place."""
        return self.placed.state in WAITS and self.by.may(Permission.TICKET_OPEN)

    @property
    def quoted(self) -> dict[str, str]:
        """The quote as the form's fields."""
        amounts = {"once": self.placed.price_once, "monthly": self.placed.price_monthly}
        return {**{name: "" if amount is None else str(amount) for name, amount in amounts.items()}, "words": self.placed.quote}
