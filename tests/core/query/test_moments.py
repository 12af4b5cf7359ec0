"""How times and durations are read."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from msp.core.query.moments import Moment, read_duration, read_moment

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2027, 3, 31, 9, 44, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now", "2027-03-31T09:44"),
        ("-2h", "2027-03-31T07:44"),
        ("+90m", "2027-03-31T11:14"),
        ("-1d12h", "2027-03-29T21:44"),
        ("-4d", "2027-03-27T10:44"),  # by the wall clock: 10:44 before summer time began is 10:44 UTC
        ("-96h", "2027-03-27T09:44"),
        ("-1w", "2027-03-24T10:44"),
        ("2027-03-31T14:00", "2027-03-31T13:00"),
        ("2027-03-31t14:00:30z", "2027-03-31T14:00:30"),
        ("2027-03-31T14:00+02:00", "2027-03-31T12:00"),
    ],
)
def test_instants(text: str, instant: str) -> None:
    assert read_moment(text, now=NOW, tz=LONDON) == Moment(utc(instant), utc(instant))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("today", "2027-03-30T23:00", "2027-03-31T23:00"),
        ("Yesterday", "2027-03-29T23:00", "2027-03-30T23:00"),
        ("tomorrow", "2027-03-31T23:00", "2027-04-01T23:00"),
        ("2027-03-28", "2027-03-28T00:00", "2027-03-28T23:00"),  # the short day
    ],
)
def test_days(text: str, start: str, end: str) -> None:
    assert read_moment(text, now=NOW, tz=LONDON) == Moment(utc(start), utc(end))


def test_today_is_the_readers_day() -> None:
    moment = read_moment("today", now=utc("2027-03-31T23:30"), tz=timezone(timedelta(hours=9)))
    assert moment == Moment(utc("2027-03-31T15:00"), utc("2027-04-01T15:00"))


@pytest.mark.parametrize(
    "text", ["", "2h", "-2", "-h", "- 2h", "-2y", "soon", "2027-3-1", "20270331", "2027-W13", "-²h"]
)
def test_is_no_moment(text: str) -> None:
    assert read_moment(text, now=NOW, tz=LONDON) is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90m", 90), ("2h", 120), ("1h30m", 90), ("1d", 1440), ("1W", 10080), ("", None), ("-2h", None), ("2", None)],
)
def test_durations(text: str, minutes: int | None) -> None:
    assert read_duration(text) == (None if minutes is None else timedelta(minutes=minutes))
