"""A task of a ticket: seen by agents alone."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, client_key, client_table

STATES = ("waiting", "open", "done", "skipped", "failed")


class Task(ClientRow, Base):
    """One thing to do. It waits until the tasks in `after` are done or skipped, then is open until it ends.

    `due_minutes` is working time from its start; `due_at` the instant that follows, or one set by hand. Tasks of one
    `plan_id` were planned together and are finished together. One with a runbook is done by it, as soon as it
    starts; `runbook_inputs` are texts by name that it is told instead of what its own inputs are mapped to.
    `ended_with_ticket`: it was skipped because its ticket ended, and is to be done again should that be opened again.
    """

    __tablename__ = "task"
    __isolation__ = client_table("")

    ticket_id: Mapped[UUID]
    plan_id: Mapped[UUID | None]
    position: Mapped[int]
    title: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="waiting")
    after: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"))
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    team_name: Mapped[str | None]
    assignee_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))
    assignee_name: Mapped[str | None]
    runbook_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("runbook.id"))
    runbook_name: Mapped[str | None]
    runbook_inputs: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sa.text("'{}'::jsonb"))
    due_minutes: Mapped[int | None]
    due_at: Mapped[datetime | None]
    late_told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    reason: Mapped[str | None]
    ended_with_ticket: Mapped[bool] = mapped_column(server_default=sa.false())
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        client_key("ticket_id", "ticket"),
        sa.CheckConstraint("state IN ('waiting', 'open', 'done', 'skipped', 'failed')", name="state"),
        sa.CheckConstraint("due_minutes > 0", name="due_minutes"),
        sa.UniqueConstraint("tenant_id", "ticket_id", "position"),
        sa.Index("ix_task_open", "due_at", "id", postgresql_where=sa.text("state = 'open'")),
    )
