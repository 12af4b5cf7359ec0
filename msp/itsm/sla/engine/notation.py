"""Definitions written as JSON, read with a pointer to whatever is wrong.

This is the one reader of calendars: `sla/content.py` brings a stored version into this notation and reads it here.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from msp.itsm.sla.engine.calendar import DAY_MINUTES, Calendar, Holiday, Override, YearlyHoliday
from msp.itsm.sla.engine.errors import EngineError
from msp.itsm.sla.engine.seconds import seconds_of
from msp.itsm.sla.engine.years import Window

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_LARGEST = 10**12  # seconds, minutes or per cent: beyond any calendar, and safe to calculate with
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LEAP_YEAR = 2000


class BadInput(EngineError):
    """Something in a JSON value is wrong; `pointer` (RFC 6901) says where."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer


class Node:
    """A JSON value that knows where it stands."""

    __slots__ = ("_key", "_parent", "value")

    def __init__(self, value: Any, parent: "Node | None" = None, key: str | int = "") -> None:
        self.value = value
        self._parent = parent
        self._key = key

    @property
    def pointer(self) -> str:
        """The JSON pointer of this value."""
        if self._parent is None:
            return ""
        return f"{self._parent.pointer}/{str(self._key).replace('~', '~0').replace('/', '~1')}"

    def error(self, code: str, message: str) -> BadInput:
        """An error that points here."""
        return BadInput(code, message, self.pointer)

    def at(self, key: str) -> "Node":
        """A member that must be there."""
        found = self.get(key)
        if found is None:
            raise Node(None, self, key).error("missing", f"{key!r} is missing.")
        return found

    def get(self, key: str) -> "Node | None":
        """A member that may be missing or null."""
        value = self.members().get(key)
        return None if value is None else Node(value, self, key)

    def members(self) -> dict[str, Any]:
        """The value as an object."""
        if type(self.value) is not dict:
            raise self.error("wrong_type", "An object is expected here.")
        return self.value

    def items(self) -> Iterator["Node"]:
        """The elements of an array."""
        if type(self.value) is not list:
            raise self.error("wrong_type", "An array is expected here.")
        return (Node(value, self, index) for index, value in enumerate(self.value))

    def pair(self) -> tuple["Node", "Node"]:
        """The elements of an array of two."""
        items = list(self.items())
        if len(items) != 2:
            raise self.error("wrong_type", "An array of two elements is expected here.")
        return items[0], items[1]

    def text(self) -> str:
        """The value as text."""
        if type(self.value) is not str:
            raise self.error("wrong_type", "Text is expected here.")
        return self.value

    def number(self, least: float = -_LARGEST) -> int | float:
        """The value as a number; true and false are none."""
        value = self.value
        if type(value) not in (int, float):
            raise self.error("wrong_type", "A number is expected here.")
        if not least <= value <= _LARGEST:  # an infinity and what is no number fail here too
            raise self.error("out_of_range", f"A number from {least:g} to {_LARGEST:g} is expected here.")
        return value

    def instant(self) -> int:
        """An ISO 8601 instant with an offset, in seconds since 1970."""
        text = self.text()
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            message = "An ISO 8601 instant is expected here, such as 2027-03-05T15:30:00+01:00."
            raise self.error("bad_instant", message) from None
        if instant.tzinfo is None:
            raise self.error("no_offset", "The instant needs its offset from UTC, such as +01:00 or Z.")
        try:
            return seconds_of(instant)
        except EngineError as error:
            raise self.error(error.code, str(error)) from None


def calendar(node: Node) -> Calendar:
    """A calendar from `{"tz", "hours", "holidays", "recurring_holidays", "overrides"}`.

    A holiday is a date or `{"date", "name"}`. Raises BadInput.
    """
    hours = node.at("hours")
    try:
        return Calendar(
            tz=node.at("tz").text(),
            hours=tuple(windows(hours.get(weekday)) for weekday in WEEKDAYS),
            holidays=tuple(_holiday(holiday) for holiday in _optional_items(node, "holidays")),
            yearly_holidays=tuple(_yearly(holiday) for holiday in _optional_items(node, "recurring_holidays")),
            overrides=tuple(_overrides(node.get("overrides"))),
        )
    except BadInput:
        raise
    except EngineError as error:  # the zone is the one thing that only the calendar itself can check
        raise node.at("tz").error(error.code, str(error)) from None


def _optional_items(node: Node, key: str) -> Iterator[Node]:
    found = node.get(key)
    return iter(()) if found is None else found.items()


def windows(node: Node | None) -> tuple[Window, ...]:
    """Pairs of `HH:MM` as minutes after midnight; an end not after its start lies on the next date. Raises BadInput."""
    return () if node is None else tuple(_window(window) for window in node.items())


def _window(node: Node) -> Window:
    """Open and close in minutes; a close at midnight or before the open lies on the next date, equal ends are empty."""
    first, last = node.pair()
    opens, closes = _minutes(first), DAY_MINUTES if last.value == "24:00" else _minutes(last)
    return opens, closes + DAY_MINUTES if closes < opens else closes


def _minutes(node: Node) -> int:
    found = _TIME.fullmatch(node.text())
    if found is None:
        raise node.error("bad_time", "A time such as 09:30 is expected here; only a close may be 24:00.")
    return int(found[1]) * 60 + int(found[2])


def _holiday(node: Node) -> Holiday:
    on, name = _named(node)
    return Holiday(_date(on, on.text()), name)


def _yearly(node: Node) -> YearlyHoliday:
    on, name = _named(node)
    found = _date(on, f"{_LEAP_YEAR}-{on.text()}")
    return YearlyHoliday(found.month, found.day, name)


def _named(node: Node) -> tuple[Node, str]:
    if type(node.value) is not dict:
        return node, ""
    name = node.get("name")
    return node.at("date"), name.text() if name else ""


def _overrides(node: Node | None) -> Iterator[Override]:
    if node is None:
        return
    for text, value in node.members().items():
        spans = Node(value, node, text)
        yield Override(_date(spans, text), windows(spans))


def _date(node: Node, text: str) -> date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        message = "A date such as 2027-12-25 is expected here, 12-25 for a recurring holiday."
        raise node.error("bad_date", message) from None
