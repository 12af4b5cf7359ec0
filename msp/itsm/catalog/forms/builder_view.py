"""What the builder's page draws of a draft: each part with its controls, and the form as far as it is right."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msp.core.errors import Invalid
from msp.itsm.catalog.forms import conditions
from msp.itsm.catalog.forms.builder import KEPT, Asking, Draft, Row, Typed, condition_of, to_json
from msp.itsm.catalog.forms.definition import FOUND, PICKED, Form, parse

Choices = Sequence[tuple[str, str]]
IS, NOT = ("is", "is"), ("not", "is not")
ANSWERED = (("filled", "is answered"), ("empty", "is not answered"))
OVER = (("over", "is over"), ("under", "is under"))


@dataclass(frozen=True)
class Control:
    """A condition's controls. `entry` is how its value is told: "picks" of `options`, a "number", a "text", or "" for none."""

    asking: Asking
    fields: Choices
    ops: Choices
    op: str
    entry: str
    options: Choices


@dataclass(frozen=True)
class Box:
    """One part in the list. `said` is its kind's small print; `rows` its options with the empty ones to be filled in."""

    part: Typed
    rows: Sequence[Row]
    show: Control
    need: Control
    followed: Choices
    answers: Choices
    condition: str
    is_open: bool
    is_first: bool
    is_last: bool


def boxes(draft: Draft) -> list[Box]:
    """The parts of the draft, as they are drawn."""
    found = []
    for place, part in enumerate(draft.parts):
        above = [each for each in draft.parts[:place] if each.asks and not each.is_gone]
        other = draft.part(part.by_field) if part.by_field else None
        followed = _named([each for each in above if each.kind == "choice"], other)
        spare = max(1, 2 - len(part.rows)) + (draft.more and draft.focus == part.name)
        at = f"fb-{part.name}-"
        found.append(
            Box(
                part, (*part.rows, *[Row()] * spare) if part.kind in PICKED else (), _control(draft, part.show, above),
                _control(draft, part.need, above), followed, [(row.value, row.label) for row in other.rows] if other else [],
                _said(draft, condition_of(draft, part.show)), draft.focus == part.name or any(key.startswith(at) for key in draft.errors),
                place == 0, place == len(draft.parts) - 1,
            )
        )  # fmt: skip
    return found


def preview(draft: Draft) -> Form:
    """The form of all parts that are right by themselves and together."""
    data = to_json(draft)
    while data and data["parts"]:
        try:
            return parse(data)
        except Invalid as refused:
            wrong = {int(found[1]) for error in refused.errors if (found := re.match(r"/parts/([0-9]+)", error.pointer))}
            data = {"parts": [part for place, part in enumerate(data["parts"]) if place not in wrong]} if wrong else {}
    return Form()


def _named(above: Sequence[Typed], other: Typed | None) -> list[tuple[str, str]]:
    """Parts to choose from, with the one that is chosen though it no longer stands above."""
    more = [] if other is None or other in above else [other]
    return [(each.name, each.label or each.name) for each in (*above, *more)]


def _control(draft: Draft, asking: Asking, above: Sequence[Typed]) -> Control:
    other = draft.part(asking.field)
    fields = _named(above, other)
    if asking.was or asking.field == KEPT:
        said = _said(draft, condition_of(draft, Asking(KEPT, was=asking.was)))
        fields = [(KEPT, f"As it is: {said}"), *fields] if said else fields
    if other is None:
        return Control(asking, fields, (), "", "", ())
    ops: Choices
    if other.kind in PICKED:
        ops, entry = (IS, NOT, *ANSWERED), "picks"
    elif other.kind == "number":
        ops, entry = (IS, NOT, *OVER, *ANSWERED), "number"
    elif other.kind in FOUND or other.kind == "file":
        ops, entry = ANSWERED, ""
    else:
        ops, entry = (IS, NOT, *ANSWERED), "text"
    op = asking.op if asking.op in dict(ops) else ops[0][0]
    options = [(row.value, row.label) for row in other.rows] if entry == "picks" else []
    return Control(asking, fields, ops, op, "" if op in ("filled", "empty") else entry, options)


def _said(draft: Draft, data: Any) -> str:
    """A condition by the labels as they are typed; empty where it is none."""
    wrong: list[str] = []
    condition = conditions.read(data, "", lambda *told: wrong.append(told[1])) if data else None
    return conditions.words(condition, lambda name, value: _say(draft, name, value)) if condition and not wrong else ""


def _say(draft: Draft, name: str, value: Any) -> tuple[str, str]:
    part = draft.part(name)
    labels: Mapping[str, str] = {row.value: row.label for row in part.rows} if part else {}
    return (part.label or name).rstrip("?: ") if part else name, labels.get(str(value), str(value))
