"""Rules of automation, their versions and their runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table, provider_table

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())


def upgrade() -> None:
    _rules()
    op.create_table(
        "automation_run",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("trace", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("outcome IN ('acted', 'skipped', 'stopped', 'failed')", name=op.f("ck_automation_run_outcome")),
        sa.ForeignKeyConstraint(["rule_id"], ["automation_rule.id"], name=op.f("fk_automation_run_rule_id")),
        sa.ForeignKeyConstraint(["version_id"], ["automation_version.id"], name=op.f("fk_automation_run_version_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["ticket.tenant_id", "ticket.id"], name=op.f("fk_automation_run_tenant_id_ticket_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_automation_run_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_automation_run")),
        sa.UniqueConstraint("tenant_id", "version_id", "event_id", name=op.f("uq_automation_run_tenant_id_version_id_event_id")),
    )
    op.create_index(op.f("ix_automation_run_id"), "automation_run", ["id"])
    op.create_index("ix_automation_run_rule", "automation_run", ["rule_id", sa.text("at DESC"), sa.text("id DESC")])
    op.create_index("ix_automation_run_ticket", "automation_run", ["tenant_id", "ticket_id", "rule_id"])
    op.create_table(
        "automation_act",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["automation_rule.id"], name=op.f("fk_automation_act_rule_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_automation_act_agent_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_automation_act_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_act")),
    )
    op.create_index("ix_automation_act_rule", "automation_act", ["rule_id", "at"])
    provider_table("automation_rule")
    provider_table("automation_version")
    provider_table("automation_act", staff="SELECT, INSERT, DELETE")
    client_table("automation_run", tenant="", staff="SELECT, INSERT")


def _rules() -> None:
    op.create_table(
        "automation_rule",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("draft", JSON, nullable=True),
        sa.Column("number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 120", name=op.f("ck_automation_rule_name")),
        sa.ForeignKeyConstraint(["client_id"], ["tenant.id"], name=op.f("fk_automation_rule_client_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["agent.id"], name=op.f("fk_automation_rule_owner_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_automation_rule_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_rule")),
    )
    op.create_index("ix_automation_rule_position", "automation_rule", ["position", "id"])
    op.create_table(
        "automation_version",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["automation_rule.id"], name=op.f("fk_automation_version_rule_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_automation_version_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_version")),
        sa.UniqueConstraint("rule_id", "number", name=op.f("uq_automation_version_rule_id_number")),
    )
    op.create_index(
        "ix_automation_version_in_force", "automation_version", ["rule_id"], unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("automation_act", "automation_run", "automation_version", "automation_rule"):
        op.drop_table(table)
