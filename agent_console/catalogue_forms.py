"""An item or a template of the catalogue as a form, and what a form says of one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent_console import forms
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
_TEXTS = ("name", "summary", "description", "icon", "category", "price_once", "price_monthly", "currency", "service")


def content_of(sent: forms.Form, before: Mapping[str, Any]) -> dict[str, Any]:
    """The content typed; what the form has no field for stays as it was."""
    made = {name: forms.text(sent, name) for name in _TEXTS}
    levels = {name: int(sent[name]) if sent.get(name, "") in ("1", "2", "3") else 0 for name in ("impact", "urgency")}
    synonyms = [each.strip() for each in forms.text(sent, "synonyms").replace("\n", ",").split(",")]
    kept = {name: before[name] for name in ("chain", "tasks")}
    form = builder.to_json(draft_of(sent, before)) if "fb" in sent else before["form"]
    return {**made, **levels, **kept, "form": form, "synonyms": synonyms, "is_price_shown": "is_price_shown" in sent}


def typed_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as the fields of a form."""
    fields = {name: content[name] or "" for name in _TEXTS}
    ticks = {"is_price_shown": "1"} if content["is_price_shown"] else {}
    return {
        **fields, **ticks, "impact": str(content["impact"]), "urgency": str(content["urgency"]), "synonyms": ", ".join(content["synonyms"]),
    }  # fmt: skip


def preview_of(sent: forms.Form, before: Mapping[str, Any]) -> dict[str, Any] | None:
    """The tile that a client would see; None while it cannot be saved as it is."""
    try:
        made = catalog.checked({**content_of(sent, before), "form": questions.BLANK})
    except Invalid:
        return None
    return tile(made)


def tile(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a tile says of a content."""
    once, monthly = catalog.money(content["price_once"]), catalog.money(content["price_monthly"])
    price = price_words(once, monthly, content["currency"]) if content["is_price_shown"] else ""
    return {**content, "price": price}


def fields() -> dict[str, Any]:
    """What the editor's template needs beside what is typed."""
    return {"icons": ICON_WORDS, "levels": LEVELS}


# --- The form that an order fills in ------------------------------------------------------------------------------------


def is_step(sent: forms.Form) -> bool:
    """Whether the page was sent to be looked at, or for a step of the builder, and not to be saved."""
    return "look" in sent or "step" in sent


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
