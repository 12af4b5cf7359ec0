"""Tickets that open themselves again and again."""

import sqlalchemy as sa
from alembic import op

from migrations.isolation import client_table

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recurring",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("impact", sa.Integer(), server_default="2", nullable=False),
        sa.Column("urgency", sa.Integer(), server_default="2", nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("on_closed", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('incident', 'request')", name=op.f("ck_recurring_kind")),
        sa.CheckConstraint("on_closed IN ('open', 'later', 'earlier', 'skip')", name=op.f("ck_recurring_on_closed")),
        sa.CheckConstraint("impact BETWEEN 1 AND 3 AND urgency BETWEEN 1 AND 3", name=op.f("ck_recurring_levels")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_recurring_team_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_recurring_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "requester_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_recurring_tenant_id_requester_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_recurring_tenant_id_site_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "category_id"], ["category.tenant_id", "category.id"], name=op.f("fk_recurring_tenant_id_category_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_recurring")),
    )
    op.create_index(
        "ix_recurring_due", "recurring", ["next_at"], postgresql_where=sa.text("paused_at IS NULL AND next_at IS NOT NULL")
    )
    op.create_index(op.f("ix_recurring_id"), "recurring", ["id"])
    client_table("recurring", tenant="")
    op.create_table(
        "recurring_opening",
        sa.Column("recurring_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_recurring_opening_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "recurring_id"], ["recurring.tenant_id", "recurring.id"],
            name=op.f("fk_recurring_opening_tenant_id_recurring_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["ticket.tenant_id", "ticket.id"], name=op.f("fk_recurring_opening_tenant_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_recurring_opening")),
        sa.UniqueConstraint("tenant_id", "recurring_id", "due_at", name=op.f("uq_recurring_opening_tenant_id_recurring_id_due_at")),
    )  # fmt: skip
    op.create_index(op.f("ix_recurring_opening_id"), "recurring_opening", ["id"])
    client_table("recurring_opening", tenant="", staff="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("recurring_opening")
    op.drop_table("recurring")
