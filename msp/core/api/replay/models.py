"""What was answered under each key: a table for contacts and one for agents, whose acts have no one client."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, ProviderRow, client_table, provider_table


class _Answered:
    """`fingerprint` is of the request, `rights` of what the caller might do then; no status yet: not answered."""

    actor_id: Mapped[UUID]
    key: Mapped[str]
    fingerprint: Mapped[str]
    rights: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]] = mapped_column(server_default=sa.text("'{}'::jsonb"))
    body: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


class ContactKey(_Answered, ClientRow, Base):
    __tablename__ = "idempotency_key"
    __isolation__ = client_table("SELECT INSERT UPDATE", "SELECT DELETE")
    __audited__ = False
    __table_args__ = (sa.UniqueConstraint("tenant_id", "actor_id", "key"),)


class AgentKey(_Answered, ProviderRow, Base):
    __tablename__ = "agent_idempotency_key"
    __isolation__ = provider_table("SELECT INSERT UPDATE DELETE")
    __audited__ = False
    __table_args__ = (sa.UniqueConstraint("actor_id", "key"),)
