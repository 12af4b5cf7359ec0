"""What an agent and a client read, and what the thread is drawn from."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from msp.itsm.sla.engine.calendar import Calendar, Holiday, Override
from msp.itsm.sla.engine.closures import Cause, causes
from msp.itsm.sla.engine.explain import explain, thread
from msp.itsm.sla.engine.seconds import seconds_of
from msp.itsm.sla.engine.steps import clock_changes
from tests.itsm.sla.engine.week import (
    CLIENT,
    HOURS,
    LEAD,
    POLICY,
    at,
    conditions,
    current,
    definitions,
    fact,
    opened,
    read,
    targets,
    waiting,
)

PRACTICE = Calendar(
    "Europe/London",
    (((8 * 60 + 30, 12 * 60 + 30), (13 * 60 + 30, 17 * 60 + 30)),) * 5 + ((), ()),
    holidays=(Holiday(date(2027, 3, 26), "Good Friday"), Holiday(date(2027, 3, 29), "Easter Monday")),
)


def texts(*facts: object, kind: str = "resolution", now: str, **changes: Any) -> list[str]:
    given = definitions(**changes)
    return [step.text for step in explain(read(kind, *facts, now=now, given=given))]  # type: ignore[arg-type]


class TestReceipt:
    """The ticket of the mock-up: opened on a Thursday before Easter, paused once, due on the Wednesday after."""

    GIVEN = replace(
        definitions(replace(POLICY, name="Northwind Gold", targets={"P2": targets(resolution=12)})),
        calendars=(replace(HOURS, name="Practice hours", version=2, calendar=PRACTICE),),
    )
    FACTS = (
        replace(opened(), occurred_at=datetime(2027, 3, 25, 14, 20, tzinfo=UTC)),
        replace(
            waiting("Mon 09:00", reason="Asked Amelia which chairs are affected"),
            occurred_at=datetime(2027, 3, 30, 8, 10, tzinfo=UTC),
        ),
        replace(fact("resumed", "Mon 09:00", CLIENT), occurred_at=datetime(2027, 3, 30, 10, 40, tzinfo=UTC)),
    )
    READING = read("resolution", *FACTS, now="Wed+3 09:44", given=GIVEN)

    def test_it_reads_as_designed(self) -> None:
        assert [step.text for step in explain(self.READING)] == [
            "Target 12 h 00 of working time; P2 is line 1 of Northwind Gold v4, chosen because it is the default; "
            "counted by Practice hours v2, Europe/London",
            "Thu 25 Mar 14:20–17:30, from opening: 3 h 10",
            "Thu 25 Mar 17:30–Tue 30 Mar 08:30: Night, Good Friday, weekend, Easter Monday",
            "Clocks went forward Sun 28 Mar 01:00 to 02:00: no effect, outside working time",
            "Tue 30 Mar 08:30–09:10: 0 h 40",
            "Tue 30 Mar 09:10–11:40: Paused by Priya Nair: “Asked Amelia which chairs are affected”, "
            "2 h 30 not counted",
            "The pause by Priya Nair (waiting for client): due moved from Wed 31 Mar 09:20 to Wed 31 Mar 11:50",
            "Tue 30 Mar 11:40–12:30, Amelia Hart answered: 0 h 50",
            "Tue 30 Mar 12:30–13:30: Lunch",
            "Tue 30 Mar 13:30–17:30: 4 h 00",
            "Tue 30 Mar 17:30–Wed 31 Mar 08:30: Night",
            "Wed 31 Mar 08:30–10:44, so far: 2 h 14",
            "Wed 31 Mar 10:44–11:50, still to come: 1 h 06",
            "Used 10 h 54 of 12 h 00, 1 h 06 left",
        ]

    def test_each_closed_day_has_its_knot_on_the_thread(self) -> None:
        gap = next(step for step in explain(self.READING) if step.kind == "gap")
        assert [(cause.kind, cause.on) for cause in gap.causes] == [
            ("night", None),
            ("holiday", date(2027, 3, 26)),
            ("weekend", date(2027, 3, 27)),
            ("weekend", date(2027, 3, 28)),
            ("holiday", date(2027, 3, 29)),
        ]

    def test_the_thread_goes_on_to_the_end_of_the_last_window(self) -> None:
        steps = thread(self.READING)
        assert [step.kind for step in steps] == [
            *("window", "gap", "window", "pause", "window", "gap", "window", "gap", "window"),
        ]
        assert steps[0].from_at == datetime(2027, 3, 25, 14, 20, tzinfo=UTC)
        assert steps[-1].to_at == datetime(2027, 3, 31, 11, 30, tzinfo=UTC)


class TestSteps:
    def test_a_reason_is_given_for_the_policy(self) -> None:
        (policy, *_) = texts(opened(), now="Mon 10:00", conditions=conditions(kind="incident", channel="portal"))
        assert "chosen because kind is incident and channel is portal" in policy

    def test_nothing_promised_is_said(self) -> None:
        assert texts(opened(priority="P5"), now="Mon 10:00") == ["Nothing is promised: Gold v4 has no target for P5"]
        assert texts(opened(), now="Mon 10:00", conditions=conditions(service="mail")) == [
            "Nothing is promised: no policy applies"
        ]
        assert texts(now="Mon 10:00") == []

    def test_an_open_pause_has_no_end(self) -> None:
        steps = explain(read("resolution", opened(), waiting("Mon 10:00", "scheduled"), now="Mon 16:00"))
        pause = steps[-2]
        assert (pause.kind, pause.to_at, pause.seconds) == ("pause", None, 6 * 3600)
        assert pause.text == "From Mon 8 Mar 10:00: Paused by Priya Nair, scheduled, 6 h 00 not counted"
        assert steps[-1].text == "Used 1 h 00 of 8 h 00, 7 h 00 left"

    def test_a_reopening_is_a_pause_and_a_change(self) -> None:
        facts = [opened(), fact("resolved", "Mon 13:00"), fact("reopened", "Tue 10:00", CLIENT)]
        said = texts(*facts, now="Tue 11:00")
        assert (
            "Mon 8 Mar 13:00–Tue 9 Mar 10:00: Resolved by Priya Nair, reopened by Amelia Hart, 5 h 00 not counted"
            in said
        )
        assert "Reopened by Amelia Hart: due moved from Mon 8 Mar 17:00 to Tue 9 Mar 14:00" in said

    def test_a_raised_priority_names_its_author_and_both_instants(self) -> None:
        said = texts(opened(), fact("reclassified", "Mon 11:00", LEAD, priority="P1"), now="Mon 12:00")
        assert "Priority P2 to P1 by Maya Lindqvist: due moved from Mon 8 Mar 17:00 to Mon 8 Mar 13:00" in said

    def test_over_is_said(self) -> None:
        assert texts(opened(), now="Tue 11:00:30")[-1] == "Used 10 h 00 min 30 s of 8 h 00, 2 h 00 min 30 s over"
        assert texts(opened(), now="Mon 17:00")[-1] == "Used 8 h 00 of 8 h 00, nothing left"

    @pytest.mark.parametrize(
        ("kind", "facts", "words"),
        [
            ("update", [fact("replied", "Mon 10:00")], "from the last update"),
            ("ola", [fact("assigned", "Mon 10:00", team="Network")], "from assignment"),
            ("underpinning", [fact("handed_over", "Mon 10:00", supplier="A")], "from hand-over"),
        ],
    )
    def test_a_clock_says_from_what_it_counts(self, kind: str, facts: list[object], words: str) -> None:
        assert words in texts(opened(), *facts, kind=kind, now="Mon 12:00")[1]

    def test_a_new_cycle_counts_from_the_reopening(self) -> None:
        facts = [opened(), fact("resolved", "Mon 13:00"), fact("reopened", "Tue 10:00", CLIENT)]
        assert "from reopening" in texts(*facts, now="Tue 11:00", reopening="new_cycle")[1]

    def test_an_earlier_cycle_can_be_explained(self) -> None:
        reading = read("update", opened(), fact("replied", "Mon 10:00"), now="Mon 11:00")
        assert explain(reading, reading.cycles[0])[-1].text == "Used 1 h 00 of 2 h 00, 1 h 00 left"

    def test_round_the_clock_is_one_window(self) -> None:
        always = {kind: replace(target, calendar_id="always") for kind, target in targets(resolution=60).items()}
        said = texts(opened("Mon 16:00"), now="Thu 16:00", targets={"P2": always})
        assert "Mon 8 Mar 16:00–Thu 11 Mar 16:00, from opening: 72 h 00" in said
        reading = read("resolution", opened("Mon 16:00"), now="Tue 16:00", given=definitions(targets={"P2": always}))
        assert thread(reading)[-1].to_at == at("Fri 00:00")  # the midnight after due


class TestCauses:
    def because(self, calendar: Calendar, first: str, last: str) -> list[str]:
        found = causes(calendar, *(seconds_of(datetime.fromisoformat(text)) for text in (first, last)))
        return [cause.name for cause in found]

    def test_lunch_and_other_breaks(self) -> None:
        assert self.because(PRACTICE, "2027-03-08T12:30Z", "2027-03-08T13:30Z") == ["lunch"]
        split = Calendar("UTC", (((360, 420), (1080, 1140)),) * 7)
        assert self.because(split, "2027-03-08T07:00Z", "2027-03-08T18:00Z") == ["break"]
        long = Calendar("UTC", (((540, 660), (900, 1020)),) * 7)
        assert self.because(long, "2027-03-08T11:00Z", "2027-03-08T15:00Z") == ["break"]

    def test_opened_during_lunch(self) -> None:
        assert self.because(PRACTICE, "2027-03-08T13:00Z", "2027-03-08T13:30Z") == ["lunch"]

    @pytest.mark.parametrize(
        ("first", "last"),
        [
            ("2027-03-08T17:30Z", "2027-03-09T08:30Z"),
            ("2027-03-08T06:00Z", "2027-03-08T08:30Z"),
            ("2027-03-08T17:30Z", "2027-03-08T20:00Z"),
            ("2027-03-08T17:30Z", "2027-03-09T00:00Z"),
        ],
    )
    def test_night(self, first: str, last: str) -> None:
        assert self.because(PRACTICE, first, last) == ["night"]

    def test_on_a_closed_day_there_is_no_night_before_it(self) -> None:
        assert self.because(PRACTICE, "2027-03-27T12:00Z", "2027-03-28T12:00Z") == ["weekend", "weekend"]

    def test_closed_days_have_names(self) -> None:
        calendar = Calendar(
            "UTC",
            (((540, 1020),),) * 2 + ((),) + (((540, 1020),),) * 2 + ((), ()),
            holidays=(Holiday(date(2027, 3, 11)),),
            overrides=(Override(date(2027, 3, 12)),),
        )
        assert self.because(calendar, "2027-03-09T17:00Z", "2027-03-15T09:00Z") == [
            "night",
            "closed Wednesday",
            "holiday",
            "closed Fri 12 Mar",
            "weekend",
            "weekend",
        ]

    def test_where_sunday_works_friday_is_weekend(self) -> None:
        calendar = Calendar("Africa/Cairo", (((540, 1020),),) * 4 + ((), (), ((540, 1020),)))
        assert self.because(calendar, "2027-03-11T15:00Z", "2027-03-14T07:00Z") == ["night", "weekend", "weekend"]

    def test_a_window_lost_to_the_clocks(self) -> None:
        calendar = Calendar("Europe/Berlin", ((), (), (), (), (), (), ((125, 175),)))
        found = self.because(calendar, "2027-03-27T23:30Z", "2027-03-28T12:00Z")
        assert found == ["night", "clocks went forward"]

    def test_a_cause_is_a_value(self) -> None:
        assert Cause("lunch", "lunch") == Cause("lunch", "lunch", None)


class TestClockChanges:
    ALWAYS = Calendar("Europe/Berlin", (((0, 1440),),) * 7)

    def said(self, first: str, last: str, calendar: Calendar = ALWAYS) -> list[tuple[int, str]]:
        first_second, last_second = (seconds_of(datetime.fromisoformat(text)) for text in (first, last))
        return [(step.seconds, step.text) for step in clock_changes(calendar, first_second, last_second)]

    def test_a_missing_hour_is_said(self) -> None:
        text = "Clocks went forward Sun 28 Mar 02:00 to 03:00: 1 h 00 of working time did not exist"
        assert self.said("2027-03-27T00:00Z", "2027-03-29T00:00Z") == [(3600, text)]

    def test_a_repeated_hour_is_said(self) -> None:
        text = "Clocks went back Sun 31 Oct 03:00 to 02:00: 1 h 00 of working time came twice and counts twice"
        assert self.said("2027-10-30T00:00Z", "2027-11-01T00:00Z") == [(3600, text)]

    def test_half_an_hour_too(self) -> None:
        lord_howe = replace(self.ALWAYS, tz="Australia/Lord_Howe")
        ((seconds, text),) = self.said("2027-04-03T00:00Z", "2027-04-05T00:00Z", lord_howe)
        assert (seconds, text[:49]) == (1800, "Clocks went back Sun 4 Apr 02:00 to 01:30: 0 h 30")

    def test_outside_working_time_they_have_no_effect(self) -> None:
        ((seconds, text),) = self.said("2027-03-27T00:00Z", "2027-03-29T00:00Z", PRACTICE)
        assert (seconds, text) == (0, "Clocks went forward Sun 28 Mar 01:00 to 02:00: no effect, outside working time")

    def test_paused_they_have_none_either(self) -> None:
        always = {kind: replace(target, calendar_id="always") for kind, target in targets(resolution=60).items()}
        facts = [opened("Sat+2 12:00"), waiting("Sat+2 13:00"), fact("resumed", "Sun+2 13:00")]
        said = texts(*facts, now="Mon+3 00:00", targets={"P2": always})
        assert "Clocks went forward Sun 28 Mar 01:00 to 02:00: no effect, the clock was paused" in said


def test_counted_steps_add_up() -> None:
    facts = [opened(), waiting("Mon 16:00"), fact("resumed", "Tue 10:00"), fact("resolved", "Wed 12:00")]
    cycle = current("resolution", *facts, now="Fri 12:00")
    steps = explain(read("resolution", *facts, now="Fri 12:00"))
    assert sum(step.seconds for step in steps if step.counted) == steps[-1].seconds == cycle.elapsed_seconds
