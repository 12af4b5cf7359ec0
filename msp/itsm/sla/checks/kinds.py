"""Content of any kind, checked."""

from collections.abc import Collection, Mapping
from typing import Any

from msp.itsm.sla.checks.calendars import calendar
from msp.itsm.sla.checks.faults import Faults
from msp.itsm.sla.checks.policies import policy

_LEVELS = ("1", "2", "3")


def checked(
    kind: str, content: Mapping[str, Any], *, calendars: Collection[str] = (), teams: Collection[str] = (), is_template: bool = False
) -> dict[str, Any]:
    """The content in its stored form; Invalid with every fault otherwise.

    `calendars` are those that a policy's targets may name: ids of the client's own, or names where it is a template;
    `teams` are ids of those that its steps may name.
    """
    faults = Faults()
    if kind == "calendar":
        made = calendar(content, faults)
    elif kind == "policy":
        made = policy(content, calendars, faults, teams=teams, calendar_key="calendar" if is_template else "calendar_id")
    else:
        made = _matrix(content, faults)
    faults.refuse()
    return made


def _matrix(content: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """Impact before urgency; every pair has its priority."""
    given = content.get("cells")
    cells: dict[str, dict[str, int]] = {impact: {} for impact in _LEVELS}
    for impact in _LEVELS:
        row = given.get(impact) if isinstance(given, Mapping) else None
        for urgency in _LEVELS:
            priority = row.get(urgency) if isinstance(row, Mapping) else None
            if type(priority) is not int or not 1 <= priority <= 4:
                faults.add(f"/cells/{impact}/{urgency}", "range", "A priority is 1 to 4.")
            else:
                cells[impact][urgency] = priority
    return {"cells": cells}
