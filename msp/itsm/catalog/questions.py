"""The questions of an item: the one place where the catalogue meets its forms.

A form is kept as JSON. An item without questions has an empty one; a note can be added to every order beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msp.core.errors import Invalid

Json = Mapping[str, Any]
BLANK: dict[str, Any] = {}


def checked_form(data: Any) -> dict[str, Any]:
    """The form in its normal form; raises Invalid with pointers into it."""
    if data != {}:
        raise Invalid.field("", "Items have no questions yet.", "unknown")
    return {}


def checked_answers(form: Json, typed: Json) -> dict[str, Any]:
    """The answers to what is asked; raises Invalid with `/answers/…` for each that is missing or of the wrong kind."""
    if typed:
        raise Invalid.field("answers", "Nothing is asked here.", "unknown")
    return {}


def lines(form: Json, answers: Json) -> list[dict[str, str]]:
    """How the answers read: section, label and value of each that was given."""
    return []


def said(form: Json) -> str:
    """A form in a few words, for a comparison."""
    return "no questions" if not form else "questions"


@dataclass(frozen=True)
class Cost:
    """What an order costs, once and per month, and the lines that make it up: label, amount, whether it is monthly."""

    once: Decimal | None
    monthly: Decimal | None
    lines: tuple[tuple[str, Decimal, bool], ...]


def cost(content: Json, answers: Json) -> Cost:
    """The item's own price, and what the answers add to it."""
    once, monthly = (None if content[name] is None else Decimal(content[name]) for name in ("price_once", "price_monthly"))
    found = [(str(content["name"]), once, False)] if once is not None else []
    found += [(f"{content['name']}, per month", monthly, True)] if monthly is not None else []
    return Cost(once, monthly, tuple(found))


def has_prices(form: Json) -> bool:
    """Whether an answer can add to the price."""
    return False


def typed(form: Json, sent: Any) -> dict[str, Any]:
    """What a form sent, by the names of its fields."""
    return {}
