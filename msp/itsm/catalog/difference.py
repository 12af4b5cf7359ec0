"""How a client's item differs from its template, in words; and what the template changed since the item was taken from it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msp.itsm.catalog import chains, plans, questions

Json = Mapping[str, Any]
NOTHING = "—"
# What a client's copy can take over, in the order of the editor. The category is the client's own.
FIELDS = {
    "name": "Name", "summary": "Summary", "description": "Description", "icon": "Icon", "synonyms": "Also found as",
    "price_once": "Price, once", "price_monthly": "Price, per month", "currency": "Currency", "is_price_shown": "Price is shown",
    "is_quoted": "Quoted first", "service": "Service", "ticket_category": "Ticket’s category",
    "impact": "Impact", "urgency": "Urgency", "form": "Form", "chain": "Approvals", "tasks": "Tasks",
}  # fmt: skip


class Difference(NamedTuple):
    """One field that the two say otherwise. `is_news`: the template was changed since; `is_own`: the client's copy was."""

    field: str
    label: str
    template: str
    client: str
    is_news: bool
    is_own: bool


def differences(template: Json, client: Json, base: Json) -> list[Difference]:
    """What the client's content says otherwise than the template's newest; `base` is what the copy was taken from."""
    return [
        Difference(
            name, label, said(name, template), said(name, client), template[name] != base[name], client[name] != base[name]
        )
        for name, label in FIELDS.items()
        if template[name] != client[name]
    ]


def said(name: str, content: Json) -> str:
    """A field of the content in words."""
    value = content[name]
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in ("impact", "urgency"):
        return {1: "high", 2: "medium", 3: "low"}[value]
    if name == "synonyms":
        return ", ".join(value)
    if name == "chain":
        return chains.said(value, content["form"])
    if name == "tasks":
        return plans.compared(value)
    return questions.said(value) if name == "form" else str(value)
