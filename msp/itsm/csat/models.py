"""The question put to a requester, and the answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, client_key, client_table


class Survey(ClientRow, Base):
    """One question about one resolving of a ticket. Reopened unanswered, it is withdrawn."""

    __tablename__ = "csat_survey"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    ticket_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    score: Mapped[int | None]
    comment: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (
        client_key("ticket_id", "ticket"),
        client_key("contact_id", "contact"),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        sa.CheckConstraint("(score IS NULL) = (answered_at IS NULL)", name="answered"),
        sa.Index(None, "tenant_id", "ticket_id"),
        sa.Index(
            "ix_csat_survey_answered", "tenant_id", "answered_at", postgresql_where=sa.text("answered_at IS NOT NULL")
        ),
    )

    def is_open(self, now: datetime) -> bool:
        """Whether an answer is still taken."""
        return self.answered_at is None and self.withdrawn_at is None and now < self.expires_at
