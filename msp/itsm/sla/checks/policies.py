"""Policies: targets under calendars that exist, steps that can be told apart, conditions that can be met."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.core import outbound
from msp.itsm.sla.checks.faults import Faults
from msp.itsm.sla.content import AT_RISK, BREACH
from msp.itsm.sla.models import CLOCKS

PRIORITIES = ("P1", "P2", "P3", "P4")
PAUSE_STATES = ("waiting_for_client", "waiting_for_supplier", "waiting_for_approval", "scheduled")
REOPENING = ("continue", "new_cycle")
RECIPIENTS = ("assignee", "lead", "account_manager")
ACTIONS = ("notify", "reassign", "raise_priority", "web_hook", "note")
OFF_DUTY = ("on_call", "wait")
CONDITIONS = ("service", "ci_class", "kind", "channel")
_MOST_MINUTES = 366 * 24 * 60
_MOST_PERCENT = 1000
_MOST_STEPS = 20
_LONGEST = 500
_LONGEST_KEY = 40

Json = Mapping[str, Any]


def policy(
    content: Json, calendars: Collection[str], faults: Faults, *, teams: Collection[str] = (), calendar_key: str = "calendar_id"
) -> dict[str, Any]:
    """The content as it is stored. `calendars` are those that a target may name under `calendar_key`, `teams` those of steps."""
    made: dict[str, Any] = {
        "conditions": _conditions(content.get("conditions"), faults),
        "targets": _targets(content.get("targets"), calendars, calendar_key, faults),
        "steps": _all_steps(content.get("steps"), teams, faults),
        "pause_states": _pause_states(content.get("pause_states"), faults),
        "pauses_response": content.get("pauses_response") is True,
        "phone_counts_as_answer": content.get("phone_counts_as_answer", True) is not False,
        "reopening": content.get("reopening") or REOPENING[0],
        "at_risk_percent": content.get("at_risk_percent", 75),
    }
    if made["reopening"] not in REOPENING:
        faults.add("/reopening", "unknown", f"One of {', '.join(REOPENING)}.")
    if not _is_number(made["at_risk_percent"], 1, 100):
        faults.add("/at_risk_percent", "range", "A share of the target, 1 to 100 per cent.")
    if ends_at := _instant(content.get("ends_at"), faults):
        made["ends_at"] = ends_at
    return made


def key_of(step: Json) -> str:
    """What a step is known by: a clock fires each of its steps at most once in a cycle."""
    if isinstance(step.get("key"), str) and 0 < len(step["key"]) <= _LONGEST_KEY:
        return str(step["key"])
    if step.get("percent") is not None:
        return f"{float(step['percent']):g}"
    if step.get("offset_minutes") is not None:
        return f"{float(step['offset_minutes']):+g}m"
    return BREACH


def _conditions(given: Any, faults: Faults) -> dict[str, str]:
    made = {}
    for name, value in (given if isinstance(given, Mapping) else {}).items():
        if name not in CONDITIONS:
            faults.add(f"/conditions/{name}", "unknown", f"A policy can ask for {', '.join(CONDITIONS)}.")
        elif value is not None and not isinstance(value, str):
            faults.add(f"/conditions/{name}", "wrong_type", "A condition is a text.")
        elif value is not None and value.strip():
            made[name] = value.strip()
            if len(made[name]) > _LONGEST:
                faults.add(f"/conditions/{name}", "too_long", f"At most {_LONGEST} characters.")
    return made


def _targets(given: Any, calendars: Collection[str], calendar_key: str, faults: Faults) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {priority: {} for priority in PRIORITIES}
    for priority, row in (given if isinstance(given, Mapping) else {}).items():
        if priority not in PRIORITIES or not isinstance(row, Mapping):
            faults.add(f"/targets/{priority}", "unknown", f"A row for each of {', '.join(PRIORITIES)}.")
            continue
        for clock, target in row.items():
            if target:
                made[priority][clock] = _target(clock, target, f"/targets/{priority}/{clock}", calendars, calendar_key, faults)
    if not faults and not any(made.values()):
        faults.add("/targets", "required", "Promise something: at least one target.")
    return {priority: row for priority, row in made.items() if row}


def _target(clock: str, target: Any, place: str, calendars: Collection[str], calendar_key: str, faults: Faults) -> dict[str, Any]:
    if clock not in CLOCKS or not isinstance(target, Mapping):
        faults.add(place, "unknown", f"Clocks are {', '.join(CLOCKS)}.")
        return {}
    minutes, calendar = target.get("minutes"), str(target.get(calendar_key) or "")
    for name in target.keys() - {"minutes", calendar_key}:
        faults.add(f"{place}/{name}", "unknown", f"A target has minutes and {calendar_key}.")
    if not _is_number(minutes, 1, _MOST_MINUTES):
        faults.add(f"{place}/minutes", "range", "A target is at least a minute and at most a year of working time.")
    if calendar not in calendars:
        faults.add(f"{place}/{calendar_key}", "unknown_calendar", "Choose one of the calendars for this target.")
    return {"minutes": minutes, calendar_key: calendar}


def _all_steps(given: Any, teams: Collection[str], faults: Faults) -> dict[str, list[dict[str, Any]]]:
    made = {}
    for clock, steps in (given if isinstance(given, Mapping) else {}).items():
        place = f"/steps/{clock}"
        if clock not in CLOCKS or not isinstance(steps, list | tuple) or len(steps) > _MOST_STEPS:
            faults.add(place, "wrong_type", f"At most {_MOST_STEPS} steps for each of {', '.join(CLOCKS)}.")
        elif steps:
            made[clock] = list(_steps(steps, place, teams, faults))
    return made


def _steps(steps: Any, pointer: str, teams: Collection[str], faults: Faults) -> Iterator[dict[str, Any]]:
    seen = set()
    for index, step in enumerate(steps):
        place = f"{pointer}/{index}"
        if not isinstance(step, Mapping) or not _has_instant(step):
            faults.add(
                place,
                "bad_step",
                "A step is at a share of the target (75 %), before or after it (30 min before), or at the breach.",
            )
            continue
        for name in step.keys() - {"key", "percent", "offset_minutes", "actions"}:
            faults.add(f"{place}/{name}", "unknown", "A step has key, percent or offset_minutes, and actions.")
        key = key_of(step)
        if key in seen or key == AT_RISK:
            faults.add(place, "twice", "There is a step at this point already; give that one both actions.")
        seen.add(key)
        when = {name: step[name] for name in ("percent", "offset_minutes") if step.get(name) is not None}
        yield {"key": key, **when, "actions": list(_actions(step.get("actions"), place, teams, faults))}


def _has_instant(step: Json) -> bool:
    percent, offset = step.get("percent"), step.get("offset_minutes")
    if percent is not None and offset is not None:
        return False
    if percent is not None:
        return _is_number(percent, 0.01, _MOST_PERCENT)
    return offset is None or (_is_number(offset, -_MOST_MINUTES, _MOST_MINUTES) and offset != 0)


def _actions(given: Any, pointer: str, teams: Collection[str], faults: Faults) -> Iterator[dict[str, str]]:
    for index, action in enumerate(given if isinstance(given, list | tuple) else ()):
        kind = str(action.get("kind", "")) if isinstance(action, Mapping) else ""
        to = str(action.get("to") or "").strip() if kind else ""
        if wrong := _wrong_action(kind, to):
            faults.add(f"{pointer}/actions/{index}", "bad_action", wrong)
            continue
        if kind in ("notify", "reassign") and to not in RECIPIENTS and to.lower() not in teams:
            faults.add(f"{pointer}/actions/{index}", "unknown_team", "There is no such team; choose one of the list.")
            continue
        off_duty = action.get("off_duty") if action.get("off_duty") in OFF_DUTY else OFF_DUTY[0]
        yield {"kind": kind, "to": to, "off_duty": str(off_duty)}


def _wrong_action(kind: str, to: str) -> str:
    """What is missing of an action; empty where nothing is."""
    if kind not in ACTIONS:
        return f"An action is one of {', '.join(ACTIONS)}."
    if len(to) > _LONGEST:
        return f"At most {_LONGEST} characters."
    if kind == "notify" and to not in RECIPIENTS and not _is_id(to):
        return f"Tell one of {', '.join(RECIPIENTS)}, or a team by its id."
    if kind == "web_hook":
        return _wrong_address(to)
    if kind == "reassign" and to and not _is_id(to):
        return "Name the team by its id."
    if kind in ("reassign", "note") and not to:
        return "Say which team." if kind == "reassign" else "Write what the note should say."
    return ""


def _wrong_address(url: str) -> str:
    """Why nothing could ever be sent there, as far as the address itself tells."""
    if not url.startswith("https://"):
        return "A web-hook needs an address that begins with https://."
    try:
        outbound.check_text(url)
    except outbound.OutboundRefused as refused:
        return f"{refused.message.rstrip('.')}; a web-hook goes to a public address."
    return ""


def _is_id(text: str) -> bool:
    """Whether this can be the id of a team."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _pause_states(given: Any, faults: Faults) -> list[str]:
    if given is None:
        return ["waiting_for_client", "scheduled"]
    if not isinstance(given, list | tuple | set | frozenset) or any(state not in PAUSE_STATES for state in given):
        faults.add("/pause_states", "unknown", f"Some of {', '.join(PAUSE_STATES)}.")
        return []
    return [state for state in PAUSE_STATES if state in given]


def _instant(text: Any, faults: Faults) -> str | None:
    if text in (None, ""):
        return None
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        faults.add("/ends_at", "bad_instant", "Write an instant with its offset, as 2027-03-05T15:30:00+01:00.")
        return None
    return instant.isoformat()


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
