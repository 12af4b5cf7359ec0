"""A ticket that opens again and again, and each time that it did."""

from datetime import date, datetime, time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, client_key, client_table


class Recurring(ClientRow, Base):
    """What opens and when. `next_at` is empty where the rule has ended; a paused one keeps it and opens nothing."""

    __tablename__ = "recurring"
    __isolation__ = client_table("")

    subject: Mapped[str]
    body: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str]
    requester_id: Mapped[UUID]
    site_id: Mapped[UUID | None]
    category_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    impact: Mapped[int] = mapped_column(server_default="2")
    urgency: Mapped[int] = mapped_column(server_default="2")
    rule: Mapped[str]
    starts_on: Mapped[date]
    at: Mapped[time]
    on_closed: Mapped[str]
    next_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    created_by: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        client_key("requester_id", "contact"),
        client_key("site_id", "site"),
        client_key("category_id", "category"),
        sa.CheckConstraint("kind IN ('incident', 'request')", name="kind"),
        sa.CheckConstraint("on_closed IN ('open', 'later', 'earlier', 'skip')", name="on_closed"),
        sa.CheckConstraint("impact BETWEEN 1 AND 3 AND urgency BETWEEN 1 AND 3", name="levels"),
        sa.Index("ix_recurring_due", "next_at", postgresql_where=sa.text("paused_at IS NULL AND next_at IS NOT NULL")),
    )


class RecurringOpening(ClientRow, Base):
    """One time that it was due: the ticket that opened, or why none could."""

    __tablename__ = "recurring_opening"
    __isolation__ = client_table("", "SELECT INSERT")

    recurring_id: Mapped[UUID]
    due_at: Mapped[datetime]
    ticket_id: Mapped[UUID | None]
    problem: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        client_key("recurring_id", "recurring"),
        client_key("ticket_id", "ticket"),
        sa.UniqueConstraint("tenant_id", "recurring_id", "due_at"),
    )
