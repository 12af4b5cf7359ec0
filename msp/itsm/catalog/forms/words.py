"""What a form says in words: days, numbers, and why a part is asked."""

from datetime import date
from typing import Any

from msp.itsm.catalog.forms import conditions
from msp.itsm.catalog.forms.conditions import Condition, Test
from msp.itsm.catalog.forms.definition import PICKED, Form


def day_words(text: str) -> str:
    """Wednesday 7 April 2027; what is no day stays as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def number_words(value: Any) -> str:
    """1,250 or 12.5."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def condition_words(form: Form, condition: Condition) -> str:
    """A condition by the labels of the form: "Where = Treatment room"."""

    def say(name: str, value: Any) -> tuple[str, str]:
        part = form.part(name)
        option = part.option(value) if part else None
        words = option.label if option else day_words(value) if isinstance(value, str) else number_words(value)
        return (part.label.rstrip("?: ") if part else name), words

    return conditions.words(condition, say)


def because(form: Form, condition: Condition) -> str:
    """Why a part is asked, once it is: "you chose “Treatment room”", or the condition itself."""
    if isinstance(condition, Test) and condition.op == "is":
        part = form.part(condition.field)
        option = part.option(condition.value) if part and part.kind in PICKED else None
        if option:
            return f"you chose “{option.label}”"
    return condition_words(form, condition)
