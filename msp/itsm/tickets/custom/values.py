"""Values of custom fields: read from a form or from JSON, checked by the field's kind, and put into words.

Pure. Stored are JSON values: text, number, `YYYY-MM-DD`, one of the choices, true or false; what is empty is left out.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from msp.core.errors import FieldError
from msp.core.web.formats import date_words

LONGEST_TEXT = 2000
_LARGEST = Decimal(10) ** 15


class Field(Protocol):
    """What a value is checked against."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def choices(self) -> list[str]: ...
    @property
    def name(self) -> str: ...


def read_form(form: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """What a form says of these fields, as text; a box that is not ticked says no."""
    return {field.key: field.name in form if field.kind == "flag" else form.get(field.name, "") for field in fields}


def checked(field: Field, value: Any) -> tuple[Any, FieldError | None]:
    """The value as it is stored (None where it is empty), or what is wrong with it."""
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return None, None
    made = _KINDS[field.kind](field, value)
    if made is None:
        return None, FieldError(f"/custom/{field.key}", "wrong_type", f"{field.label}: {_EXPECTED[field.kind]}")
    return made, None


def words(field: Field, value: Any) -> str:
    """The value as a page shows it; empty where there is none."""
    if value is None:
        return ""
    if field.kind == "flag":
        return "Yes" if value else "No"
    if field.kind == "date":
        try:
            return date_words(date.fromisoformat(str(value)), year=True)
        except ValueError:
            return str(value)
    return str(value)


def _text(_: Field, value: Any) -> Any:
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT and "\0" not in value else None


def _number(_: Field, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value).replace(",", "."))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > _LARGEST:
        return None
    return int(number) if number == number.to_integral_value() else float(number)


def _date(_: Field, value: Any) -> Any:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None


def _choice(field: Field, value: Any) -> Any:
    return value if value in field.choices else None


def _flag(_: Field, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    return {"1": True, "true": True, "on": True, "0": False, "false": False}.get(str(value).lower())


_KINDS: dict[str, Callable[[Field, Any], Any]] = {
    "text": _text, "number": _number, "date": _date, "choice": _choice, "flag": _flag,
}  # fmt: skip
_EXPECTED = {
    "text": f"text of at most {LONGEST_TEXT} characters.",
    "number": "a number, such as 12 or 12.5.",
    "date": "a day, such as 2027-03-31.",
    "choice": "choose one of those offered.",
    "flag": "yes or no.",
}
