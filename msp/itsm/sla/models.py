"""Definitions in versions, subjects, facts, clocks, outcomes and escalation steps."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, ProviderRow, client_key, client_table, provider_table

KINDS = ("calendar", "policy", "matrix")
CLOCKS = ("response", "update", "resolution", "ola", "underpinning")
INTERNAL_CLOCKS = frozenset({"ola", "underpinning"})
_KINDS = "kind IN ('calendar', 'policy', 'matrix')"


class Template(ProviderRow, Base):
    """A definition of the provider's, copied to clients; `number` counts its changes."""

    __tablename__ = "sla_template"
    __isolation__ = provider_table()

    kind: Mapped[str]
    name: Mapped[str]
    number: Mapped[int] = mapped_column(server_default="1")
    content: Mapped[dict[str, Any]]
    is_default: Mapped[bool] = mapped_column(server_default=sa.false())

    __table_args__ = (sa.CheckConstraint(_KINDS, name="kind"), sa.UniqueConstraint("kind", "name"))


class Definition(ClientRow, Base):
    """A client's calendar, policy or priority matrix: what its versions share."""

    __tablename__ = "sla_definition"
    __isolation__ = client_table("SELECT")

    kind: Mapped[str]
    name: Mapped[str]
    template_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sla_template.id"))
    template_number: Mapped[int | None]
    is_default: Mapped[bool] = mapped_column(server_default=sa.false())
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    version: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        sa.CheckConstraint(_KINDS, name="kind"),
        sa.UniqueConstraint("tenant_id", "kind", "name"),
        sa.Index("uq_sla_definition_default", "tenant_id", "kind", unique=True, postgresql_where=sa.text("is_default")),
    )


class DefinitionVersion(ClientRow, Base):
    """One immutable version; it holds from `effective_at`, the first one from the beginning."""

    __tablename__ = "sla_definition_version"
    __isolation__ = client_table("SELECT", "SELECT INSERT")

    definition_id: Mapped[UUID]
    number: Mapped[int]
    effective_at: Mapped[datetime | None]
    content: Mapped[dict[str, Any]]
    note: Mapped[str | None]
    author_name: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (
        client_key("definition_id", "sla_definition"),
        sa.UniqueConstraint("tenant_id", "definition_id", "number"),
    )


class Rollout(ClientRow, Base):
    """What becomes of open subjects when a version begins: they are moved to it, or stay where they are."""

    __tablename__ = "sla_rollout"
    __isolation__ = client_table("")

    version_id: Mapped[UUID]
    is_moving: Mapped[bool]
    begins_at: Mapped[datetime]
    total: Mapped[int] = mapped_column(server_default="0", info={"derived": True})
    moved: Mapped[int] = mapped_column(server_default="0", info={"derived": True})
    finished_at: Mapped[datetime | None] = mapped_column(info={"derived": True})

    __table_args__ = (
        client_key("version_id", "sla_definition_version"),
        sa.UniqueConstraint("tenant_id", "version_id"),
    )


class Subject(ClientRow, Base):
    """What clocks run on: a ticket, change or task under its own id, with the attributes that policies match on."""

    __tablename__ = "sla_subject"
    __isolation__ = client_table("SELECT INSERT UPDATE")
    __audited__ = False

    kind: Mapped[str]
    attributes: Mapped[dict[str, Any]]
    facts_count: Mapped[int] = mapped_column(server_default="0")
    is_open: Mapped[bool] = mapped_column(server_default=sa.true())
    created_at: Mapped[datetime]


class Fact(ClientRow, Base):
    """One thing that happened to a subject; `number` orders facts of one instant."""

    __tablename__ = "sla_fact"
    __isolation__ = client_table("SELECT INSERT", "SELECT INSERT")
    __audited__ = False

    subject_id: Mapped[UUID]
    number: Mapped[int]
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_name: Mapped[str]
    actor_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]

    __table_args__ = (
        client_key("subject_id", "sla_subject"),
        sa.UniqueConstraint("tenant_id", "subject_id", "number"),
        sa.CheckConstraint(
            "kind IN ('opened', 'acknowledged', 'replied', 'assigned', 'handed_over', 'waiting', 'resumed', 'resolved',"
            " 'reopened', 'cancelled', 'merged', 'closed', 'reclassified', 'redefined', 'exempted')",
            name="kind",
        ),
    )


class Clock(ClientRow, Base):
    """One cycle of one clock, as the engine last read it. `segments` always equal what the engine says.

    What was read while the past was replayed is `is_replayed`: the live sweep leaves it alone.
    """

    __tablename__ = "sla_clock"
    __isolation__ = client_table("SELECT INSERT UPDATE", internal=True)
    __audited__ = False

    subject_id: Mapped[UUID]
    kind: Mapped[str]
    cycle: Mapped[int]
    is_internal: Mapped[bool]
    is_current: Mapped[bool]
    priority: Mapped[str | None]
    policy_version_id: Mapped[UUID | None]
    calendar_version_id: Mapped[UUID | None]
    target_seconds: Mapped[int | None]
    standing: Mapped[str]
    started_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    risk_at: Mapped[datetime | None]
    breaches_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    elapsed_seconds: Mapped[int]
    is_exempted: Mapped[bool]
    is_replayed: Mapped[bool] = mapped_column(server_default=sa.false())
    segments: Mapped[list[Any]]
    computed_at: Mapped[datetime]

    __table_args__ = (
        client_key("subject_id", "sla_subject"),
        client_key("policy_version_id", "sla_definition_version"),
        client_key("calendar_version_id", "sla_definition_version"),
        sa.UniqueConstraint("tenant_id", "subject_id", "kind", "cycle"),
        sa.CheckConstraint("kind IN ('response', 'update', 'resolution', 'ola', 'underpinning')", name="kind"),
        sa.CheckConstraint("standing IN ('running', 'paused', 'stopped', 'none')", name="standing"),
        sa.CheckConstraint("outcome IN ('met', 'breached')", name="outcome"),
        sa.Index(
            "ix_sla_clock_open",
            "tenant_id",
            "subject_id",
            postgresql_where=sa.text("is_current AND stopped_at IS NULL AND NOT is_exempted"),
        ),
        sa.Index("ix_sla_clock_outcome", "tenant_id", "outcome_at", postgresql_where=sa.text("outcome IS NOT NULL")),
        sa.Index(
            "ix_sla_clock_breaching",
            "breaches_at",
            "id",
            postgresql_where=sa.text("standing = 'running' AND breached_at IS NULL AND NOT is_replayed"),
        ),
    )


class OutcomeRow(ClientRow, Base):
    """What a cycle came to, or that it was taken back by a later fact: append-only."""

    __tablename__ = "sla_outcome"
    __isolation__ = client_table("SELECT INSERT", "SELECT INSERT", internal=True)
    __audited__ = False

    clock_id: Mapped[UUID]
    outcome: Mapped[str]
    outcome_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    is_internal: Mapped[bool]

    __table_args__ = (
        client_key("clock_id", "sla_clock"),
        sa.Index(None, "tenant_id", "clock_id"),
        sa.CheckConstraint("outcome IN ('met', 'breached', 'withdrawn')", name="outcome"),
    )


class Escalation(ClientRow, Base):
    """A step of a cycle and the instant at which it fires; at most once, whatever moves later."""

    __tablename__ = "sla_escalation"
    __isolation__ = client_table("SELECT INSERT UPDATE", internal=True)
    __audited__ = False

    clock_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    step: Mapped[str]
    position: Mapped[int]
    fire_at: Mapped[datetime | None]
    actions: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(server_default="armed")
    settled_at: Mapped[datetime | None]
    is_internal: Mapped[bool]
    is_replayed: Mapped[bool] = mapped_column(server_default=sa.false())

    __table_args__ = (
        client_key("clock_id", "sla_clock"),
        sa.UniqueConstraint("tenant_id", "clock_id", "step"),
        sa.CheckConstraint("state IN ('armed', 'fired', 'skipped')", name="state"),
        sa.Index(None, "tenant_id", "subject_id"),
        sa.Index(
            "ix_sla_escalation_due",
            "fire_at",
            "tenant_id",
            "id",
            postgresql_where=sa.text("state = 'armed' AND fire_at IS NOT NULL AND NOT is_replayed"),
        ),
    )
