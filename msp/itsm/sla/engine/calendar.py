"""Working time: which instants count, how much of them lies between two, and where a duration ends.

An instant works exactly when its local reading lies in a window; durations are real elapsed seconds. So a window loses
what falls into a missing hour and has what falls into a repeated hour twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.errors import BadDefinition, EngineError, NeverOpen, OutOfRange
from msp.itsm.sla.engine.seconds import EPOCH_ORDINAL, FOREVER, date_of, day_of, instant_of, seconds_of, year_of
from msp.itsm.sla.engine.years import Span, Window, Year, compile_year

DAY_MINUTES = 1440
_EMPTY_WEEK: tuple[tuple[Window, ...], ...] = ((),) * 7
_LEAP_YEAR_DAYS = 366
_YEARS_KEPT = 200  # a bound for memory, not for the search


@dataclass(frozen=True, slots=True)
class Holiday:
    """A local date on which no window starts."""

    on: date
    name: str = ""


@dataclass(frozen=True, slots=True)
class YearlyHoliday:
    """The same date every year; 29 February closes leap years only."""

    month: int
    day: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """The windows of one date instead of its weekday's; none at all closes it."""

    on: date
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """An immutable calendar; years are compiled when first asked for.

    `hours` holds the windows of Monday to Sunday in minutes after midnight; an overnight window ends after 1440.
    Holiday beats override beats weekday.
    """

    tz: str
    hours: tuple[tuple[Window, ...], ...] = _EMPTY_WEEK
    holidays: tuple[Holiday, ...] = ()
    yearly_holidays: tuple[YearlyHoliday, ...] = ()
    overrides: tuple[Override, ...] = ()
    _closed: dict[int, str] = field(init=False, repr=False, compare=False)
    _closed_yearly: dict[tuple[int, int], str] = field(init=False, repr=False, compare=False)
    _special: dict[int, tuple[Window, ...]] = field(init=False, repr=False, compare=False)
    _years: dict[int, Year] = field(init=False, repr=False, compare=False)
    _last_year: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone.known_zone(self.tz)
        _check_windows(self)
        fill = object.__setattr__  # the class is frozen for everybody else
        fill(self, "_closed", {day_of(holiday.on): holiday.name for holiday in self.holidays})
        fill(self, "_closed_yearly", {(each.month, each.day): each.name for each in self.yearly_holidays})
        fill(self, "_special", {day_of(override.on): override.windows for override in self.overrides})
        fill(self, "_years", {})
        fill(self, "_last_year", self._year_of_last_window())

    # For callers: aware instants and whole seconds.

    def add(self, start: datetime, seconds: int) -> datetime:
        """The earliest instant at which `seconds` of working time have passed since `start`.

        Raises NeverOpen when the calendar can never provide them, OutOfRange when they end after the year 9999.
        """
        return instant_of(self.advance(seconds_of(start), seconds))

    def measure(self, start: datetime, end: datetime) -> int:
        """Working seconds between two instants; 0 when they are reversed."""
        return self.worked(seconds_of(start), seconds_of(end))

    def is_working(self, at: datetime) -> bool:
        """Whether an instant lies in working time."""
        second = seconds_of(at)
        return self._year(year_of(second)).opening(second) == second

    def next_open(self, at: datetime) -> datetime:
        """The first working instant not before `at`. Raises NeverOpen when there is none."""
        opening = self.opening(seconds_of(at))
        if opening is None:
            raise NeverOpen("This calendar has no working time from then on.")
        return instant_of(opening)

    def open_windows(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Working time between two instants, touching windows joined."""
        return [(instant_of(first), instant_of(last)) for first, last in self.spans(seconds_of(start), seconds_of(end))]

    @property
    def is_endless(self) -> bool:
        """Whether working time never runs out; a policy should accept no other calendar."""
        # A weekday meets every date of the year sooner or later, so only holidays on all of them close it for good.
        return any(_lasts(windows) for windows in self.hours) and len(self._closed_yearly) < _LEAP_YEAR_DAYS

    # For the modules of the engine: seconds since 1970.

    def advance(self, second: int, seconds: int) -> int:
        """`add` in seconds since 1970."""
        if seconds <= 0:
            if seconds:
                raise ValueError("working time is added, never taken away")
            return second
        if second + seconds >= FOREVER:
            raise OutOfRange("The duration ends after the year 9999.")
        year = year_of(second)
        compiled = self._year(year)
        seconds += compiled.before(second)
        while seconds > compiled.total:
            seconds -= compiled.total
            year += 1
            if year > self._last_year:
                raise self._exhausted(seconds)
            compiled = self._year(year)
        reached = compiled.reach(seconds)
        if reached == FOREVER:
            raise self._exhausted(seconds)
        return reached

    def worked(self, first: int, last: int) -> int:
        """`measure` in seconds since 1970."""
        if last <= first:
            return 0
        year, last_year = year_of(first), year_of(last)
        worked = self._year(last_year).before(last) - self._year(year).before(first)
        return worked + sum(self._year(between).total for between in range(year, last_year))

    def opening(self, second: int) -> int | None:
        """`next_open` in seconds since 1970; None when there is none."""
        for year in range(year_of(second), self._last_year + 1):
            opening = self._year(year).opening(second)
            if opening is not None:
                return opening
        return None

    def spans(self, first: int, last: int) -> Iterator[Span]:
        """`open_windows` in seconds since 1970."""
        if last <= first:
            return
        held: Span | None = None
        for year in range(year_of(first), year_of(last - 1) + 1):
            for span in self._year(year).spans(first, last):
                if held and held[1] == span[0]:  # windows that touch across New Year in UTC
                    held = (held[0], span[1])
                    continue
                if held:
                    yield held
                held = span
        if held:
            yield held

    def windows_on(self, day: int) -> tuple[Window, ...]:
        """The windows that start on a local date, given in days since 1970-01-01."""
        if self.holiday_on(day) is not None:
            return ()
        special = self._special.get(day)
        return self.hours[weekday_of(day)] if special is None else special

    def holiday_on(self, day: int) -> str | None:
        """The name of the holiday on a local date ("" when it has none), None when it is no holiday."""
        name = self._closed.get(day)
        if name is None and self._closed_yearly:
            on = date_of(day)
            name = self._closed_yearly.get((on.month, on.day))
        return name

    def is_overridden(self, day: int) -> bool:
        """Whether a local date has windows of its own."""
        return day in self._special

    def _year(self, year: int) -> Year:
        compiled = self._years.get(year)
        if compiled is None:
            if len(self._years) >= _YEARS_KEPT:
                self._years.clear()
            compiled = self._years[year] = compile_year(self.tz, self.windows_on, year)
        return compiled

    def _year_of_last_window(self) -> int:
        """The last year that can hold working time."""
        if self.is_endless:
            return date.max.year
        # The year after, because a window of 31 December may run on.
        years = (override.on.year + 1 for override in self.overrides if _lasts(override.windows))
        return min(max(years, default=0), date.max.year)

    def _exhausted(self, seconds: int) -> EngineError:
        if self.is_endless:
            return OutOfRange("The duration ends after the year 9999.")
        return NeverOpen(f"This calendar runs out of working time: {seconds} seconds more would be needed.")


def weekday_of(day: int) -> int:
    """Monday is 0; the day is counted from 1970-01-01."""
    return (day + EPOCH_ORDINAL - 1) % 7


def _lasts(windows: tuple[Window, ...]) -> bool:
    return any(opens < closes for opens, closes in windows)


def _check_windows(calendar: Calendar) -> None:
    if len(calendar.hours) != len(_EMPTY_WEEK):
        raise BadDefinition("A week has seven days of hours.")
    for windows in (*calendar.hours, *(override.windows for override in calendar.overrides)):
        for opens, closes in windows:
            if not 0 <= opens < DAY_MINUTES or not opens <= closes < opens + DAY_MINUTES + 1:
                raise BadDefinition("A window opens within its date and is at most a day long.")
