"""An item or a template of the catalogue as a form, and what a form says of one."""

from collections.abc import Mapping
from typing import Any

from agent_console import forms
from msp.core.errors import Invalid
from msp.itsm.catalog import content as catalog
from msp.itsm.catalog.prices import price_words

LEVELS = [("1", "High"), ("2", "Medium"), ("3", "Low")]
ICON_WORDS = [(icon, icon.replace("-", " ").capitalize()) for icon in catalog.ICONS]
_TEXTS = ("name", "summary", "description", "icon", "category", "price_once", "price_monthly", "currency", "service")


def content_of(sent: forms.Form, before: Mapping[str, Any]) -> dict[str, Any]:
    """The content typed; what the form has no field for stays as it was."""
    made = {name: forms.text(sent, name) for name in _TEXTS}
    levels = {name: int(sent[name]) if sent.get(name, "") in ("1", "2", "3") else 0 for name in ("impact", "urgency")}
    synonyms = [each.strip() for each in forms.text(sent, "synonyms").replace("\n", ",").split(",")]
    kept = {name: before[name] for name in ("form", "chain", "tasks")}
    return {**made, **levels, **kept, "synonyms": synonyms, "is_price_shown": "is_price_shown" in sent}


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
        made = catalog.checked(content_of(sent, before))
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
