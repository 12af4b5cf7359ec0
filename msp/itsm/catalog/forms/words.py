"""What a form says in words: days and numbers."""

from datetime import date
from typing import Any


def day_words(text: str) -> str:
    """Wednesday 7 April 2027; what is no day stays as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def short_day_words(day: date) -> str:
    """Wed 7 April."""
    return f"{day:%a} {day.day} {day:%B}"


def number_words(value: Any) -> str:
    """1,250 or 12.5."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)
