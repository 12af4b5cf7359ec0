"""Targets and pauses, rule by rule (seconds of a London week, 09:00 to 17:00)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msp.itsm.sla.engine import stopwatch
from msp.itsm.sla.engine.seconds import FOREVER, instant_of, seconds_of
from tests.itsm.sla.engine.week import HOUR, OFFICE, at


def second(text: str) -> int:
    return seconds_of(at(text))


def pauses(start: str, *given: tuple[str, str | None]) -> list[tuple[int, int]]:
    return stopwatch.normalised(((second(a), second(b) if b else None) for a, b in given), second(start))


def due(start: str, hours: float, *given: tuple[str, str | None]) -> str | None:
    found = stopwatch.due(OFFICE, second(start), int(hours * HOUR), pauses(start, *given))
    return None if found is None else f"{instant_of(found):%a %H:%M}"


def exceeded(start: str, hours: float, *given: tuple[str, str | None]) -> str | None:
    spans = pauses(start, *given)
    found = stopwatch.exceeded(OFFICE, stopwatch.due(OFFICE, second(start), int(hours * HOUR), spans), spans)
    return None if found is None else f"{instant_of(found):%a %H:%M}"


class TestDue:
    def test_it_is_the_earliest_instant_so_it_can_be_closing_time(self) -> None:
        assert due("Mon 09:00", 8) == "Mon 17:00"

    @pytest.mark.parametrize("pause", [("Sun 08:00", None), ("Sun 03:00", None), ("Mon 00:00", "Wed 00:00")])
    def test_a_zero_target_is_due_at_the_start_whatever_pauses(self, pause: tuple[str, str | None]) -> None:
        assert due("Sun 03:00", 0, pause) == "Sun 03:00"

    def test_a_pause_gives_back_the_working_time_inside_and_nothing_else(self) -> None:
        assert due("Mon 09:00", 4, ("Mon 10:00", "Mon 11:30")) == "Mon 14:30"
        assert due("Mon 09:00", 10, ("Mon 16:00", "Tue 10:00")) == "Tue 13:00"
        assert due("Mon 09:00", 10, ("Mon 18:00", "Tue 08:00")) == "Tue 11:00"

    def test_overlapping_pauses_count_once_in_any_order(self) -> None:
        assert due("Mon 09:00", 4, ("Mon 11:00", "Mon 13:00"), ("Mon 10:00", "Mon 12:00")) == "Mon 16:00"

    def test_a_reversed_or_empty_pause_is_none(self) -> None:
        assert due("Mon 09:00", 4, ("Mon 11:00", "Mon 10:00"), ("Mon 12:00", "Mon 12:00")) == "Mon 13:00"

    def test_a_pause_before_the_start_counts_from_the_start(self) -> None:
        assert due("Mon 10:00", 1, ("Mon 09:00", "Mon 11:00")) == "Mon 12:00"
        assert due("Mon 10:00", 1, ("Mon 08:00", "Mon 09:30")) == "Mon 11:00"

    def test_an_open_pause_hides_it_only_if_the_target_is_not_yet_used_up(self) -> None:
        assert due("Mon 09:00", 4, ("Mon 12:59", None)) is None
        assert due("Mon 09:00", 4, ("Mon 13:00", None)) == "Mon 13:00"
        assert due("Mon 09:00", 8, ("Mon 18:00", None)) == "Mon 17:00"


class TestExceeded:
    """When more than the target is used: the breach."""

    def test_inside_a_window_it_is_the_due_instant(self) -> None:
        assert exceeded("Mon 09:00", 4) == "Mon 13:00"

    def test_at_closing_time_it_is_the_next_opening(self) -> None:
        assert exceeded("Mon 09:00", 8) == "Tue 09:00"
        assert exceeded("Fri 09:00", 8) == "Mon 09:00"

    def test_after_a_pause_that_begins_at_due_it_is_its_end(self) -> None:
        assert exceeded("Mon 09:00", 4, ("Mon 13:00", "Mon 15:00")) == "Mon 15:00"
        assert exceeded("Mon 09:00", 4, ("Mon 13:00", "Mon 20:00")) == "Tue 09:00"
        assert exceeded("Mon 09:00", 8, ("Mon 18:00", "Tue 11:00"), ("Tue 11:00", "Tue 12:00")) == "Tue 12:00"

    def test_under_an_open_pause_it_never_comes(self) -> None:
        assert exceeded("Mon 09:00", 4, ("Mon 13:00", None)) is None
        assert exceeded("Mon 09:00", 8, ("Mon 18:00", None)) is None
        assert exceeded("Mon 09:00", 4, ("Mon 12:00", None)) is None

    def test_of_a_zero_target_it_is_the_first_working_instant(self) -> None:
        assert exceeded("Sun 03:00", 0) == "Mon 09:00"


def test_open_pauses_last_for_ever() -> None:
    assert pauses("Mon 09:00", ("Mon 10:00", None), ("Tue 10:00", "Tue 11:00")) == [(second("Mon 10:00"), FOREVER)]


def test_a_pause_is_half_open() -> None:
    given = pauses("Mon 09:00", ("Mon 10:00", "Mon 11:00"))
    assert [
        stopwatch.paused_at(second(f"Mon {time}"), given) for time in ("09:59:59", "10:00", "10:59:59", "11:00")
    ] == [
        False,
        True,
        True,
        False,
    ]


def test_used_is_working_time_less_pauses() -> None:
    given = pauses("Mon 09:00", ("Mon 16:00", "Tue 10:00"), ("Wed 09:00", None))
    assert stopwatch.used(OFFICE, second("Mon 09:00"), second("Mon 08:00"), given) == 0
    assert stopwatch.used(OFFICE, second("Mon 09:00"), second("Tue 09:30"), given) == 7 * HOUR
    assert stopwatch.used(OFFICE, second("Mon 09:00"), second("Thu 09:30"), given) == 14 * HOUR


@pytest.mark.parametrize(
    ("used", "target", "percent", "at_risk"),
    [
        (0, 0, 100, True),
        (1, 3, 33.33, False),
        (2, 3, 66.67, False),
        (21599, 28800, 74.99, False),
        (21600, 28800, 75, True),
        (3, 4, 75, True),
        (9, 4, 225, True),
    ],
)
def test_percent_is_rounded_but_not_over_the_risk(used: int, target: int, percent: float, at_risk: bool) -> None:
    assert stopwatch.percent(used, target, 75) == percent
    assert stopwatch.is_at_risk(used, target, 75) is at_risk


@given(
    used=st.integers(0, 10**7), target=st.integers(1, 10**7),
    limit=st.one_of(st.sampled_from([50, 75, 90, 100]), st.integers(1, 200_000).map(lambda thousandths: thousandths / 1000)),
)  # fmt: skip
def test_percent_and_risk_say_the_same(used: int, target: int, limit: float) -> None:
    shown = stopwatch.percent(used, target, limit)
    assert (shown >= limit) is stopwatch.is_at_risk(used, target, limit)
    assert abs(shown - 100 * used / target) <= 0.01 + 1e-9
    assert shown == round(shown, 2)
