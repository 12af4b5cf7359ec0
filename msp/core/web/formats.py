"""Words for durations, instants, sizes and shares, the same in console, portal and mail.

Everything here is pure: `now` and the zone come from the caller. `static/js/words.js` says the same in the browser,
and a test holds the two together.
"""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
WEEKDAY_REACH = 6  # a weekday names one day only while fewer than six days lie between


# --- Durations --------------------------------------------------------------------------------------------------------


def duration_words(seconds: float) -> str:
    """`10 h 54`, for sums and sentences; whole minutes, cut."""
    hours, minutes = divmod(int(abs(seconds)) // _MINUTE, 60)
    sign = "–" if seconds <= -_MINUTE else ""
    return f"{sign}{hours} h {minutes:02d}"


def target_words(seconds: float) -> str:
    """`30 min`, `12 h`, `1 h 30`: a duration as it is agreed."""
    minutes = round(seconds / _MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes % 60 == 0 else duration_words(seconds)


def compact_words(seconds: float) -> str:
    """`38m`, `1h 06m`, `3h`, `1d 4h`, `12d`: a duration inside a chip; at least a minute, cut."""
    minutes = max(1, int(seconds) // _MINUTE)
    if minutes < 60:
        return f"{minutes}m"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h {rest:02d}m" if rest else f"{hours}h"
    days, hours = divmod(hours, 24)
    return f"{days}d {hours}h" if hours and days < 10 else f"{days}d"


def age_words(since: datetime, now: datetime) -> str:
    """`40m`, `5h`, `6d`, `3y`: how long ago, in one unit; from a thousand days on in years of 365."""
    seconds = max(0.0, (now - since).total_seconds())
    if seconds < _HOUR:
        return f"{int(seconds) // _MINUTE}m"
    days = int(seconds) // _DAY
    if days >= 1000:
        return f"{days // 365}y"
    return f"{days}d" if days else f"{int(seconds) // _HOUR}h"


# --- Instants ---------------------------------------------------------------------------------------------------------


def clock_words(at: datetime, tz: tzinfo) -> str:
    """`14:20` on the clock of `tz`."""
    return f"{at.astimezone(tz):%H:%M}"


def date_words(on: date, *, year: bool = False) -> str:
    """`25 Mar`, or `25 Mar 2027`."""
    return f"{on.day} {MONTHS[on.month - 1]}" + (f" {on.year}" if year else "")


def day_words(on: date, *, long: bool = False) -> str:
    """`Thu 25 Mar`, or `Thursday 25 March`."""
    if long:
        return f"{_LONG_DAYS[on.weekday()]} {on.day} {_LONG_MONTHS[on.month - 1]}"
    return f"{DAYS[on.weekday()]} {date_words(on)}"


def when_words(at: datetime, now: datetime, tz: tzinfo, *, today: bool = True) -> str:
    """`today 14:10`, `Thu 11:00`, `25 Mar`, `25 Mar 2028`; without `today` only the time of the same day."""
    local, here = at.astimezone(tz), now.astimezone(tz)
    distance = (local.date() - here.date()).days
    if distance == 0:
        return f"today {local:%H:%M}" if today else f"{local:%H:%M}"
    if abs(distance) < WEEKDAY_REACH:
        return f"{DAYS[local.weekday()]} {local:%H:%M}"
    return date_words(local.date(), year=local.year != here.year)


def moment_words(at: datetime, tz: tzinfo) -> str:
    """`Wed 31 March 2027, 10:44 BST`: the full truth, for titles and details."""
    local = at.astimezone(tz)
    day = f"{DAYS[local.weekday()]} {local.day} {_LONG_MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local:%H:%M} {local.tzname()}"


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, for `datetime` attributes and scripts."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- Amounts ----------------------------------------------------------------------------------------------------------


def file_size(size: int) -> str:
    """`212 KB`, `8.4 MB`: decimal units, one digit below ten."""
    if size < 1000:
        return f"{size} bytes"
    value = float(size)
    for unit in ("KB", "MB", "GB"):
        value /= 1000
        if value < 999.5 or unit == "GB":
            break
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "KB" else f"{value:.0f} {unit}"


def percent_words(part: float, whole: float) -> str:
    """`90.8 %`, cut to a tenth, so that 99.96 never reads as 100."""
    tenths = math.floor(part / whole * 1000 + 1e-9) if whole else 0
    return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"


def count_words(number: int, one: str, many: str | None = None) -> str:
    """`1 person`, `2 people`: a counted noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


FILTERS: dict[str, Callable[..., Any]] = {
    "age": age_words,
    "clock": clock_words,
    "compact": compact_words,
    "day": day_words,
    "duration": duration_words,
    "file_size": file_size,
    "moment": moment_words,
    "on": date_words,
    "stamp": stamp,
    "target": target_words,
    "when": when_words,
}
