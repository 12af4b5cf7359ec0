"""Runbooks, their versions, runs and attempts; tasks that a runbook does."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table, provider_table

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _books()
    op.add_column("task", sa.Column("runbook_id", sa.Uuid(), nullable=True))
    op.add_column("task", sa.Column("runbook_name", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_task_runbook_id"), "task", "runbook", ["runbook_id"], ["id"])
    _runs()
    provider_table("runbook")
    provider_table("runbook_version", staff="SELECT, INSERT")
    client_table("runbook_run", tenant="")
    client_table("runbook_attempt", tenant="", staff="SELECT, INSERT")


def _books() -> None:
    op.create_table(
        "runbook",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("secret_number", sa.Integer(), server_default="1", nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 120", name=op.f("ck_runbook_name")),
        sa.ForeignKeyConstraint(["client_id"], ["tenant.id"], name=op.f("fk_runbook_client_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_runbook_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runbook")),
    )
    op.create_index("ix_runbook_name", "runbook", ["name", "id"])
    op.create_table(
        "runbook_version",
        sa.Column("runbook_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["runbook_id"], ["runbook.id"], name=op.f("fk_runbook_version_runbook_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_runbook_version_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runbook_version")),
        sa.UniqueConstraint("runbook_id", "number", name=op.f("uq_runbook_version_runbook_id_number")),
    )


def _runs() -> None:
    op.create_table(
        "runbook_run",
        sa.Column("runbook_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("runbook_name", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("inputs", JSON, nullable=False),
        sa.Column("outputs", JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("chain", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("depth", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'finished', 'failed', 'stopped')", name=op.f("ck_runbook_run_state")),
        sa.ForeignKeyConstraint(["runbook_id"], ["runbook.id"], name=op.f("fk_runbook_run_runbook_id")),
        sa.ForeignKeyConstraint(["version_id"], ["runbook_version.id"], name=op.f("fk_runbook_run_version_id")),
        sa.ForeignKeyConstraint(["tenant_id", "ticket_id"], ["ticket.tenant_id", "ticket.id"], name=op.f("fk_runbook_run_tenant_id_ticket_id")),
        sa.ForeignKeyConstraint(["tenant_id", "task_id"], ["task.tenant_id", "task.id"], name=op.f("fk_runbook_run_tenant_id_task_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_runbook_run_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_runbook_run")),
    )
    op.create_index(op.f("ix_runbook_run_id"), "runbook_run", ["id"])
    op.create_index("ix_runbook_run_runbook", "runbook_run", ["runbook_id", sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index("ix_runbook_run_ticket", "runbook_run", ["tenant_id", "ticket_id", "created_at", "id"])
    op.create_index(
        "ix_runbook_run_task", "runbook_run", ["tenant_id", "task_id"], unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "runbook_attempt",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id", "run_id"], ["runbook_run.tenant_id", "runbook_run.id"], name=op.f("fk_runbook_attempt_tenant_id_run_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_runbook_attempt_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_runbook_attempt")),
        sa.UniqueConstraint("tenant_id", "run_id", "number", name=op.f("uq_runbook_attempt_tenant_id_run_id_number")),
    )
    op.create_index(op.f("ix_runbook_attempt_id"), "runbook_attempt", ["id"])


def downgrade() -> None:
    for table in ("runbook_attempt", "runbook_run"):
        op.drop_table(table)
    op.drop_column("task", "runbook_name")
    op.drop_column("task", "runbook_id")
    for table in ("runbook_version", "runbook"):
        op.drop_table(table)
