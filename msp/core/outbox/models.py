"""The outbox row."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.ids import new_id
from msp.core.tables import Isolation


class Outbox(Base):
    """One piece of work with the scope of its writer. `suppressed_at`: recorded by a replay, never done."""

    __tablename__ = "outbox"
    __isolation__ = Isolation(
        "trail", ("INSERT", "SELECT", "UPDATE"), ("SELECT", "INSERT", "UPDATE", "DELETE"), reason="work in flight"
    )
    __audited__ = False

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    queue: Mapped[str]
    args: Mapped[dict[str, Any]]
    scope_role: Mapped[str] = mapped_column(server_default=sa.text("current_setting('role')"))
    tenant_ids: Mapped[list[UUID]]
    actor_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    run_after: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")
    claim: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    suppressed_at: Mapped[datetime | None]
    error: Mapped[str | None]

    __table_args__ = (
        sa.CheckConstraint("scope_role IN ('msp_tenant', 'msp_agent', 'msp_staff')", name="scope_role"),
        sa.CheckConstraint("scope_role <> 'msp_tenant' OR cardinality(tenant_ids) = 1", name="tenant"),
        sa.Index(
            "ix_outbox_due",
            "run_after",
            "id",
            postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL AND suppressed_at IS NULL"),
        ),
        sa.Index(
            "ix_outbox_parked", "parked_at", postgresql_where=sa.text("parked_at IS NOT NULL AND done_at IS NULL")
        ),
    )
