"""Announcements and the one question after a ticket is resolved."""

import sqlalchemy as sa
from alembic import op

from migrations.isolation import client_table, published_table

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LEVEL = "level IN ('news', 'maintenance', 'disruption')"
SPAN = "ends_at IS NULL OR starts_at < ends_at"
ANSWERED = "answered_at IS NOT NULL"


def upgrade() -> None:
    _announcements()
    op.create_table(
        "csat_survey",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_csat_survey_score")),
        sa.CheckConstraint("(score IS NULL) = (answered_at IS NULL)", name=op.f("ck_csat_survey_answered")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"],
            name=op.f("fk_csat_survey_tenant_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["ticket.tenant_id", "ticket.id"], name=op.f("fk_csat_survey_tenant_id_ticket_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_csat_survey_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_csat_survey")),
    )
    op.create_index(op.f("ix_csat_survey_id"), "csat_survey", ["id"])
    op.create_index(op.f("ix_csat_survey_tenant_id_ticket_id"), "csat_survey", ["tenant_id", "ticket_id"])
    op.create_index(
        "ix_csat_survey_answered", "csat_survey", ["tenant_id", "answered_at"], postgresql_where=sa.text(ANSWERED)
    )
    published_table("announcement")
    client_table("client_announcement")
    client_table("csat_survey", tenant="SELECT, INSERT, UPDATE")


def _announcements() -> None:
    op.create_table(
        "announcement",
        sa.Column("audience", sa.Text(), nullable=False),
        *_said(),
        sa.Column("copies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("audience IN ('all', 'chosen')", name=op.f("ck_announcement_audience")),
        sa.CheckConstraint(LEVEL, name=op.f("ck_announcement_level")),
        sa.CheckConstraint(SPAN, name=op.f("ck_announcement_span")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_announcement_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
    )
    newest = [sa.text("starts_at DESC"), sa.text("id DESC")]
    op.create_index("ix_announcement_newest", "announcement", newest)
    op.create_table(
        "client_announcement",
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        *_said(),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(LEVEL, name=op.f("ck_client_announcement_level")),
        sa.CheckConstraint(SPAN, name=op.f("ck_client_announcement_span")),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcement.id"], name=op.f("fk_client_announcement_announcement_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_client_announcement_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_client_announcement")),
        sa.UniqueConstraint(
            "tenant_id", "announcement_id", name=op.f("uq_client_announcement_tenant_id_announcement_id")
        ),
    )
    op.create_index(op.f("ix_client_announcement_id"), "client_announcement", ["id"])
    op.create_index("ix_client_announcement_newest", "client_announcement", ["tenant_id", *newest])


def _said() -> list[sa.Column]:
    return [
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
    ]


def downgrade() -> None:
    for table in ("csat_survey", "client_announcement", "announcement"):
        op.drop_table(table)
