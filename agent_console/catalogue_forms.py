"""An item or a template of the catalogue as a form, and what a form says of one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from agent_console import chain_form, forms, plan_form
from msp.core.errors import Invalid, MspError
from msp.itsm.catalog import content as catalog
from msp.itsm.catalog.prices import price_words

LEVELS = [("1", "High"), ("2", "Medium"), ("3", "Low")]
ICON_WORDS = [(icon, icon.replace("-", " ").capitalize()) for icon in catalog.ICONS]
_TEXTS = ("name", "summary", "description", "icon", "category", "price_once", "price_monthly", "currency", "service", "ticket_category")
# Parts of a stage and of a task, by the fields that they are typed in.
_STAGE_FIELDS = {
    "approvers": "named", "condition": "field", "remind_after_hours": "remind", "expires_after_hours": "expires", "": "name",
}  # fmt: skip
_TASK_FIELDS = {"team_id": "team", "due_minutes": "hours", "key": "title", "": "title"}


def content_of(sent: forms.Form, before: Mapping[str, Any], tenant_id: UUID | None = None) -> dict[str, Any]:
    """The content typed; what the form has no field for stays as it was. `tenant_id`: whose people its approval can name."""
    made = {name: forms.text(sent, name) for name in _TEXTS}
    levels = {name: int(sent[name]) if sent.get(name, "") in ("1", "2", "3") else 0 for name in ("impact", "urgency")}
    synonyms = [each.strip() for each in forms.text(sent, "synonyms").replace("\n", ",").split(",")]
    kept = {name: before[name] for name in ("form", "chain", "tasks", "is_quoted")}
    if "carried_out" in sent:  # the sections of approval and tasks were there
        kept |= {
            "chain": chain_form.chain_of(sent, before["form"], tenant_id), "tasks": plan_form.tasks_of(sent),
            "is_quoted": "is_quoted" in sent,
        }  # fmt: skip
    return {**made, **levels, **kept, "synonyms": synonyms, "is_price_shown": "is_price_shown" in sent}


def rearranged(sent: forms.Form) -> forms.Form:
    """What was typed, after a button of a stage or of a task was pressed."""
    found: forms.Form = chain_form.rearranged(sent) or plan_form.rearranged(sent) or sent
    return found


def is_look(sent: forms.Form) -> bool:
    """Whether the form is only to be shown again."""
    return "look" in sent or "rows" in sent


def named(error: MspError | None) -> MspError | None:
    """The error with each fault of a stage or of a task under the field that it was typed in."""
    if error is None or not error.errors:
        return error
    return type(error)(error.message, errors=[replace(each, pointer=_field(each.pointer)) for each in error.errors])


def _field(pointer: str) -> str:
    parts = pointer.strip("/").split("/")
    if parts[0] == "chain" and len(parts) > 2:
        inner = parts[4] if parts[3:4] == ["condition"] and len(parts) > 4 else "".join(parts[3:4])
        return f"/stage-{parts[2]}-{_STAGE_FIELDS.get(inner, inner)}"
    if parts[0] == "tasks" and len(parts) > 1:
        inner = "".join(parts[2:3])
        return f"/task-{parts[1]}-{_TASK_FIELDS.get(inner, inner)}"
    return f"/{parts[0]}" if parts[0] in ("chain", "tasks") else pointer


def typed_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as the fields of a form."""
    fields = {name: content[name] or "" for name in _TEXTS}
    ticks = {name: "1" for name in ("is_price_shown", "is_quoted") if content[name]}
    return {
        **fields, **ticks, **chain_form.typed_of(content["chain"]), **plan_form.typed_of(content["tasks"]),
        "impact": str(content["impact"]), "urgency": str(content["urgency"]), "synonyms": ", ".join(content["synonyms"]),
    }  # fmt: skip


def preview_of(sent: forms.Form, before: Mapping[str, Any]) -> dict[str, Any] | None:
    """The tile that a client would see; None while it cannot be saved as it is. Approval and tasks do not show on it."""
    try:
        made = catalog.checked({**content_of(sent, before), "chain": None, "tasks": None})
    except Invalid:
        return None
    return tile(made)


def tile(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a tile says of a content."""
    once, monthly = catalog.money(content["price_once"]), catalog.money(content["price_monthly"])
    price = price_words(once, monthly, content["currency"]) if content["is_price_shown"] else ""
    price = "quoted first" if content["is_quoted"] else price
    return {**content, "price": price}


def fields() -> dict[str, Any]:
    """What a template needs beside what is typed."""
    return {"icons": ICON_WORDS, "levels": LEVELS}


def editor(typed: Any, form: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the editor of an item or a template, with the rows of its approval and its tasks."""
    choices = {
        "roles": chain_form.ROLE_OPTIONS, "flags": chain_form.FLAGS, "operators": chain_form.OPERATOR_OPTIONS,
        "fields": chain_form.field_options(form), "teams": plan_form.team_options(),
    }  # fmt: skip
    return {**fields(), "stage_rows": chain_form.rows_of(typed), "task_rows": plan_form.rows_of(typed), "choices": choices}
