"""Words of a clock's chip."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from msp.itsm.sla.words import SlaWords, sla_words

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2027, 3, 31, 9, 44, tzinfo=UTC)  # Wednesday 10:44 in London


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def words(state: str, **given: object) -> SlaWords:
    named = {"due": None, "breached_at": None, "stopped_at": None, "paused_seconds": None, "now": NOW, "tz": LONDON}
    return sla_words(state, **{**named, **given})  # type: ignore[arg-type]  # a table of keywords


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "Due now"),
        (0.2, "Due 1m"),
        (18, "Due 18m"),
        (65.5, "Due 1h 06m"),
        (66, "Due 1h 06m"),
        (119, "Due 1h 59m"),
        (120, "Due 12:44"),
        (206, "Due 14:10"),
        (24 * 60 + 16, "Due Thu 11:00"),
        (9 * 1440, "Due 9 Apr"),
    ],
)
def test_due(minutes: float, text: str) -> None:
    assert words("on_track", due=at(minutes)) == ("track", "clock", text)
    assert words("at_risk", due=at(minutes)) == ("risk", "soon", text)


def test_due_at_closing_time_counts_to_the_next_opening() -> None:
    assert words("at_risk", due=at(-60), breached_at=at(1440)).text == "Due Thu 10:44"


def test_over() -> None:
    assert words("breached", due=at(-12)) == ("over", "alert-circle", "Overdue 12m")
    assert words("breached", due=at(-130), over_seconds=70 * 60).text == "Overdue 1h 10m"
    assert words("missed", due=at(-90), stopped_at=at(-30)) == ("missed", "circle-x", "Missed by 1h")


def test_at_rest() -> None:
    assert words("paused", paused_seconds=190 * 60) == ("paused", "dial-pause", "Paused 3h 10m")
    assert words("paused", paused_seconds=60, reason="waiting for client").text == "Paused – waiting for client"
    assert words("paused").text == "Paused"
    assert [words(state).text for state in ("met", "stopped", "none")] == ["Met", "Stopped", "No target"]
