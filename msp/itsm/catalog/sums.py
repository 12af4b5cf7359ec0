"""What an order costs, as it stands beside its form: the item's own prices, what the picked options add, what it comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msp.itsm.catalog import questions
from msp.itsm.catalog.prices import amount_words, sign_of
from msp.itsm.catalog.queries import Entry

Lines = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Sum:
    """Lines of what and how much. `base` is what the item itself costs once, to which `request-form.js` adds what is picked.

    `once` is empty where nothing is to be paid once; `may_be_free` keeps that line away while it would say nought.
    """

    own: Lines
    picked: Lines
    once: str
    monthly: str
    base: Decimal
    sign: str
    may_be_free: bool


def sum_of(entry: Entry, answers: Mapping[str, Any], *, for_agent: bool = False) -> Sum | None:
    """What this order costs with these answers; None where it is quoted first, costs nothing, or the client's people see no prices."""
    content, currency = entry.content, entry.version.currency
    if content["is_quoted"]:
        return None
    cost, has_options = questions.cost(content, answers), questions.has_prices(content["form"])
    if not (content["is_price_shown"] or for_agent) or (cost.once is None and not cost.monthly and not has_options):
        return None
    once = entry.version.price_once
    own = [] if once is None else [(content["name"], amount_words(once, currency))]
    if cost.monthly is not None:
        own.append((f"{content['name']}, per month", amount_words(cost.monthly, currency)))
    may_be_free = bool(cost.monthly) or (once is None and not has_options)
    return Sum(
        own, [(label, amount_words(amount, currency)) for label, amount in cost.picked],
        "" if may_be_free and not cost.once else amount_words(cost.once or Decimal(0), currency),
        amount_words(cost.monthly, currency) if cost.monthly else "", once or Decimal(0), sign_of(currency), may_be_free,
    )  # fmt: skip
