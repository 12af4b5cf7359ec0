"""Answers kept under their Idempotency-Key."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table, provider_table

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create("idempotency_key", ["tenant_id", "id"], ["tenant_id", "actor_id", "key"])
    op.create_index("ix_idempotency_key_id", "idempotency_key", ["id"])
    _create("agent_idempotency_key", ["id"], ["actor_id", "key"])
    client_table("idempotency_key", tenant="SELECT, INSERT, UPDATE", staff="SELECT, DELETE")
    provider_table("agent_idempotency_key", staff="SELECT, INSERT, UPDATE, DELETE")


def _create(table: str, primary: list[str], unique: list[str]) -> None:
    op.create_table(
        table,
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=f"fk_{table}_tenant_id"),
        sa.PrimaryKeyConstraint(*primary, name=f"pk_{table}"),
        sa.UniqueConstraint(*unique, name=f"uq_{table}_{'_'.join(unique)}"),
    )
    op.create_index(f"ix_{table}_created_at", table, ["created_at"])


def downgrade() -> None:
    op.drop_table("agent_idempotency_key")
    op.drop_table("idempotency_key")
