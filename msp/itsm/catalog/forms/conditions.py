"""Conditions of a form: one JSON form, evaluated the same here and in `request-form.js`, and said in words.

    {"field": "where", "is": "room"}     also "not" (the opposite of "is", so true while nothing is answered), "in": [...],
                                         "over": 5, "under": 5 (numbers only), "filled": true
    {"all": [condition, ...]}            {"any": [condition, ...]}

Where the answer is a list (multi_choice), "is" asks whether the value is among what was picked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 4
MAX_TESTS = 20
OPS = ("is", "not", "in", "over", "under", "filled")


@dataclass(frozen=True)
class Test:
    """One question about one earlier answer; `value` is text or a number, a tuple for "in", a truth value for "filled"."""

    __test__ = False  # not a test of pytest's

    field: str
    op: str
    value: Any


@dataclass(frozen=True)
class Group:
    """Several conditions of which all, or any, must hold."""

    kind: str
    conditions: tuple["Condition", ...]


Condition = Test | Group
Complain = Callable[[str, str, str], None]  # pointer, code, message


def read(data: Any, at: str, complain: Complain) -> Condition | None:
    """A condition out of JSON; None, and complaints with pointers, where it is none. Fields are not looked up here."""
    found = _read(data, at, complain, 1)
    if found is not None and len(list(tests(found))) > MAX_TESTS:
        complain(at, "too_many", f"A condition asks at most {MAX_TESTS} things")
        return None
    return found


def _read(data: Any, at: str, complain: Complain, depth: int) -> Condition | None:
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        complain(at, "invalid", "A condition is an object")
        return None
    if depth > MAX_DEPTH:
        complain(at, "too_deep", f"Conditions stand at most {MAX_DEPTH} deep")
        return None
    if "all" in data or "any" in data:
        return _read_group(data, at, complain, depth)
    ops = [op for op in OPS if op in data]
    if len(ops) != 1 or set(data) - {"field", *ops} or not isinstance(data.get("field"), str):
        complain(at, "invalid", f"A condition has a field and one of {', '.join(OPS)}")
        return None
    value = _value(ops[0], data[ops[0]])
    if value is None:
        complain(f"{at}/{ops[0]}", "invalid", "This value does not fit the condition")
        return None
    return Test(data["field"], ops[0], value)


def _read_group(data: dict[str, Any], at: str, complain: Complain, depth: int) -> Group | None:
    kind = "all" if "all" in data else "any"
    members = data[kind]
    if len(data) != 1 or not isinstance(members, list) or not 1 <= len(members) <= MAX_TESTS:
        complain(at, "invalid", f"“all” and “any” stand alone and hold 1 to {MAX_TESTS} conditions")
        return None
    read_members = [_read(each, f"{at}/{kind}/{index}", complain, depth + 1) for index, each in enumerate(members)]
    known = tuple(each for each in read_members if each is not None)
    return Group(kind, known) if len(known) == len(members) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e12  # also turns NaN away


def _is_plain(value: Any) -> bool:
    return _is_number(value) or (isinstance(value, str) and 1 <= len(value) <= 200)


def _value(op: str, value: Any) -> Any:
    if op == "filled":
        return value if isinstance(value, bool) else None
    if op in ("over", "under"):
        return value if _is_number(value) else None
    if op == "in":
        fits = isinstance(value, list) and 1 <= len(value) <= 100 and all(map(_is_plain, value))
        return tuple(value) if fits else None
    return value if _is_plain(value) else None


def to_json(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Group):
        return {condition.kind: [to_json(each) for each in condition.conditions]}
    value = list(condition.value) if condition.op == "in" else condition.value
    return {"field": condition.field, condition.op: value}


def tests(condition: Condition) -> Iterator[Test]:
    """Every test of a condition, from left to right."""
    if isinstance(condition, Test):
        yield condition
    else:
        for each in condition.conditions:
            yield from tests(each)


def holds(condition: Condition, answers: Mapping[str, Any]) -> bool:
    """Whether the condition is true of these answers; a hidden or empty field is absent from them."""
    if isinstance(condition, Group):
        return (all if condition.kind == "all" else any)(holds(each, answers) for each in condition.conditions)
    answer, value = answers.get(condition.field), condition.value
    match condition.op:
        case "filled":
            return (answer is not None) is bool(value)
        case "is":
            return _is(answer, value)
        case "not":
            return not _is(answer, value)
        case "in":
            return any(_is(answer, each) for each in value)
        case "over":
            return _is_number(answer) and bool(answer > value)
        case _:
            return _is_number(answer) and bool(answer < value)


def _is(answer: Any, value: Any) -> bool:
    if isinstance(answer, list):
        return value in answer
    return answer is not None and bool(answer == value)


def words(condition: Condition, say: Callable[[str, Any], tuple[str, str]]) -> str:
    """The condition for people: "Where = Treatment room". `say(field, value)` gives the field's label and the value's."""
    if isinstance(condition, Group):
        between = " and " if condition.kind == "all" else " or "
        inner = [
            f"({words(each, say)})" if isinstance(each, Group) and len(condition.conditions) > 1 else words(each, say)
            for each in condition.conditions
        ]
        return between.join(inner)
    if condition.op == "filled":
        label = say(condition.field, None)[0]
        return f"{label} is answered" if condition.value else f"{label} is not answered"
    values: Sequence[Any] = condition.value if condition.op == "in" else (condition.value,)
    said = [say(condition.field, value) for value in values]
    sign = {"is": "=", "in": "=", "not": "is not", "over": "is over", "under": "is under"}[condition.op]
    return f"{said[0][0]} {sign} {' or '.join(value for _, value in said)}"
