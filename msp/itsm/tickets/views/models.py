"""The saved view."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ProviderRow, provider_table

AUDIENCES = ("personal", "team", "global")


class SavedView(ProviderRow, Base):
    """A query of the queue under a name; a removed one is kept so that it can come back."""

    __tablename__ = "saved_view"
    __isolation__ = provider_table()

    audience: Mapped[str]
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    name: Mapped[str]
    query: Mapped[str]
    position: Mapped[int] = mapped_column(server_default="0")
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (
        sa.CheckConstraint("audience IN ('personal', 'team', 'global')", name="audience"),
        sa.CheckConstraint("(audience = 'team') = (team_id IS NOT NULL)", name="team"),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 60", name="name"),
    )
