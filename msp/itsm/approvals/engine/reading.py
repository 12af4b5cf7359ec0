"""A chain from JSON and back; everything that is wrong is named at once."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from msp.itsm.approvals.engine import chain as model
from msp.itsm.approvals.engine.chain import Approver, Chain, Condition, Stage, Value
from msp.itsm.approvals.engine.errors import ChainInvalid, Wrong

_STAGE = {
    "name", "approvers", "needed", "condition", "expires_after_hours", "remind_after_hours", "escalates", "self_counts",
}  # fmt: skip


def read_chain(given: Any) -> Chain:
    """The chain that `{"stages": […]}` defines; ChainInvalid names every fault by its JSON pointer."""
    wrong: list[Wrong] = []
    stages = given.get("stages") if isinstance(given, Mapping) else None
    if not isinstance(stages, list) or not 1 <= len(stages) <= model.MOST_STAGES:
        raise ChainInvalid([Wrong("/stages", "stages", f"Between 1 and {model.MOST_STAGES} stages.")])
    wrong += [Wrong(f"/{name}", "unknown", "There is no such field.") for name in given if name != "stages"]
    read = [_stage(each, f"/stages/{number}", wrong) for number, each in enumerate(stages)]
    if wrong:
        raise ChainInvalid(wrong)
    return Chain(tuple(stage for stage in read if stage is not None))


def write_chain(chain: Chain) -> dict[str, Any]:
    """The same as JSON; `read_chain` of it gives the chain again."""
    return {"stages": [_written(stage) for stage in chain.stages]}


def as_value(given: Any) -> Value | None:
    """A value of JSON as conditions compare it: numbers as Decimal; None for what they cannot compare."""
    if isinstance(given, bool | str):
        return given
    if isinstance(given, int | float | Decimal):
        made = Decimal(str(given))
        return made if made.is_finite() else None
    if isinstance(given, list | tuple) and all(isinstance(each, str) for each in given):
        return tuple(given)
    return None


def as_amount(given: str) -> Decimal | None:
    """An amount of money written as text; None where it is none."""
    try:
        made = Decimal(given)
    except InvalidOperation:
        return None
    return made if made.is_finite() else None


def _stage(given: Any, at: str, wrong: list[Wrong]) -> Stage | None:
    if not isinstance(given, Mapping):
        wrong.append(Wrong(at, "type", "A stage is an object."))
        return None
    before = len(wrong)
    wrong += [Wrong(f"{at}/{name}", "unknown", "There is no such field.") for name in given if name not in _STAGE]
    name = given.get("name")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 100:
        wrong.append(Wrong(f"{at}/name", "length", "A name of at most 100 characters."))
    approvers = _approvers(given.get("approvers"), f"{at}/approvers", wrong)
    needed = _whole(given, "needed", at, model.MOST_APPROVERS, wrong)
    condition = _condition(given.get("condition"), f"{at}/condition", wrong)
    expires, reminds = (_whole(given, field, at, model.MOST_HOURS, wrong) for field in ("expires_after_hours", "remind_after_hours"))
    if reminds is not None and reminds >= (expires or model.HOURS):
        wrong.append(Wrong(f"{at}/remind_after_hours", "order", "The reminder comes before the end."))
    flags = [_flag(given, field, at, wrong) for field in ("escalates", "self_counts")]
    if len(wrong) > before:
        return None
    return Stage(str(name).strip(), approvers, needed, condition, expires or model.HOURS, reminds, *flags)


def _approvers(given: Any, at: str, wrong: list[Wrong]) -> tuple[Approver, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= model.MOST_APPROVERS:
        wrong.append(Wrong(at, "approvers", f"Between 1 and {model.MOST_APPROVERS} approvers."))
        return ()
    found = []
    for number, each in enumerate(given):
        approver = _approver(each)
        if approver is None:
            wrong.append(Wrong(f"{at}/{number}", "approver", f"A contact or an agent by id, or a role: {', '.join(model.ROLES)}."))
        elif approver not in found:
            found.append(approver)
    return tuple(found)


def _approver(given: Any) -> Approver | None:
    if not isinstance(given, Mapping) or len(given) != 1:
        return None
    [(kind, value)] = given.items()
    if kind == "role":
        return Approver("role", value) if isinstance(value, str) and value in model.ROLES else None
    if kind not in ("contact", "agent") or not isinstance(value, str):
        return None
    try:
        return Approver("contact" if kind == "contact" else "agent", str(UUID(value)))
    except ValueError:
        return None


def _condition(given: Any, at: str, wrong: list[Wrong]) -> Condition | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) != {"field", "operator", "value"}:
        wrong.append(Wrong(at, "condition", "A condition has a field, an operator and a value."))
        return None
    field, operator, value = given["field"], given["operator"], as_value(given["value"])
    if not isinstance(field, str) or not 1 <= len(field) <= 100:
        wrong.append(Wrong(f"{at}/field", "length", "The name of a shown value."))
    found = next((each for each in model.OPERATORS if each == operator), None)
    if found is None:
        wrong.append(Wrong(f"{at}/operator", "unknown", f"One of {' '.join(model.OPERATORS)}."))
    if value is None or (operator == "in") != isinstance(value, tuple):
        wrong.append(Wrong(f"{at}/value", "type", "A number, a text, true or false; for “in” a list of texts."))
    return None if value is None or found is None else Condition(str(field), found, value)


def _whole(given: Mapping[str, Any], field: str, at: str, most: int, wrong: list[Wrong]) -> int | None:
    value = given.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        wrong.append(Wrong(f"{at}/{field}", "range", f"A whole number from 1 to {most}."))
        return None
    return value


def _flag(given: Mapping[str, Any], field: str, at: str, wrong: list[Wrong]) -> bool:
    value = given.get(field, False)
    if not isinstance(value, bool):
        wrong.append(Wrong(f"{at}/{field}", "type", "True or false."))
    return value is True


def _written(stage: Stage) -> dict[str, Any]:
    made: dict[str, Any] = {"name": stage.name, "approvers": [{each.kind: each.value} for each in stage.approvers]}
    for field in ("needed", "expires_after_hours", "remind_after_hours"):
        if getattr(stage, field) is not None:
            made[field] = getattr(stage, field)
    made |= {field: True for field in ("escalates", "self_counts") if getattr(stage, field)}
    if stage.condition is not None:
        value = stage.condition.value
        plain = list(value) if isinstance(value, tuple) else _number(value) if isinstance(value, Decimal) else value
        made["condition"] = {"field": stage.condition.field, "operator": stage.condition.operator, "value": plain}
    return made


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
