"""Reads of weeks, absences and rotas, for many agents or teams at once; the console's, as agents are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from msp.core.db import db
from tenants.availability.models import Absence, Rota, Swap, WorkingWeek

Span = tuple[datetime, datetime]


@dataclass
class Duty:
    """What is known of an agent's time from an instant on. Without `hours` he counts as always on duty."""

    time_zone: str = "UTC"
    hours: Mapping[str, Any] | None = None
    available_until: datetime | None = None
    absences: list[Span] = field(default_factory=list)

    def absent_until(self, at: datetime) -> datetime | None:
        """The end of the absence that an instant lies in."""
        return max((to for since, to in self.absences if since <= at < to), default=None)


@dataclass
class Turns:
    """A team's rota as a value."""

    time_zone: str
    starts: datetime
    """Wall-clock time of the first hand-over."""
    period: timedelta
    agent_ids: Sequence[UUID]
    swaps: list[tuple[datetime, datetime, UUID]] = field(default_factory=list)

    def agent_at(self, at: datetime) -> UUID | None:
        """Who is on call at an instant; None before the rota begins. Hand-over is by the wall's clock all year."""
        for since, to, agent_id in reversed(self.swaps):
            if since <= at < to:
                return agent_id
        turn = (at.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None) - self.starts) // self.period
        return self.agent_ids[turn % len(self.agent_ids)] if turn >= 0 else None

    @property
    def everybody(self) -> set[UUID]:
        """All who are, or may be, on call."""
        return {*self.agent_ids, *(agent_id for _, _, agent_id in self.swaps)}


def duties(agent_ids: Iterable[UUID], *, since: datetime) -> dict[UUID, Duty]:
    """The time of each agent, with the absences that are not over at `since`; an empty one for those who gave none."""
    wanted = set(agent_ids)
    found = {agent_id: Duty() for agent_id in wanted}
    for week in db.session.scalars(sa.select(WorkingWeek).where(WorkingWeek.agent_id.in_(wanted))):
        found[week.agent_id] = Duty(week.time_zone, week.hours, week.available_until)
    away = sa.select(Absence.agent_id, Absence.from_at, Absence.to_at).where(
        Absence.agent_id.in_(wanted), Absence.to_at > since
    )
    for agent_id, from_at, to_at in db.session.execute(away.order_by(Absence.from_at)):
        found[agent_id].absences.append((from_at, to_at))
    return found


def turns(team_ids: Iterable[UUID], *, since: datetime) -> dict[UUID, Turns]:
    """The rotas of those teams that have one, with the swaps that are not over at `since`."""
    wanted = set(team_ids)
    found = {}
    for rota in db.session.scalars(sa.select(Rota).where(Rota.team_id.in_(wanted))):
        starts = datetime.combine(rota.starts_on, time.fromisoformat(rota.hand_over))
        found[rota.team_id] = Turns(rota.time_zone, starts, timedelta(days=rota.period_days), rota.agent_ids)
    statement = sa.select(Swap).where(Swap.team_id.in_(wanted), Swap.to_at > since).order_by(Swap.id)
    for swap in db.session.scalars(statement):
        if swap.team_id in found:
            found[swap.team_id].swaps.append((swap.from_at, swap.to_at, swap.agent_id))
    return found


def working_week(agent_id: UUID) -> WorkingWeek | None:
    """An agent's week, as it is edited."""
    return db.session.scalar(sa.select(WorkingWeek).where(WorkingWeek.agent_id == agent_id))


def absences(agent_id: UUID, *, since: datetime) -> Sequence[Absence]:
    """An agent's absences that are not over."""
    statement = sa.select(Absence).where(Absence.agent_id == agent_id, Absence.to_at > since)
    return db.session.scalars(statement.order_by(Absence.from_at, Absence.id)).all()


def rota(team_id: UUID) -> Rota | None:
    """A team's rota, as it is edited."""
    return db.session.scalar(sa.select(Rota).where(Rota.team_id == team_id))


def swaps(team_id: UUID, *, since: datetime) -> Sequence[Swap]:
    """Swaps of a team's rota that are not over."""
    statement = sa.select(Swap).where(Swap.team_id == team_id, Swap.to_at > since)
    return db.session.scalars(statement.order_by(Swap.from_at, Swap.id)).all()
