"""The tasks of an item as a form: one row a task, which names others by their numbers, and what such a form says."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from uuid import UUID

from agent_console import numbered
from agent_console.numbered import Row
from msp.core.actor import Actor
from msp.core.errors import NotFound
from msp.itsm.catalog import plans
from msp.itsm.runbooks import content as runbook_content
from msp.itsm.runbooks import queries as runbooks
from tenants import queries as tenants

PREFIX, FIELDS = "task", ("key", "title", "detail", "team", "after", "hours", "runbook", "shown")
_OF_ANSWER = "answer:"  # before the name of a question, among the sources of an input
_INPUT_FIELD = re.compile(rf"{PREFIX}-[0-9]{{1,2}}-(in-[a-z0-9_]{{1,40}}-(?:from|value))")


class Book(NamedTuple):
    """A runbook that may be chosen; `inputs` as the runbook itself fills them."""

    name: str
    inputs: tuple[runbook_content.Input, ...]


class Told(NamedTuple):
    """One input of a task's runbook as the page shows it; `usual` is what the runbook itself says of it."""

    name: str
    usual: str
    source: str
    value: str


def tasks_of(sent: Any) -> list[dict[str, Any]] | None:
    """The tasks typed; a number that is no row's stays as it was typed, and is refused."""
    found = _read(sent)
    keys = _keys(found)
    return [_task(row, keys, number) for number, row in enumerate(found)] or None


def books(rows: Sequence[Row], tenant_id: UUID | None, *, by: Actor) -> dict[str, Book]:
    """The runbooks that may do tasks for a client, or those for all clients; and whatever other one a row names."""
    found = list(runbooks.offered(tenant_id))
    known = {str(each.id) for each in found}
    for row in rows:
        if row["runbook"] and row["runbook"] not in known:
            try:
                found.append(runbooks.visible_runbook(UUID(row["runbook"]), by=by))
            except (NotFound, ValueError):
                continue
    latest = runbooks.latest(found)
    return {str(each.id): Book(each.name, runbook_content.stored(latest[each.id].content).inputs) for each in found}


def told_of(row: Row, known: Mapping[str, Book]) -> list[Told]:
    """What can be said of each input of the row's runbook; nothing where none is chosen."""
    book = known.get(row["runbook"])
    return [
        Told(each.name, runbook_content.input_words(each), row.get(f"in-{each.name}-from", ""), row.get(f"in-{each.name}-value", ""))
        for each in (book.inputs if book else ())
    ]


def source_options(questions: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Where an input can come from: `questions` are names and labels of what the form asks."""
    asked = [(_OF_ANSWER + name, f"Answer: {label}") for name, label in questions]
    return [*((name, label) for name, label in plans.SOURCES.items() if name != plans.ANSWER), *asked]


def typed_of(tasks: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """Tasks as the fields of the form."""
    numbers = {task["key"]: str(number) for number, task in enumerate(tasks or (), 1)}
    return numbered.written(
        [
            {
                "key": task["key"], "title": task["title"], "detail": task["detail"], "team": task["team_id"] or "",
                "after": ", ".join(numbers.get(key, key) for key in task["after"]),
                "hours": _hours(task["due_minutes"]), "runbook": task.get("runbook_id", ""), "shown": task.get("runbook_id", ""),
                **_inputs_typed(task),
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
    """A key alone says nothing: it is not typed; nor is whose inputs the page showed."""
    inputs = {found[1] for name in sent if (found := _INPUT_FIELD.fullmatch(name))}
    rows = numbered.read(sent, PREFIX, (*FIELDS, *sorted(inputs)))
    return [row for row in rows if any(value for name, value in row.items() if name not in ("key", "shown"))]


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
    by_runbook = {"runbook_id": row["runbook"], "inputs": _inputs_of(row)} if row["runbook"] else {}
    return {
        "key": keys[number], "title": row["title"], "detail": row["detail"], "team_id": row["team"] or None,
        "after": [numbered.get(each, f"number {each}") for each in _numbers(row)], "due_minutes": _minutes(row["hours"]), **by_runbook,
    }  # fmt: skip


def _inputs_typed(task: Mapping[str, Any]) -> dict[str, str]:
    """What a runbook is told as the fields of its row."""
    made = {}
    for name, each in task.get("inputs", {}).items():
        is_answer = each["from"] == plans.ANSWER
        made[f"in-{name}-from"] = f"{_OF_ANSWER}{each['value']}" if is_answer else each["from"]
        made[f"in-{name}-value"] = "" if is_answer else each["value"]
    return made


def _inputs_of(row: Row) -> dict[str, dict[str, str]]:
    """What was chosen for the inputs that the page showed: those of the runbook that is chosen, of another none."""
    made = {}
    for field, chosen in row.items():
        name = field.removeprefix("in-").removesuffix("-from")
        if not chosen or field != f"in-{name}-from" or row["runbook"] != row["shown"]:
            continue
        is_answer = chosen.startswith(_OF_ANSWER)
        made[name] = {
            "from": plans.ANSWER if is_answer else chosen,
            "value": chosen.removeprefix(_OF_ANSWER) if is_answer else row.get(f"in-{name}-value", ""),
        }  # fmt: skip
    return made


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
