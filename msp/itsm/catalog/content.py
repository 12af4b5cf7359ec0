"""What an item or a template says, as one JSON object, checked here and nowhere else.

`{"name", "summary", "description", "icon", "category", "synonyms": [], "price_once": "980.00" | null, "price_monthly",
"currency", "is_price_shown", "is_quoted", "service", "ticket_category", "impact", "urgency", "form": {…}, "chain": {…} | null,
"tasks": […] | null}`. Prices are decimal texts in the major unit. `service`, `impact` and `urgency` are what the ticket is opened
with, and so which promise it has; `ticket_category` is the path of the category that it is filed under. Where `is_quoted`, we say
the price of each order.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any

from msp.core.errors import FieldError, Invalid
from msp.core.web.icons import NAMES
from msp.itsm.catalog import chains, plans, questions

Json = Mapping[str, Any]
LONGEST = {"name": 80, "summary": 160, "description": 4000, "category": 60, "service": 80, "ticket_category": 200}
MOST_SYNONYMS, LONGEST_SYNONYM = 30, 40
DEAREST = Decimal("9999999.99")
ICONS = (
    "box", "user-plus", "user-minus", "user", "users", "key", "lock", "fingerprint", "device-laptop", "device-desktop", "phone",
    "keyboard", "printer", "mail", "file", "server", "link", "building", "calendar", "book", "settings", "tag", "star",
)  # fmt: skip
BLANK: dict[str, Any] = {
    "name": "", "summary": "", "description": "", "icon": "box", "category": "", "synonyms": [], "price_once": None,
    "price_monthly": None, "currency": "GBP", "is_price_shown": True, "is_quoted": False, "service": "", "ticket_category": "",
    "impact": 3, "urgency": 2, "form": questions.BLANK, "chain": None, "tasks": None,
}  # fmt: skip


def checked(given: Json) -> dict[str, Any]:
    """The content in its normal form; what is left out is as in `BLANK`. Raises Invalid with a pointer for each fault."""
    unknown = [FieldError(f"/{name}", "unknown", "Unknown field.") for name in given if name not in BLANK]
    made, wrong = {**BLANK, **given}, list(unknown)
    for name in LONGEST:
        made[name] = _text(made[name], many_lines=name == "description")
    made["synonyms"] = _synonyms(made["synonyms"])
    made["currency"] = str(made["currency"] or "").strip().upper()
    for name in ("price_once", "price_monthly"):
        made[name] = _price(made[name], name, wrong)
    wrong += _faults(made)
    with _under("/form", wrong):
        made["form"] = questions.checked_form(made["form"])
        with _under("/chain", wrong):
            made["chain"] = chains.checked_chain(made["chain"], made["form"])
        with _under("/tasks", wrong):
            made["tasks"] = plans.checked_tasks(made["tasks"], questions.kinds(made["form"]))
    if wrong:
        raise Invalid(errors=wrong)
    return made


def search_words(content: Json) -> str:
    """Everything that a search looks through, in small letters."""
    parts = [content["name"], content["summary"], *content["synonyms"]]
    return " ".join(" ".join(str(part) for part in parts).lower().split())


def money(value: Any) -> Decimal | None:
    """A price of the content as an amount."""
    return None if value is None else Decimal(str(value))


@contextmanager
def _under(pointer: str, wrong: list[FieldError]) -> Iterator[None]:
    """What is refused inside is kept with the rest."""
    try:
        yield
    except Invalid as refused:
        wrong += [FieldError(f"{pointer}{error.pointer}", error.code, error.message) for error in refused.errors]


def _text(value: Any, *, many_lines: bool) -> str:
    text = str(value or "").replace("\r\n", "\n").replace("\0", "").strip()
    return text if many_lines else " ".join(text.split())


def _synonyms(value: Any) -> list[str]:
    found = [_text(each, many_lines=False).lower() for each in value or () if isinstance(each, str)]
    return list(dict.fromkeys(each for each in found if each))


def _price(value: Any, name: str, wrong: list[FieldError]) -> str | None:
    if value is None or str(value).strip() == "":
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= DEAREST or amount != round(amount, 2):
        wrong.append(FieldError(f"/{name}", "range", "An amount such as 980 or 12.50, without a sign."))
        return None
    return f"{amount:.2f}"


def _faults(made: Json) -> Iterator[FieldError]:
    if not made["name"]:
        yield FieldError("/name", "required", "Say what it is called.")
    for name, most in LONGEST.items():
        if len(made[name]) > most:
            yield FieldError(f"/{name}", "too_long", f"At most {most} characters.")
    if made["icon"] not in ICONS or made["icon"] not in NAMES:
        yield FieldError("/icon", "unknown", "Choose one of the icons.")
    yield from _faults_of_terms(made)


def _faults_of_terms(made: Json) -> Iterator[FieldError]:
    """Of what it is found by, what it costs and how urgent it is."""
    if len(made["synonyms"]) > MOST_SYNONYMS or any(len(each) > LONGEST_SYNONYM for each in made["synonyms"]):
        yield FieldError("/synonyms", "too_long", f"At most {MOST_SYNONYMS} words of {LONGEST_SYNONYM} characters.")
    if len(made["currency"]) != 3 or not made["currency"].isascii() or not made["currency"].isalpha():
        yield FieldError("/currency", "unknown", "Three letters, such as GBP.")
    for name in ("impact", "urgency"):
        if isinstance(made[name], bool) or made[name] not in (1, 2, 3):
            yield FieldError(f"/{name}", "range", "1 is high, 2 medium, 3 low.")
    for name in ("is_price_shown", "is_quoted"):
        if not isinstance(made[name], bool):
            yield FieldError(f"/{name}", "invalid", "True or false.")
    if made["is_quoted"] and (made["price_once"] is not None or made["price_monthly"] is not None):
        yield FieldError("/price_once", "quoted", "Leave the prices empty: each order is quoted.")
