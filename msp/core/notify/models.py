"""The notification."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, client_table


class Notification(ClientRow, Base):
    """A word to an agent about a record of a client. `ref` names the record as people do, as ACME-1042."""

    __tablename__ = "notification"
    __isolation__ = client_table("", internal=True)
    __audited__ = False

    is_internal: Mapped[bool] = mapped_column(server_default=sa.true())
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"))
    kind: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    ref: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_notification_newest", "agent_id", sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_notification_unread", "agent_id", "subject_id", postgresql_where=sa.text("read_at IS NULL")),
    )
