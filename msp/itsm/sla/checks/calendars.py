"""Calendars: windows that do not overlap, days that exist, and working time that never runs out.

The engine bears with more (it counts overlapping windows once and takes equal ends as an empty window); whoever edits
is told instead.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from msp.itsm.sla import content as stored
from msp.itsm.sla.checks.faults import Faults, name_of
from msp.itsm.sla.content import WEEKDAYS
from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.errors import EngineError
from msp.itsm.sla.engine.wording import WEEKDAYS as DAY_WORDS

_DAY = 1440
_WEEK = 7 * _DAY
_MOST_WINDOWS = 12
_MOST_DAYS = 400
_LEAP_YEAR = 2028

Json = Mapping[str, Any]


class _Span(NamedTuple):
    """A window on the line of the week, in minutes since Monday 00:00; `place` is its pointer, `on` the day's name."""

    first: int
    last: int
    pair: list[str]
    place: str
    on: str = ""


def calendar(content: Json, faults: Faults) -> dict[str, Any]:
    """The content as it is stored."""
    holidays = list(_days(content.get("holidays"), "/holidays", faults))
    yearly = list(_days(content.get("yearly"), "/yearly", faults, yearly=True))
    closed = {item["on"] for item in (*holidays, *yearly)}
    made = {
        "tz": _zone(content.get("tz"), faults),
        "hours": _week(content.get("hours"), faults),
        "holidays": sorted(holidays, key=lambda item: item["on"]),
        "yearly": sorted(yearly, key=lambda item: item["on"]),
        "overrides": _overrides(content.get("overrides"), closed, faults),
    }
    if not faults:
        _must_last(made, faults)
    return made


def _must_last(made: Json, faults: Faults) -> None:
    if not made["hours"]:
        faults.add("/hours", "never_open", "Give at least one day its hours: without any, nothing could ever be due.")
    elif not stored.calendar(made).is_endless:
        faults.add("/yearly", "never_open", "These holidays close every day of every year.")


def _zone(name: Any, faults: Faults) -> str:
    try:
        zone.known_zone(str(name or ""))
    except EngineError as error:
        faults.add("/tz", error.code, str(error))
    return str(name or "")


# --- The week ---------------------------------------------------------------------------------------------------------


def _week(hours: Any, faults: Faults) -> dict[str, list[list[str]]]:
    """The windows of each weekday in order; none overlaps another, nor what runs on from the day before."""
    given = hours if isinstance(hours, Mapping) else {}
    for day in given.keys() - set(WEEKDAYS):
        faults.add(f"/hours/{day}", "unknown_day", "Days are mon, tue, wed, thu, fri, sat and sun.")
    spans = {
        day: list(_spans(given.get(day), f"/hours/{day}", faults, start=number * _DAY, on=DAY_WORDS[number]))
        for number, day in enumerate(WEEKDAYS)
    }
    everything = [span for windows in spans.values() for span in windows]
    # What runs on past Sunday night meets Monday's windows at the other end of the line.
    late = [span._replace(first=span.first - _WEEK, last=span.last - _WEEK) for span in everything if span.last > _WEEK]
    _refuse_overlaps([*late, *everything], faults)
    return {day: [span.pair for span in sorted(windows)] for day, windows in spans.items() if windows}


def _spans(windows: Any, pointer: str, faults: Faults, *, start: int = 0, on: str = "") -> Iterator[_Span]:
    """The readable windows of one day."""
    if windows is None:
        return
    if not isinstance(windows, list | tuple) or len(windows) > _MOST_WINDOWS:
        faults.add(pointer, "wrong_type", f"A day has at most {_MOST_WINDOWS} windows.")
        return
    for index, window in enumerate(windows):
        place = f"{pointer}/{index}"
        ends = [_time(text) for text in window] if isinstance(window, list | tuple) else []
        if len(ends) != 2 or None in ends or ends[0] == "24:00":
            faults.add(place, "bad_time", "Write both times as 09:00; a window may close at 24:00, but not open then.")
        elif ends[0] == ends[1]:
            faults.add(place, "equal_ends", "It opens and closes at the same time. A whole day is 00:00–24:00.")
        else:
            pair = [str(end) for end in ends]
            first, last = stored.windows([pair])[0]
            yield _Span(start + first, start + last, pair, place, on)


def _time(text: Any) -> str | None:
    """`HH:MM` from what was written, None where it is no time of day."""
    if not isinstance(text, str):
        return None
    hour, colon, minute = text.strip().partition(":")
    if not colon or len(hour) not in (1, 2) or len(minute) != 2 or not (hour + minute).isdecimal():
        return None
    if int(minute) > 59 or int(hour) * 60 + int(minute) > _DAY:
        return None
    return f"{int(hour):02d}:{int(minute):02d}"


def _refuse_overlaps(spans: Iterable[_Span], faults: Faults) -> None:
    before: _Span | None = None
    for span in sorted(spans):
        if before and span.first < before.last and span.place != before.place:
            of_day = f" of {before.on}" if before.on != span.on else ""
            faults.add(span.place, "overlap", f"{_words(span)} overlaps {_words(before)}{of_day}.")
        if before is None or span.last > before.last:
            before = span


def _words(span: _Span) -> str:
    return "–".join(span.pair)


# --- Single days ------------------------------------------------------------------------------------------------------


def _days(items: Any, pointer: str, faults: Faults, *, yearly: bool = False) -> Iterator[dict[str, str]]:
    """Holidays, each once."""
    if items is None:
        return
    if not isinstance(items, list | tuple) or len(items) > _MOST_DAYS:
        faults.add(pointer, "wrong_type", f"A list of at most {_MOST_DAYS} days.")
        return
    seen = set()
    for index, item in enumerate(items):
        place = f"{pointer}/{index}"
        on = _day(item.get("on") if isinstance(item, Mapping) else None, place, faults, yearly=yearly)
        if on in seen:
            faults.add(place, "twice", "This day is on the list twice.")
        elif on is not None:
            seen.add(on)
            yield {"on": on, "name": name_of(item, place, faults)}


def _day(text: Any, place: str, faults: Faults, *, yearly: bool = False) -> str | None:
    try:
        on = date.fromisoformat(f"{_LEAP_YEAR}-{text}" if yearly else str(text))
    except ValueError:
        faults.add(place, "bad_date", f"Write the day as {'12-25' if yearly else '2027-12-25'}.")
        return None
    return f"{on:%m-%d}" if yearly else on.isoformat()


def _overrides(overrides: Any, closed: set[str], faults: Faults) -> dict[str, list[list[str]]]:
    """Single dates with hours of their own; none may be a holiday, which would beat it unseen."""
    if overrides is None:
        return {}
    if not isinstance(overrides, Mapping) or len(overrides) > _MOST_DAYS:
        faults.add("/overrides", "wrong_type", f"At most {_MOST_DAYS} dates, each with its windows.")
        return {}
    made = {}
    for text, windows in overrides.items():
        place = f"/overrides/{text}"
        on = _day(text, place, faults)
        if on is None:
            continue
        if closed & {on, on[5:]}:
            faults.add(place, "holiday", "This day is a holiday, which comes first; take it off that list to give it hours.")
        spans = list(_spans(windows, place, faults))
        _refuse_overlaps(spans, faults)
        made[on] = [span.pair for span in sorted(spans)]
    return dict(sorted(made.items()))
