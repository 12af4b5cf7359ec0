"""Offsets found by probing are those of the zone, at every change and between."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.seconds import FIRST, FOREVER
from tests.itsm.sla.engine.strategies import CHANGES


def offset(tz: str, second: int) -> float:
    found = datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(tz)).utcoffset()
    assert found is not None
    return found.total_seconds()


@pytest.mark.parametrize(("tz", "year"), sorted({(tz, int(text[:4])) for tz, text in CHANGES}))
def test_every_hour_of_a_year(tz: str, year: int) -> None:
    first = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    for second in range(first, first + 365 * 86400, 1800):
        assert zone.offset_at(tz, second) == offset(tz, second)


@pytest.mark.parametrize(("tz", "text"), CHANGES)
def test_a_change_is_found_to_the_second(tz: str, text: str) -> None:
    around = datetime.fromisoformat(text)
    first, last = (int((around + timedelta(days=days)).timestamp()) for days in (-40, 40))
    for second, before, after in zone.changes(tz, first, last):
        assert (offset(tz, second - 1), offset(tz, second)) == (before, after)
        assert (zone.offset_at(tz, second - 1), zone.offset_at(tz, second)) == (before, after)
    moves = {offset(tz, second) for second in range(first, last, 3600)}
    assert len(zone.changes(tz, first, last)) >= len(moves) - 1


def test_there_is_an_offset_at_both_ends_of_time() -> None:
    assert zone.offset_at("Pacific/Kiritimati", FOREVER - 1) == 14 * 3600
    assert zone.offset_at("UTC", FIRST) == 0
    assert zone.changes("Europe/Berlin", 0, 0) == []
