"""Opening hours as a sentence, for a client's people."""

from collections.abc import Iterator
from datetime import date, timedelta

from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.seconds import day_of

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WHOLE_DAY = ((0, 1440),)


def is_round_the_clock(calendar: Calendar) -> bool:
    return all(windows == _WHOLE_DAY for windows in calendar.hours)


def hours_words(calendar: Calendar) -> str:
    """`Monday to Friday 08:30 to 12:30 and 13:30 to 17:30`; days of equal hours together."""
    if is_round_the_clock(calendar):
        return "every day, day and night"
    said = [f"{_days(first, last)} {_windows(windows)}" for first, last, windows in _runs(calendar) if windows]
    return ", ".join(said) or "never"


def next_holiday(calendar: Calendar, on: date, *, within: int = 120) -> tuple[date, str] | None:
    """The next closed day with a name from `on`, so that nobody is surprised by it."""
    for number in range(within):
        day = on + timedelta(days=number)
        name = calendar.holiday_on(day_of(day))
        if name is not None and calendar.hours[day.weekday()]:
            return day, name
    return None


def _runs(calendar: Calendar) -> Iterator[tuple[int, int, tuple[tuple[int, int], ...]]]:
    first = 0
    for day in range(1, 8):
        if day == 7 or calendar.hours[day] != calendar.hours[first]:
            yield first, day - 1, calendar.hours[first]
            first = day


def _days(first: int, last: int) -> str:
    if first == last:
        return DAYS[first]
    return f"{DAYS[first]} {'and' if last == first + 1 else 'to'} {DAYS[last]}"


def _windows(windows: tuple[tuple[int, int], ...]) -> str:
    return " and ".join(f"{_clock(opens)} to {_clock(closes)}" for opens, closes in windows)


def _clock(minutes: int) -> str:
    """An overnight window closes on the next day: 30:00 is 06:00."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}" if minutes != 1440 else "24:00"
