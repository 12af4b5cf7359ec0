"""An item or a template of the catalogue as a form, and what a form says of one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from agent_console import chain_form, forms, plan_form
from msp.core.actor import Actor
from msp.core.errors import FieldError, Invalid, MspError
from msp.itsm.catalog import content as catalog
from msp.itsm.catalog import questions
from msp.itsm.catalog.forms import builder, builder_view
from msp.itsm.catalog.forms.answers import Choices, Given
from msp.itsm.catalog.forms.builder import Draft
from msp.itsm.catalog.forms.definition import KINDS
from msp.itsm.catalog.prices import price_words

LEVELS = [("1", "High"), ("2", "Medium"), ("3", "Low")]
ICON_WORDS = [(icon, icon.replace("-", " ").capitalize()) for icon in catalog.ICONS]
_TEXTS = ("name", "summary", "description", "icon", "category", "price_once", "price_monthly", "currency", "service", "ticket_category")
# Parts of a stage and of a task, by the fields that they are typed in.
_STAGE_FIELDS = {
    "approvers": "named", "condition": "field", "remind_after_hours": "remind", "expires_after_hours": "expires", "": "name",
}  # fmt: skip
_TASK_FIELDS = {"runbook_id": "runbook", "team_id": "team", "due_minutes": "hours", "key": "title", "": "title"}


def content_of(sent: forms.Form, before: Mapping[str, Any], tenant_id: UUID | None = None) -> dict[str, Any]:
    """The content typed; what the form has no field for stays as it was. `tenant_id`: whose people its approval can name."""
    made = {name: forms.text(sent, name) for name in _TEXTS}
    levels = {name: int(sent[name]) if sent.get(name, "") in ("1", "2", "3") else 0 for name in ("impact", "urgency")}
    synonyms = [each.strip() for each in forms.text(sent, "synonyms").replace("\n", ",").split(",")]
    draft = draft_of(sent, before)
    kept = {name: before[name] for name in ("form", "chain", "tasks", "is_quoted")}
    if "fb" in sent:  # the builder was there
        kept["form"] = builder.to_json(draft)
    if "carried_out" in sent:  # the sections of approval and tasks were there
        kept |= {
            "chain": chain_form.chain_of(sent, builder_view.preview(draft), tenant_id), "tasks": plan_form.tasks_of(sent),
            "is_quoted": "is_quoted" in sent,
        }  # fmt: skip
    return {**made, **levels, **kept, "synonyms": synonyms, "is_price_shown": "is_price_shown" in sent}


def rearranged(sent: forms.Form) -> forms.Form:
    """What was typed, after a button of a stage or of a task was pressed."""
    found: forms.Form = chain_form.rearranged(sent) or plan_form.rearranged(sent) or sent
    return found


def is_step(sent: forms.Form) -> bool:
    """Whether the page was sent to be looked at, or for a step of the builder or of a list, and not to be saved."""
    return not {"look", "step", "rows"}.isdisjoint(sent)


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
        if inner == "inputs" and len(parts) > 3:
            return f"/task-{parts[1]}-in-{parts[3]}-{'value' if parts[4:5] == ['value'] else 'from'}"
        return f"/task-{parts[1]}-{_TASK_FIELDS.get(inner, inner)}"
    return f"/{parts[0]}" if parts[0] in ("chain", "tasks") else pointer


def typed_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as the fields of a form."""
    fields = {name: content[name] or "" for name in _TEXTS}
    ticks = {name: "1" for name in ("is_price_shown", "is_quoted") if content[name]}
    stages = chain_form.typed_of(content["chain"], questions.form_of(content["form"]))
    return {
        **fields, **ticks, **stages, **plan_form.typed_of(content["tasks"]),
        "impact": str(content["impact"]), "urgency": str(content["urgency"]), "synonyms": ", ".join(content["synonyms"]),
    }  # fmt: skip


def preview_of(sent: forms.Form, before: Mapping[str, Any]) -> dict[str, Any] | None:
    """The tile that a client would see; None while it cannot be saved as it is. Approval and tasks do not show on it."""
    try:
        made = catalog.checked({**content_of(sent, before), "form": questions.BLANK, "chain": None, "tasks": None})
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


def editor(typed: Any, draft: Draft, tenant_id: UUID | None, *, by: Actor) -> dict[str, Any]:
    """The same for the editor of an item or a template, with the rows of its approval and its tasks."""
    stages, tasks = chain_form.rows_of(typed), plan_form.rows_of(typed)
    books = plan_form.books(tasks, tenant_id, by=by)
    choices = {
        "roles": chain_form.ROLE_OPTIONS, "flags": chain_form.FLAGS, "operators": chain_form.OPERATOR_OPTIONS,
        "fields": chain_form.field_options(builder_view.preview(draft), stages), "teams": plan_form.team_options(),
        "runbooks": [(id, book.name) for id, book in books.items()], "sources": plan_form.source_options(_questions(draft)),
        "told": [plan_form.told_of(row, books) for row in tasks],
    }  # fmt: skip
    return {**fields(), "stage_rows": stages, "task_rows": tasks, "choices": choices}


def _questions(draft: Draft) -> list[tuple[str, str]]:
    """What the form asks that a runbook can be told."""
    return [(part.name, part.label) for part in builder_view.preview(draft).parts if part.asks and part.kind != "file"]


# --- The form that an order fills in ------------------------------------------------------------------------------------


def draft_of(typed: Any, before: Mapping[str, Any]) -> Draft:
    """The builder's draft as it was posted, after its step; of the saved content where the page was not posted."""
    if not hasattr(typed, "getlist") or "fb" not in typed:
        return builder.of_form(questions.form_of(before["form"]))
    return builder.take(builder.read(typed), typed.get("step", ""))


def placed(error: MspError | None, draft: Draft) -> MspError | None:
    """The same refusal with what it says of the form at the builder's fields."""
    if error is None or not error.errors:
        return error
    return type(error)(error.message, errors=[_placed(each, draft) for each in error.errors])


def _placed(wrong: FieldError, draft: Draft) -> FieldError:
    if not wrong.pointer.startswith("/form/"):
        return wrong
    found = builder.placed(draft, replace(wrong, pointer=wrong.pointer.removeprefix("/form")))
    return FieldError(f"/{found[0]}", wrong.code, found[1]) if found else replace(wrong, pointer="/fb-new-label")


def builder_fields(draft: Draft, error: MspError | None, typed: Any, choices: Choices | None = None) -> dict[str, Any]:
    """What the builder's template needs; `choices` are what a client's people could name, none for a template."""
    wrong = {each.pointer.strip("/"): each.message for each in error.errors} if error else {}
    draft = replace(draft, errors={**draft.errors, **{key: text for key, text in wrong.items() if key.startswith("fb-")}})
    currency = str(typed.get("currency", "")).strip().upper()[:3]
    asked = questions.Asked(builder_view.preview(draft), {}, None, choices or Given(), currency)
    kinds = [kind for kind in KINDS if kind not in questions.UNASKED]
    return {"draft": draft, "boxes": builder_view.boxes(draft), "kinds": kinds, "asked": asked}
