"""What is done for an order, as an item keeps it: tasks that the practice of tasks plans, checked and in words.

`[{"key", "title", "detail", "after": [keys], "team_id": id | null, "due_minutes": working minutes | null}]`; None where nothing
is planned. One that a runbook does has `"runbook_id"` as well, and `"inputs": {name: {"from": source, "value"}}`: what the
runbook is told of the order. What it takes and is not named there it is told as it says itself.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from msp.core.errors import FieldError, Invalid
from msp.itsm.tasks.doers import INPUT_LENGTH, MOST_INPUTS
from msp.itsm.tasks.order import circle
from msp.itsm.tasks.services import Draft, faults

MOST = 30
LONGEST_KEY = 60
_FIELDS = ("key", "title", "detail", "after", "team_id", "due_minutes", "runbook_id", "inputs")
LONGEST_VALUE = 500
# Where what a runbook is told comes from. The first two go with a `value`: which question, or the text.
ANSWER, FIXED = "order.answer", "fixed"
SOURCES = {
    ANSWER: "An answer", FIXED: "The same text always",
    "order.for_name": "Who gets it: name", "order.for_e_mail": "Who gets it: e-mail address", "requester.name": "Who orders: name",
    "requester.e_mail": "Who orders: e-mail address", "order.item": "The item’s name",
}  # fmt: skip
_INPUT = re.compile(r"[a-z][a-z0-9_]{0,39}")
Json = Mapping[str, Any]


class Teller(Protocol):
    """Says of one order what a runbook is told."""

    def __call__(self, source: str, value: str) -> str: ...


def checked_tasks(data: Any, questions: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """The plan in its normal form; raises Invalid with pointers into it. `questions`: kinds of what the form asks, by name."""
    if data is None or data == []:
        return None
    if not isinstance(data, list) or len(data) > MOST:
        raise Invalid(errors=[FieldError("", "length", f"A list of at most {MOST} tasks.")])
    wrong: list[FieldError] = []
    made = [_task(each, number, f"/{number}", questions, wrong) for number, each in enumerate(data)]
    if not wrong:
        found = faults(drafts(made, None))
        wrong = [FieldError(each.pointer.removeprefix("/tasks"), each.code, each.message) for each in found]
    if wrong:
        raise Invalid(errors=wrong)
    return made


def drafts(tasks: Sequence[Json], teams: Collection[UUID] | None, tell: Teller | None = None) -> list[Draft]:
    """The tasks as they are planned; of a team that is not among `teams` nobody is told, the task stays.

    With `tell`, those that a runbook does are given to it, with what it is told of the order.
    """

    def team(task: Json) -> UUID | None:
        found = UUID(task["team_id"]) if task["team_id"] else None
        return found if teams is None or found in teams else None

    return [
        Draft(
            task["title"], key=task["key"], detail=task["detail"], after=tuple(task["after"]), team_id=team(task),
            due_minutes=task["due_minutes"], **(_given(task, tell) if tell else {}),
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


def runbooks(tasks: Sequence[Json] | None) -> dict[int, tuple[UUID, Json]]:
    """The runbooks that a plan names and what each is told, by the number of the task."""
    return {
        number: (UUID(task["runbook_id"]), task["inputs"]) for number, task in enumerate(tasks or ()) if task.get("runbook_id")
    }


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


def compared(tasks: Sequence[Json]) -> str:
    """The same for a comparison: with what a runbook does, and what it is told."""
    return said([{**task, "title": f"{task['title']}{_by_runbook(task)}"} for task in tasks])


def input_words(source: str, value: str) -> str:
    """`An answer: first_day`"""
    return f"{SOURCES[source]}: {value}" if source in (ANSWER, FIXED) else SOURCES[source]


def _by_runbook(task: Json) -> str:
    told = [f"{name}: {input_words(each['from'], each['value'])}" for name, each in task.get("inputs", {}).items()]
    return f" ({'; '.join(['by a runbook', *told])})" if task.get("runbook_id") else ""


def _given(task: Json, tell: Teller) -> dict[str, Any]:
    """Which runbook does a task and what it is told; nothing is told of what has no answer."""
    if not task.get("runbook_id"):
        return {}
    told = {name: tell(each["from"], each["value"])[:INPUT_LENGTH] for name, each in task["inputs"].items()}
    return {"runbook_id": UUID(task["runbook_id"]), "runbook_inputs": {name: text for name, text in told.items() if text}}


def _task(given: Any, number: int, at: str, questions: Mapping[str, str], wrong: list[FieldError]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        wrong.append(FieldError(at, "invalid", "A task is an object."))
        return {}
    wrong += [FieldError(f"{at}/{str(name)[:60]}", "unknown", "Unknown field.") for name in given if name not in _FIELDS]
    made: dict[str, Any] = {
        "key": _text(given.get("key") or str(number + 1), f"{at}/key", wrong),
        "title": _text(given.get("title", ""), f"{at}/title", wrong), "detail": _text(given.get("detail", ""), f"{at}/detail", wrong),
        "after": _keys(given.get("after", []), f"{at}/after", wrong),
        "team_id": _id(given.get("team_id"), f"{at}/team_id", "The id of a team.", wrong),
        "due_minutes": given.get("due_minutes"),
    }  # fmt: skip
    if len(made["key"]) > LONGEST_KEY:
        wrong.append(FieldError(f"{at}/key", "length", f"At most {LONGEST_KEY} characters."))
    if made["due_minutes"] is not None and (isinstance(made["due_minutes"], bool) or not isinstance(made["due_minutes"], int)):
        wrong.append(FieldError(f"{at}/due_minutes", "invalid", "Working minutes, a whole number."))
    runbook_id = _id(given.get("runbook_id"), f"{at}/runbook_id", "The id of a runbook.", wrong)
    inputs = _inputs(given.get("inputs"), f"{at}/inputs", questions, wrong)
    if runbook_id:
        made |= {"runbook_id": runbook_id, "inputs": inputs}
    elif inputs:
        wrong.append(FieldError(f"{at}/inputs", "misplaced", "There is no runbook that could be told this."))
    return made


def _inputs(given: Any, at: str, questions: Mapping[str, str], wrong: list[FieldError]) -> dict[str, dict[str, str]]:
    if given is None or given == {}:
        return {}
    if not isinstance(given, Mapping) or len(given) > MOST_INPUTS or not all(map(_INPUT.fullmatch, map(str, given))):
        wrong.append(FieldError(at, "invalid", f"An object of at most {MOST_INPUTS} inputs by name, of small letters, digits and _."))
        return {}
    return {str(name): _input(each, f"{at}/{name}", questions, wrong) for name, each in given.items()}


def _input(given: Any, at: str, questions: Mapping[str, str], wrong: list[FieldError]) -> dict[str, str]:
    known = given if isinstance(given, Mapping) else {}
    source, value = str(known.get("from") or ""), _text(known.get("value") or "", f"{at}/value", wrong)
    if source not in SOURCES or not known.keys() <= {"from", "value"}:
        wrong.append(FieldError(f"{at}/from", "unknown", "Choose where it comes from."))
    elif source == ANSWER and questions.get(value, "file") == "file":
        wrong.append(FieldError(f"{at}/value", "unknown", f"The form asks for no “{value[:60]}” that could be told."))
    elif source == FIXED and not 1 <= len(value) <= LONGEST_VALUE:
        wrong.append(FieldError(f"{at}/value", "length", f"Say it in 1 to {LONGEST_VALUE} characters."))
    return {"from": source, "value": value if source in (ANSWER, FIXED) else ""}


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


def _id(value: Any, at: str, words: str, wrong: list[FieldError]) -> str | None:
    if value is None or value == "":
        return None
    try:
        return str(UUID(str(value)))
    except ValueError:
        wrong.append(FieldError(at, "invalid", words))
        return None
