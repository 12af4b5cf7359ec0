"""The form of a rule: what it says as the fields of a page, and back. Steps are added, moved and removed by plain posts."""

from typing import Any

from agent_console import forms
from msp.itsm.automation.engine.actions import KINDS
from msp.itsm.automation.engine.definition import USUAL_BRAKE

MOST_STEPS = 20
BLANK: dict[str, Any] = {
    "name": "", "client": "", "trigger": "event", "event": "opened", "at_most": "", "minutes": "30", "without": "public_reply",
    "calendar": "client", "repeats": False, "query": "", "steps": [], "stops": False, "once": "", "brake": str(USUAL_BRAKE),
}  # fmt: skip


def typed(sent: forms.Form) -> dict[str, Any]:
    """What was typed, as the page shows it again, after a step was added, moved or removed."""
    shown: dict[str, Any] = {name: forms.text(sent, name) for name in BLANK if name != "steps"}
    shown["repeats"], shown["stops"] = "repeats" in sent, "stops" in sent
    shown["steps"] = _steps(sent)
    act, _, which = sent.get("act", "").partition(":")
    _change(shown["steps"], act, which)
    return shown


def shown(name: str, client: str, content: dict[str, Any]) -> dict[str, Any]:
    """The fields of what a rule says."""
    trigger = content["trigger"]
    fields = {**BLANK, "name": name, "client": client, "trigger": trigger["kind"]}
    fields |= {key: value if isinstance(value, bool) else str(value) for key, value in trigger.items() if key in BLANK}
    return {
        **fields, "query": content["query"], "steps": [dict(each) for each in content["actions"]], "stops": content["stops"],
        "once": content["once"], "brake": str(content["brake"]),
    }  # fmt: skip


def content(fields: dict[str, Any]) -> dict[str, Any]:
    """What a rule would say with these fields; what is no number stays as it was typed, to be refused."""
    trigger: dict[str, Any]
    if fields["trigger"] == "time":
        trigger = {
            "kind": "time", "minutes": _number(fields["minutes"]), "without": fields["without"], "calendar": fields["calendar"],
            "repeats": fields["repeats"],
        }  # fmt: skip
    else:
        trigger = {"kind": "event", "event": fields["event"]}
        if fields["event"] == "rated" and fields["at_most"]:
            trigger["at_most"] = _number(fields["at_most"])
    return {
        "trigger": trigger, "query": fields["query"], "actions": fields["steps"], "stops": fields["stops"], "once": fields["once"],
        "brake": _number(fields["brake"]),
    }  # fmt: skip


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text


def _steps(sent: forms.Form) -> list[dict[str, str]]:
    steps = []
    for number in range(MOST_STEPS):
        kind = KINDS.get(sent.get(f"step-{number}-kind", ""))
        if kind is None:
            break
        values = {param.name: forms.text(sent, f"step-{number}-{param.name}") for param in kind.params}
        steps.append({"kind": kind.name, **values})
    return steps


def _change(steps: list[dict[str, str]], act: str, which: str) -> None:
    if act == "add":
        added = which or ""
        if added in KINDS and len(steps) < MOST_STEPS:
            steps.append({"kind": added, **{param.name: next(iter(param.choices or ()), "") for param in KINDS[added].params}})
        return
    number = int(which) if which.isascii() and which.isdigit() and len(which) < 3 else -1
    if not 0 <= number < len(steps):
        return
    if act == "remove":
        steps.pop(number)
    elif act in ("up", "down"):
        other = number + (-1 if act == "up" else 1)
        if 0 <= other < len(steps):
            steps[number], steps[other] = steps[other], steps[number]
