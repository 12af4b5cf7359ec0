"""How a client's copy differs from its template: field, the template's value, the client's value, all in words."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from msp.itsm.sla.content import WEEKDAYS
from msp.itsm.sla.describe import (
    CLOCK_WORDS,
    STATE_WORDS,
    action_words,
    conditions_words,
    holiday_words,
    listed,
    minutes_words,
    step_words,
    windows_words,
)
from msp.itsm.sla.engine.wording import WEEKDAYS as DAY_WORDS

Json = Mapping[str, Any]
Names = Mapping[str, str]
NOTHING = "—"


class Difference(NamedTuple):
    """One field that the two say otherwise."""

    field: str
    template: str
    client: str


def differences(kind: str, template: Json, client: Json, *, calendars: Names, teams: Names | None = None) -> list[Difference]:
    """What a client's content says otherwise than its template's, in the order of the editor.

    `calendars` names the client's calendars by id; a template names its own. A copy keeps the client's time zone, so
    that is no difference.
    """
    spell = _FIELDS[kind]
    theirs, ours = dict(spell(template, {}, teams or {})), dict(spell(client, calendars, teams or {}))
    return [
        Difference(field, theirs.get(field, NOTHING), ours.get(field, NOTHING))
        for field in dict.fromkeys([*ours, *theirs])
        if theirs.get(field, NOTHING) != ours.get(field, NOTHING)
    ]


Fields = Iterator[tuple[str, str]]


def _calendar(content: Json, _: Names, __: Names) -> Fields:
    hours = content.get("hours", {})
    for number, day in enumerate(WEEKDAYS):
        yield DAY_WORDS[number], windows_words(hours.get(day, ()))
    for item in (*content.get("holidays", ()), *content.get("yearly", ())):
        yield holiday_words(item), item.get("name") or "closed"
    for on, windows in sorted(content.get("overrides", {}).items()):
        yield holiday_words({"on": on}), windows_words(windows)


def _policy(content: Json, calendars: Names, teams: Names) -> Fields:
    yield "Applies to", conditions_words(content.get("conditions", {}))
    for priority, row in sorted(content.get("targets", {}).items()):
        for clock in _clocks(row):
            yield f"{priority} {CLOCK_WORDS[clock].lower()}", minutes_words(row[clock]["minutes"])
        used = dict.fromkeys(_calendar_name(row[clock], calendars) for clock in _clocks(row))
        yield f"{priority} calendar", listed(list(used))
    states = content.get("pause_states", ("waiting_for_client", "scheduled"))
    yield "Pauses while", listed([STATE_WORDS[state] for state in states]) or NOTHING
    yield "Waiting pauses the response", _yes(content.get("pauses_response", False))
    yield "A call answers", _yes(content.get("phone_counts_as_answer", True))
    yield "Reopened", "the clock goes on" if content.get("reopening", "continue") == "continue" else "a new clock"
    yield "At risk from", f"{content.get('at_risk_percent', 75):g} %"
    steps = content.get("steps", {})
    for clock in _clocks(steps):
        for step in steps[clock]:
            done = listed([action_words(action, teams) for action in step.get("actions", ())])
            yield f"{CLOCK_WORDS[clock]} at {step_words(step)}", done or "noted"


def _clocks(of: Json) -> list[str]:
    """The clocks named in it, in the order of the editor; what is stored has none."""
    return [clock for clock in CLOCK_WORDS if clock in of]


def _calendar_name(target: Json, calendars: Names) -> str:
    return str(target.get("calendar") or calendars.get(str(target.get("calendar_id")), NOTHING))


def _yes(value: Any) -> str:
    return "yes" if value else "no"


_LEVEL_WORDS = {"1": "high", "2": "medium", "3": "low"}


def _matrix(content: Json, _: Names, __: Names) -> Fields:
    for impact, row in sorted(content.get("cells", {}).items()):
        for urgency, priority in sorted(row.items()):
            yield f"Impact {_LEVEL_WORDS[impact]}, urgency {_LEVEL_WORDS[urgency]}", f"P{priority}"


_FIELDS: dict[str, Callable[[Json, Names, Names], Fields]] = {
    "calendar": _calendar,
    "policy": _policy,
    "matrix": _matrix,
}
