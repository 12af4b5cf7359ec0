"""What happens with an order: before it is placed, who will be asked and what is done; after, where that stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import g

from msp.core import clock
from msp.core.actor import Actor
from msp.core.errors import NotFound
from msp.itsm.approvals import book
from msp.itsm.approvals import queries as approvals
from msp.itsm.approvals.card import Card, card
from msp.itsm.approvals.foresight import Foreseen, foresee
from msp.itsm.catalog import chains, plans, questions, underway
from msp.itsm.catalog.expectation import Expectation, Promised
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.prices import price_words
from msp.itsm.catalog.queries import Entry
from msp.itsm.catalog.services.fulfilling import WAITS
from tenants import queries as tenants


@dataclass(frozen=True)
class Step:
    """One step of what happens next; `parts` are what it consists of."""

    text: str
    small: str = ""
    parts: tuple[str, ...] = ()
    stand: str = ""


def next_steps(entry: Entry, answers: Mapping[str, Any]) -> list[Step]:
    """You order, these approve it, we prepare and deliver; as the answers stand, of which only right ones are given."""
    content, found = entry.content, Promised(g.host.id, clock.now()).of(entry.content)
    quoted = [Step("We say what it costs"), *([] if content["chain"] else [Step("You approve the quote")])] if content["is_quoted"] else []
    asked = list(_approvals(entry, answers)) if content["chain"] else []
    return [Step("You order", "today"), *quoted, *asked, _delivery(content, found, is_asked=bool(asked or quoted))]


class OrderWay:
    """An order after it was placed, as one of the client's people sees it on its request."""

    def __init__(self, order: Order, *, by: Actor) -> None:
        self.order, self.by = order, by

    @cached_property
    def content(self) -> dict[str, Any]:
        return underway.content_of(self.order)

    @cached_property
    def card(self) -> Card | None:
        """Its approval: for whoever may see that, and for whoever gets what was ordered."""
        approval = underway.approval_of(self.order)
        return card(approval, book.seats_of(approval)) if approval is not None else None

    @cached_property
    def approval_is_visible(self) -> bool:
        """Whether the approval has a page for this reader."""
        try:
            return self.card is not None and bool(approvals.visible_approval(self.card.approval.id, by=self.by))
        except NotFound:
            return False

    @property
    def is_asked(self) -> bool:
        """Whether this reader may decide on it now."""
        return self.card is not None and approvals.open_seat(self.card.approval, by=self.by) is not None

    @property
    def may_change(self) -> bool:
        return self.order.state in WAITS and self.order.contact_id == self.by.id

    @property
    def quote(self) -> str:
        """What it costs as we quoted it."""
        order = self.order
        return price_words(order.price_once, order.price_monthly, order.currency) if order.quoted_at and order.is_price_shown else ""

    @property
    def reason(self) -> str:
        """Why it was declined: names and words."""
        if self.card is None or self.order.state != "declined":
            return ""
        said = [one for step in self.card.steps for one in step.people if one.decision == "rejected"]
        return "; ".join(f"{one.name}: “{one.reason}”" for one in said if one.reason)

    @cached_property
    def rounds(self) -> list[str]:
        """What we do, in its order."""
        return [", ".join(titles) for titles in plans.rounds(self.content["tasks"])] if self.content["tasks"] else []

    @property
    def is_shown(self) -> bool:
        """Whether there is more to say than what was ordered."""
        return self.card is not None or bool(self.rounds) or self.order.state != "placed"


def _approvals(entry: Entry, answers: Mapping[str, Any]) -> Iterator[Step]:
    content, me = entry.content, tenants.visible_contact(g.actor.id, by=g.actor)
    cost = questions.cost(content, answers)
    shown = chains.shown_of(
        entry.item.name, [], answers, note="", cost=(cost.once, cost.monthly), currency=entry.version.currency, tasks=None, ref="",
        is_price_shown=content["is_price_shown"], site_id=me.site_id, cost_centre=me.cost_centre,
    )  # fmt: skip
    for stage in foresee(entry.item.tenant_id, shown, content["chain"], requester_id=me.id, at=clock.now()):
        yield Step(_stage_words(stage), stage.stage.name)


def _stage_words(found: Foreseen) -> str:
    """`Tom Fairley approves`, `Two of Tom, Rosa and Samir approve`."""
    names = chains.listed(found.names) or _sentence(chains.who_words(found.stage))
    if found.needed is not None:
        return f"{found.needed} of {names} approve"
    return f"{names} {'approve' if len(found.names) > 1 else 'approves'}"


def _delivery(content: Mapping[str, Any], found: Expectation | None, *, is_asked: bool) -> Step:
    when = found.words if found else "we tell you when"
    if found is not None and found.waits and is_asked:
        when += ", counted from the approval"
    rounds = plans.rounds(content["tasks"]) if content["tasks"] else []
    return Step("We prepare and deliver", when, tuple(", ".join(titles) for titles in rounds))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
