"""Editing definitions: rollouts of versions; canned replies; custom fields."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table, provider_table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = "is_current AND stopped_at IS NULL AND NOT is_exempted"


def upgrade() -> None:
    op.create_index("ix_sla_clock_open", "sla_clock", ["tenant_id", "subject_id"], postgresql_where=sa.text(OPEN))
    op.create_table(
        "sla_rollout",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("is_moving", sa.Boolean(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("moved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "version_id"], ["sla_definition_version.tenant_id", "sla_definition_version.id"],
            name="fk_sla_rollout_tenant_id_version_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_sla_rollout_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_sla_rollout"),
        sa.UniqueConstraint("tenant_id", "version_id", name="uq_sla_rollout_tenant_id_version_id"),
    )
    op.create_index("ix_sla_rollout_id", "sla_rollout", ["id"])
    client_table("sla_rollout", tenant="")
    _macros()
    _custom_fields()


def _macros() -> None:
    op.create_table(
        "macro",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("then_status", sa.Text()),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 80", name="ck_macro_name"),
        sa.CheckConstraint("then_status IN ('open', 'waiting_for_client', 'resolved')", name="ck_macro_then_status"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_macro_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_macro"),
        sa.UniqueConstraint("name", name="uq_macro_name"),
    )
    provider_table("macro")


def _custom_fields() -> None:
    op.create_table(
        "custom_field",
        sa.Column("ticket_kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("choices", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("hint", sa.Text(), server_default="", nullable=False),
        sa.Column("is_required", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_asked", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ticket_kind IN ('incident', 'request')", name="ck_custom_field_ticket_kind"),
        sa.CheckConstraint("kind IN ('text', 'number', 'date', 'choice', 'flag')", name="ck_custom_field_kind"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_custom_field_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_custom_field"),
        sa.UniqueConstraint("tenant_id", "ticket_kind", "key", name="uq_custom_field_tenant_id_ticket_kind_key"),
    )
    op.create_index("ix_custom_field_id", "custom_field", ["id"])
    client_table("custom_field")


def downgrade() -> None:
    for table in ("custom_field", "macro", "sla_rollout"):
        op.drop_table(table)
    op.drop_index("ix_sla_clock_open", table_name="sla_clock")
