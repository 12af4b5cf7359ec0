"""Instants as whole seconds since 1970: the only time the engine counts in.

A fraction of a second is dropped on the way in, so that whatever the engine says can be counted again from what is
printed.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta

from msp.itsm.sla.engine.errors import OutOfRange

MINUTE = 60
HOUR = 3600
DAY = 86400

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_ONE = timedelta(seconds=1)

# Second at which each UTC year begins, from year 1; the last entry is where year 10000 would begin.
YEAR_STARTS = [(date(year, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY for year in range(1, 10000)]
YEAR_STARTS.append(YEAR_STARTS[-1] + 365 * DAY)

FIRST = YEAR_STARTS[0]
FOREVER = YEAR_STARTS[-1]  # first second that no instant can name; also the end of what is still open


def seconds_of(instant: datetime) -> int:
    """Whole seconds since 1970 of an aware instant; a fraction is dropped."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset from UTC")
    seconds = (instant - EPOCH) // _ONE
    if not FIRST <= seconds < FOREVER:
        raise OutOfRange("An instant lies outside the years 1 to 9999.")
    return seconds


def instant_of(seconds: int) -> datetime:
    """The UTC instant of a number of seconds since 1970."""
    if not FIRST <= seconds < FOREVER:
        raise OutOfRange("The answer lies outside the years 1 to 9999.")
    return EPOCH + timedelta(seconds=seconds)


def year_of(seconds: int) -> int:
    """The UTC year of a second."""
    return bisect_right(YEAR_STARTS, seconds)


def day_of(on: date) -> int:
    """Days since 1970-01-01."""
    return on.toordinal() - EPOCH_ORDINAL


def date_of(day: int) -> date:
    """The date of a number of days since 1970-01-01, held within the years 1 to 9999."""
    return date.fromordinal(min(max(day + EPOCH_ORDINAL, 1), date.max.toordinal()))
