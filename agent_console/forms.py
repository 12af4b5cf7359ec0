"""Reading what a form sent: ids, numbers and versions, with words for what cannot be read."""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from uuid import UUID

from werkzeug.datastructures import MultiDict

from msp.core.errors import Invalid, MspError
from msp.itsm.tickets.custom.models import CustomField

Form = MultiDict[str, str]


def one_id(form: Form, name: str) -> UUID | None:
    """The id in a field; None where it is empty or missing."""
    text = form.get(name, "").strip()
    return _id(name, text) if text else None


def ids(form: Form, name: str) -> list[UUID]:
    """Every id that the form names so; choices left open are none."""
    return [_id(name, text) for text in form.getlist(name) if text]


def number(form: Form, name: str) -> int | None:
    """The whole number in a field; None where it is empty or missing."""
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid.field(name, "This is no number.", "format")
    return int(text)


def day(form: Form, name: str) -> date:
    """The date in a field."""
    try:
        return date.fromisoformat(form.get(name, "").strip())
    except ValueError:
        raise Invalid.field(name, "Write the day as 2027-03-31.", "format") from None


def moment(form: Form, name: str, tz: tzinfo) -> datetime:
    """The instant in a field of day and time, read on the clocks of a zone."""
    try:
        return datetime.fromisoformat(form.get(name, "").strip()).replace(tzinfo=tz)
    except ValueError:
        raise Invalid.field(name, "Say the day and the time.", "required") from None


def text(form: Form, name: str) -> str:
    """What was typed, without blanks around it and with plain line ends."""
    return form.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()


def by_field(error: MspError | None) -> dict[str, str]:
    """Messages of an error by the name of the field that they belong to."""
    found = {}
    for each in error.errors if error else ():
        found[each.pointer.strip("/").replace("custom/", "custom-").removesuffix("_id")] = each.message
    return found


def custom_inputs(fields: Iterable[CustomField]) -> list[tuple[CustomField, list[tuple[str, str]]]]:
    """A client's own fields with their options, as `console/custom.html` takes them."""
    return [(field, [(choice, choice) for choice in field.choices]) for field in fields]


def _id(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid.field(name, "This is no valid choice.", "format") from None
