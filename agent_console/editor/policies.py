"""A policy as a form: a table of targets, and its rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from agent_console.editor import durations, steps
from msp.core.errors import FieldError, Invalid
from msp.itsm.sla import describe
from msp.itsm.sla.checks.policies import CONDITIONS, PAUSE_STATES, PRIORITIES

Form = MultiDict[str, str]
CLIENT_CLOCKS = ("response", "update", "resolution")
INTERNAL_CLOCKS = ("ola", "underpinning")
CLOCKS = (*CLIENT_CLOCKS, *INTERNAL_CLOCKS)
MIXED = "mixed"


@dataclass(frozen=True)
class Cell:
    """One field of the table: what is typed, and what stood there before; nothing did in a new policy."""

    name: str
    label: str
    value: str
    was: str
    error: str = ""

    @property
    def is_changed(self) -> bool:
        return self.value != self.was and not self.error


@dataclass(frozen=True)
class Row:
    """The targets of one priority under one calendar."""

    priority: str
    cells: tuple[Cell, ...]
    calendar: Cell
    open_count: int


def to_form(content: Mapping[str, Any]) -> Form:
    """The fields of a stored policy, or of a template, which names its calendars."""
    form: Form = MultiDict()
    for priority in PRIORITIES:
        row = content.get("targets", {}).get(priority, {})
        for clock in CLOCKS:
            form[f"{priority}-{clock}"] = durations.words(row[clock]["minutes"] if clock in row else None)
        used = list(dict.fromkeys(_calendar(target) for target in row.values()))
        form[f"{priority}-calendar"] = MIXED if len(used) > 1 else used[0] if used else ""
    for name in CONDITIONS:
        form[f"if-{name}"] = content.get("conditions", {}).get(name, "")
    form.setlist("pause_states", list(content.get("pause_states", ("waiting_for_client", "scheduled"))))
    for name, default in (("pauses_response", False), ("phone_counts_as_answer", True)):
        if content.get(name, default):
            form[name] = "1"
    form["reopening"] = content.get("reopening", "continue")
    form["at_risk_percent"] = f"{content.get('at_risk_percent', 75):g} %"
    steps.to_form(form, content.get("steps", {}))
    return form


def to_content(form: Form, before: Mapping[str, Any], *, calendar_key: str = "calendar_id") -> dict[str, Any]:
    """What the fields say; Invalid with a pointer to each one that cannot be read.

    `before` knows the calendars of a row whose targets do not share one.
    """
    faults: list[FieldError] = []
    content = {
        "conditions": {name: form.get(f"if-{name}", "").strip() for name in CONDITIONS},
        "targets": dict(_targets(form, before, calendar_key, faults)),
        "steps": steps.to_steps(form, faults),
        "pause_states": [state for state in PAUSE_STATES if state in form.getlist("pause_states")],
        "pauses_response": "pauses_response" in form,
        "phone_counts_as_answer": "phone_counts_as_answer" in form,
        "reopening": form.get("reopening", ""),
        "at_risk_percent": _percent(form.get("at_risk_percent", ""), faults),
    }
    if faults:
        raise Invalid(faults[0].message if len(faults) == 1 else None, errors=faults)
    return content


def table(form: Form, before: Form, errors: Mapping[str, str], open_counts: Mapping[str, int], clocks: Sequence[str]) -> list[Row]:
    """The rows of the table of targets, what changed marked with what stood there."""
    return [
        Row(
            priority,
            tuple(_cell(priority, clock, form, before, errors) for clock in clocks),
            _calendar_cell(priority, form, before, errors),
            open_counts.get(priority, 0),
        )
        for priority in PRIORITIES
    ]


def _calendar(target: Mapping[str, Any]) -> str:
    return str(target.get("calendar_id") or target.get("calendar") or "")


def _targets(form: Form, before: Mapping[str, Any], calendar_key: str, faults: list[FieldError]) -> Iterator[tuple[str, dict[str, Any]]]:
    for priority in PRIORITIES:
        known, chosen, row = before.get("targets", {}).get(priority, {}), form.get(f"{priority}-calendar", ""), {}
        for clock in CLOCKS:
            try:
                minutes = durations.minutes(form.get(f"{priority}-{clock}", ""))
            except durations.Unreadable as wrong:
                faults.append(FieldError(f"/targets/{priority}/{clock}", "unreadable", str(wrong)))
                continue
            if minutes is not None:
                calendar = _calendar(known.get(clock, {})) if chosen == MIXED else chosen
                row[clock] = {"minutes": minutes, calendar_key: calendar}
        yield priority, row


def _percent(text: str, faults: list[FieldError]) -> Any:
    try:
        return durations.point(text)["percent"]
    except (durations.Unreadable, KeyError):
        faults.append(FieldError("/at_risk_percent", "unreadable", "A share of the target, such as 75 %."))
        return None


def _cell(priority: str, clock: str, form: Form, before: Form, errors: Mapping[str, str]) -> Cell:
    name, label = f"{priority}-{clock}", describe.CLOCK_WORDS[clock]
    value, was, place = form.get(name, ""), before.get(name, "—"), f"/targets/{priority}/{clock}"
    error = errors.get(place, "") or errors.get(f"{place}/minutes", "")
    try:
        shown = durations.words(durations.minutes(value))
    except durations.Unreadable:
        return Cell(name, label, value, was, error)
    return Cell(name, label, shown, was, error)


def _calendar_cell(priority: str, form: Form, before: Form, errors: Mapping[str, str]) -> Cell:
    name, own = f"{priority}-calendar", f"/targets/{priority}/"
    error = next((words for at, words in errors.items() if at.startswith(own) and "/calendar" in at), "")
    value, was = form.get(name, ""), before.get(name, "")
    return Cell(name, "Calendar", value, was, error)
