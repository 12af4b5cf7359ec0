"""The form of a runbook: what it says as the fields of a page, and back. Inputs are added and removed by plain posts."""

from typing import Any

from agent_console import forms
from msp.itsm.runbooks.content import MOST_INPUTS, USUAL_MINUTES, USUAL_TRIES

BLANK: dict[str, Any] = {
    "name": "", "client": "", "url": "https://", "minutes": str(USUAL_MINUTES), "tries": str(USUAL_TRIES), "inputs": [],
}  # fmt: skip


def typed(sent: forms.Form) -> dict[str, Any]:
    """What was typed, as the page shows it again, after an input was added or removed."""
    shown: dict[str, Any] = {name: forms.text(sent, name) for name in BLANK if name != "inputs"}
    shown["inputs"] = _inputs(sent)
    act, _, which = sent.get("act", "").partition(":")
    if act == "add" and len(shown["inputs"]) < MOST_INPUTS:
        shown["inputs"].append({"name": "", "from": "ticket.subject", "value": "", "required": True})
    if act == "remove" and which.isascii() and which.isdigit() and int(which) < len(shown["inputs"]):
        shown["inputs"].pop(int(which))
    return shown


def shown(name: str, client: str, content: dict[str, Any]) -> dict[str, Any]:
    """The fields of what a runbook says."""
    return {
        "name": name, "client": client, "url": content["url"], "minutes": str(content["minutes"]), "tries": str(content["tries"]),
        "inputs": [dict(each) for each in content["inputs"]],
    }  # fmt: skip


def content(fields: dict[str, Any]) -> dict[str, Any]:
    """What a runbook would say with these fields; what is no number stays as it was typed, to be refused."""
    return {"url": fields["url"], "minutes": _number(fields["minutes"]), "tries": _number(fields["tries"]), "inputs": fields["inputs"]}


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text


def _inputs(sent: forms.Form) -> list[dict[str, Any]]:
    found = []
    for number in range(MOST_INPUTS):
        if f"input-{number}-name" not in sent:
            break
        texts = {key: forms.text(sent, f"input-{number}-{key}") for key in ("name", "from", "value")}
        found.append({**texts, "required": f"input-{number}-required" in sent})
    return found
