"""A priority matrix as a form of nine choices."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

Form = MultiDict[str, str]
LEVELS = (("1", "High"), ("2", "Medium"), ("3", "Low"))


def to_form(content: Mapping[str, Any]) -> Form:
    """Fields `cell-<impact>-<urgency>`."""
    return MultiDict(
        {
            f"cell-{impact}-{urgency}": str(content.get("cells", {}).get(impact, {}).get(urgency, ""))
            for impact, _ in LEVELS
            for urgency, _ in LEVELS
        }
    )


def to_content(form: Form) -> dict[str, Any]:
    """What was chosen; what is no number is handed on to be refused."""
    cells: dict[str, dict[str, Any]] = {}
    for impact, _ in LEVELS:
        texts = {urgency: form.get(f"cell-{impact}-{urgency}", "") for urgency, _ in LEVELS}
        cells[impact] = {urgency: int(text) if text in ("1", "2", "3", "4") else text for urgency, text in texts.items()}
    return {"cells": cells}
