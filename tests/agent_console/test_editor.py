"""The editor's pure parts: durations as typed, forms to content and back, the picture of a week, the words of an effect."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from agent_console.editor import calendars, durations, matrices, policies, previews, steps, weeks
from msp.core.errors import Invalid


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("4 h", 240), ("4h", 240), ("1 h 30", 90), ("1h30", 90), ("1 h 30 min", 90), ("30 min", 30), ("30m", 30), ("90", 90),
        ("1:30", 90), ("1,5 h", 90), ("0.5 h", 30), ("12 hours", 720), ("—", None), ("-", None), ("", None), ("none", None),
    ],
)  # fmt: skip
def test_durations_are_read_as_people_type_them(text: str, minutes: float | None) -> None:
    assert durations.minutes(text) == minutes


@pytest.mark.parametrize("text", ["soon", "h", "2 days", "1 week", "4 h and a bit", "-5", "1:99", "1.2.3 h"])
def test_what_is_no_duration_says_how_to_write_one(text: str) -> None:
    with pytest.raises(durations.Unreadable, match=r"Write|write"):
        durations.minutes(text)


@pytest.mark.parametrize("minutes", [1, 30, 60, 90, 135, 720, 3840])
def test_durations_come_back_as_they_were_shown(minutes: int) -> None:
    assert durations.minutes(durations.words(minutes)) == minutes


POLICY: dict[str, Any] = {
    "conditions": {"kind": "request"},
    "targets": {"P1": {
        "response": {"minutes": 30, "calendar_id": "a"}, "resolution": {"minutes": 90, "calendar_id": "a"},
        "ola": {"minutes": 45, "calendar_id": "b"},
    }, "P2": {"resolution": {"minutes": 600, "calendar_id": "b"}}},
    "steps": {
        "response": [{"key": "75", "percent": 75, "actions": [{"kind": "notify", "to": "assignee", "off_duty": "wait"}]}],
        "resolution": [
            {"key": "-30m", "offset_minutes": -30, "actions": [{"kind": "web_hook", "to": "https://a.example", "off_duty": "on_call"}]},
            {"key": "breach", "actions": [
                {"kind": "notify", "to": "lead", "off_duty": "on_call"}, {"kind": "reassign", "to": "team", "off_duty": "on_call"},
            ]},
            {"key": "+120m", "offset_minutes": 120, "actions": []},
        ],
    },
    "pause_states": ["scheduled"], "pauses_response": True, "phone_counts_as_answer": False, "reopening": "new_cycle",
    "at_risk_percent": 80,
}  # fmt: skip


def test_a_policy_survives_its_form() -> None:
    made = policies.to_content(policies.to_form(POLICY), POLICY)
    assert made["targets"]["P1"] == POLICY["targets"]["P1"], "a row of two calendars keeps them"
    assert made["targets"]["P2"] == POLICY["targets"]["P2"]
    assert made["conditions"]["kind"] == "request"
    for name in ("pause_states", "pauses_response", "phone_counts_as_answer", "reopening", "at_risk_percent"):
        assert made[name] == POLICY[name], name
    for clock, wanted in POLICY["steps"].items():
        assert made["steps"][clock] == [{name: value for name, value in step.items() if name != "key"} for step in wanted]


def test_faults_point_at_rows_of_the_table_and_of_the_steps() -> None:
    form = policies.to_form(POLICY)
    form["P1-response"], form["at_risk_percent"] = "later", "most"
    form.setlist("step-when", ["now and then", *form.getlist("step-when")[1:]])
    with pytest.raises(Invalid) as refused:
        policies.to_content(form, POLICY)
    errors = {error.pointer: error.message for error in refused.value.errors}
    assert set(errors) == {"/targets/P1/response", "/rows/0", "/at_risk_percent"}
    shown = policies.table(form, policies.to_form(POLICY), errors, {"P1": 3}, policies.CLIENT_CLOCKS)
    assert (shown[0].cells[0].value, shown[0].cells[0].error != "", shown[0].open_count) == ("later", True, 3)
    assert steps.table(form, errors)[0].error


def test_a_fault_of_a_step_stands_on_its_first_row() -> None:
    form = policies.to_form(POLICY)
    rows = steps.table(form, {"/steps/resolution/1/actions/1": "Say which team."})
    assert [row.error for row in rows if row.error] == ["Say which team."]
    assert [row.when for row in rows if row.error] == ["breach"]


def test_changes_are_marked_against_what_stood_there() -> None:
    before = policies.to_form(POLICY)
    form = MultiDict(before)
    form["P2-resolution"], form["P1-response"], form["P2-calendar"] = "10h", "1 h", "a"
    p1, p2, *_ = policies.table(form, before, {}, {}, policies.CLIENT_CLOCKS)
    assert (p1.cells[0].is_changed, p1.cells[0].was, p1.cells[0].value) == (True, "30 min", "1 h")
    assert not p2.cells[2].is_changed, "10h is 10 h"
    assert (p2.calendar.is_changed, p2.calendar.was) == (True, "b")


def test_a_calendar_survives_its_form() -> None:
    content = {
        "tz": "Europe/London",
        "hours": {"mon": [["09:00", "12:30"], ["13:15", "17:00"]], "fri": [["22:00", "06:00"]], "sun": [["00:00", "24:00"]]},
        "holidays": [{"on": "2027-03-26", "name": "Good Friday"}],
        "yearly": [{"on": "12-25", "name": "Christmas"}],
        "overrides": {"2027-12-24": [["09:00", "12:00"], ["13:00", "14:00"]], "2027-12-31": [], "2028-01-02": [["00:00", "24:00"]]},
    }
    made = calendars.to_content(calendars.to_form(content))
    assert {day: windows for day, windows in made["hours"].items() if windows} == content["hours"]
    assert {name: made[name] for name in ("tz", "holidays", "yearly", "overrides")} == {
        name: content[name] for name in ("tz", "holidays", "yearly", "overrides")
    }


def test_a_matrix_survives_its_form() -> None:
    content = {"cells": {impact: {urgency: (int(impact) + int(urgency)) // 2 for urgency in "123"} for impact in "123"}}
    assert matrices.to_content(matrices.to_form(content)) == content


def test_the_week_is_drawn_with_its_nights() -> None:
    days = weeks.picture({"fri": [["22:00", "06:00"]], "sat": [["09:00", "13:00"]]}, {"sat": []})
    friday, saturday = days[4], days[5]
    assert (friday["windows"][0]["from"], friday["windows"][0]["to"], friday["windows"][0]["label"]) == (1320, 1800, "22:00 →")
    assert (saturday["tails"][0]["to"], saturday["tails"][0]["label"]) == (360, "until 06:00, from Fri")
    assert (saturday["is_new"], saturday["sum"], days[6]["sum"]) == (True, "4 h 00", "closed")
    assert weeks.picture({"mon": [["20:00", "22:00"]]})[0]["windows"][0]["label"] == "20–22"
    assert weeks.change_words({"mon": [["09:00", "13:00"]]}, {"mon": [["09:00", "12:30"]]}, "v2") == "30 min more than v2"


def test_times_that_cannot_be_read_are_left_out_of_the_picture() -> None:
    typed = {"mon": [["9", "x"], ["09:00", "09:00"], ["09:00", "12:00"], ["", ""], ["24:00", "25:00"]]}
    assert weeks.readable(typed) == {"mon": [["09:00", "12:00"]]}


def test_parts_of_the_bar_keep_to_its_width() -> None:
    for counts in ([1, 999], [2, 3, 32, 11], [1, 1, 1, 5000], [7]):
        widths = previews._widths(counts, 100 - 0.4 * (len(counts) - 1))
        assert sum(widths) == pytest.approx(100 - 0.4 * (len(counts) - 1))
        assert min(widths) >= 4
