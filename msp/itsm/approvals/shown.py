"""What approvers are shown: the same everywhere, and the same hash for the same content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from msp.core.errors import FieldError, Invalid
from msp.itsm.approvals.engine.chain import Value
from msp.itsm.approvals.engine.reading import as_amount, as_value

TITLE_LENGTH, TEXT_LENGTH, MOST_LINES = 200, 2000, 20


@dataclass(frozen=True)
class Shown:
    """Title, lines of (label, text) in their order, cost, and the page in the portal that has the rest.

    `values` are what conditions of stages may ask about, besides `once` and `monthly`. `site_id` and `cost_centre` say whose
    site manager and cost-centre owner is meant.
    """

    title: str
    lines: tuple[tuple[str, str], ...] = ()
    once: Decimal | None = None
    monthly: Decimal | None = None
    currency: str | None = None
    reference: str = ""
    link: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    site_id: UUID | None = None
    cost_centre: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is stored; `hash_of` it tells one content from another."""
        return {
            "title": self.title.strip(), "lines": [list(line) for line in self.lines], "once": _text(self.once),
            "monthly": _text(self.monthly), "currency": self.currency, "reference": self.reference, "link": self.link,
            "values": {name: _plain(value) for name, value in sorted(self.values.items())},
            "site_id": str(self.site_id) if self.site_id else None, "cost_centre": self.cost_centre,
        }  # fmt: skip

    def check(self) -> None:
        """Raise Invalid with everything that cannot be shown."""
        wrong = []
        if not 1 <= len(self.title.strip()) <= TITLE_LENGTH:
            wrong.append(FieldError("/title", "length", f"Between 1 and {TITLE_LENGTH} characters."))
        if len(self.lines) > MOST_LINES or any(len(text) > TEXT_LENGTH for line in self.lines for text in line):
            wrong.append(FieldError("/lines", "length", f"At most {MOST_LINES} lines of {TEXT_LENGTH} characters."))
        if (self.once is not None or self.monthly is not None) and not self.currency:
            wrong.append(FieldError("/currency", "required", "An amount needs its currency."))
        if any(amount is not None and not 0 <= amount < 10**12 for amount in (self.once, self.monthly)):
            wrong.append(FieldError("/once", "range", "An amount is not below zero."))
        if self.link and (not self.link.startswith("/") or self.link.startswith(("//", "/\\"))):
            wrong.append(FieldError("/link", "path", "A path on the portal."))
        if wrong:
            raise Invalid(errors=wrong)


def hash_of(shown: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON."""
    canonical = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def facts(shown: Mapping[str, Any]) -> dict[str, Value]:
    """What conditions of stages compare."""
    found: dict[str, Value] = {}
    for name, given in (shown.get("values") or {}).items():
        value = as_value(given)
        if value is not None:
            found[name] = value
    for name in ("once", "monthly"):
        amount = as_amount(shown[name]) if shown.get(name) else None
        if amount is not None:
            found[name] = amount
    return found


def money(amount: str | None, currency: str | None) -> str:
    """`£1,140.00`, `CHF 46.00`; empty where there is none."""
    if amount is None or (value := as_amount(amount)) is None:
        return ""
    sign = {"GBP": "£", "EUR": "€", "USD": "$"}.get(currency or "", f"{currency} " if currency else "")
    return f"{sign}{value:,.2f}"


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return list(value) if isinstance(value, tuple) else value
