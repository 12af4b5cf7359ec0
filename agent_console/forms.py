"""Reading what a form sent: ids, numbers and versions, with words for what cannot be read."""

from uuid import UUID

from werkzeug.datastructures import MultiDict

from msp.core.errors import Invalid

Form = MultiDict[str, str]


def one_id(form: Form, name: str) -> UUID | None:
    """The id in a field; None where it is empty or missing."""
    text = form.get(name, "").strip()
    return _id(name, text) if text else None


def ids(form: Form, name: str) -> list[UUID]:
    """Every id that the form names so."""
    return [_id(name, text) for text in form.getlist(name)]


def number(form: Form, name: str) -> int | None:
    """The whole number in a field; None where it is empty or missing."""
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid.field(name, "This is no number.", "format")
    return int(text)


def text(form: Form, name: str) -> str:
    """What was typed, without blanks around it and with plain line ends."""
    return form.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()


def _id(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid.field(name, "This is no valid choice.", "format") from None
