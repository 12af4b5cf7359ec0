"""The tasks of an item as a form: one row a task, which names others by their numbers, and what such a form says."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from agent_console import numbered
from agent_console.numbered import Row
from tenants import queries as tenants

PREFIX, FIELDS = "task", ("key", "title", "detail", "team", "after", "hours")


def tasks_of(sent: Any) -> list[dict[str, Any]] | None:
    """The tasks typed; a number that is no row's stays as it was typed, and is refused."""
    found = _read(sent)
    keys = _keys(found)
    return [_task(row, keys, number) for number, row in enumerate(found)] or None


def typed_of(tasks: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """Tasks as the fields of the form."""
    numbers = {task["key"]: str(number) for number, task in enumerate(tasks or (), 1)}
    return numbered.written(
        [
            {
                "key": task["key"], "title": task["title"], "detail": task["detail"], "team": task["team_id"] or "",
                "after": ", ".join(numbers.get(key, key) for key in task["after"]),
                "hours": _hours(task["due_minutes"]),
            }
            for task in tasks or ()
        ],
        PREFIX,
    )  # fmt: skip


def rows_of(typed: Any) -> list[Row]:
    """What the page shows: the tasks, and a blank one."""
    return [*_read(typed), dict.fromkeys(FIELDS, "")]


def rearranged(sent: Any) -> Any:
    """The form after one of the tasks' own buttons; None after another."""
    return numbered.rearranged(sent, PREFIX, _read(sent), _relate)


def team_options() -> list[tuple[str, str]]:
    return [(str(team.id), team.name) for team in tenants.teams()]


def _relate(made: list[Row], order: list[int]) -> None:
    """Numbers of others follow the rows that they mean; one that is gone is named no more."""
    now = {str(former + 1): str(number) for number, former in enumerate(order, 1)}
    total = max(order, default=-1) + 2
    for row in made:
        wanted = [now.get(each, "" if each.isdigit() and int(each) <= total else each) for each in _numbers(row)]
        row["after"] = ", ".join(each for each in wanted if each)


def _read(sent: Any) -> list[Row]:
    """A key alone says nothing: it is not typed."""
    return [row for row in numbered.read(sent, PREFIX, FIELDS) if any(value for name, value in row.items() if name != "key")]


def _keys(found: Sequence[Row]) -> list[str]:
    """The key of each row: its own, or a new one."""
    made: list[str] = []
    for number, row in enumerate(found, 1):
        key = row["key"] or f"task_{number}"
        while key in made:
            key = f"{key}_{number}"
        made.append(key)
    return made


def _numbers(row: Row) -> list[str]:
    return [each.strip() for each in row["after"].replace(";", ",").split(",") if each.strip()]


def _task(row: Row, keys: Sequence[str], number: int) -> dict[str, Any]:
    numbered = {str(place): key for place, key in enumerate(keys, 1)}
    return {
        "key": keys[number], "title": row["title"], "detail": row["detail"], "team_id": row["team"] or None,
        "after": [numbered.get(each, f"number {each}") for each in _numbers(row)], "due_minutes": _minutes(row["hours"]),
    }  # fmt: skip


def _minutes(text: str) -> Any:
    """Working minutes of the hours typed; what is no number is passed on, to be refused."""
    if not text:
        return None
    try:
        minutes = Decimal(text) * 60
    except InvalidOperation:
        return text
    return int(minutes.to_integral_value()) if minutes.is_finite() and abs(minutes) < 10**9 else text


def _hours(minutes: int | None) -> str:
    return "" if minutes is None else f"{round(Decimal(minutes) / 60, 3):f}".rstrip("0").rstrip(".")
