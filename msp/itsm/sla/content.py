"""Stored definitions as engine values: the JSON of a version in, a calendar, policy or matrix out.

Calendar: `{"tz", "hours": {"mon": [["09:00", "17:00"]]}, "holidays": [{"on", "name"}], "yearly": [{"on": "12-25", "name"}],
"overrides": {"2027-12-24": [["09:00", "12:00"]]}}`. Policy: `{"conditions", "targets": {"P1": {"response": {"minutes",
"calendar_id"}}}, "steps": {"resolution": [{"key", "percent" | "offset_minutes", "actions"}]}, "pause_states",
"pauses_response", "phone_counts_as_answer", "reopening", "at_risk_percent"}`. Matrix: `{"cells": {"1": {"1": 1}}}`, impact
before urgency.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from msp.itsm.sla.engine import notation
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.definition import (
    Action,
    CalendarVersion,
    Conditions,
    Policy,
    PriorityMatrix,
    Reopening,
    Target,
    Threshold,
)
from msp.itsm.sla.engine.notation import Node
from msp.itsm.sla.engine.years import Window

WEEKDAYS = notation.WEEKDAYS
AT_RISK = "at_risk"
BREACH = "breach"
Json = Mapping[str, Any]


def calendar(content: Json) -> Calendar:
    """The working time of a calendar's content; raises BadInput where it cannot be read."""
    return _calendar(
        json.dumps({
            "tz": content["tz"],
            "hours": content.get("hours", {}),
            "holidays": [_named(item) for item in content.get("holidays", ())],
            "recurring_holidays": [_named(item) for item in content.get("yearly", ())],
            "overrides": content.get("overrides", {}),
        }, sort_keys=True)
    )  # fmt: skip


@lru_cache(maxsize=512)
def _calendar(text: str) -> Calendar:
    """Equal calendars are compiled once: every client of a template shares its years."""
    return notation.calendar(Node(json.loads(text)))


def _named(item: Json) -> dict[str, str]:
    return {"date": item["on"], "name": item.get("name", "")}


def windows(hours: Sequence[Sequence[str]]) -> tuple[Window, ...]:
    """Pairs of `HH:MM` as minutes; an end not after its start lies on the next date. Empty windows are left out."""
    found = notation.windows(Node([list(pair) for pair in hours]))
    return tuple(window for window in found if window[1] > window[0])


def calendar_version(id: UUID, calendar_id: UUID, name: str, number: int, effective_at: datetime | None, content: Json) -> CalendarVersion:
    """A stored calendar version as the engine's."""
    return CalendarVersion(str(id), str(calendar_id), name, number, calendar(content), effective_at)


def policy(id: UUID, policy_id: UUID, name: str, number: int, effective_at: datetime | None, content: Json) -> Policy:
    """A stored policy version as the engine's; each clock gets the threshold that says when it is at risk."""
    at_risk = float(content.get("at_risk_percent", 75))
    steps = content.get("steps", {})
    targets = {
        priority: {clock: Target(seconds(target), str(target["calendar_id"])) for clock, target in row.items() if target}
        for priority, row in content.get("targets", {}).items()
    }
    clocks = {clock for row in targets.values() for clock in row}
    return Policy(
        id=str(id),
        policy_id=str(policy_id),
        name=name,
        version=number,
        targets=targets,
        conditions=Conditions(**content.get("conditions", {})),
        effective_at=effective_at,
        ends_at=datetime.fromisoformat(content["ends_at"]) if content.get("ends_at") else None,
        thresholds={
            clock: (Threshold(AT_RISK, percent=at_risk), *(threshold(step) for step in steps.get(clock, ()))) for clock in clocks
        },
        pause_states=frozenset(content.get("pause_states", ("waiting_for_client", "scheduled"))),
        pauses_response=bool(content.get("pauses_response", False)),
        phone_counts_as_answer=bool(content.get("phone_counts_as_answer", True)),
        reopening=cast(Reopening, content.get("reopening", "continue")),
        at_risk_percent=at_risk,
    )


def seconds(target: Json) -> int:
    """The target in seconds; it is kept in minutes, which may have a fraction."""
    return round(float(target["minutes"]) * 60)


def threshold(step: Json) -> Threshold:
    """A step of an escalation as the engine's threshold."""
    offset = step.get("offset_minutes")
    return Threshold(
        step["key"],
        percent=step.get("percent"),
        offset_seconds=None if offset is None else round(float(offset) * 60),
        actions=tuple(
            Action(action["kind"], action.get("to", ""), action.get("off_duty", "on_call")) for action in step.get("actions", ())
        ),
    )


def matrix(id: UUID, name: str, number: int, effective_at: datetime | None, content: Json) -> PriorityMatrix:
    """A stored priority matrix as the engine's."""
    cells = {
        (impact, urgency): f"P{priority}" for impact, row in content["cells"].items() for urgency, priority in row.items()
    }
    return PriorityMatrix(str(id), name, number, cells, effective_at)
