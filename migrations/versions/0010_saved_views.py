"""Views of the queue that agents keep under a name."""

import sqlalchemy as sa
from alembic import op

from migrations.isolation import provider_table

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("audience IN ('personal', 'team', 'global')", name=op.f("ck_saved_view_audience")),
        sa.CheckConstraint("(audience = 'team') = (team_id IS NOT NULL)", name=op.f("ck_saved_view_team")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 60", name=op.f("ck_saved_view_name")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_saved_view_agent_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_saved_view_team_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_saved_view_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index(op.f("ix_saved_view_agent_id"), "saved_view", ["agent_id"])
    op.create_index(op.f("ix_saved_view_team_id"), "saved_view", ["team_id"])
    provider_table("saved_view")


def downgrade() -> None:
    op.drop_table("saved_view")
