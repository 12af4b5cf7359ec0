"""A rule's definition: JSON in, frozen values out, and back. A version of a rule never changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from msp.itsm.automation.engine.actions import KINDS, MOST_LONG, MOST_TEXT, Param

EVENTS: dict[str, str] = {
    "opened": "a ticket is opened", "client_replied": "the client replies", "agent_replied": "one of us replies",
    "moved": "its state changes", "reprioritised": "its priority changes", "assigned": "it is assigned",
    "reopened": "it is reopened", "warned": "a step of its escalation is reached", "breached": "a target is missed",
    "rated": "the client rates it",
}  # fmt: skip
WITHOUT: dict[str, str] = {
    "public_reply": "a public reply by one of us", "reply": "any reply", "move": "a change of state",
    "assignment": "an assignment",
}  # fmt: skip
CALENDARS = {"client": "the client’s calendar", "always": "every hour, day and night"}
ONCE = {"": "Every time", "ticket": "Once for a ticket", "until_reply": "Once for a ticket, until someone answers"}
MOST_ACTIONS, MOST_MINUTES, MOST_AN_HOUR, USUAL_BRAKE, MOST_QUERY = 20, 100_000, 10_000, 60, 1000


@dataclass(frozen=True)
class Fault:
    """What is wrong with a definition, and where."""

    pointer: str
    code: str
    message: str


class DefinitionError(ValueError):
    """The definition cannot be read; `faults` says why."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.pointer}: {fault.message}" for fault in faults))


@dataclass(frozen=True)
class OnEvent:
    """`at_most`: only ratings up to this score."""

    event: str
    at_most: int | None = None

    @property
    def words(self) -> str:
        bound = f", {self.at_most} or less" if self.at_most is not None else ""
        return f"When {EVENTS[self.event]}{bound}"


@dataclass(frozen=True)
class AfterTime:
    """So many minutes have passed without something; with `repeats` again each time that they have."""

    minutes: int
    without: str
    calendar: str = "client"
    repeats: bool = False

    @property
    def words(self) -> str:
        start = "Every" if self.repeats else "After"
        return f"{start} {self._span} without {WITHOUT[self.without]}"

    @property
    def _span(self) -> str:
        """`30 working minutes`, `2 days`; a working day has no length that everybody shares."""
        is_working = self.calendar == "client"
        units = ((60, "hour"),) if is_working else ((24 * 60, "day"), (60, "hour"))
        size, unit = next(((size, unit) for size, unit in units if self.minutes % size == 0), (1, "minute"))
        number = self.minutes // size
        return f"{number} {'working ' if is_working else ''}{unit}{'s' if number > 1 else ''}"


@dataclass(frozen=True)
class Action:
    """One act; `values` are those that its kind takes."""

    kind: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """What one version of a rule says. `brake` is how often it may act within an hour."""

    trigger: OnEvent | AfterTime
    query: str
    actions: tuple[Action, ...]
    stops: bool = False
    once: str = ""
    brake: int = USUAL_BRAKE


def read(content: Mapping[str, Any]) -> Definition:
    """The definition that a JSON object holds; DefinitionError naming everything that is wrong."""
    faults: list[Fault] = []
    trigger = _trigger(content.get("trigger"), faults)
    query = content.get("query", "")
    if not isinstance(query, str) or len(query) > MOST_QUERY:
        faults.append(Fault("/query", "format", f"A query of at most {MOST_QUERY} characters."))
    actions = _actions(content.get("actions"), faults)
    if content.get("once", "") not in ONCE:
        faults.append(Fault("/once", "unknown", "One of the choices."))
    brake = content.get("brake", USUAL_BRAKE)
    if not _is_number(brake, 1, MOST_AN_HOUR):
        faults.append(Fault("/brake", "range", f"1 to {MOST_AN_HOUR} times an hour."))
    known = {"trigger", "query", "actions", "stops", "once", "brake"}
    faults.extend(Fault(f"/{name}", "unknown", "A rule has no such field.") for name in sorted(set(content) - known))
    if faults or trigger is None:
        raise DefinitionError(faults)
    return Definition(trigger, query.strip(), tuple(actions), bool(content.get("stops")), content.get("once", ""), brake)


def dump(definition: Definition) -> dict[str, Any]:
    """The JSON object of a definition; `read` gives back an equal one."""
    trigger = definition.trigger
    if isinstance(trigger, OnEvent):
        told: dict[str, Any] = {"kind": "event", "event": trigger.event}
        if trigger.at_most is not None:
            told["at_most"] = trigger.at_most
    else:
        told = {"kind": "time", **vars(trigger)}
    return {
        "trigger": told, "query": definition.query, "actions": [{"kind": each.kind, **each.values} for each in definition.actions],
        "stops": definition.stops, "once": definition.once, "brake": definition.brake,
    }  # fmt: skip


def differences(before: Definition, after: Definition) -> list[tuple[str, str, str]]:
    """What one version says otherwise than another: the part, as it was, as it is."""
    found: list[tuple[str, str, str]] = []
    parts = (
        ("When", before.trigger.words, after.trigger.words), ("If", before.query or "any ticket", after.query or "any ticket"),
        ("Afterwards", _stops_words(before), _stops_words(after)), ("How often", ONCE[before.once], ONCE[after.once]),
        ("Brake", f"{before.brake} an hour", f"{after.brake} an hour"),
    )  # fmt: skip
    found += [each for each in parts if each[1] != each[2]]
    for number in range(max(len(before.actions), len(after.actions))):
        old, new = (_action_words(each.actions, number) for each in (before, after))
        if old != new:
            found.append((f"Step {number + 1}", old, new))
    return found


def action_words(action: Action) -> str:
    """`Assign: the least loaded of a team` with what it names as it is stored."""
    kind = KINDS[action.kind]
    given = [(param, action.values[param.name]) for param in kind.params if param.name in action.values]
    shown = [(param.choices or {}).get(value, value) for param, value in given]
    return f"{kind.label}: {', '.join(shown)}"


def _action_words(actions: tuple[Action, ...], number: int) -> str:
    return action_words(actions[number]) if number < len(actions) else ""


def _stops_words(definition: Definition) -> str:
    return "No further rules are asked" if definition.stops else "Further rules are asked"


def _trigger(given: Any, faults: list[Fault]) -> OnEvent | AfterTime | None:
    if not isinstance(given, Mapping) or given.get("kind") not in ("event", "time"):
        faults.append(Fault("/trigger", "required", "Say when: an event or a time."))
        return None
    return _on_event(given, faults) if given["kind"] == "event" else _after_time(given, faults)


def _on_event(given: Mapping[str, Any], faults: list[Fault]) -> OnEvent | None:
    event, at_most = given.get("event"), given.get("at_most")
    if event not in EVENTS:
        faults.append(Fault("/trigger/event", "unknown", "Choose what happens."))
        return None
    if at_most is not None and (event != "rated" or not _is_number(at_most, 1, 5)):
        faults.append(Fault("/trigger/at_most", "range", "1 to 5, and only for a rating."))
    return OnEvent(event, at_most)


def _after_time(given: Mapping[str, Any], faults: list[Fault]) -> AfterTime | None:
    minutes, without, calendar = given.get("minutes"), given.get("without"), given.get("calendar", "client")
    before = len(faults)
    if not _is_number(minutes, 1, MOST_MINUTES):
        faults.append(Fault("/trigger/minutes", "range", f"1 to {MOST_MINUTES} minutes."))
    if without not in WITHOUT:
        faults.append(Fault("/trigger/without", "unknown", "Choose what does not happen."))
    if calendar not in CALENDARS:
        faults.append(Fault("/trigger/calendar", "unknown", "Choose how time is counted."))
    if len(faults) > before or not isinstance(minutes, int):
        return None
    return AfterTime(minutes, str(without), str(calendar), bool(given.get("repeats")))


def _actions(given: Any, faults: list[Fault]) -> list[Action]:
    if not isinstance(given, list) or not given:
        faults.append(Fault("/actions", "required", "A rule does at least one thing."))
        return []
    if len(given) > MOST_ACTIONS:
        faults.append(Fault("/actions", "too_many", f"At most {MOST_ACTIONS} steps."))
        return []
    found = []
    for number, each in enumerate(given):
        kind = KINDS.get(each.get("kind", "")) if isinstance(each, Mapping) else None
        if kind is None:
            faults.append(Fault(f"/actions/{number}", "unknown", f"Step {number + 1} is of no known kind."))
            continue
        values = {param.name: str(each.get(param.name) or "").strip() for param in kind.params}
        for param in kind.params:
            faults.extend(_wrong(param, values, number))
        asked = {param.name: values[param.name] for param in kind.params if param.is_asked(values) and values[param.name]}
        found.append(Action(kind.name, asked))
    return found


def _wrong(param: Param, values: Mapping[str, str], number: int) -> Iterator[Fault]:
    value, pointer = values[param.name], f"/actions/{number}/{param.name}"
    if not param.is_asked(values):
        return
    if not value:
        if param.is_needed(values):
            yield Fault(pointer, "required", f"Step {number + 1} needs this: {param.label.lower()}.")
    elif param.choices is not None and value not in param.choices:
        yield Fault(pointer, "unknown", f"Step {number + 1}: one of {', '.join(param.choices)}.")
    elif param.input in ("agent", "team", "macro", "runbook") and not _is_id(value):
        yield Fault(pointer, "format", f"Step {number + 1}: this is no valid choice.")
    elif len(value) > (MOST_LONG if param.input == "long" else MOST_TEXT):
        yield Fault(pointer, "too_long", f"Step {number + 1}: this is too long.")


def _is_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
