"""Steps of an escalation as rows of a form: a row is one action; rows of the same clock and point are one step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from agent_console.editor import durations
from msp.core.errors import FieldError
from msp.itsm.sla import describe

Form = MultiDict[str, str]
CLOCKS = ("response", "update", "resolution", "ola", "underpinning")
_BLANK = 2


@dataclass(frozen=True)
class StepRow:
    """One action of one step; a blank one waits to be filled in."""

    clock: str = "resolution"
    when: str = ""
    do: str = "notify:assignee"
    detail: str = ""
    off: str = "on_call"
    error: str = ""


_NAMES = tuple(field.name for field in fields(StepRow) if field.name != "error")


def to_form(form: Form, steps: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Add the rows of stored steps to a form."""
    for clock in CLOCKS:
        for step in steps.get(clock, ()):
            when = describe.step_words(step)
            rows = [StepRow(clock, when, *_do(action)) for action in step.get("actions", ())]
            for row in rows or [StepRow(clock, when, do="")]:
                for name, value in zip(_NAMES, astuple(row), strict=False):
                    form.add(f"step-{name}", value)


def _do(action: Mapping[str, Any]) -> tuple[str, str, str]:
    kind, to, off_duty = str(action["kind"]), str(action.get("to", "")), str(action.get("off_duty", "on_call"))
    return (f"{kind}:{to}", "", off_duty) if kind in ("notify", "reassign") else (kind, to, off_duty)


def to_steps(form: Form, faults: list[FieldError]) -> dict[str, list[dict[str, Any]]]:
    """What the rows say; a point that cannot be read is a fault of its row, `/rows/<place>`."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for place, row in enumerate(_typed(form)):
        if not row.when or row.clock not in CLOCKS:
            continue
        try:
            point = durations.point(row.when)
        except durations.Unreadable as wrong:
            faults.append(FieldError(f"/rows/{place}", "unreadable", str(wrong)))
            continue
        step = found.setdefault(row.clock, {}).setdefault(repr(point), {**point, "actions": []})
        if row.do:
            kind, _, to = row.do.partition(":")
            step["actions"].append({"kind": kind, "to": to or row.detail, "off_duty": row.off})
    return {clock: list(steps.values()) for clock, steps in found.items()}


def table(form: Form, errors: Mapping[str, str]) -> list[StepRow]:
    """The rows as typed with what is wrong, and some blank ones after them."""
    pointers = dict(_pointers(form))
    shown = [
        replace(row, error=next((words for at, words in errors.items() if _points_to(at, place, pointers)), ""))
        for place, row in enumerate(_typed(form))
        if row.when
    ]
    return [*shown, *[StepRow()] * _BLANK]


def _typed(form: Form) -> list[StepRow]:
    columns = (form.getlist(f"step-{name}") for name in _NAMES)
    return [StepRow(*(value.strip() for value in row)) for row in zip(*columns, strict=False)]


def _pointers(form: Form) -> Iterator[tuple[int, str]]:
    """The pointer of each step, by the place of its first row."""
    seen: dict[str, list[str]] = {}
    for place, row in enumerate(_typed(form)):
        try:
            point = repr(durations.point(row.when)) if row.when else ""
        except durations.Unreadable:
            continue
        if point and point not in seen.setdefault(row.clock, []):
            yield place, f"/steps/{row.clock}/{len(seen[row.clock])}"
            seen[row.clock].append(point)


def _points_to(pointer: str, place: int, pointers: Mapping[int, str]) -> bool:
    own = pointers.get(place)
    return pointer == f"/rows/{place}" or (own is not None and f"{pointer}/".startswith(f"{own}/"))
