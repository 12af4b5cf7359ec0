"""How the portal says things: instants, durations, choices, in plain words. Pure: `now` and zone come in."""

from datetime import date, datetime, tzinfo

from msp.core.web import formats

_HOUR = 3600
IMPACTS = (
    ("3", "Only me", ""),
    ("2", "Several of us", "a team or a room"),
    ("1", "Everyone", "a whole site or the company"),
)
URGENCIES = (
    ("1", "Work has stopped", "nothing else can be done meanwhile"),
    ("2", "Work goes on with difficulty", "there is a way round it"),
    ("3", "It can wait", "a few days do no harm"),
)
WISHES = (
    ("3", "There is no hurry", ""),
    ("2", "In the next days", ""),
    ("1", "As soon as you can", "work depends on it"),
)
PRIORITIES = {1: "Critical", 2: "High", 3: "Normal", 4: "Low"}
_STOPPED = {1: "work has stopped", 2: "work goes on with difficulty", 3: "it can wait"}
_AFFECTED = {1: "for everyone", 2: "for several people", 3: "for one person"}


def urgency_words(priority: int, impact: int, urgency: int) -> str:
    """`High: work has stopped for several people`."""
    return f"{PRIORITIES[priority]}: {_STOPPED[urgency]} {_AFFECTED[impact]}"


def day_words(on: date, today: date) -> str:
    """`today`, `tomorrow`, `yesterday`, `Thursday 1 April`, with the year where it is another."""
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((on - today).days)
    if near is not None:
        return near
    return formats.day_words(on, long=True) + (f" {on.year}" if on.year != today.year else "")


def promise_words(at: datetime, now: datetime, tz: tzinfo) -> str:
    """`today, 11:50`: a promise always names the minute."""
    local = at.astimezone(tz)
    return f"{day_words(local.date(), now.astimezone(tz).date())}, {local:%H:%M}"


def by_words(at: datetime, now: datetime, tz: tzinfo) -> str:
    """`today 11:50`, `Thu 1 Apr 11:50`: the same where there is little room."""
    local, today = at.astimezone(tz), now.astimezone(tz).date()
    if abs((local.date() - today).days) < 2:
        return f"{day_words(local.date(), today)} {local:%H:%M}"
    return f"{formats.day_words(local.date())} {local:%H:%M}"


def after_words(seconds: float) -> str:
    """`31 minutes`, `1 hour`, `3 h 05`, `2 days`: how long something took."""
    minutes = max(1, int(seconds) // 60)
    if minutes < 60:
        return formats.count_words(minutes, "minute")
    if minutes >= 2 * 24 * 60:
        return formats.count_words(minutes // (24 * 60), "day")
    return "1 hour" if minutes == 60 else formats.duration_words(minutes * 60)


def within_words(seconds: int, *, round_the_clock: bool) -> str:
    """`30 minutes`, `12 opening hours`, `4 hours, day and night`: a target as it is promised."""
    if seconds < _HOUR:
        said = formats.count_words(round(seconds / 60), "minute")
        return said if not round_the_clock else f"{said}, day and night"
    hours = f"{seconds // _HOUR}" if seconds % _HOUR == 0 else f"{seconds / _HOUR:.4g}"
    noun = "hour" if hours == "1" else "hours"
    return f"{hours} {noun}, day and night" if round_the_clock else f"{hours} opening {noun}"


def sentence_case(text: str) -> str:
    """The first letter a capital, the rest untouched."""
    return text[:1].upper() + text[1:]
