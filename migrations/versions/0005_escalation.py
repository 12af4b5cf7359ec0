"""Escalation: notifications, working weeks, absences, on-call rotas, heartbeats; replayed clocks stand apart."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table, platform_table, provider_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WAS_DUE = "state = 'armed' AND fire_at IS NOT NULL"
DUE = f"{WAS_DUE} AND NOT is_replayed"
BREACHING = "standing = 'running' AND breached_at IS NULL AND NOT is_replayed"


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "absence",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_absence_span")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_absence_agent_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_absence_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_agent_id_to_at"), "absence", ["agent_id", "to_at"])
    op.create_table(
        "notification",
        sa.Column("is_internal", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_notification_agent_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_notification_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_notification")),
    )
    op.create_index(op.f("ix_notification_id"), "notification", ["id"])
    op.create_index("ix_notification_newest", "notification", ["agent_id", sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index("ix_notification_unread", "notification", ["agent_id", "subject_id"], postgresql_where=sa.text("read_at IS NULL"))
    op.create_table(
        "rota",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("hand_over", sa.Text(), server_default="09:00", nullable=False),
        sa.Column("period_days", sa.Integer(), server_default="7", nullable=False),
        sa.Column("agent_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("hand_over ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'", name=op.f("ck_rota_hand_over")),
        sa.CheckConstraint("cardinality(agent_ids) > 0", name=op.f("ck_rota_agent_ids")),
        sa.CheckConstraint("period_days BETWEEN 1 AND 366", name=op.f("ck_rota_period_days")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_rota_team_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rota_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota")),
        sa.UniqueConstraint("team_id", name=op.f("uq_rota_team_id")),
    )
    op.create_table(
        "rota_swap",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_rota_swap_span")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_rota_swap_agent_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_rota_swap_team_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_rota_swap_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_swap")),
    )
    op.create_index(op.f("ix_rota_swap_team_id_to_at"), "rota_swap", ["team_id", "to_at"])
    op.create_table(
        "working_week",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("hours", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("available_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_working_week_agent_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_working_week_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_week")),
        sa.UniqueConstraint("agent_id", name=op.f("uq_working_week_agent_id")),
    )
    for table in ("sla_clock", "sla_escalation"):
        op.add_column(table, sa.Column("is_replayed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_sla_clock_breaching", "sla_clock", ["breaches_at", "id"], postgresql_where=sa.text(BREACHING))
    op.create_index(op.f("ix_sla_escalation_tenant_id_subject_id"), "sla_escalation", ["tenant_id", "subject_id"])
    _due_index(DUE)
    _isolate()


def _due_index(condition: str) -> None:
    op.drop_index("ix_sla_escalation_due", "sla_escalation")
    op.create_index(
        "ix_sla_escalation_due", "sla_escalation", ["fire_at", "tenant_id", "id"], postgresql_where=sa.text(condition)
    )


def _isolate() -> None:
    client_table("notification", tenant="", internal=True)
    platform_table("heartbeat", staff="SELECT, INSERT, UPDATE")
    provider_table("working_week")
    for name in ("absence", "rota", "rota_swap"):
        provider_table(name, staff="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    _due_index(WAS_DUE)
    op.drop_index(op.f("ix_sla_escalation_tenant_id_subject_id"), "sla_escalation")
    op.drop_index("ix_sla_clock_breaching", "sla_clock")
    for table in ("sla_clock", "sla_escalation"):
        op.drop_column(table, "is_replayed")
    for table in ("working_week", "rota_swap", "rota", "notification", "absence", "heartbeat"):
        op.drop_table(table)
