"""What of its definitions a client's people read: the policies in force and the calendars that they count by.

Targets between our teams, escalation steps, remarks and authors are ours; a matrix is no part of the agreement.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msp.itsm.sla import queries
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.definition import in_force
from msp.itsm.sla.engine.seconds import day_of
from msp.itsm.sla.models import INTERNAL_CLOCKS

_CALENDAR = ("tz", "hours", "holidays", "yearly", "overrides")


def agreed_ids(tenant_id: UUID, now: datetime) -> frozenset[UUID]:
    """Definitions that the agreement consists of at an instant."""
    policies = in_force(queries.promises(tenant_id).definitions.policies, now)
    used = {
        target.calendar_id
        for policy in policies
        for row in policy.targets.values()
        for clock, target in row.items()
        if clock not in INTERNAL_CLOCKS
    }
    return frozenset(UUID(id) for id in {policy.policy_id for policy in policies} | used)


def agreed_content(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """A policy's or calendar's content without what is ours."""
    if kind == "calendar":
        return {name: content[name] for name in _CALENDAR if name in content}
    targets = {
        priority: shown
        for priority, row in content["targets"].items()
        if (shown := {clock: target for clock, target in row.items() if clock not in INTERNAL_CLOCKS})
    }
    return {
        "conditions": content.get("conditions", {}),
        "targets": targets,
        "pause_states": content.get("pause_states", ["waiting_for_client", "scheduled"]),
    }


def working_days(tenant_id: UUID, now: datetime) -> Callable[[date], bool]:
    """Whether a day of the client has working time, by the calendar that its least urgent resolutions are counted by.

    Monday to Friday where nothing is agreed.
    """
    calendar = client_calendar(tenant_id, now)
    return (lambda on: bool(calendar.windows_on(day_of(on)))) if calendar else (lambda on: on.weekday() < 5)


def client_calendar(tenant_id: UUID, now: datetime) -> Calendar | None:
    """The calendar that the client's least urgent resolutions are counted by; None where nothing is agreed."""
    definitions = queries.promises(tenant_id).definitions
    named = [
        (priority, row["resolution"].calendar_id)
        for policy in in_force(definitions.policies, now)
        for priority, row in policy.targets.items()
        if "resolution" in row
    ]
    return definitions.calendar(max(named)[1], now).calendar if named else None
