"""Who is on duty and who is on call: agents' weeks from below, read with the engine's working time."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msp.itsm.sla import content
from msp.itsm.sla.engine.errors import EngineError
from tenants.availability import queries as availability
from tenants.availability.queries import Duty

_LONGEST_CHAIN = 50  # absences in a row that are looked past


class Roster:
    """Agents and teams at an instant, read once for all of them."""

    def __init__(self, agent_ids: Iterable[UUID], team_ids: Iterable[UUID], now: datetime) -> None:
        self._now = now
        self._turns = availability.turns(team_ids, since=now)
        on_call = {agent_id for turns in self._turns.values() for agent_id in turns.everybody}
        self._duties = availability.duties({*agent_ids, *on_call}, since=now)

    def is_on_duty(self, agent_id: UUID) -> bool:
        """Whether the agent works now: his own word first, then absence, then his week."""
        return self.next_on_duty(agent_id) == self._now

    def next_on_duty(self, agent_id: UUID) -> datetime | None:
        """When the agent works next, which may be now; None when that cannot be foreseen."""
        duty, at = self._duties.get(agent_id, Duty()), self._now
        if duty.available_until is not None and at < duty.available_until:
            return at
        for _ in range(_LONGEST_CHAIN):
            opening = _next_open(duty, at)
            until = duty.absent_until(opening) if opening is not None else None
            if opening is None or until is None:
                return opening
            at = until
        return None

    def on_call(self, team_id: UUID | None) -> UUID | None:
        """Who is on call for the team now; None without a rota, or when he is away."""
        turns = self._turns.get(team_id) if team_id is not None else None
        agent_id = turns.agent_at(self._now) if turns is not None else None
        if agent_id is None or self._duties[agent_id].absent_until(self._now) is not None:
            return None
        return agent_id


def _next_open(duty: Duty, at: datetime) -> datetime | None:
    if duty.hours is None:
        return at
    try:
        calendar = content.calendar({"tz": duty.time_zone, "hours": duty.hours})
        return at if calendar.is_working(at) else calendar.next_open(at)
    except EngineError:
        return None
