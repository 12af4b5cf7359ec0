"""Acts on many tickets: the run, and what became of each ticket."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table, provider_table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_run",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undoes_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("act IN ('assign', 'move', 'classify', 'tag')", name=op.f("ck_bulk_run_act")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_bulk_run_agent_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_bulk_run_tenant_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["bulk_run.id"], name=op.f("fk_bulk_run_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_run")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_bulk_run_undoes_id")),
    )
    op.create_index(op.f("ix_bulk_run_agent_id"), "bulk_run", ["agent_id"])
    provider_table("bulk_run")
    op.create_table(
        "bulk_item",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done', 'skipped')", name=op.f("ck_bulk_item_state")),
        sa.ForeignKeyConstraint(["run_id"], ["bulk_run.id"], name=op.f("fk_bulk_item_run_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_bulk_item_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["ticket.tenant_id", "ticket.id"], name=op.f("fk_bulk_item_tenant_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bulk_item")),
        sa.UniqueConstraint("tenant_id", "run_id", "ticket_id", name=op.f("uq_bulk_item_tenant_id_run_id_ticket_id")),
    )
    op.create_index(op.f("ix_bulk_item_id"), "bulk_item", ["id"])
    op.create_index(op.f("ix_bulk_item_run_id"), "bulk_item", ["run_id"])
    client_table("bulk_item", tenant="")


def downgrade() -> None:
    op.drop_table("bulk_item")
    op.drop_table("bulk_run")
