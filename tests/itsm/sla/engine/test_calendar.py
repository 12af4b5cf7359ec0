"""Working time, rule by rule. Local times are written with their offset, so that each case can be checked on paper."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msp.itsm.sla.engine import notation
from msp.itsm.sla.engine.calendar import Calendar, Holiday, Override, YearlyHoliday
from msp.itsm.sla.engine.errors import BadDefinition, NeverOpen, OutOfRange, UnknownZone
from msp.itsm.sla.engine.notation import Node
from msp.itsm.sla.engine.seconds import seconds_of
from tests.itsm.sla.engine.strategies import cases, examples

HOUR = 3600
OFFICE = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
NIGHT_SHIFT = ((22 * 60, 30 * 60),)
ROUND_THE_CLOCK = (((0, 1440),),) * 7


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def week(*days: tuple[tuple[int, int], ...]) -> tuple[tuple[tuple[int, int], ...], ...]:
    return (*days, *((),) * (7 - len(days)))


def berlin(**changes: object) -> Calendar:
    return Calendar(**({"tz": "Europe/Berlin", "hours": week(*[OFFICE] * 5)} | changes))  # type: ignore[arg-type]


def windows(calendar: Calendar, first: str, last: str) -> list[tuple[datetime, datetime]]:
    return calendar.open_windows(at(first), at(last))


class TestWindows:
    def test_lunch_is_not_counted(self) -> None:
        assert berlin().measure(at("2027-03-08T11:00+01:00"), at("2027-03-08T14:00+01:00")) == 2 * HOUR

    def test_a_window_is_half_open(self) -> None:
        assert berlin().is_working(at("2027-03-08T09:00+01:00"))
        assert not berlin().is_working(at("2027-03-08T12:00+01:00"))
        assert berlin().is_working(at("2027-03-08T11:59:59.999999+01:00"))

    def test_an_overnight_shift_belongs_to_the_date_on_which_it_starts(self) -> None:
        calendar = berlin(hours=week(NIGHT_SHIFT))
        assert windows(calendar, "2027-03-08T00:00+01:00", "2027-03-10T00:00+01:00") == [
            (at("2027-03-08T22:00+01:00"), at("2027-03-09T06:00+01:00"))
        ]

    def test_overlapping_windows_count_once_and_touching_ones_are_joined(self) -> None:
        calendar = berlin(hours=week(((540, 720), (660, 780), (780, 840))))
        assert windows(calendar, "2027-03-08T00:00+01:00", "2027-03-09T00:00+01:00") == [
            (at("2027-03-08T09:00+01:00"), at("2027-03-08T14:00+01:00"))
        ]

    def test_equal_ends_are_an_empty_window(self) -> None:
        calendar = berlin(hours=week(((0, 0), (540, 540), (600, 660))))
        assert calendar.measure(at("2027-03-08T00:00+01:00"), at("2027-03-09T00:00+01:00")) == HOUR

    def test_round_the_clock_is_one_window_through_midnight_and_new_year(self) -> None:
        calendar = Calendar("UTC", ROUND_THE_CLOCK)
        first, last = at("2026-12-30T00:00Z"), at("2027-01-03T00:00Z")
        assert calendar.open_windows(first, last) == [(first, last)]

    @pytest.mark.parametrize(
        ("tz", "day", "window", "first", "last"),
        [
            ("America/Los_Angeles", 4, (18 * 60, 22 * 60), "2027-01-01T02:00Z", "2027-01-01T06:00Z"),  # of 31 December
            ("Pacific/Honolulu", 3, (20 * 60, 42 * 60), "2026-12-31T06:00Z", "2027-01-01T04:00Z"),  # of 30 December
            ("Pacific/Auckland", 5, (9 * 60, 17 * 60), "2026-12-31T20:00Z", "2027-01-01T04:00Z"),  # of 1 January
        ],
    )
    def test_new_year_in_utc_is_no_border(
        self, tz: str, day: int, window: tuple[int, int], first: str, last: str
    ) -> None:
        calendar = Calendar(tz, week(*[()] * (day - 1), (window,)))
        assert windows(calendar, "2026-12-30T12:00Z", "2027-01-02T12:00Z") == [(at(first), at(last))]


class TestClosedDates:
    def test_holiday_beats_override_beats_weekday(self) -> None:
        monday, tuesday = date(2027, 3, 8), date(2027, 3, 9)
        morning = ((9 * 60, 10 * 60),)
        calendar = berlin(
            holidays=(Holiday(monday, "Founders' Day"),),
            overrides=(Override(monday, morning), Override(tuesday, morning)),
        )
        assert windows(calendar, "2027-03-08T00:00+01:00", "2027-03-10T00:00+01:00") == [
            (at("2027-03-09T09:00+01:00"), at("2027-03-09T10:00+01:00"))
        ]

    def test_a_shift_of_the_evening_before_runs_on_into_a_holiday(self) -> None:
        calendar = berlin(hours=week(NIGHT_SHIFT, NIGHT_SHIFT), holidays=(Holiday(date(2027, 3, 9)),))
        assert windows(calendar, "2027-03-08T00:00+01:00", "2027-03-11T00:00+01:00") == [
            (at("2027-03-08T22:00+01:00"), at("2027-03-09T06:00+01:00"))
        ]

    def test_an_override_without_windows_closes_the_date(self) -> None:
        calendar = berlin(overrides=(Override(date(2027, 3, 8)),))
        assert calendar.next_open(at("2027-03-08T00:00+01:00")) == at("2027-03-09T09:00+01:00")

    def test_a_yearly_holiday_closes_every_year(self) -> None:
        calendar = berlin(yearly_holidays=(YearlyHoliday(12, 24),))
        for year in (2027, 2029, 2030):  # Friday, Monday, Tuesday
            assert calendar.measure(at(f"{year}-12-24T00:00+01:00"), at(f"{year}-12-25T00:00+01:00")) == 0

    def test_the_29_february_closes_leap_years_only(self) -> None:
        calendar = berlin(hours=ROUND_THE_CLOCK, yearly_holidays=(YearlyHoliday(2, 29),))
        assert not calendar.is_working(at("2028-02-29T12:00+01:00"))
        assert calendar.is_working(at("2027-03-01T12:00+01:00"))

    def test_holidays_close_round_the_clock_only_where_listed(self) -> None:
        christmas = at("2027-12-25T12:00+01:00")
        assert berlin(hours=ROUND_THE_CLOCK).is_working(christmas)
        assert not berlin(hours=ROUND_THE_CLOCK, holidays=(Holiday(date(2027, 12, 25)),)).is_working(christmas)

    def test_a_holiday_is_a_local_date(self) -> None:
        calendar = Calendar("Pacific/Auckland", ROUND_THE_CLOCK, holidays=(Holiday(date(2027, 6, 1)),))
        assert windows(calendar, "2027-05-31T00:00Z", "2027-06-02T00:00Z") == [
            (at("2027-05-31T00:00Z"), at("2027-05-31T12:00Z")),
            (at("2027-06-01T12:00Z"), at("2027-06-02T00:00Z")),
        ]


class TestClockChanges:
    """Time is real elapsed time; a window is asked by what the clock on the wall reads."""

    @pytest.mark.parametrize(
        ("tz", "day", "hours"),
        [
            ("Europe/Berlin", "2027-03-28", 23),
            ("Europe/Berlin", "2027-10-31", 25),
            ("Australia/Lord_Howe", "2026-10-04", 23.5),
            ("Australia/Lord_Howe", "2027-04-04", 24.5),
            ("America/Sao_Paulo", "2017-10-15", 23),  # 00:00 to 01:00 is missing
            ("America/Sao_Paulo", "2018-02-17", 25),  # 23:00 to 24:00 comes twice
            ("Antarctica/Troll", "2027-03-28", 22),
            ("Asia/Beirut", "2023-03-26", 23),
            ("Africa/Cairo", "2024-04-26", 23),
            ("Pacific/Apia", "2011-12-30", 0),  # a day that never was
            ("Asia/Pyongyang", "2015-08-15", 24),
            ("Asia/Pyongyang", "2015-08-14", 24.5),
        ],
    )
    def test_a_full_day_is_as_long_as_it_was(self, tz: str, day: str, hours: float) -> None:
        calendar = Calendar(tz, overrides=(Override(date.fromisoformat(day), ((0, 1440),)),))
        around = datetime.fromisoformat(day).replace(tzinfo=UTC)
        assert calendar.measure(around - timedelta(days=3), around + timedelta(days=3)) == hours * HOUR

    def test_the_part_of_a_window_in_a_missing_hour_does_not_exist(self) -> None:
        calendar = berlin(hours=week((), (), (), (), (), (), ((90, 210),)))  # Sunday 01:30 to 03:30
        assert windows(calendar, "2027-03-28T00:00Z", "2027-03-29T00:00Z") == [
            (at("2027-03-28T01:30+01:00"), at("2027-03-28T03:30+02:00"))
        ]
        assert calendar.measure(at("2027-03-28T00:00Z"), at("2027-03-29T00:00Z")) == HOUR

    def test_a_window_inside_a_missing_hour_is_not_there_at_all(self) -> None:
        calendar = berlin(hours=week((), (), (), (), (), (), ((125, 175),)))
        assert windows(calendar, "2027-03-28T00:00Z", "2027-03-29T00:00Z") == []

    def test_the_part_of_a_window_in_a_repeated_hour_counts_both_times(self) -> None:
        calendar = berlin(hours=week((), (), (), (), (), (), ((150, 165),)))  # Sunday 02:30 to 02:45
        assert windows(calendar, "2027-10-31T00:00Z", "2027-11-01T00:00Z") == [
            (at("2027-10-31T02:30+02:00"), at("2027-10-31T02:45+02:00")),
            (at("2027-10-31T02:30+01:00"), at("2027-10-31T02:45+01:00")),
        ]

    def test_a_date_repeated_at_midnight_keeps_its_windows(self) -> None:
        calendar = Calendar("America/Sao_Paulo", week((), (), (), (), (), ((22 * 60, 1440),)))  # Saturday evening
        assert windows(calendar, "2018-02-17T12:00Z", "2018-02-18T12:00Z") == [
            (at("2018-02-17T22:00-02:00"), at("2018-02-18T00:00-03:00"))
        ]
        assert calendar.measure(at("2018-02-17T12:00Z"), at("2018-02-18T12:00Z")) == 3 * HOUR


class TestAddAndMeasure:
    def test_add_ends_at_the_earliest_instant_so_it_can_be_closing_time(self) -> None:
        assert berlin().add(at("2027-03-08T09:00+01:00"), 7 * HOUR) == at("2027-03-08T17:00+01:00")
        assert berlin().add(at("2027-03-08T09:00+01:00"), 7 * HOUR + 1) == at("2027-03-09T09:00:01+01:00")

    def test_nothing_added_is_the_start_even_outside_hours(self) -> None:
        assert berlin().add(at("2027-03-07T03:00+01:00"), 0) == at("2027-03-07T03:00+01:00")

    def test_a_reversed_interval_measures_nothing(self) -> None:
        assert berlin().measure(at("2027-03-08T14:00+01:00"), at("2027-03-08T10:00+01:00")) == 0

    def test_time_is_never_taken_away(self) -> None:
        with pytest.raises(ValueError, match="never taken away"):
            berlin().add(at("2027-03-08T14:00+01:00"), -1)

    def test_a_fraction_of_a_second_is_dropped(self) -> None:
        first, last = at("2027-03-08T10:00:00.9+01:00"), at("2027-03-08T10:00:01.1+01:00")
        assert berlin().measure(first, last) == 1
        assert berlin().add(first, 60) == at("2027-03-08T10:01:00+01:00")

    def test_an_instant_without_offset_is_refused(self) -> None:
        with pytest.raises(ValueError, match="offset"):
            berlin().is_working(datetime(2027, 3, 8, 10))  # noqa: DTZ001 - what the test is about

    def test_there_is_no_search_limit(self) -> None:
        an_hour_a_week = berlin(hours=week(((540, 600),)))
        assert an_hour_a_week.add(at("2027-03-08T09:00+01:00"), 5200 * HOUR) == at("2126-10-28T10:00+01:00")

    def test_a_long_shutdown_is_crossed(self) -> None:
        shut = tuple(Holiday(date(2027, 7, 1) + timedelta(days=day)) for day in range(400))
        assert berlin(holidays=shut).add(at("2027-06-30T16:00+02:00"), 2 * HOUR) == at("2028-08-04T10:00+02:00")

    def test_the_year_9999_is_the_end(self) -> None:
        with pytest.raises(OutOfRange, match="9999"):
            berlin().add(at("9999-12-01T09:00Z"), 10**6)
        with pytest.raises(OutOfRange, match="9999"):
            berlin().add(at("2027-03-08T09:00Z"), 10**18)
        fridays = Calendar("UTC", week((), (), (), (), ((0, 1440),)))
        with pytest.raises(OutOfRange, match="9999"):
            fridays.advance(seconds_of(at("9999-12-30T12:00Z")), 24 * HOUR)
        assert fridays.add(at("9999-12-30T12:00Z"), 24 * HOUR - 1) == at("9999-12-31T23:59:59Z")
        assert Calendar("UTC", ROUND_THE_CLOCK).add(at("9999-12-31T23:59:58Z"), 1) == at("9999-12-31T23:59:59Z")
        assert berlin().measure(at("0001-01-01T00:00Z"), at("0001-02-01T00:00Z")) == 23 * 7 * HOUR

    @given(case=cases(), seconds=st.integers(0, 10**5))
    @examples()
    def test_measuring_what_was_added_gives_it_back(self, case: dict[str, object], seconds: int) -> None:
        calendar, start = notation.calendar(Node(case["calendar"])), case["start"]
        assert isinstance(start, datetime)
        try:
            end = calendar.add(start, seconds)
        except NeverOpen:
            assert not calendar.is_endless
            return
        assert calendar.measure(start, end) == seconds
        assert seconds == 0 or calendar.measure(start, end - timedelta(seconds=1)) == seconds - 1


class TestNeverOpen:
    def test_a_week_without_hours_is_an_error(self) -> None:
        with pytest.raises(NeverOpen, match="60 seconds more"):
            berlin(hours=week()).add(at("2027-03-08T09:00+01:00"), 60)

    def test_the_last_override_is_the_last_that_such_a_week_provides(self) -> None:
        calendar = berlin(hours=week(), overrides=(Override(date(2030, 12, 31), ((23 * 60, 27 * 60),)),))
        assert calendar.add(at("2027-03-08T09:00+01:00"), 4 * HOUR) == at("2031-01-01T03:00+01:00")
        assert not calendar.is_endless
        with pytest.raises(NeverOpen):
            calendar.add(at("2027-03-08T09:00+01:00"), 4 * HOUR + 1)
        with pytest.raises(NeverOpen):
            calendar.next_open(at("2031-01-01T03:00+01:00"))

    def test_holidays_on_every_date_leave_nothing(self) -> None:
        first = date(2000, 1, 1)
        every_date = (first + timedelta(days=day) for day in range(366))
        calendar = berlin(yearly_holidays=tuple(YearlyHoliday(on.month, on.day) for on in every_date))
        assert not calendar.is_endless
        with pytest.raises(NeverOpen):
            calendar.next_open(at("2027-03-08T09:00+01:00"))

    def test_one_date_in_leap_years_is_enough(self) -> None:
        first = date(2000, 1, 1)
        others = (on for day in range(366) if (on := first + timedelta(days=day)) != date(2000, 2, 29))
        calendar = berlin(yearly_holidays=tuple(YearlyHoliday(on.month, on.day) for on in others))
        assert calendar.next_open(at("2027-03-08T09:00+01:00")) == at("2028-02-29T09:00+01:00")


class TestDefinition:
    @pytest.mark.parametrize(
        "name", ["Mars/Olympus", "../../etc/passwd", "", "right/Europe/Berlin", "Europe/berlin\x00"]
    )
    def test_an_unknown_zone_is_refused(self, name: str) -> None:
        with pytest.raises(UnknownZone):
            Calendar(name)

    @pytest.mark.parametrize("window", [(-1, 60), (1440, 1500), (600, 540), (0, 1441)])
    def test_an_impossible_window_is_refused(self, window: tuple[int, int]) -> None:
        with pytest.raises(BadDefinition):
            berlin(hours=week((window,)))

    def test_a_week_has_seven_days(self) -> None:
        with pytest.raises(BadDefinition):
            berlin(hours=(OFFICE,))

    def test_a_calendar_is_a_value(self) -> None:
        used = berlin()
        used.next_open(at("2027-03-08T00:00Z"))
        assert used == berlin()
        assert hash(used) == hash(berlin())
        assert berlin(holidays=(Holiday(date(2027, 3, 8)),)) != used
