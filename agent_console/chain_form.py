"""The approval of an item as a form: one row a stage, and what such a form says."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from agent_console import numbered
from agent_console.numbered import Row
from msp.itsm.approvals.engine.chain import OPERATORS, ROLES
from msp.itsm.catalog import approvers, chains
from msp.itsm.catalog.forms.definition import Form, Part

PREFIX, FIELDS, TICKS = "stage", ("name", "named", "needed", "field", "operator", "value", "remind", "expires"), ("roles", "flags")
ROLE_OPTIONS = [(role, chains.WHO[role][:1].upper() + chains.WHO[role][1:]) for role in ROLES]
FLAGS = [("escalates", "Goes to the client’s administrators when it is late"), ("self_counts", "Whoever ordered may decide himself")]
_OPERATOR_WORDS = {">": "is over", ">=": "is at least", "<": "is under", "<=": "is at most", "=": "is", "!=": "is not", "in": "is one of"}
OPERATOR_OPTIONS = [(each, _OPERATOR_WORDS[each]) for each in _OPERATOR_WORDS if each in OPERATORS]


def chain_of(sent: Any, form: Form, tenant_id: UUID | None) -> dict[str, Any] | None:
    """The chain typed; what is wrong in it is found when it is checked. Whom no address names stays as it was typed, and is refused."""
    found = numbered.read(sent, PREFIX, FIELDS, TICKS)
    return {"stages": [_stage(row, form, tenant_id) for row in found if _says(row)]} if any(map(_says, found)) else None


def typed_of(chain: Mapping[str, Any] | None, form: Form) -> dict[str, Any]:
    """A chain as the fields of the form; options as the form calls them."""
    return numbered.written([_row(stage, form) for stage in chain["stages"]] if chain else [], PREFIX)


def rows_of(typed: Any) -> list[Row]:
    """What the page shows: the stages, and a blank one."""
    found = [row for row in numbered.read(typed, PREFIX, FIELDS, TICKS) if _says(row)]
    return [*found, {**dict.fromkeys(FIELDS, ""), "roles": [], "flags": []}]


def rearranged(sent: Any) -> Any:
    """The form after one of the stages' own buttons; None after another."""
    found = [row for row in numbered.read(sent, PREFIX, FIELDS, TICKS) if _says(row)]
    return numbered.rearranged(sent, PREFIX, found, lambda _made, _order: None)


def field_options(form: Form, rows: Iterable[Row]) -> list[tuple[str, str]]:
    """What a condition can ask about: the price, the questions, and what one asks about though it is gone, to be seen and put right."""
    found = {name: words[:1].upper() + words[1:] for name, words in chains.PRICES.items()}
    found |= {part.name: f"“{part.label}”" for part in form.parts if part.asks}
    gone = {row["field"]: f"“{row['field']}”, no longer asked" for row in rows if row["field"]}
    return [*found.items(), *((name, words) for name, words in gone.items() if name not in found)]


def _says(row: Row) -> bool:
    """A row of which only the operator is chosen says nothing."""
    return any(value for name, value in row.items() if name != "operator")


def _stage(row: Row, form: Form, tenant_id: UUID | None) -> dict[str, Any]:
    made: dict[str, Any] = {"name": row["name"], "approvers": [{"role": role} for role in row["roles"]] + _named(row["named"], tenant_id)}
    for name, field in (("needed", "needed"), ("remind_after_hours", "remind"), ("expires_after_hours", "expires")):
        if row[field]:
            made[name] = int(row[field]) if row[field].isascii() and row[field].isdigit() else row[field]
    if row["field"]:
        made["condition"] = {
            "field": row["field"], "operator": row["operator"], "value": _value(row["value"], row["operator"], row["field"], form),
        }  # fmt: skip
    return {**made, **dict.fromkeys(row["flags"], True)}


def _named(text: str, tenant_id: UUID | None) -> list[dict[str, str]]:
    addresses = [each.strip() for each in text.replace("\n", ",").replace(";", ",").split(",") if each.strip()]
    return approvers.at_addresses(addresses, tenant_id) if addresses else []


def _value(text: str, operator: str, field: str, form: Form) -> Any:
    part = form.part(field)
    if operator == "in":
        given = text if ";" in text else text.replace(",", ";")
        return [_option(each.strip(), part) for each in given.split(";") if each.strip()]
    if field in chains.PRICES or (part is not None and part.kind == "number"):
        try:
            return Decimal(text.replace(",", ""))
        except InvalidOperation:
            return text
    return _option(text, part)


def _option(text: str, part: Part | None) -> str:
    """The option so called, as answers hold it: the agent sees only what it is called. Else the text itself."""
    options = part.options if part is not None else ()
    return next((option.value for option in options if option.label.casefold() == text.casefold()), text)


def _said(value: Any, part: Part | None) -> str:
    """A condition's value as it is typed; with a semicolon between where one of several has a comma in it."""
    if not isinstance(value, list):
        return chains.labels_of(part, [str(value)])[0]
    labels = chains.labels_of(part, value)
    return ("; " if any("," in label for label in labels) else ", ").join(labels)


def _row(stage: Mapping[str, Any], form: Form) -> Row:
    condition = stage.get("condition") or {"field": "", "operator": ">", "value": ""}
    return {
        "name": stage["name"], "roles": [each["role"] for each in stage["approvers"] if "role" in each],
        "named": ", ".join(approvers.addresses_of(stage["approvers"])),
        "needed": str(stage.get("needed") or ""), "field": condition["field"], "operator": condition["operator"],
        "value": _said(condition["value"], form.part(condition["field"])), "remind": str(stage.get("remind_after_hours") or ""),
        "expires": str(stage.get("expires_after_hours") or ""), "flags": [name for name, _ in FLAGS if stage.get(name)],
    }  # fmt: skip
