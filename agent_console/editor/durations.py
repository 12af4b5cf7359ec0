"""Durations and points of time as people type them: `4 h`, `1 h 30`, `30 min before`."""

import re
from typing import Any

from msp.itsm.sla import describe

_DURATION = re.compile(
    r"(?:(?P<hours>\d+(?:[.,]\d+)?)\s*h(?:ours?|rs?)?)?\s*(?:(?P<minutes>\d+(?:[.,]\d+)?)\s*(?:m|min|mins|minutes?)?)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)")
_DAYS = re.compile(r"\d+\s*(d|days?|w|weeks?)\b", re.IGNORECASE)
_NONE = frozenset({"", "-", "–", "—", "none"})
HOW = "Write working time as 4 h, 1 h 30 or 30 min."


class Unreadable(ValueError):
    """The message says how to write it."""


def minutes(text: str) -> float | None:
    """Minutes of working time; None for a dash or nothing. A bare number counts minutes."""
    text = text.strip()
    if text.lower() in _NONE:
        return None
    if _DAYS.search(text):
        raise Unreadable("Days differ by calendar: write hours of working time, such as 16 h.")
    if found := _CLOCK.fullmatch(text):
        return _whole(int(found[1]) * 60 + int(found[2]))
    found = _DURATION.fullmatch(text)
    if found is None or not (found["hours"] or found["minutes"]):
        raise Unreadable(HOW)
    return _whole(_number(found["hours"]) * 60 + _number(found["minutes"]))


def point(text: str) -> dict[str, Any]:
    """When a step is: `75 %`, `30 min before`, `2 h after`, `breach`."""
    text = " ".join(text.lower().split())
    if text in ("breach", "the breach", "at the breach", "at breach"):
        return {}
    if found := re.fullmatch(r"(\d+(?:[.,]\d+)?)\s?%?", text):
        return {"percent": _whole(_number(found[1]))}
    found = re.fullmatch(r"(.+?) (before|after)( due)?", text)
    if found is None:
        raise Unreadable("Write 75 %, 30 min before, 2 h after, or breach.")
    offset = minutes(found[1])
    if not offset:
        raise Unreadable(HOW)
    return {"offset_minutes": -offset if found[2] == "before" else offset}


def words(target: float | None) -> str:
    """A target as it is shown in its field."""
    return describe.minutes_words(target)


def _number(text: str | None) -> float:
    return float(text.replace(",", ".")) if text else 0.0


def _whole(number: float) -> float:
    return int(number) if number == int(number) else round(number, 2)
