"""Words for durations, instants, sizes and service levels, the same in console, portal and mail.

Everything here is pure: `now` and the zone come from the caller. `static/js/words.js` says the same in the browser,
and a test holds the two together.
"""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NamedTuple

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TICKING = 2 * _HOUR
_WEEKDAY_REACH = 6  # a weekday names one day only while fewer than six days lie between

# State of the engine -> (value of data-sla, icon).
SLA_LOOK = {
    "on_track": ("track", "clock"),
    "at_risk": ("risk", "soon"),
    "breached": ("over", "alert-circle"),
    "missed": ("missed", "circle-x"),
    "paused": ("paused", "dial-pause"),
    "met": ("met", "circle-check"),
    "stopped": ("none", "minus"),
    "none": ("none", "minus"),
}


class SlaWords(NamedTuple):
    """What a chip shows: the value of data-sla, the name of the icon, the text."""

    look: str
    icon: str
    text: str


class StatusWords(NamedTuple):
    """What a ticket's state is called: the value of data-s, the icon, the word, the tone of a chip that says it."""

    look: str
    icon: str
    word: str
    tone: str


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
    """`40m`, `5h`, `6d`: how long ago, in one unit."""
    seconds = max(0.0, (now - since).total_seconds())
    if seconds < _HOUR:
        return f"{int(seconds) // _MINUTE}m"
    return f"{int(seconds) // _HOUR}h" if seconds < _DAY else f"{int(seconds) // _DAY}d"


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
    if abs(distance) < _WEEKDAY_REACH:
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


# --- Service levels ---------------------------------------------------------------------------------------------------


def sla_words(
    state: str,
    due: datetime | None,
    breached_at: datetime | None,
    stopped_at: datetime | None,
    paused_seconds: float | None,
    now: datetime,
    tz: tzinfo,
    *,
    over_seconds: float | None = None,
    reason: str | None = None,
) -> SlaWords:
    """The chip's words for a clock in `state`.

    `over_seconds` is working time past the target; without it the wall clock since the due instant is told. `reason`
    replaces the paused time (`Paused – waiting for client`) where there is room for it.
    """
    look, icon = SLA_LOOK[state]
    if state in ("on_track", "at_risk"):
        return SlaWords(look, icon, _due_words(due, breached_at, now, tz))
    if state in ("breached", "missed"):
        over = over_seconds
        if over is None and (since := due or breached_at):
            over = ((stopped_at if state == "missed" and stopped_at else now) - since).total_seconds()
        lead = "Overdue" if state == "breached" else "Missed by"
        return SlaWords(look, icon, f"{lead} {compact_words(over or 0)}")
    if state == "paused":
        tail = f" – {reason}" if reason else f" {compact_words(paused_seconds)}" if paused_seconds else ""
        return SlaWords(look, icon, f"Paused{tail}")
    return SlaWords(look, icon, {"met": "Met", "stopped": "Stopped"}.get(state, "No target"))


def _due_words(due: datetime | None, breached_at: datetime | None, now: datetime, tz: tzinfo) -> str:
    # Due may be a closing time that has passed while the clock stands still until the next opening: that one counts.
    deadline = breached_at if due and due <= now and breached_at and breached_at > now else due
    if deadline is None:
        return "No target"
    left = (deadline - now).total_seconds()
    if left <= 0:
        return "Due now"
    if left < _TICKING:
        return f"Due {compact_words(math.ceil(left / _MINUTE) * _MINUTE)}"
    return f"Due {when_words(deadline, now, tz, today=False)}"


# --- States of a ticket -----------------------------------------------------------------------------------------------

# state -> (data-s, icon, word in the console, word in the portal, tone of the portal's chip)
_STATUS = {
    "new": ("new", "circle-dashed", "New", "Submitted", "hold"),
    "waiting_for_approval": ("new", "circle-dashed", "Approval", "Waiting for approval", "hold"),
    "open": ("open", "dial-half", "In progress", "In progress", "accent"),
    "waiting_for_client": ("wait", "dial-pause", "Waiting for client", "Waiting for you", "warn"),
    "waiting_for_supplier": ("wait", "circle-minus", "Waiting for supplier", "Waiting for a supplier", "hold"),
    "scheduled": ("wait", "dial-pause", "Scheduled", "Planned", "hold"),
    "resolved": ("done", "circle-check", "Resolved", "Fixed", "ok"),
    "closed": ("done", "circle-check", "Closed", "Done", "ok"),
    "cancelled": ("off", "circle-x", "Cancelled", "Withdrawn", ""),
    "misfiled": ("off", "circle-x", "Misfiled", "Withdrawn", ""),
}


def status_words(state: str, *, portal: bool = False, kind: str = "incident", change: str | None = None) -> StatusWords:
    """How a ticket's state looks and is called; `change` names the change that a scheduled ticket waits for."""
    look, icon, console_word, portal_word, tone = _STATUS[state]
    if portal:
        word = "Done" if (state, kind) == ("resolved", "request") else portal_word
        return StatusWords(look, "arrow-back-up" if state == "waiting_for_client" else icon, word, tone)
    return StatusWords(look, icon, f"Waiting for {change}" if state == "scheduled" and change else console_word, tone)


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
