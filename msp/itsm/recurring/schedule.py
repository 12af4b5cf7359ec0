"""When a recurring ticket opens: a recurrence rule (RFC 5545), read on a client's clocks and working days. Pure.

Taken is what people plan by: every so many days, weeks, months or years, on weekdays, on a day of the month, or on the first to
fourth or the last of some weekdays; without end, a number of times, or until a day. What is taken always comes to an end or
goes on, so that looking for the next day is never long.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from msp.core.errors import Invalid

FREQUENCIES = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday", "SU": "Sunday"}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR")
POSITIONS = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
ON_CLOSED = ("open", "later", "earlier", "skip")
LONGEST_RULE = 200
FURTHEST = timedelta(days=31)  # how far a closed day may push an occurrence
_ALLOWED = {
    "DAILY": set(), "WEEKLY": {"BYDAY"}, "MONTHLY": {"BYDAY", "BYSETPOS", "BYMONTHDAY"},
    "YEARLY": {"BYDAY", "BYSETPOS", "BYMONTHDAY", "BYMONTH"},
}  # fmt: skip

Opens = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence as people say it. `month_days` are 1 to 31, or -1 for the last of the month."""

    frequency: str
    interval: int = 1
    days: tuple[str, ...] = ()
    position: int | None = None
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    count: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule from a first day on, at a time of the clocks of `tz`; `on_closed` says what a day without working time does to it."""

    rule: Rule
    starts_on: date
    at: time
    tz: str
    on_closed: str = "open"


def parse(text: str) -> Rule:
    """The rule in `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR`; Invalid, under `/rule`, says what is wrong with it."""
    text = text.strip().upper().removeprefix("RRULE:")
    if not text or len(text) > LONGEST_RULE:
        raise _wrong(f"Write a rule of at most {LONGEST_RULE} characters, as FREQ=WEEKLY;BYDAY=MO.")
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise _wrong(f"“{part}” cannot be read; write each part once, as INTERVAL=2.")
        parts[name] = value
    frequency = parts.pop("FREQ", "")
    if frequency not in FREQUENCIES:
        raise _wrong(f"FREQ is one of {', '.join(FREQUENCIES)}.")
    if odd := sorted(parts.keys() - _ALLOWED[frequency] - {"INTERVAL", "COUNT", "UNTIL"}):
        raise _wrong(f"{odd[0]} is not taken with FREQ={frequency}.")
    rule = Rule(
        frequency,
        interval=_number(parts, "INTERVAL", 1, 999) or 1,
        days=_days(parts),
        position=_position(parts),
        month_days=tuple(sorted(_numbers(parts, "BYMONTHDAY", {*range(1, 32), -1}))),
        months=tuple(sorted(_numbers(parts, "BYMONTH", set(range(1, 13))))),
        count=_number(parts, "COUNT", 1, 9999),
        until=_day(parts),
    )
    _check(rule)
    return rule


def text_of(rule: Rule) -> str:
    """The rule as it is stored; `parse` reads it again."""
    parts = [
        f"FREQ={rule.frequency}",
        f"INTERVAL={rule.interval}" if rule.interval > 1 else "",
        f"BYMONTH={','.join(map(str, rule.months))}" if rule.months else "",
        f"BYMONTHDAY={','.join(map(str, rule.month_days))}" if rule.month_days else "",
        f"BYDAY={','.join(rule.days)}" if rule.days else "",
        f"BYSETPOS={rule.position}" if rule.position else "",
        f"COUNT={rule.count}" if rule.count else "",
        f"UNTIL={rule.until:%Y%m%d}" if rule.until else "",
    ]
    return ";".join(part for part in parts if part)


def occurrences(plan: Plan, *, after: datetime, opens: Opens) -> Iterator[datetime]:
    """The instants (UTC) after `after` at which it opens, in order and each once. `opens` says whether a local day has working time.

    A time that the clocks skip is read an hour later, one that they show twice is its first.
    """
    tz = ZoneInfo(plan.tz)
    first = datetime.combine(plan.starts_on, plan.at)
    series = _series(plan.rule, first)
    last = after
    for local in series.xafter(after.astimezone(tz).replace(tzinfo=None) - FURTHEST - timedelta(days=1), inc=True):
        on = _moved(local.date(), plan.on_closed, opens)
        if on is None:
            continue
        at = datetime.combine(on, plan.at, tz).astimezone(UTC)
        if at > last:
            last = at
            yield at


def next_after(plan: Plan, after: datetime, *, opens: Opens) -> datetime | None:
    """The first instant after `after`; None where the rule has ended."""
    return next(occurrences(plan, after=after, opens=opens), None)


def last_until(plan: Plan, due: datetime, now: datetime, *, opens: Opens) -> datetime:
    """Of the instants from `due` to `now` the newest: what was missed meanwhile opens once."""
    newest = due
    for at in islice(occurrences(plan, after=due, opens=opens), 10_000):
        if at > now:
            break
        newest = at
    return newest


def words(plan: Plan) -> str:
    """`Every 2 weeks on Monday and Friday at 08:00, from 4 January 2027`."""
    rule, unit = plan.rule, FREQUENCIES[plan.rule.frequency]
    said = f"Every {unit}" if rule.interval == 1 else f"Every {rule.interval} {unit}s"
    days = _listed([DAYS[day] for day in rule.days])
    if rule.position:
        which = "weekday" if rule.days == WEEKDAYS else days.replace(" and ", " or ")
        said += f" on the {POSITIONS[rule.position]} {which}"
    elif rule.days:
        said += f" on {days}"
    if rule.month_days:
        in_order = sorted(rule.month_days, key=lambda day: day % 32)
        said += f" on {_listed(['the last day' if day < 0 else f'the {_ordinal(day)}' for day in in_order])}"
    if rule.months:
        said += f" of {_listed([MONTHS[month - 1] for month in rule.months])}"
    said += f" at {plan.at:%H:%M}, from {_date(plan.starts_on)}"
    if rule.count:
        said += f", {rule.count} times" if rule.count > 1 else ", once"
    if rule.until:
        said += f", until {_date(rule.until)}"
    return said


def _series(rule: Rule, first: datetime) -> rrule:
    unending = Rule(rule.frequency, rule.interval, rule.days, rule.position, rule.month_days, rule.months, rule.count)
    series = rrulestr(text_of(unending), dtstart=first)
    if not isinstance(series, rrule):
        raise TypeError("one rule is one rule")
    return series.replace(until=datetime.combine(rule.until, time.max)) if rule.until else series


def _moved(on: date, on_closed: str, opens: Opens) -> date | None:
    if on_closed == "open" or opens(on):
        return on
    if on_closed == "skip":
        return None
    step = timedelta(days=1 if on_closed == "later" else -1)
    moved = on
    for _ in range(FURTHEST.days):
        moved += step
        if opens(moved):
            return moved
    return None


def _check(rule: Rule) -> None:
    if rule.count and rule.until:
        raise _wrong("COUNT and UNTIL exclude each other.")
    if rule.position and not rule.days:
        raise _wrong("BYSETPOS needs BYDAY: the last of which days?")
    if rule.days and rule.frequency in ("MONTHLY", "YEARLY") and not rule.position:
        raise _wrong("BYDAY in a month needs BYSETPOS: the first, or the last of these days?")
    if rule.days and rule.month_days:
        raise _wrong("BYDAY and BYMONTHDAY exclude each other.")
    if rule.frequency == "YEARLY" and bool(rule.months) != bool(rule.days or rule.month_days):
        raise _wrong("In a year, name the months and the days in them, or neither.")
    if rule.months and rule.month_days and not any(_exists(month, day) for month in rule.months for day in rule.month_days):
        raise _wrong("No such day exists in these months.")


def _exists(month: int, day: int) -> bool:
    return day < 0 or day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def _number(parts: dict[str, str], name: str, least: int, most: int) -> int | None:
    if name not in parts:
        return None
    value = parts[name]
    if not value.isascii() or not value.isdigit() or len(value) > 4 or not least <= int(value) <= most:
        raise _wrong(f"{name} is a number from {least} to {most}.")
    return int(value)


def _numbers(parts: dict[str, str], name: str, allowed: set[int]) -> set[int]:
    found = set()
    for value in filter(None, parts.get(name, "").split(",")):
        if len(value) > 3 or not value.lstrip("-").isascii() or not value.lstrip("-").isdigit() or int(value) not in allowed:
            raise _wrong(f"“{value}” is not taken in {name}.")
        found.add(int(value))
    return found


def _days(parts: dict[str, str]) -> tuple[str, ...]:
    named = [value for value in parts.get("BYDAY", "").split(",") if value]
    if odd := [day for day in named if day not in DAYS]:
        raise _wrong(f"“{odd[0]}” is no weekday; write {', '.join(DAYS)}.")
    return tuple(day for day in DAYS if day in named)


def _position(parts: dict[str, str]) -> int | None:
    value = parts.get("BYSETPOS")
    if value is None:
        return None
    if value not in map(str, POSITIONS):
        raise _wrong("BYSETPOS is one of 1, 2, 3, 4 and -1.")
    return int(value)


def _day(parts: dict[str, str]) -> date | None:
    value = parts.get("UNTIL")
    if value is None:
        return None
    try:
        return datetime.strptime(value[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day, which no zone moves
    except ValueError:
        raise _wrong("UNTIL is a day, as 20271231.") from None


def _wrong(message: str) -> Invalid:
    return Invalid.field("rule", message, "invalid")


def _listed(said: list[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}" if said else ""


def _ordinal(day: int) -> str:
    suffix = "th" if 10 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _date(on: date) -> str:
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"
