"""Instants and durations as people write them: `-2h`, `today`, `2027-03-31`, `90m`, `1d12h`."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_relative = re.compile(r"([+-])((?:[0-9]{1,6}[mhdw])+)")
_duration = re.compile(r"(?:[0-9]{1,6}[mhdw])+")
_part = re.compile(r"([0-9]+)([mhdw])")
_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_instant = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9]{2}:[0-9]{2}(:[0-9]{2})?(z|[+-][0-9]{2}:[0-9]{2})?")


@dataclass(frozen=True)
class Moment:
    """A whole local day `[start, end)`, or a single instant when the two are equal; both in UTC."""

    start: datetime
    end: datetime

    @property
    def is_instant(self) -> bool:
        return self.start == self.end


def read_moment(text: str, *, now: datetime, tz: tzinfo) -> Moment | None:
    """None for what is no moment; OverflowError or ValueError for one that no calendar has.

    Days and weeks are counted on the local calendar: `-1d` is this time of day yesterday, even when the
    clocks changed in between.
    """
    word = text.lower()
    if word == "now":
        return Moment(now, now)
    if word in _DAYS:
        return _whole_day(now.astimezone(tz).date() + timedelta(days=_DAYS[word]), tz)
    if match := _relative.fullmatch(word):
        return _relative_to(now, tz, sign=-1 if match[1] == "-" else 1, parts=match[2])
    if _day.fullmatch(word):
        return _whole_day(date.fromisoformat(word), tz)
    if _instant.fullmatch(word):
        instant = datetime.fromisoformat(word.upper())
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=tz)).astimezone(UTC)
        return Moment(instant, instant)
    return None


def read_duration(text: str) -> timedelta | None:
    """A length of time in minutes, hours, days of 24 hours and weeks; None for anything else."""
    if not _duration.fullmatch(text.lower()):
        return None
    return sum((int(count) * _UNITS[unit] for count, unit in _part.findall(text.lower())), timedelta())


def _whole_day(day: date, tz: tzinfo) -> Moment:
    start, end = (datetime.combine(each, time(), tz).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    return Moment(start, end)


def _relative_to(now: datetime, tz: tzinfo, *, sign: int, parts: str) -> Moment:
    calendar, elapsed = timedelta(), timedelta()
    for count, unit in _part.findall(parts):
        if unit in "dw":
            calendar += int(count) * _UNITS[unit]
        else:
            elapsed += int(count) * _UNITS[unit]
    # Arithmetic on an aware local time moves its wall clock, arithmetic in UTC moves real time.
    instant = (now.astimezone(tz) + sign * calendar).astimezone(UTC) + sign * elapsed
    return Moment(instant, instant)
