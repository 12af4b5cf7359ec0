"""Rules, their versions, what they did to tickets."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, ProviderRow, client_key, client_table, provider_table

NAME_LENGTH = 120


class Rule(ProviderRow, Base):
    """A rule in its place among the others. `client_id`: the one client that it is for; None for all.

    `draft` is what is being written; what acts is the version without an end. A paused rule does not act.
    """

    __tablename__ = "automation_rule"
    __isolation__ = provider_table()

    name: Mapped[str]
    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tenant.id"))
    position: Mapped[int]
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))
    owner_name: Mapped[str]
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    number: Mapped[int] = mapped_column(server_default="0")
    paused_at: Mapped[datetime | None]
    paused_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.CheckConstraint(f"char_length(name) BETWEEN 1 AND {NAME_LENGTH}", name="name"),
        sa.Index("ix_automation_rule_position", "position", "id"),
    )


class RuleVersion(ProviderRow, Base):
    """What a rule says, or said, while it was in force; its content never changes."""

    __tablename__ = "automation_version"
    __isolation__ = provider_table()

    rule_id: Mapped[UUID] = mapped_column(sa.ForeignKey("automation_rule.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    author_name: Mapped[str]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("rule_id", "number"),
        sa.Index("ix_automation_version_in_force", "rule_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    )


class Run(ClientRow, Base):
    """What a version did about one event of one ticket, written with the acts themselves: there is one, or none happened."""

    __tablename__ = "automation_run"
    __isolation__ = client_table("", "SELECT INSERT")
    __audited__ = False

    rule_id: Mapped[UUID] = mapped_column(sa.ForeignKey("automation_rule.id"))
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("automation_version.id"))
    event_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    at: Mapped[datetime]
    outcome: Mapped[str]
    trace: Mapped[list[Any]]

    __table_args__ = (
        client_key("ticket_id", "ticket"),
        sa.UniqueConstraint("tenant_id", "version_id", "event_id"),
        sa.CheckConstraint("outcome IN ('acted', 'skipped', 'stopped', 'failed')", name="outcome"),
        sa.Index("ix_automation_run_rule", "rule_id", sa.text("at DESC"), sa.text("id DESC")),
        sa.Index("ix_automation_run_ticket", "tenant_id", "ticket_id", "rule_id"),
    )


class RuleAct(ProviderRow, Base):
    """That a rule acted, and whom it gave the ticket by turns: what the brake and the turns count over all clients."""

    __tablename__ = "automation_act"
    __isolation__ = provider_table("SELECT INSERT DELETE")
    __audited__ = False

    rule_id: Mapped[UUID] = mapped_column(sa.ForeignKey("automation_rule.id"))
    at: Mapped[datetime]
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))

    __table_args__ = (sa.Index("ix_automation_act_rule", "rule_id", "at"),)
