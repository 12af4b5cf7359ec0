"""Agents' working weeks and absences, teams' on-call rotas. Instants of working time are counted further up."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ProviderRow, provider_table


class WorkingWeek(ProviderRow, Base):
    """An agent's hours, `{"mon": [["09:00", "17:00"]]}`; `available_until` is his own word and beats everything."""

    __tablename__ = "working_week"
    __isolation__ = provider_table()

    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"), unique=True)
    time_zone: Mapped[str]
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    available_until: Mapped[datetime | None]


class Absence(ProviderRow, Base):
    """From when to when an agent is away."""

    __tablename__ = "absence"
    __isolation__ = provider_table("SELECT INSERT UPDATE DELETE")

    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    reason: Mapped[str | None]

    __table_args__ = (sa.CheckConstraint("from_at < to_at", name="span"), sa.Index(None, "agent_id", "to_at"))


class Rota(ProviderRow, Base):
    """Who is on call for a team: agents in turn, each for `period_days`, from `starts_on` at `hand_over`."""

    __tablename__ = "rota"
    __isolation__ = provider_table("SELECT INSERT UPDATE DELETE")

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), unique=True)
    time_zone: Mapped[str]
    starts_on: Mapped[date]
    hand_over: Mapped[str] = mapped_column(server_default="09:00")
    period_days: Mapped[int] = mapped_column(server_default="7")
    agent_ids: Mapped[list[UUID]]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.CheckConstraint("period_days BETWEEN 1 AND 366", name="period_days"),
        sa.CheckConstraint("cardinality(agent_ids) > 0", name="agent_ids"),
        sa.CheckConstraint("hand_over ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'", name="hand_over"),
    )


class Swap(ProviderRow, Base):
    """Somebody else is on call for a while, whoever's turn it is."""

    __tablename__ = "rota_swap"
    __isolation__ = provider_table("SELECT INSERT UPDATE DELETE")

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("from_at < to_at", name="span"), sa.Index(None, "team_id", "to_at"))
