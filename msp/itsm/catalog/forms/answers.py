"""Answers to a form: read as typed, checked whatever was sent, shown as lines, priced.

Fields are looked at from top to bottom, once: a condition may name only what stands above, so what is shown is known when a
field's turn comes. What is not shown has no answer, whatever was sent. `request-form.js` does the same in the browser.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict

from msp.core.errors import FieldError, Invalid
from msp.itsm.catalog.forms.conditions import holds
from msp.itsm.catalog.forms.definition import FOUND, PICKED, Form, Part
from msp.itsm.catalog.forms.values import Missing, options_for, value_of
from msp.itsm.catalog.forms.words import day_words, number_words

LISTS = frozenset({"multi_choice", "file"})
Earliest = Callable[[int], date]  # the first day that lies so many working days ahead


class Choices(Protocol):
    """What one client's person may name in an answer."""

    def allowed(self, kind: str) -> Mapping[str, str]:
        """Ids and names for "person", "site", "ci", and "file" (what was sent with this form)."""
        ...


@dataclass(frozen=True)
class Given:
    """Choices out of plain mappings of id to name."""

    persons: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    cis: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def allowed(self, kind: str) -> Mapping[str, str]:
        return {"person": self.persons, "site": self.sites, "ci": self.cis, "file": self.files}.get(kind, {})


@dataclass(frozen=True)
class Checked:
    """`answers` holds what is right and shown, `errors` a message by field name, `shown` the names of all parts shown.

    `options` holds the values that may be picked as the answers stand, by the name of each part that has options.
    """

    answers: dict[str, Any]
    errors: dict[str, str]
    shown: frozenset[str]
    options: dict[str, set[str]]


@dataclass(frozen=True)
class Line:
    """One answer for people; `section` is the label of the section it stands under, or empty."""

    section: str
    label: str
    value: str


@dataclass(frozen=True)
class PriceLine:
    """One picked option that costs something once."""

    name: str
    label: str
    once: Decimal


def read(form: Form, submitted: MultiDict[str, str], prefix: str = "") -> dict[str, Any]:
    """What was typed, by field: text, or a list of texts where several may be picked. Nothing is judged here.

    `prefix` stands before every field's name, for a page that has fields of its own or several forms.
    """
    typed: dict[str, Any] = {}
    for part in form.parts:
        if part.asks:
            sent = submitted.getlist(prefix + part.name)
            typed[part.name] = sent if part.kind in LISTS else (sent[0] if sent else "")
    return typed


def check(form: Form, typed: Mapping[str, Any], *, choices: Choices, earliest: Earliest | None = None) -> Checked:
    """Judge what was typed, or came as JSON. Raises nothing, whatever the values are.

    `earliest(n)` is the first day n working days ahead, in the calendar of the client; without it dates are not held to notice.
    """
    seen: dict[str, Any] = {}  # what conditions see: also a value that is out of bounds
    errors: dict[str, str] = {}
    shown: set[str] = set()
    options: dict[str, set[str]] = {}
    is_section_shown = True
    for part in form.parts:
        if part.options:
            options[part.name] = options_for(part, seen)
        if part.kind == "section":
            is_section_shown = True
        is_shown = is_section_shown and (part.show_if is None or holds(part.show_if, seen))
        if part.kind == "section":
            is_section_shown = is_shown
        if not is_shown:
            continue
        shown.add(part.name)
        if not part.asks:
            continue
        try:
            value, error = value_of(part, typed.get(part.name), seen, choices.allowed, earliest)
        except Missing:
            needed = part.is_required or (part.required_if is not None and holds(part.required_if, seen))
            value, error = None, missing_words(part) if needed else ""
        if value is not None:
            seen[part.name] = value
        if error:
            errors[part.name] = error
    answers = {name: value for name, value in seen.items() if name not in errors}
    return Checked(answers, errors, frozenset(shown), options)


def check_json(form: Form, data: Any, *, choices: Choices, earliest: Earliest | None = None, at: str = "/answers") -> Checked:
    """The same for answers that came through the API. Invalid, with a pointer below `at` for each, where something is wrong."""
    if not isinstance(data, dict):
        raise Invalid("Answers are an object", errors=[FieldError(at, "invalid", "Answers are an object")])
    known = {part.name for part in form.parts if part.asks}
    unknown = [str(name)[:60].replace("~", "~0").replace("/", "~1") for name in data if name not in known]
    errors = [FieldError(f"{at}/{name}", "unknown", "The form has no field of this name") for name in unknown[:50]]
    checked = check(form, data, choices=choices, earliest=earliest)
    errors += [FieldError(f"{at}/{name}", "invalid", message) for name, message in checked.errors.items()]
    if errors:
        raise Invalid("Some answers need another look", errors=errors)
    return checked


def missing_words(part: Part) -> str:
    """What is said of a needed field that is empty."""
    if part.kind in PICKED | FOUND:
        return f"Choose an answer to “{part.label}”"
    return f"Add a file to “{part.label}”" if part.kind == "file" else f"Fill in “{part.label}”"


def lines(form: Form, answers: Mapping[str, Any], *, choices: Choices) -> list[Line]:
    """The answers in the order of the form, in words; what has no answer is left out."""
    found: list[Line] = []
    section = ""
    for part in form.parts:
        if part.kind == "section":
            section = part.label
        elif part.asks and answers.get(part.name) is not None:
            found.append(Line(section, part.label, _said(part, answers[part.name], choices)))
    return found


def _said(part: Part, answer: Any, choices: Choices) -> str:
    if isinstance(answer, list):
        return ", ".join(_said(part, each, choices) for each in answer)
    if part.kind in PICKED:
        option = part.option(answer)
        return option.label if option else str(answer)
    if part.kind in FOUND or part.kind == "file":
        return choices.allowed(part.kind).get(str(answer), "no longer here")
    if part.kind == "date":
        return day_words(str(answer))
    return number_words(answer) if part.kind == "number" else str(answer)


def prices(form: Form, answers: Mapping[str, Any]) -> list[PriceLine]:
    """What the picked options cost once, in the order of the form."""
    found = []
    for part in form.parts:
        picked = answers.get(part.name) if part.kind in PICKED else None
        values = picked if isinstance(picked, list) else [picked]
        found += [
            PriceLine(part.name, option.label, option.price)
            for option in part.options
            if option.price is not None and option.value in values
        ]
    return found
