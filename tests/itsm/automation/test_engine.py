"""Definitions, the loop guard and traces, without a database."""

from typing import Any
from uuid import uuid4

import pytest

from msp.itsm.automation.engine import definition, guard, trace
from msp.itsm.automation.engine.actions import KINDS
from msp.itsm.automation.engine.definition import AfterTime, DefinitionError, OnEvent

OPENED = {"kind": "event", "event": "opened"}


def content(**changes: Any) -> dict[str, Any]:
    return {"trigger": OPENED, "query": " priority:1 ", "actions": [{"kind": "tag", "tags": "rescue"}], **changes}


@pytest.mark.parametrize(
    "trigger",
    [
        OPENED,
        {"kind": "event", "event": "rated", "at_most": 2},
        {"kind": "time", "minutes": 30, "without": "public_reply", "calendar": "client", "repeats": True},
    ],
)
def test_a_definition_is_read_and_written_back(trigger: dict[str, Any]) -> None:
    read = definition.read(content(trigger=trigger, stops=True, once="until_reply", brake=5))
    assert definition.read(definition.dump(read)) == read
    assert definition.dump(read)["trigger"] == trigger
    assert (read.query, read.stops, read.once, read.brake) == ("priority:1", True, "until_reply", 5)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"trigger": None}, "/trigger"),
        ({"trigger": {"kind": "event", "event": "full_moon"}}, "/trigger/event"),
        ({"trigger": {"kind": "event", "event": "opened", "at_most": 2}}, "/trigger/at_most"),
        ({"trigger": {"kind": "time", "minutes": 0, "without": "reply"}}, "/trigger/minutes"),
        ({"trigger": {"kind": "time", "minutes": 5, "without": "rain"}}, "/trigger/without"),
        ({"query": 5}, "/query"),
        ({"actions": []}, "/actions"),
        ({"actions": [{"kind": "explode"}]}, "/actions/0"),
        ({"actions": [{"kind": "tag"}]}, "/actions/0/tags"),
        ({"actions": [{"kind": "assign", "to": "agent", "agent": "nobody"}]}, "/actions/0/agent"),
        ({"actions": [{"kind": "assign", "to": "team"}]}, "/actions/0/team"),
        ({"actions": [{"kind": "status", "to": "scheduled"}]}, "/actions/0/reason"),
        ({"actions": [{"kind": "note", "body": "x" * 5001}]}, "/actions/0/body"),
        ({"once": "never"}, "/once"),
        ({"brake": 0}, "/brake"),
        ({"brake": True}, "/brake"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        definition.read(content(**wrong))
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_values_that_are_not_asked_for_are_dropped() -> None:
    team = str(uuid4())
    read = definition.read(content(actions=[{"kind": "assign", "to": "team", "agent": "left over", "team": team}]))
    assert read.actions[0].values == {"to": "team", "team": team}


def test_a_difference_names_what_changed() -> None:
    before = definition.read(content())
    after = definition.read(content(query="priority:1,2", actions=[{"kind": "tag", "tags": "rescue"}, {"kind": "priority", "to": "1"}]))
    assert definition.differences(before, before) == []
    assert definition.differences(before, after) == [("If", "priority:1", "priority:1,2"), ("Step 2", "", "Priority: P1")]


def test_triggers_in_words() -> None:
    assert OnEvent("rated", 2).words == "When the client rates it, 2 or less"
    assert AfterTime(30, "public_reply").words == "After 30 working minutes without a public reply by one of us"
    assert AfterTime(60, "move", "always", repeats=True).words == "Every 1 hour without a change of state"
    assert AfterTime(2880, "reply", "always").words == "After 2 days without any reply"
    assert AfterTime(2880, "reply").words == "After 48 working hours without any reply"


def test_loops_and_long_chains_are_refused() -> None:
    assert guard.refusal("c", ["a", "b"], 2, ["A", "B"]) is None
    assert guard.refusal("b", ["a", "b"], 2, ["A", "B"]) == "its own acts never start it"
    assert guard.refusal("a", ["a", "b"], 2, ["A", "B"]) == "these rules start each other in a loop: A → B → A"
    assert guard.refusal("z", list("abcdefghijklmno"), 1, list("ABCDEFGHIJKLMNO")) is None  # all of them about one event
    assert "12 times" in (guard.refusal("z", list("ab"), 12, list("AB")) or "")


def test_a_trace_reads_as_it_was_written() -> None:
    lines = [trace.matched(["kind:incident", "-status:waiting"]), trace.Line("did", "1 tag", "rescue added"), trace.skipped("it had it")]
    assert trace.read([line.dump() for line in lines]) == lines
    assert trace.summary(lines) == "rescue added; because kind:incident and -status:waiting"
    assert trace.matched([]).text == "because it asks for nothing"


def test_every_kind_says_what_it_needs() -> None:
    assert all(kind.label and kind.icon and kind.params for kind in KINDS.values())
    assert all((param.choices is None) == (param.input != "choice") for kind in KINDS.values() for param in kind.params)
