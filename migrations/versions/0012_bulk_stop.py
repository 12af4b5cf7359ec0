"""Stopping a bulk run, and forgetting those that were finished long ago."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bulk_run", sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_bulk_run_begun_at"), "bulk_run", ["begun_at"])
    for table in ("bulk_run", "bulk_item"):
        op.execute(f"GRANT DELETE ON {table} TO msp_agent, msp_staff")


def downgrade() -> None:
    for table in ("bulk_run", "bulk_item"):
        op.execute(f"REVOKE DELETE ON {table} FROM msp_agent, msp_staff")
    op.drop_index(op.f("ix_bulk_run_begun_at"), "bulk_run")
    op.drop_column("bulk_run", "stopped_at")
