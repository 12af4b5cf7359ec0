"""The questions of an item: the one place where the catalogue meets its forms.

A form is kept as JSON (`forms.definition`). An item without questions has an empty one; a note can be added to every order
beside it. Answers are those of `forms.answers`, by the names of the form's parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msp.core.errors import FieldError, Invalid
from msp.core.web.formats import count_words
from msp.itsm.catalog.forms import answers as forms
from msp.itsm.catalog.forms.definition import Form, Option, Part, parse, to_json

Json = Mapping[str, Any]
BLANK: dict[str, Any] = {}
PREFIX = "q-"  # before the names of a page's fields, which has others of its own
UNASKED = frozenset({"ci", "file"})


def form_of(data: Json) -> Form:
    """The form that an item's JSON defines."""
    return parse(data) if data else Form()


def checked_form(data: Any) -> dict[str, Any]:
    """The form in its normal form; raises Invalid with pointers into it."""
    if data == {}:
        return {}
    form = parse(data)
    wrong = [
        FieldError(f"/parts/{place}/kind", "unknown", "Orders cannot ask for files or configuration items yet.")
        for place, part in enumerate(form.parts)
        if part.kind in UNASKED
    ]
    if wrong:
        raise Invalid(errors=wrong)
    return to_json(form)


def checked_answers(form: Json, typed: Json, choices: forms.Choices) -> dict[str, Any]:
    """The answers to what is asked; raises Invalid with `/answers/…` for each that is missing or of the wrong kind."""
    return forms.check_json(form_of(form), dict(typed), choices=choices).answers


def still_asked(form: Json, answers: Json) -> dict[str, Any]:
    """Of answers given earlier those that the form asks for now."""
    names = {part.name for part in form_of(form).parts if part.asks}
    return {name: value for name, value in answers.items() if name in names}


def lines(form: Json, answers: Json, choices: forms.Choices) -> list[dict[str, str]]:
    """How the answers read: section, label and value of each that was given."""
    found = forms.lines(form_of(form), answers, choices=choices)
    return [{"section": line.section, "label": line.label, "value": line.value} for line in found]


def typed(form: Json, sent: Any) -> dict[str, Any]:
    """What a page's form sent, by the names of its parts."""
    return forms.read(form_of(form), sent, PREFIX)


@dataclass(frozen=True)
class Asked:
    """A part as a page shows it: what was typed, and the options that stand for the answers above it."""

    part: Part
    field: str
    typed: Any
    options: tuple[tuple[str, str], ...]
    priced: tuple[Option, ...]


def asked(form: Json, typed: Json, choices: forms.Choices) -> list[Asked]:
    """The parts that are asked as the answers stand."""
    read = form_of(form)
    shown = forms.check(read, typed, choices=choices).shown
    return [_asked(part, typed, choices) for part in read.parts if part.name in shown]


def has_conditions(form: Json) -> bool:
    """Whether what is asked, or what it costs, depends on an answer."""
    return has_prices(form) or any(part.show_if or part.options_by for part in form_of(form).parts)


def has_prices(form: Json) -> bool:
    """Whether an answer can add to the price."""
    return any(option.price for part in form_of(form).parts for option in part.options)


@dataclass(frozen=True)
class Cost:
    """What an order costs, once and per month, and the lines that make it up: label, amount, whether it is monthly."""

    once: Decimal | None
    monthly: Decimal | None
    lines: tuple[tuple[str, Decimal, bool], ...]


def cost(content: Json, answers: Json) -> Cost:
    """The item's own price, and what the answers add to it."""
    once, monthly = (None if content[name] is None else Decimal(content[name]) for name in ("price_once", "price_monthly"))
    found = [(str(content["name"]), once, False)] if once is not None else []
    for each in forms.prices(form_of(content["form"]), answers):
        found.append((each.label, each.once, False))
        once = (once or Decimal(0)) + each.once
    found += [(f"{content['name']}, per month", monthly, True)] if monthly is not None else []
    return Cost(once, monthly, tuple(found))


def said(form: Json) -> str:
    """A form in words, for a comparison: its questions, with what their options cost."""
    parts = [part for part in form_of(form).parts if part.asks]
    if not parts:
        return "no questions"
    return f"{count_words(len(parts), 'question', 'questions')}: {'; '.join(map(_part_words, parts))}"


def _part_words(part: Part) -> str:
    options = ", ".join(f"{option.label} {option.price}" if option.price else option.label for option in part.options)
    return f"{part.label} ({options})" if options else part.label


def _asked(part: Part, typed: Json, choices: forms.Choices) -> Asked:
    allowed = part.options_by.of(typed.get(part.options_by.field)) if part.options_by else None
    priced = tuple(option for option in part.options if allowed is None or option.value in allowed)
    named = tuple(choices.allowed(part.kind).items()) if part.kind in ("person", "site") else ()
    options = tuple((option.value, option.label) for option in priced) or named
    return Asked(part, PREFIX + part.name, typed.get(part.name, ""), options, priced)
