"""What is done for an order, as an item keeps it: tasks that the practice of tasks plans, checked and in words.

`[{"key", "title", "detail", "after": [keys], "team_id": id | null, "due_minutes": working minutes | null}]`; None where nothing
is planned.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from msp.core.errors import FieldError, Invalid
from msp.itsm.tasks.order import circle
from msp.itsm.tasks.services import Draft, faults

MOST = 30
LONGEST_KEY = 60
_FIELDS = ("key", "title", "detail", "after", "team_id", "due_minutes")
Json = Mapping[str, Any]


def checked_tasks(data: Any) -> list[dict[str, Any]] | None:
    """The plan in its normal form; raises Invalid with pointers into it."""
    if data is None or data == []:
        return None
    if not isinstance(data, list) or len(data) > MOST:
        raise Invalid(errors=[FieldError("", "length", f"A list of at most {MOST} tasks.")])
    wrong: list[FieldError] = []
    made = [_task(each, number, f"/{number}", wrong) for number, each in enumerate(data)]
    if not wrong:
        found = faults(drafts(made, None))
        wrong = [FieldError(each.pointer.removeprefix("/tasks"), each.code, each.message) for each in found]
    if wrong:
        raise Invalid(errors=wrong)
    return made


def drafts(tasks: Sequence[Json], teams: Collection[UUID] | None) -> list[Draft]:
    """The tasks as they are planned; of a team that is not among `teams` nobody is told, the task stays."""

    def team(task: Json) -> UUID | None:
        found = UUID(task["team_id"]) if task["team_id"] else None
        return found if teams is None or found in teams else None

    return [
        Draft(
            task["title"], key=task["key"], detail=task["detail"], after=tuple(task["after"]), team_id=team(task),
            due_minutes=task["due_minutes"],
        )
        for task in tasks
    ]  # fmt: skip


def team_ids(tasks: Sequence[Json] | None) -> dict[UUID, int]:
    """The teams that a plan names, with the number of the first task that does."""
    found: dict[UUID, int] = {}
    for number, task in enumerate(tasks or ()):
        if task["team_id"]:
            found.setdefault(UUID(task["team_id"]), number)
    return found


def rounds(tasks: Sequence[Json]) -> list[list[str]]:
    """Titles by when they can begin: those of one round run beside each other."""
    after = {task["key"]: set(task["after"]) for task in tasks}
    if circle(after):
        return [[task["title"] for task in tasks]]
    titles = {task["key"]: task["title"] for task in tasks}
    made, done = [], set[str]()
    while len(done) < len(after):
        ready = [key for key in after if key not in done and after[key] <= done]
        made.append([titles[key] for key in ready])
        done |= set(ready)
    return made


def said(tasks: Sequence[Json]) -> str:
    """`Create the account, Order the laptop; then Set it up`."""
    return "; then ".join(", ".join(titles) for titles in rounds(tasks))


def _task(given: Any, number: int, at: str, wrong: list[FieldError]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        wrong.append(FieldError(at, "invalid", "A task is an object."))
        return {}
    wrong += [FieldError(f"{at}/{str(name)[:60]}", "unknown", "Unknown field.") for name in given if name not in _FIELDS]
    made: dict[str, Any] = {
        "key": _text(given.get("key") or str(number + 1), f"{at}/key", wrong),
        "title": _text(given.get("title", ""), f"{at}/title", wrong), "detail": _text(given.get("detail", ""), f"{at}/detail", wrong),
        "after": _keys(given.get("after", []), f"{at}/after", wrong), "team_id": _id(given.get("team_id"), f"{at}/team_id", wrong),
        "due_minutes": given.get("due_minutes"),
    }  # fmt: skip
    if len(made["key"]) > LONGEST_KEY:
        wrong.append(FieldError(f"{at}/key", "length", f"At most {LONGEST_KEY} characters."))
    if made["due_minutes"] is not None and (isinstance(made["due_minutes"], bool) or not isinstance(made["due_minutes"], int)):
        wrong.append(FieldError(f"{at}/due_minutes", "invalid", "Working minutes, a whole number."))
    return made


def _text(value: Any, at: str, wrong: list[FieldError]) -> str:
    if not isinstance(value, str):
        wrong.append(FieldError(at, "invalid", "This is text."))
        return ""
    return value.replace("\r\n", "\n").replace("\0", "").strip()


def _keys(value: Any, at: str, wrong: list[FieldError]) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        wrong.append(FieldError(at, "invalid", "A list of the keys of other tasks."))
        return []
    return list(dict.fromkeys(value))


def _id(value: Any, at: str, wrong: list[FieldError]) -> str | None:
    if value is None or value == "":
        return None
    try:
        return str(UUID(str(value)))
    except ValueError:
        wrong.append(FieldError(at, "invalid", "The id of a team."))
        return None
