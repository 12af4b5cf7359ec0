"""The questions of an item: the one place where the catalogue meets its forms.

A form is kept as JSON (`forms.definition`). An item without questions has an empty one; a note can be added to every order
beside it. Answers are those of `forms.answers`, by the names of the form's parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from msp.core.app import settings
from msp.core.errors import FieldError, Invalid
from msp.core.web.formats import count_words
from msp.itsm.catalog.forms import answers as forms
from msp.itsm.catalog.forms.definition import Form, Part, parse, to_json
from msp.itsm.catalog.forms.words import short_day_words
from msp.itsm.catalog.prices import amount_words

Json = Mapping[str, Any]
BLANK: dict[str, Any] = {}
PREFIX = "q-"  # before the names of a page's fields, which has others of its own
UNASKED = frozenset({"ci"})


def form_of(data: Json) -> Form:
    """The form that an item's JSON defines."""
    return parse(data) if data else Form()


def checked_form(data: Any) -> dict[str, Any]:
    """The form in its normal form; raises Invalid with pointers into it."""
    if data == {}:
        return {}
    form = parse(data)
    wrong = [
        FieldError(f"/parts/{place}/kind", "unknown", "Orders cannot ask for devices yet: there is no register of them.")
        for place, part in enumerate(form.parts)
        if part.kind in UNASKED
    ]
    if wrong:
        raise Invalid(errors=wrong)
    return to_json(form)


def checked_answers(form: Json, typed: Json, choices: forms.Choices, earliest: forms.Earliest) -> dict[str, Any]:
    """The answers to what is asked; raises Invalid with `/answers/…` for each that is missing or of the wrong kind."""
    answers = forms.check_json(form_of(form), dict(typed), choices=choices, earliest=earliest).answers
    most, names = settings().max_files_per_message, file_names(form)
    if len(file_ids(form, answers)) > most:
        name = next(name for name in reversed(names) if answers.get(name))
        raise Invalid(errors=[FieldError(f"/answers/{name}", "too_many", f"At most {most} files go with one order.")])
    return answers


def kinds(form: Json) -> dict[str, str]:
    """What kind each question is of, by name."""
    return {part.name: part.kind for part in form_of(form).parts if part.asks}


def file_names(form: Json) -> list[str]:
    """The names of the parts that ask for files."""
    return [part.name for part in form_of(form).parts if part.kind == "file"]


def file_ids(form: Json, answers: Json) -> list[UUID]:
    """The files that these answers name; what is no id is left out."""
    found = []
    for name in file_names(form):
        given = answers.get(name)
        for each in given if isinstance(given, list) else [given]:
            try:
                found.append(UUID(each))
            except (ValueError, TypeError, AttributeError):
                continue
    return found


def repeated(form: Json, answers: Json) -> dict[str, Any]:
    """Of a former order's answers those that can be given again; its files hang on its ticket."""
    files = file_names(form)
    return {name: value for name, value in still_asked(form, answers).items() if name not in files}


def unpriced(form: Json) -> dict[str, Any]:
    """The form without prices, for whoever is not to see them."""
    return to_json(_unpriced(form_of(form))) if form else {}


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
    """A form as a page shows it: `state` says which parts are asked and which options stand as the answers are.

    `form` has no prices where the client's people do not see them, so that the page holds none either.
    """

    form: Form
    typed: Json
    state: forms.Checked | None
    choices: forms.Choices
    currency: str
    earliest: forms.Earliest | None = None

    @property
    def answers(self) -> Json:
        """What is answered so far, and right."""
        return self.state.answers if self.state else {}

    def first_day(self, part: Part) -> date | None:
        """The first day that a date may name; None where any will do."""
        return self.earliest(int(part.minimum)) if self.earliest and part.kind == "date" and part.minimum is not None else None

    def day_words(self, day: date) -> str:
        """A day as a hint says it."""
        return short_day_words(day)

    def amount(self, price: Decimal) -> str:
        """The price of an option as it is shown."""
        return amount_words(price, self.currency)


def asked(content: Json, typed: Json, choices: forms.Choices, earliest: forms.Earliest) -> Asked:
    """What an order asks as the answers stand; `content` is that of an item."""
    form = form_of(content["form"])
    state = forms.check(form, typed, choices=choices)
    return Asked(form if content["is_price_shown"] else _unpriced(form), typed, state, choices, content["currency"], earliest)


def has_conditions(form: Json) -> bool:
    """Whether what is asked, or what it costs, depends on an answer."""
    return has_prices(form) or any(part.show_if or part.options_by for part in form_of(form).parts)


def has_prices(form: Json) -> bool:
    """Whether an answer can add to the price."""
    return any(option.price for part in form_of(form).parts for option in part.options)


@dataclass(frozen=True)
class Cost:
    """What an order costs, once and per month; `picked` is what the options add, each with its label."""

    once: Decimal | None
    monthly: Decimal | None
    picked: tuple[tuple[str, Decimal], ...]


def cost(content: Json, answers: Json) -> Cost:
    """The item's own price, and what the answers add to it."""
    once, monthly = (None if content[name] is None else Decimal(content[name]) for name in ("price_once", "price_monthly"))
    picked = tuple((each.label, each.once) for each in forms.prices(form_of(content["form"]), answers))
    if picked:
        once = sum((amount for _, amount in picked), once or Decimal(0))
    return Cost(once, monthly, picked)


def said(form: Json) -> str:
    """A form in words, for a comparison: its questions, with what their options cost."""
    parts = [part for part in form_of(form).parts if part.asks]
    if not parts:
        return "no questions"
    return f"{count_words(len(parts), 'question', 'questions')}: {'; '.join(map(_part_words, parts))}"


def _part_words(part: Part) -> str:
    options = ", ".join(f"{option.label} {option.price}" if option.price else option.label for option in part.options)
    return f"{part.label} ({options})" if options else part.label


def _unpriced(form: Form) -> Form:
    parts = (replace(part, options=tuple(replace(option, price=None) for option in part.options)) for part in form.parts)
    return Form(tuple(parts))
