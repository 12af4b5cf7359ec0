"""Indexes for the numbers beside the queue's views: how many wait, are resolved, are soon due or late."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_ticket_status", "ticket", ["status", sa.text("updated_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("status NOT IN ('closed', 'cancelled')"),
    )  # fmt: skip
    op.create_index(
        "ix_ticket_pace", "ticket", ["sla_standing", "sla_breaches_at", "sla_risk_at", "sla_outcome"],
        postgresql_include=["tenant_id"], postgresql_where=sa.text("is_open"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_ticket_pace", "ticket")
    op.drop_index("ix_ticket_status", "ticket")
