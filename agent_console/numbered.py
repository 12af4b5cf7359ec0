"""Numbered rows of a form that works without script: fields `stage-0-name`, `stage-1-name`, and a blank one at the end.

A button named `rows` sends what to do: `stage:add`, `stage:drop:1`, `stage:up:1`. The page is then shown again with the rows so.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

Row = dict[str, Any]
MOST = 40


def read(sent: Any, prefix: str, fields: Iterable[str], ticks: Iterable[str] = ()) -> list[Row]:
    """The rows sent, those that say nothing left out. `ticks` are fields of which several may be chosen."""
    made = []
    many = set(ticks)
    for number in range(MOST):
        names = {field: f"{prefix}-{number}-{field}" for field in (*fields, *many)}
        if not any(name in sent for name in names.values()):
            break
        row: Row = {field: _all(sent, name) if field in many else _one(sent, name) for field, name in names.items()}
        if any(row.values()):
            made.append(row)
    return made


def written(rows: Iterable[Row], prefix: str) -> dict[str, Any]:
    """Rows as the fields of a form."""
    return {f"{prefix}-{number}-{field}": value for number, row in enumerate(rows) for field, value in row.items()}


def rearranged(sent: MultiDict[str, str], prefix: str, rows: list[Row], relate: Callable[[list[Row], list[int]], None]) -> Any:
    """The form with its rows as the button pressed wants them; None where it was another button.

    `relate(rows, order)` mends what rows say of each other: `order` has the former number of each.
    """
    kind, _, act = sent.get("rows", "").partition(":")
    if kind != prefix:
        return None
    name, _, place = act.partition(":")
    order = list(range(len(rows)))
    number = int(place) if place.isascii() and place.isdigit() and int(place) < len(rows) else None
    if number is not None and name == "drop":
        del order[number]
    elif number is not None and name == "up" and number > 0:
        order.insert(number - 1, order.pop(number))
    made = [dict(rows[former]) for former in order]
    relate(made, order)
    kept = MultiDict[str, Any]((key, value) for key, value in sent.items(multi=True) if not key.startswith(f"{prefix}-"))
    for key, value in written(made, prefix).items():
        kept.setlist(key, value if isinstance(value, list) else [value])
    return kept


def errors_of(errors: Mapping[str, str], pointer: str, number: int) -> list[str]:
    """What is wrong with one row, whichever part of it."""
    at = f"{pointer}/{number}"
    return [message for name, message in errors.items() if name == at or name.startswith(f"{at}/")]


def _one(sent: Any, name: str) -> str:
    return str(sent.get(name) or "").replace("\0", "").strip()


def _all(sent: Any, name: str) -> list[str]:
    return list(sent.getlist(name)) if hasattr(sent, "getlist") else list(sent.get(name) or ())
