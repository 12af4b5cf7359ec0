"""Why a stretch of time does not count: lunch, night, weekend, a holiday by its name, the clocks."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.calendar import Calendar, weekday_of
from msp.itsm.sla.engine.seconds import DAY, HOUR, MINUTE, date_of
from msp.itsm.sla.engine.wording import WEEKDAYS, day_words, wall
from msp.itsm.sla.engine.years import merged

CauseKind = Literal["lunch", "break", "night", "weekend", "holiday", "closed", "clocks"]

_LUNCH_FROM, _LUNCH_TO, _LUNCH_AT_MOST = 10 * HOUR + 30 * MINUTE, 16 * HOUR, 3 * HOUR
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason; a closed day carries its local date."""

    kind: CauseKind
    name: str
    on: date | None = None


def causes(calendar: Calendar, first: int, last: int) -> tuple[Cause, ...]:
    """Why nothing counts in [first, last), in order: the night before closed days, then each of those days."""
    begins, ends = wall(calendar.tz, first), wall(calendar.tz, last - 1)
    days = range(begins // DAY, ends // DAY + 1)
    closed = [_closed_day(calendar, day) for day in days if not _opens(calendar, day)]
    found = list(closed)
    if not closed:
        found = [_between_windows(calendar, begins, ends + 1)]
    elif _opens(calendar, days[0]):
        found.insert(0, Cause("night", "night"))
    if any(lost_to_clocks(calendar, *change) for change in zone.changes(calendar.tz, first, last)):
        found.append(Cause("clocks", "clocks went forward"))
    return tuple(found)


def cause_words(found: tuple[Cause, ...]) -> str:
    """`night, Good Friday, weekend, Easter Monday`: each name once."""
    return ", ".join(dict.fromkeys(cause.name for cause in found))


def lost_to_clocks(calendar: Calendar, second: int, before: int, after: int) -> int:
    """Seconds of windows that fall into the hour that a clock change leaves out."""
    missing, end = second + before, second + after
    windows = merged(
        (max(missing, day * DAY + opens * MINUTE), min(end, day * DAY + closes * MINUTE))
        for day in range(missing // DAY - 1, end // DAY + 1)
        for opens, closes in calendar.windows_on(day)
    )
    return sum(closes - opens for opens, closes in windows)


def _opens(calendar: Calendar, day: int) -> bool:
    return any(opens < closes for opens, closes in calendar.windows_on(day))


def _closed_day(calendar: Calendar, day: int) -> Cause:
    on, holiday, weekday = date_of(day), calendar.holiday_on(day), weekday_of(day)
    if holiday is not None:
        return Cause("holiday", holiday or "holiday", on)
    if calendar.is_overridden(day):
        return Cause("closed", f"closed {day_words(on)}", on)
    if weekday in (_SATURDAY, _SUNDAY) or (weekday == _FRIDAY and _is_weekend_eve(calendar)):
        return Cause("weekend", "weekend", on)
    return Cause("closed", f"closed {WEEKDAYS[weekday]}", on)


def _is_weekend_eve(calendar: Calendar) -> bool:
    # Where Sunday is a working day, Friday is the first day of the weekend.
    return not calendar.hours[_SATURDAY] and bool(calendar.hours[_SUNDAY])


def _between_windows(calendar: Calendar, begins: int, ends: int) -> Cause:
    """The cause of a gap that touches no closed day, from local readings."""
    day = begins // DAY
    opens, closes = begins - day * DAY, ends - day * DAY
    windows = [(start * MINUTE, end * MINUTE) for start, end in calendar.windows_on(day) if start < end]
    is_inside = any(end <= opens for _, end in windows) and any(start >= closes for start, _ in windows)
    if closes > DAY or not is_inside:
        return Cause("night", "night")
    if opens >= _LUNCH_FROM and closes <= _LUNCH_TO and closes - opens <= _LUNCH_AT_MOST:
        return Cause("lunch", "lunch")
    return Cause("break", "break")
