"""Runbooks, their versions, their runs, and each attempt to call."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, ProviderRow, client_key, client_table, provider_table

NAME_LENGTH = 120
STATES = {"waiting": "To be called", "running": "Running", "finished": "Finished", "failed": "Failed", "stopped": "Stopped"}
OPEN = ("waiting", "running")


class Runbook(ProviderRow, Base):
    """A program that can be called. `client_id`: the one client that it is for; None for all.

    `number` is its latest version, which new runs follow. `secret_number` counts the secrets that it was given.
    """

    __tablename__ = "runbook"
    __isolation__ = provider_table()

    name: Mapped[str]
    client_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tenant.id"))
    number: Mapped[int] = mapped_column(server_default="1")
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    secret_number: Mapped[int] = mapped_column(server_default="1")
    owner_name: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.CheckConstraint(f"char_length(name) BETWEEN 1 AND {NAME_LENGTH}", name="name"),
        sa.Index("ix_runbook_name", "name", "id"),
    )


class RunbookVersion(ProviderRow, Base):
    """Where a runbook was called, and with what; its content never changes, and runs point to it."""

    __tablename__ = "runbook_version"
    __isolation__ = provider_table("SELECT INSERT")

    runbook_id: Mapped[UUID] = mapped_column(sa.ForeignKey("runbook.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    author_name: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("runbook_id", "number"),)


class RunbookRun(ClientRow, Base):
    """One run for a ticket, perhaps for one of its tasks. Its id is what the other side knows it by, however often it is called.

    `waiting`: to be called, at `next_at`; `running`: taken, the result is to come until `due_at`. `chain` and `depth`:
    the rules that led to it.
    """

    __tablename__ = "runbook_run"
    __isolation__ = client_table("")

    runbook_id: Mapped[UUID] = mapped_column(sa.ForeignKey("runbook.id"))
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("runbook_version.id"))
    runbook_name: Mapped[str]
    ticket_id: Mapped[UUID]
    task_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    started_by: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    outputs: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sa.text("'{}'::jsonb"))
    words: Mapped[str] = mapped_column(server_default="")
    chain: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"))
    depth: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        client_key("ticket_id", "ticket"),
        client_key("task_id", "task"),
        sa.CheckConstraint("state IN ('waiting', 'running', 'finished', 'failed', 'stopped')", name="state"),
        sa.Index("ix_runbook_run_runbook", "runbook_id", sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_runbook_run_ticket", "tenant_id", "ticket_id", "created_at", "id"),
        sa.Index(
            "ix_runbook_run_task", "tenant_id", "task_id", unique=True, postgresql_where=sa.text("state IN ('waiting', 'running')")
        ),
    )


class RunbookAttempt(ClientRow, Base):
    """One call of a run: what was answered, and how long it took."""

    __tablename__ = "runbook_attempt"
    __isolation__ = client_table("", "SELECT INSERT")
    __audited__ = False

    run_id: Mapped[UUID]
    number: Mapped[int]
    at: Mapped[datetime]
    status: Mapped[int | None]
    milliseconds: Mapped[int]
    words: Mapped[str]

    __table_args__ = (
        client_key("run_id", "runbook_run"),
        sa.UniqueConstraint("tenant_id", "run_id", "number"),
    )
