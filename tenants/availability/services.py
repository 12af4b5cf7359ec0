"""Writes: an agent keeps his own week, absences and word; a team's rota needs the right to manage teams."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import FieldError, Invalid, NotFound
from tenants import queries as tenants
from tenants.availability import queries
from tenants.availability.models import Absence, Rota, Swap, WorkingWeek
from tenants.permissions import Permission

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_READING = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


def set_week(agent_id: UUID, hours: Mapping[str, Any] | None, *, time_zone: str, by: Actor) -> WorkingWeek:
    """Say when an agent works: `{"mon": [["09:00", "17:00"]]}`; no hours at all means always."""
    week = _own_week(agent_id, by)
    wrong = [*_wrong_zone(time_zone), *_wrong_hours(hours or {})]
    if wrong:
        raise Invalid(errors=wrong)
    week.time_zone, week.hours = time_zone, None if hours is None else dict(hours)
    db.session.flush()
    return week


def set_available_until(agent_id: UUID, until: datetime | None, *, by: Actor) -> WorkingWeek:
    """The agent's own word that he is there until an instant, whatever his week says; None takes it back."""
    week = _own_week(agent_id, by)
    week.available_until = until
    db.session.flush()
    return week


def add_absence(agent_id: UUID, from_at: datetime, to_at: datetime, *, by: Actor, reason: str | None = None) -> Absence:
    """An agent is away for a while."""
    agent = _agent(agent_id, by)
    _check_span(from_at, to_at)
    absence = Absence(tenant_id=agent.tenant_id, agent_id=agent_id, from_at=from_at, to_at=to_at, reason=reason)
    db.session.add(absence)
    db.session.flush()
    return absence


def remove_absence(absence_id: UUID, *, by: Actor) -> None:
    """The agent is there after all."""
    by.require(Permission.CONSOLE_USE)
    absence = db.session.get(Absence, absence_id)
    if absence is None:
        raise NotFound
    _agent(absence.agent_id, by)
    db.session.delete(absence)
    db.session.flush()


def set_rota(
    team_id: UUID, agent_ids: Sequence[UUID], *, starts_on: date, time_zone: str, by: Actor, hand_over: str = "09:00",
    period_days: int = 7, version: int | None = None,
) -> Rota:  # fmt: skip
    """Who is on call for a team, in turn from `starts_on`."""
    by.require(Permission.TEAM_MANAGE)
    team = tenants.active_team(team_id)
    active = {agent.id for agent in tenants.agents()}
    wrong = _wrong_zone(time_zone)
    if not agent_ids or not set(agent_ids) <= active:
        wrong.append(FieldError("/agent_ids", "unknown", "Name one or more agents who are active."))
    if not _READING.fullmatch(hand_over) or hand_over == "24:00":
        wrong.append(FieldError("/hand_over", "format", "A time of day, as 09:00."))
    if not 1 <= period_days <= 366:
        wrong.append(FieldError("/period_days", "range", "1 to 366 days."))
    if wrong:
        raise Invalid(errors=wrong)
    rota = queries.rota(team_id)
    if rota is None:
        rota = Rota(tenant_id=team.tenant_id, team_id=team_id)
        db.session.add(rota)
    elif version is not None:
        tenants.check_version(rota, version)
    rota.agent_ids, rota.starts_on, rota.time_zone = list(agent_ids), starts_on, time_zone
    rota.hand_over, rota.period_days = hand_over, period_days
    db.session.flush()
    return rota


def add_swap(team_id: UUID, agent_id: UUID, from_at: datetime, to_at: datetime, *, by: Actor) -> Swap:
    """Somebody else is on call for a while."""
    by.require(Permission.TEAM_MANAGE)
    _check_span(from_at, to_at)
    team, agent = tenants.active_team(team_id), tenants.visible_agent(agent_id, by=by)
    swap = Swap(tenant_id=team.tenant_id, team_id=team.id, agent_id=agent.id, from_at=from_at, to_at=to_at)
    db.session.add(swap)
    db.session.flush()
    return swap


def remove_swap(swap_id: UUID, *, by: Actor) -> None:
    """The turn stands again."""
    by.require(Permission.TEAM_MANAGE)
    swap = db.session.get(Swap, swap_id)
    if swap is None:
        raise NotFound
    db.session.delete(swap)
    db.session.flush()


def _agent(agent_id: UUID, by: Actor) -> Any:
    """The agent himself, or anybody for whoever manages teams."""
    by.require(Permission.CONSOLE_USE)
    if agent_id != by.id:
        by.require(Permission.TEAM_MANAGE)
    return tenants.visible_agent(agent_id, by=by)


def _own_week(agent_id: UUID, by: Actor) -> WorkingWeek:
    agent = _agent(agent_id, by)
    week = queries.working_week(agent_id)
    if week is None:
        week = WorkingWeek(tenant_id=agent.tenant_id, agent_id=agent_id, time_zone=agent.time_zone)
        db.session.add(week)
    return week


def _check_span(from_at: datetime, to_at: datetime) -> None:
    if from_at >= to_at:
        raise Invalid.field("to_at", "The end lies after the beginning.", "range")


def _wrong_zone(time_zone: str) -> list[FieldError]:
    if time_zone in available_timezones():
        return []
    return [FieldError("/time_zone", "unknown", f"There is no time zone {time_zone}; an example is Europe/Berlin.")]


def _wrong_hours(hours: Mapping[str, Any]) -> list[FieldError]:
    """Weekdays with pairs of times; an end not after its beginning lies on the next day."""
    wrong = [
        FieldError(f"/hours/{day}", "unknown", f"A weekday is one of {', '.join(WEEKDAYS)}.")
        for day in hours
        if day not in WEEKDAYS
    ]
    for day in WEEKDAYS:
        for window in hours.get(day, ()):
            if len(window) != 2 or not all(
                isinstance(reading, str) and _READING.fullmatch(reading) for reading in window
            ):
                wrong.append(FieldError(f"/hours/{day}", "format", "A pair of times, as 09:00 and 17:30."))
            elif window[0] == window[1]:
                wrong.append(FieldError(f"/hours/{day}", "empty", "These hours end when they begin."))
    return wrong
