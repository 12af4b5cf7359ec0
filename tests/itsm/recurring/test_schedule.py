"""When a recurring ticket opens: rules as people write them, closed days, clocks that change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msp.core.errors import Invalid
from msp.itsm.recurring import schedule
from msp.itsm.recurring.schedule import DAYS, Plan, Rule

MONDAY = date(2027, 3, 1)
LONDON = ZoneInfo("Europe/London")


def weekdays(on: date) -> bool:
    return on.weekday() < 5


def first(count: int, rule: str, on_closed: str = "open", starts_on: date = MONDAY) -> list[str]:
    """The first local days and times of a rule."""
    plan = Plan(schedule.parse(rule), starts_on, time(8), "Europe/London", on_closed)
    after = datetime.combine(starts_on, time(), UTC) - timedelta(days=60)
    found = islice(schedule.occurrences(plan, after=after, opens=weekdays), count)
    return [f"{each.astimezone(LONDON):%a %d %b %H:%M}" for each in found]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("FREQ=DAILY;INTERVAL=3", ["Mon 01 Mar 08:00", "Thu 04 Mar 08:00", "Sun 07 Mar 08:00"]),
        ("freq=weekly;byday=FR,MO", ["Mon 01 Mar 08:00", "Fri 05 Mar 08:00", "Mon 08 Mar 08:00"]),
        ("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", ["Wed 03 Mar 08:00", "Wed 17 Mar 08:00", "Wed 31 Mar 08:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["Wed 31 Mar 08:00", "Fri 30 Apr 08:00", "Mon 31 May 08:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["Wed 31 Mar 08:00", "Mon 31 May 08:00", "Sat 31 Jul 08:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["Wed 31 Mar 08:00", "Fri 30 Apr 08:00", "Mon 31 May 08:00"]),
        ("FREQ=YEARLY;BYMONTH=3,9;BYDAY=TU;BYSETPOS=2", ["Tue 09 Mar 08:00", "Tue 14 Mar 08:00", "Tue 13 Mar 08:00"]),
        ("FREQ=DAILY;COUNT=2", ["Mon 01 Mar 08:00", "Tue 02 Mar 08:00"]),
        ("FREQ=DAILY;UNTIL=20270302", ["Mon 01 Mar 08:00", "Tue 02 Mar 08:00"]),
    ],
)
def test_rules_say_days(rule: str, found: list[str]) -> None:
    assert first(3, rule) == found


@pytest.mark.parametrize(
    ("on_closed", "found"),
    [
        ("open", ["Sat 06 Mar", "Sat 13 Mar"]),
        ("later", ["Mon 08 Mar", "Mon 15 Mar"]),
        ("earlier", ["Fri 05 Mar", "Fri 12 Mar"]),
        ("skip", []),
    ],
)
def test_a_closed_day_moves_it_or_drops_it(on_closed: str, found: list[str]) -> None:
    assert [each[:10] for each in first(2, "FREQ=WEEKLY;BYDAY=SA;COUNT=2", on_closed)] == found


def test_days_that_fall_together_open_once() -> None:
    assert first(3, "FREQ=DAILY;COUNT=4", "later", date(2027, 3, 5)) == ["Fri 05 Mar 08:00", "Mon 08 Mar 08:00"]


def test_the_clocks_change_and_the_time_on_them_stays() -> None:
    plan = Plan(schedule.parse("FREQ=DAILY"), date(2027, 3, 27), time(8), "Europe/London")
    found = list(islice(schedule.occurrences(plan, after=datetime(2027, 3, 26, tzinfo=UTC), opens=weekdays), 2))
    assert found == [datetime(2027, 3, 27, 8, tzinfo=UTC), datetime(2027, 3, 28, 7, tzinfo=UTC)]
    skipped = Plan(schedule.parse("FREQ=DAILY"), date(2027, 3, 28), time(1, 30), "Europe/London")
    assert schedule.next_after(skipped, datetime(2027, 3, 27, 12, tzinfo=UTC), opens=weekdays) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_what_was_missed_opens_once() -> None:
    plan = Plan(schedule.parse("FREQ=DAILY"), MONDAY, time(8), "UTC")
    due, now = datetime(2027, 3, 2, 8, tzinfo=UTC), datetime(2027, 3, 5, 7, tzinfo=UTC)
    assert schedule.last_until(plan, due, now, opens=weekdays) == datetime(2027, 3, 4, 8, tzinfo=UTC)
    assert schedule.last_until(plan, due, due, opens=weekdays) == due


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("", "Write a rule"),
        ("FREQ=SECONDLY", "FREQ is one of"),
        ("FREQ=DAILY;FREQ=DAILY", "each part once"),
        ("FREQ=WEEKLY;BYDAY=XX", "no weekday"),
        ("FREQ=WEEKLY;BYHOUR=4", "BYHOUR is not taken"),
        ("FREQ=MONTHLY;BYDAY=MO", "needs BYSETPOS"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs BYDAY"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9", "one of 1, 2, 3, 4 and -1"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "not taken in BYMONTHDAY"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "No such day"),
        ("FREQ=YEARLY;BYMONTH=2", "name the months and the days"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number"),
        ("FREQ=DAILY;INTERVAL=١", "INTERVAL is a number"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "exclude each other"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL is a day"),
        ("FREQ=DAILY;" + "X" * 300, "at most 200"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(rule: str, message: str) -> None:
    with pytest.raises(Invalid) as wrong:
        schedule.parse(rule)
    assert message in wrong.value.errors[0].message
    assert wrong.value.errors[0].pointer == "/rule"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "Every 2 weeks on Monday and Friday at 08:00, from 1 March 2027"),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1;COUNT=6", "Every month on the last Friday at 08:00, from 1 March 2027, 6 times"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "Every month on the first weekday at 08:00, from 1 March 2027"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-1", "Every month on the 1st and the last day at 08:00, from 1 March 2027"),
        ("FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=22", "Every year on the 22nd of January and July at 08:00, from 1 March 2027"),
        ("FREQ=DAILY;UNTIL=20271231", "Every day at 08:00, from 1 March 2027, until 31 December 2027"),
    ],
)
def test_a_rule_in_words(rule: str, said: str) -> None:
    assert schedule.words(Plan(schedule.parse(rule), MONDAY, time(8), "Europe/London")) == said


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    frequency = draw(st.sampled_from(list(schedule.FREQUENCIES)))
    by = draw(st.sampled_from({"DAILY": [""], "WEEKLY": ["", "days"]}.get(frequency, ["", "days", "month_days"])))
    chosen = draw(st.sets(st.sampled_from(list(DAYS)), min_size=1))
    days = tuple(day for day in DAYS if day in chosen) if by == "days" else ()
    months = draw(st.sets(st.integers(1, 12), min_size=1)) if by and frequency == "YEARLY" else ()
    ends = draw(st.sampled_from(["", "count", "until"]))
    return Rule(
        frequency,
        interval=draw(st.integers(1, 60)),
        days=days,
        position=draw(st.sampled_from(list(schedule.POSITIONS))) if days and frequency not in ("DAILY", "WEEKLY") else None,
        month_days=tuple(sorted(draw(st.sets(st.integers(1, 28) | st.just(-1), min_size=1)))) if by == "month_days" else (),
        months=tuple(sorted(months)),
        count=draw(st.integers(1, 500)) if ends == "count" else None,
        until=draw(st.dates(MONDAY, date(2040, 1, 1))) if ends == "until" else None,
    )


@settings(max_examples=200, deadline=None)
@given(rules(), st.sampled_from(schedule.ON_CLOSED), st.integers(0, 4000))
def test_any_rule_is_read_again_and_opens_in_order(rule: Rule, on_closed: str, days: int) -> None:
    assert schedule.parse(schedule.text_of(rule)) == rule
    plan = Plan(rule, MONDAY, time(8), "Europe/London", on_closed)
    after = datetime(2027, 3, 1, tzinfo=UTC) + timedelta(days=days)
    found = list(islice(schedule.occurrences(plan, after=after, opens=weekdays), 5))
    assert found == sorted(set(found))
    assert all(at > after for at in found)
    assert on_closed == "open" or all(weekdays(at.astimezone(LONDON).date()) for at in found)
    assert schedule.next_after(plan, after, opens=weekdays) == (found[0] if found else None)
    if found and len(found) > 1:
        assert schedule.next_after(plan, found[0], opens=weekdays) == found[1]
