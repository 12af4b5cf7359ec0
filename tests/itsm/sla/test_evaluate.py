"""`msp sla evaluate`: what goes in, what comes out, and that no line stops the others."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msp.itsm.sla import evaluate
from tests.itsm.sla.engine.strategies import cases, examples, written

OFFICE = {"tz": "Europe/Berlin", "hours": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "fri")}}
MONDAY = "2027-03-08T09:00:00+01:00"


def run(*lines: str | bytes, explain: bool = False) -> tuple[list[Any], int]:
    out = io.StringIO()
    status = evaluate.main(lines, out, explain=explain)  # type: ignore[arg-type]  # both kinds of line in one call
    return [json.loads(line) for line in out.getvalue().splitlines()], status


def answer(kind: str, *, explain: bool = False, **question: Any) -> Any:
    line = {"kind": kind, "calendar": OFFICE, "start": MONDAY, "target_minutes": 60} | question
    answers, _ = run(json.dumps(line), explain=explain)
    return answers[0]


def error(kind: str = "due", **question: Any) -> tuple[str, str]:
    found = answer(kind, **question)["error"]
    assert found["message"]
    return found["code"], found["pointer"]


class TestAnswers:
    def test_the_example_of_the_manual(self) -> None:
        line = (
            '{"kind":"due","calendar":{"tz":"Europe/Berlin","hours":{"fri":[["09:00","12:00"],["13:00","17:00"]],'
            '"mon":[["09:00","12:00"],["13:00","17:00"]]},"holidays":[]},"start":"2027-03-05T15:30:00+01:00",'
            '"target_minutes":150,"pauses":[]}'
        )
        out = io.StringIO()
        assert evaluate.main([line], out, explain=False) == 0
        assert out.getvalue() == '{"due":"2027-03-08T09:00:00Z"}\n'

    def test_due(self) -> None:
        assert answer("due") == {"due": "2027-03-08T09:00:00Z"}
        assert answer("due", pauses=[["2027-03-08T09:30:00+01:00", None]]) == {"due": None}
        assert answer("due", pauses=[["2027-03-08T10:00:00+01:00", None]]) == {"due": "2027-03-08T09:00:00Z"}
        assert answer("due", target_minutes=0, pauses=[["2027-03-01T00:00:00Z", None]]) == {
            "due": "2027-03-08T08:00:00Z"
        }

    def test_targets_may_be_fractions_of_minutes_or_seconds(self) -> None:
        assert answer("due", target_minutes=7.5) == {"due": "2027-03-08T08:07:30Z"}
        assert answer("due", target_minutes=None, target_seconds=90) == {"due": "2027-03-08T08:01:30Z"}
        assert answer("due", target_seconds=90) == {"due": "2027-03-08T08:01:30Z"}

    def test_elapsed(self) -> None:
        assert answer("elapsed", end="2027-03-08T13:00:59+01:00") == {"elapsed_seconds": 10859, "elapsed_minutes": 180}
        assert answer("elapsed", end="2027-03-01T00:00:00Z") == {"elapsed_seconds": 0, "elapsed_minutes": 0}

    def test_clock(self) -> None:
        assert answer("clock", stop="2027-03-08T10:00:00+01:00") == {
            "due": "2027-03-08T09:00:00Z",
            "breached_at": None,
            "elapsed_seconds": 3600,
            "elapsed_minutes": 60,
            "diff_minutes": 0,
            "breached": False,
        }
        late = answer("clock", target_minutes=180.5, stop="2027-03-08T13:01:00+01:00")
        assert (late["breached_at"], late["diff_minutes"], late["breached"]) == ("2027-03-08T12:00:30Z", -1, True)
        closing = answer("clock", target_minutes=420, stop="2027-03-12T09:00:01+01:00")
        assert (closing["due"], closing["breached_at"]) == ("2027-03-08T16:00:00Z", "2027-03-12T08:00:00Z")

    def test_escalation(self) -> None:
        thresholds = [{"offset_minutes": 30}, {"percent": 50}, {"offset_minutes": -90}, {"percent": 100}]
        assert answer("escalation", thresholds=thresholds) == {
            "due": "2027-03-08T09:00:00Z",
            "at": ["2027-03-08T09:30:00Z", "2027-03-08T08:30:00Z", "2027-03-08T08:00:00Z", "2027-03-08T09:00:00Z"],
        }
        paused = answer("escalation", thresholds=thresholds, pauses=[["2027-03-08T09:45:00+01:00", None]])
        assert paused == {"due": None, "at": [None, "2027-03-08T08:30:00Z", "2027-03-08T08:00:00Z", None]}

    def test_status(self) -> None:
        assert answer("status", as_of="2027-03-08T09:20:00+01:00") == {
            "state": "on_track",
            "percent": 33.33,
            "elapsed_seconds": 1200,
            "remaining_seconds": 2400,
            "breached_at": None,
        }
        assert answer("status", as_of="2027-03-08T09:20:00+01:00", at_risk_percent=33)["state"] == "at_risk"
        assert answer("status", as_of="2027-03-08T09:45:00+01:00")["state"] == "at_risk"
        nearly = answer("status", target_seconds=28800, as_of="2027-03-08T15:59:59+01:00")
        assert (nearly["state"], nearly["percent"], nearly["elapsed_seconds"]) == ("on_track", 74.99, 21599)
        late = answer("status", as_of="2027-03-08T11:00:00+01:00")
        assert (late["state"], late["percent"], late["remaining_seconds"]) == ("breached", 200, -3600)
        paused = answer("status", as_of="2027-03-08T11:00:00+01:00", pauses=[["2027-03-08T10:30:00+01:00", None]])
        assert (paused["state"], paused["breached_at"]) == ("paused", "2027-03-08T09:00:00Z")
        assert answer("status", target_minutes=0, as_of=MONDAY)["percent"] == 100

    def test_midflight(self) -> None:
        change = {"at": "2027-03-08T10:00:00+01:00", "target_minutes": 120}
        pauses = [["2027-03-08T09:30:00+01:00", "2027-03-08T09:40:00+01:00"], ["2027-03-08T10:00:00+01:00", None]]
        found = answer("midflight", initial={"target_minutes": 60}, change=change, pauses=pauses[:1])
        assert found == {"due_before": "2027-03-08T09:10:00Z", "due_after": "2027-03-08T10:10:00Z"}
        found = answer("midflight", initial={"target_minutes": 60}, change=change, pauses=pauses)
        assert found == {"due_before": "2027-03-08T09:10:00Z", "due_after": None}

    def test_midflight_takes_a_missing_calendar_from_initial_then_from_the_common_one(self) -> None:
        always = {"tz": "UTC", "hours": {"mon": [["00:00", "24:00"]]}}
        noon = {"tz": "UTC", "hours": {"mon": [["12:00", "24:00"]]}}
        first, second = {"target_minutes": 60}, {"at": MONDAY, "target_minutes": 60}
        due = {"common": "2027-03-08T09:00:00Z", "noon": "2027-03-08T13:00:00Z"}
        assert answer("midflight", initial=first, change=second) == {
            "due_before": due["common"],
            "due_after": due["common"],
        }
        found = answer("midflight", initial=first | {"calendar": noon}, change=second)
        assert found == {"due_before": due["noon"], "due_after": due["noon"]}
        found = answer("midflight", initial=first, change=second | {"calendar": noon})
        assert found == {"due_before": due["common"], "due_after": due["noon"]}
        found = answer("midflight", calendar=None, initial=first | {"calendar": always}, change=second)
        assert found == {"due_before": due["common"], "due_after": due["common"]}

    def test_hours(self) -> None:
        assert answer("is_working", at="2027-03-08T12:00:00+01:00") == {"is_working": False}
        assert answer("next_open", at="2027-03-08T12:00:00+01:00") == {"next_open": "2027-03-08T12:00:00Z"}
        assert answer("next_open", at=MONDAY) == {"next_open": "2027-03-08T08:00:00Z"}
        assert answer("open_windows", end="2027-03-08T14:00:00+01:00") == {
            "windows": [
                ["2027-03-08T08:00:00Z", "2027-03-08T11:00:00Z"],
                ["2027-03-08T12:00:00Z", "2027-03-08T13:00:00Z"],
            ]
        }

    def test_closed_dates(self) -> None:
        closed = OFFICE | {
            "holidays": ["2027-03-08", {"date": "2027-03-15", "name": "Founders' Day"}],
            "recurring_holidays": ["03-12", {"date": "03-19"}],
            "overrides": {"2027-03-08": [["09:00", "10:00"]], "2027-03-10": [["22:00", "00:00"], ["10:00", "10:00"]]},
        }
        assert answer("open_windows", calendar=closed, end="2027-03-22T00:00:00Z") == {
            "windows": [["2027-03-10T21:00:00Z", "2027-03-10T23:00:00Z"]]
        }

    def test_unknown_keys_are_ignored(self) -> None:
        assert answer("due", colour="red", calendar=OFFICE | {"name": ["x"]}) == {"due": "2027-03-08T09:00:00Z"}

    def test_a_fraction_of_a_second_is_dropped(self) -> None:
        assert answer("due", start="2027-03-08T09:00:00.999999+01:00") == {"due": "2027-03-08T09:00:00Z"}


class TestExplain:
    @pytest.mark.parametrize(
        ("kind", "question", "kinds"),
        [
            ("due", {}, ["policy", "window", "total"]),
            ("due", {"pauses": [["2027-03-08T09:30:00+01:00", None]]}, ["policy", "window", "pause", "total"]),
            ("elapsed", {"end": "2027-03-08T12:30:00+01:00"}, ["window", "gap", "total"]),
            ("clock", {"stop": "2027-03-08T13:30:00+01:00"}, ["policy", "window", "gap", "window", "total"]),
            ("escalation", {"thresholds": [{"percent": 400}]}, ["policy", "window", "gap", "window", "total"]),
            ("status", {"as_of": "2027-03-07T13:30:00+01:00"}, ["policy", "total"]),
            (
                "midflight",
                {"initial": {"target_minutes": 60}, "change": {"at": "2027-03-08T08:10:00Z", "target_minutes": 30}},
                ["policy", "window", "change", "total"],
            ),
            ("is_working", {"at": MONDAY}, ["window"]),
            ("next_open", {"at": "2027-03-09T00:00:00Z"}, ["gap"]),
            ("is_working", {"at": MONDAY, "calendar": {"tz": "UTC", "hours": {}}}, ["gap"]),
            ("open_windows", {"end": "2027-03-08T12:30:00+01:00"}, ["window", "gap", "total"]),
        ],
    )
    def test_every_kind_has_steps(self, kind: str, question: dict[str, Any], kinds: list[str]) -> None:
        found = answer(kind, explain=True, **question)
        assert [step["kind"] for step in found["steps"]] == kinds
        assert {key: value for key, value in found.items() if key != "steps"} == answer(kind, **question)

    def test_a_step(self) -> None:
        steps = answer("due", target_minutes=240, explain=True)["steps"]
        assert steps[2] == {
            "kind": "gap",
            "from": "2027-03-08T11:00:00Z",
            "to": "2027-03-08T12:00:00Z",
            "seconds": 0,
            "counted": False,
            "text": "Mon 8 Mar 12:00–13:00: Lunch",
        }

    def test_midflight_says_what_moved(self) -> None:
        change = {"at": "2027-03-08T08:10:00Z", "target_minutes": 30}
        steps = answer("midflight", initial={"target_minutes": 60}, change=change, explain=True)["steps"]
        assert "Target 1 h 00 to 0 h 30: due moved from Mon 8 Mar 10:00 to Mon 8 Mar 09:30" in [
            s["text"] for s in steps
        ]

    @given(case=cases())
    @examples(1 / 3)
    def test_counted_seconds_add_up_and_steps_touch(self, case: dict[str, Any]) -> None:
        pauses = [[written(first), last and written(last)] for first, last in case["pauses"]]
        found = answer(
            "elapsed",
            explain=True,
            calendar=case["calendar"],
            start=written(case["start"]),
            end=written(case["at"]),
            pauses=pauses,
        )
        *steps, total = found["steps"]
        assert sum(step["seconds"] for step in steps if step["counted"]) == total["seconds"] == found["elapsed_seconds"]
        pieces = [step for step in steps if step["kind"] in ("window", "gap", "pause")]
        ends = [step["to"] or total["to"] for step in pieces]
        assert [step["from"] for step in pieces[1:]] == ends[:-1]


class TestBadLines:
    def test_the_others_go_on_and_the_status_is_1(self) -> None:
        good = json.dumps({"kind": "is_working", "calendar": OFFICE, "at": MONDAY})
        answers, status = run(good, "{", good)
        assert [list(found) for found in answers] == [["is_working"], ["error"], ["is_working"]]
        assert status == 1
        assert run(good, "", "  \n", good) == ([{"is_working": True}] * 2, 0)

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ("{", "invalid_json"),
            ('{"kind": NaN}', "invalid_json"),
            ('{"kind": -Infinity}', "invalid_json"),
            ('{"kind": ' + "9" * 5000 + "}", "invalid_json"),
            ("[" * 100_000, "invalid_json"),
            ('{"kind":"due","calendar":' + '{"a":' * 900 + "1" + "}" * 900 + "}", "missing"),
            ("[1]", "not_an_object"),
            ("null", "not_an_object"),
            (b'{"kind": "\xff"}', "invalid_encoding"),
            ('{"kind": "\udcff"}', "invalid_encoding"),
            (b"\x00", "invalid_json"),
            ('{"kind": "\\ud800"}', "unknown_kind"),
        ],
    )
    def test_what_is_no_object(self, line: str | bytes, code: str) -> None:
        (found,), status = run(line)
        assert (found["error"]["code"], status) == (code, 1)

    def test_a_byte_order_mark_is_no_error(self) -> None:
        line = json.dumps({"kind": "is_working", "calendar": OFFICE, "at": MONDAY})
        assert run(b"\xef\xbb\xbf" + line.encode()) == ([{"is_working": True}], 0)

    @pytest.mark.parametrize(
        ("question", "code", "pointer"),
        [
            ({"kind": "forecast"}, "unknown_kind", "/kind"),
            ({"kind": 1}, "wrong_type", "/kind"),
            ({"kind": None}, "missing", "/kind"),
            ({"calendar": None}, "missing", "/calendar"),
            ({"calendar": []}, "wrong_type", "/calendar"),
            ({"calendar": {"hours": {}}}, "missing", "/calendar/tz"),
            ({"calendar": {"tz": "UTC"}}, "missing", "/calendar/hours"),
            ({"calendar": {"tz": "Mars/Base", "hours": {}}}, "unknown_time_zone", "/calendar/tz"),
            ({"calendar": {"tz": 1, "hours": {}}}, "wrong_type", "/calendar/tz"),
            ({"calendar": {"tz": "UTC", "hours": {"mon": [["9:00", "17:00"]]}}}, "bad_time", "/calendar/hours/mon/0/0"),
            (
                {"calendar": {"tz": "UTC", "hours": {"mon": [["09:00", "24:01"]]}}},
                "bad_time",
                "/calendar/hours/mon/0/1",
            ),
            (
                {"calendar": {"tz": "UTC", "hours": {"mon": [["24:00", "09:00"]]}}},
                "bad_time",
                "/calendar/hours/mon/0/0",
            ),
            ({"calendar": {"tz": "UTC", "hours": {"mon": [["09:00"]]}}}, "wrong_type", "/calendar/hours/mon/0"),
            ({"calendar": {"tz": "UTC", "hours": {"mon": [[9, 17]]}}}, "wrong_type", "/calendar/hours/mon/0/0"),
            ({"calendar": {"tz": "UTC", "hours": {"mon": "all"}}}, "wrong_type", "/calendar/hours/mon"),
            ({"calendar": OFFICE | {"holidays": ["2027-02-30"]}}, "bad_date", "/calendar/holidays/0"),
            ({"calendar": OFFICE | {"holidays": ["20270228"]}}, "bad_date", "/calendar/holidays/0"),
            ({"calendar": OFFICE | {"holidays": [{"name": "x"}]}}, "missing", "/calendar/holidays/0/date"),
            ({"calendar": OFFICE | {"recurring_holidays": ["02-30"]}}, "bad_date", "/calendar/recurring_holidays/0"),
            ({"calendar": OFFICE | {"overrides": {"a/b~c": []}}}, "bad_date", "/calendar/overrides/a~1b~0c"),
            ({"calendar": OFFICE | {"overrides": []}}, "wrong_type", "/calendar/overrides"),
            ({"calendar": {"tz": "UTC", "hours": {}}}, "never_open", "/calendar"),
            ({"start": None}, "missing", "/start"),
            ({"start": "yesterday"}, "bad_instant", "/start"),
            ({"start": "2027-03-08T09:00:00"}, "no_offset", "/start"),
            ({"start": "2027-03-08"}, "no_offset", "/start"),
            ({"start": 1_800_000_000}, "wrong_type", "/start"),
            ({"start": "0001-01-01T00:00:00+14:00"}, "out_of_range", "/start"),
            ({"target_minutes": None}, "missing", "/target_minutes"),
            ({"target_minutes": "60"}, "wrong_type", "/target_minutes"),
            ({"target_minutes": True}, "wrong_type", "/target_minutes"),
            ({"target_minutes": -1}, "out_of_range", "/target_minutes"),
            ({"target_minutes": 10**400}, "out_of_range", "/target_minutes"),
            ({"target_seconds": 1e300}, "out_of_range", "/target_seconds"),
            ({"target_seconds": 10**12}, "out_of_range", ""),
            ({"pauses": {}}, "wrong_type", "/pauses"),
            ({"pauses": [[MONDAY]]}, "wrong_type", "/pauses/0"),
            ({"pauses": [[MONDAY, MONDAY], [None, MONDAY]]}, "wrong_type", "/pauses/1/0"),
            ({"pauses": [[MONDAY, "soon"]]}, "bad_instant", "/pauses/0/1"),
            ({"kind": "elapsed"}, "missing", "/end"),
            ({"kind": "clock"}, "missing", "/stop"),
            ({"kind": "status"}, "missing", "/as_of"),
            ({"kind": "status", "as_of": MONDAY, "at_risk_percent": "75"}, "wrong_type", "/at_risk_percent"),
            ({"kind": "escalation"}, "missing", "/thresholds"),
            ({"kind": "escalation", "thresholds": [{}]}, "bad_threshold", "/thresholds/0"),
            (
                {"kind": "escalation", "thresholds": [{"percent": 1, "offset_minutes": 1}]},
                "bad_threshold",
                "/thresholds/0",
            ),
            ({"kind": "escalation", "thresholds": [{"percent": -1}]}, "out_of_range", "/thresholds/0/percent"),
            ({"kind": "midflight", "change": {}}, "missing", "/initial"),
            ({"kind": "midflight", "initial": {"target_minutes": 1}, "change": {}}, "missing", "/change/at"),
            ({"kind": "next_open", "at": MONDAY, "calendar": {"tz": "UTC", "hours": {}}}, "never_open", "/calendar"),
        ],
    )
    def test_the_pointer_says_what_is_wrong(self, question: dict[str, Any], code: str, pointer: str) -> None:
        assert error(**question) == (code, pointer)

    def test_infinity_by_overflow(self) -> None:
        line = json.dumps({"kind": "due", "calendar": OFFICE, "start": MONDAY}).replace("}}", '},"x":1}')
        (found,), _ = run(line[:-1] + ',"target_minutes":1e999}')
        assert found["error"]["pointer"] == "/target_minutes"

    json_values = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.sampled_from([MONDAY, "due", "UTC", "24:00"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )

    @given(
        data=st.data(),
        kind=st.sampled_from(["due", "elapsed", "clock", "escalation", "status", "midflight", "is_working"]),
    )
    @examples()
    def test_nothing_in_json_can_break_it(self, data: st.DataObject, kind: str) -> None:
        question: dict[str, Any] = {
            "kind": kind,
            "calendar": OFFICE | {"holidays": [], "overrides": {}},
            "start": MONDAY,
            "end": MONDAY,
            "stop": MONDAY,
            "as_of": MONDAY,
            "at": MONDAY,
            "target_minutes": 60,
            "pauses": [[MONDAY, None]],
            "thresholds": [{"percent": 50}],
            "initial": {"target_minutes": 60},
            "change": {"at": MONDAY, "target_minutes": 60},
        }
        for _ in range(data.draw(st.integers(1, 2))):
            place = question
            if isinstance(question["calendar"], dict) and question["calendar"] and data.draw(st.booleans()):
                place = question["calendar"] = dict(question["calendar"])
            place[data.draw(st.sampled_from(sorted(place)))] = data.draw(self.json_values)
        (found,), status = run(json.dumps(question), explain=data.draw(st.booleans()))
        assert status == ("error" in found)

    @given(line=st.text() | st.binary() | json_values.map(json.dumps))
    @examples()
    def test_nothing_at_all_can_break_it(self, line: str | bytes) -> None:
        answers, status = run(line)
        assert status in (0, 1)
        assert len(answers) == bool(line.strip())
