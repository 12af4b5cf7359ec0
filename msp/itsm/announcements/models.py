"""The announcement, and its copy in each client that it was chosen for."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, ProviderRow, client_table, published_table

LEVELS = ("news", "maintenance", "disruption")
_LEVEL = "level IN ('news', 'maintenance', 'disruption')"
_SPAN = "ends_at IS NULL OR starts_at < ends_at"


class Announcement(ProviderRow, Base):
    """What the provider says. For all clients they read this row; for chosen ones each has a copy of its own.

    It is shown from `starts_at` until `ends_at`, or until it is withdrawn. `copies` counts the chosen clients.
    """

    __tablename__ = "announcement"
    __isolation__ = published_table()

    audience: Mapped[str]
    level: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    copies: Mapped[int] = mapped_column(server_default="0")
    author_name: Mapped[str]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (
        sa.CheckConstraint("audience IN ('all', 'chosen')", name="audience"),
        sa.CheckConstraint(_LEVEL, name="level"),
        sa.CheckConstraint(_SPAN, name="span"),
        sa.Index("ix_announcement_newest", sa.text("starts_at DESC"), sa.text("id DESC")),
    )


class ClientAnnouncement(ClientRow, Base):
    """A chosen client's copy, which follows its original; the client has no right on the original."""

    __tablename__ = "client_announcement"
    __isolation__ = client_table("SELECT")

    announcement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("announcement.id"))
    level: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__: Any = (
        sa.CheckConstraint(_LEVEL, name="level"),
        sa.CheckConstraint(_SPAN, name="span"),
        sa.UniqueConstraint("tenant_id", "announcement_id"),
        sa.Index("ix_client_announcement_newest", "tenant_id", sa.text("starts_at DESC"), sa.text("id DESC")),
    )
