"""The questions of an item: the one place where the catalogue meets its forms.

A form is kept as JSON. An item without questions has an empty one; a note can be added to every order beside it.
"""

from collections.abc import Mapping
from typing import Any

from msp.core.errors import Invalid

Json = Mapping[str, Any]
BLANK: dict[str, Any] = {}


def checked_form(data: Any) -> dict[str, Any]:
    """The form in its normal form; raises Invalid with pointers into it."""
    if data != {}:
        raise Invalid.field("", "Items have no questions yet.", "unknown")
    return {}


def checked_answers(form: Json, typed: Json) -> dict[str, Any]:
    """The answers to what is asked; raises Invalid with `/answers/…` for each that is missing or of the wrong kind."""
    if typed:
        raise Invalid.field("answers", "Nothing is asked here.", "unknown")
    return {}


def lines(form: Json, answers: Json) -> list[dict[str, str]]:
    """How the answers read: section, label and value of each that was given."""
    return []


def said(form: Json) -> str:
    """A form in a few words, for a comparison."""
    return "no questions" if not form else "questions"
