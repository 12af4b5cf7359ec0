"""The catalogue as the portal shows it: a tile's price and promise, the order beside a form."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from flask import g, url_for

from msp.core import clock
from msp.itsm.catalog import queries, questions
from msp.itsm.catalog.choices import OfClient
from msp.itsm.catalog.expectation import Promised
from msp.itsm.catalog.models import BasketLine, Order
from msp.itsm.catalog.prices import amount_words, price_words
from msp.itsm.catalog.queries import Entry


@dataclass(frozen=True)
class Tile:
    """One item among others; `meta` says price and promise."""

    id: UUID
    href: str
    icon: str
    name: str
    summary: str
    meta: str
    is_kept: bool


def tiles(entries: Iterable[Entry], kept: set[UUID]) -> list[Tile]:
    """Tiles with what each costs and when it is done."""
    promised = Promised(g.host.id, clock.now())
    return [
        Tile(
            entry.item.id, url_for("ordering.item", item_id=entry.item.id), entry.item.icon, entry.item.name, entry.item.summary,
            ", ".join(filter(None, (price_of(entry), expected(entry, promised)))), entry.item.id in kept,
        )
        for entry in entries
    ]  # fmt: skip


def price_of(entry: Entry) -> str:
    """`£980`, `from £980`; nothing where the price is hidden or not known."""
    version = entry.version
    if entry.content["is_quoted"]:
        return "we quote it"
    if not entry.content["is_price_shown"]:
        return ""
    said = price_words(version.price_once, version.price_monthly, version.currency)
    return f"from {said}" if said and said != "no charge" and questions.has_prices(entry.content["form"]) else said


def expected(entry: Entry, promised: Promised | None = None) -> str:
    """`within 4 h`, where the service levels promise something."""
    found = (promised or Promised(g.host.id, clock.now())).of(entry.content)
    return found.words if found else ""


def basket_totals(lines: Iterable[queries.Line]) -> list[tuple[str, str]]:
    """What the basket comes to, a currency at a time; hidden prices and quotes to come are left out."""
    sums: dict[str, list[Decimal | None]] = {}
    for line, entry in lines:
        if entry is not None and entry.content["is_price_shown"] and not entry.content["is_quoted"]:
            cost = questions.cost(entry.content, line.answers)
            held = sums.setdefault(entry.version.currency, [None, None])
            for place, amount in enumerate((cost.once, cost.monthly)):
                held[place] = held[place] if amount is None else (held[place] or Decimal(0)) + amount
    return [pair for currency, (once, monthly) in sums.items() for pair in _totals(once, monthly, currency)]


def line_words(line: BasketLine, entry: Entry, choices: OfClient) -> list[dict[str, str]]:
    """How the answers of a basket's line read."""
    answers = questions.still_asked(entry.content["form"], line.answers)
    return questions.lines(entry.content["form"], answers, choices)


def order_price(order: Order) -> str:
    """What an order cost when it was placed, where that was shown."""
    return price_words(order.price_once, order.price_monthly, order.currency) if order.is_price_shown else ""


def _totals(once: Decimal | None, monthly: Decimal | None, currency: str) -> list[tuple[str, str]]:
    found = [("Once", amount_words(once, currency))] if once is not None and (once or not monthly) else []
    return found + ([("Per month", amount_words(monthly, currency))] if monthly else [])
