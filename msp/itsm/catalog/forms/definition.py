"""The definition of a request form: frozen values out of JSON and back. docs/request-forms.md describes the JSON."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msp.core.errors import Invalid
from msp.itsm.catalog.forms.conditions import Condition, Test
from msp.itsm.catalog.forms.conditions import to_json as condition_json
from msp.itsm.catalog.forms.conditions import words as condition_words
from msp.itsm.catalog.forms.words import day_words, number_words

KINDS = ("text", "long_text", "number", "date", "choice", "multi_choice", "person", "site", "ci", "file", "section", "note")
SILENT = frozenset({"section", "note"})  # they ask nothing
PICKED = frozenset({"choice", "multi_choice"})
FOUND = frozenset({"person", "site", "ci"})  # answered by the id of a row
MAX_PARTS = 60
MAX_OPTIONS = 100


@dataclass(frozen=True)
class Option:
    """One thing to choose; `price` is charged once where it is picked."""

    value: str
    label: str
    price: Decimal | None = None


@dataclass(frozen=True)
class OptionsBy:
    """Which options stand for which answer of an earlier choice; an answer that is not named leaves all of them."""

    field: str
    allowed: tuple[tuple[str, tuple[str, ...]], ...]

    def of(self, answer: Any) -> tuple[str, ...] | None:
        """The option values for this answer, None for all."""
        return next((values for value, values in self.allowed if value == answer), None)


@dataclass(frozen=True)
class Part:
    """One part of a form. `minimum` and `maximum` bound a number, the letters of a text, the picks of a multi_choice, the
    files; of a date `minimum` is how many working days ahead it must lie. A section's condition holds for all under it."""

    name: str
    kind: str
    label: str
    hint: str = ""
    is_required: bool = False
    options: tuple[Option, ...] = ()
    show_if: Condition | None = None
    required_if: Condition | None = None
    options_by: OptionsBy | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    text: str = ""

    @property
    def asks(self) -> bool:
        return self.kind not in SILENT

    def option(self, value: Any) -> Option | None:
        return next((option for option in self.options if option.value == value), None)


@dataclass(frozen=True)
class Form:
    parts: tuple[Part, ...] = ()

    def part(self, name: str) -> Part | None:
        return next((part for part in self.parts if part.name == name), None)

    @property
    def text(self) -> str:
        """The JSON of the form as the browser gets it."""
        return json.dumps(to_json(self))

    @property
    def groups(self) -> list[tuple[Condition | None, tuple[Part, ...]]]:
        """The parts, those next to each other with one condition together: a page draws one box around them."""
        found: list[tuple[Condition | None, tuple[Part, ...]]] = []
        for part in self.parts:
            after_section = not found or "section" in (found[-1][1][-1].kind, part.kind)
            if not after_section and found[-1][0] == part.show_if:
                found[-1] = (part.show_if, (*found[-1][1], part))
            else:
                found.append((part.show_if, (part,)))
        return found

    def said(self, condition: Condition) -> str:
        """A condition by the labels of the form: "Where = Treatment room"."""

        def say(name: str, value: Any) -> tuple[str, str]:
            part = self.part(name)
            option = part.option(value) if part else None
            words = option.label if option else day_words(value) if isinstance(value, str) else number_words(value)
            return (part.label.rstrip("?: ") if part else name), words

        return condition_words(condition, say)

    def because(self, condition: Condition) -> str:
        """Why a part is asked, once it is: "you chose “Treatment room”", or the condition itself."""
        part = self.part(condition.field) if isinstance(condition, Test) and condition.op in ("is", "in") else None
        if part and part.options and isinstance(condition, Test):
            values = condition.value if condition.op == "in" else (condition.value,)
            return "you chose " + " or ".join(f"“{option.label}”" for option in map(part.option, values) if option)
        return self.said(condition)


def parse(data: Any) -> Form:
    """The form that this JSON defines. Invalid, with a JSON pointer for every single thing wrong, where it defines none."""
    from msp.itsm.catalog.forms.reading import Reader  # the reader makes the values above

    reader = Reader()
    form = reader.form(data)
    if reader.errors:
        raise Invalid("This form definition needs another look", errors=reader.errors[:100])
    return form


def to_json(form: Form) -> dict[str, Any]:
    """The JSON of a form: only what is said, so that `parse(to_json(form)) == form`."""
    return {"parts": [part_json(part) for part in form.parts]}


def part_json(part: Part) -> dict[str, Any]:
    """One part as the JSON of a definition holds it."""
    by = part.options_by
    data: dict[str, Any] = {
        "name": part.name,
        "kind": part.kind,
        "label": part.label,
        "hint": part.hint or None,
        "text": part.text or None,
        "required": part.is_required or None,
        "options": [_option_json(option) for option in part.options] or None,
        "show_if": condition_json(part.show_if) if part.show_if else None,
        "required_if": condition_json(part.required_if) if part.required_if else None,
        "options_by": {"field": by.field, "values": {value: list(allowed) for value, allowed in by.allowed}} if by else None,
        "minimum": part.minimum,
        "maximum": part.maximum,
    }
    return {key: value for key, value in data.items() if value is not None}


def _option_json(option: Option) -> dict[str, Any]:
    price = {} if option.price is None else {"price": str(option.price)}
    return {"value": option.value, "label": option.label, **price}
