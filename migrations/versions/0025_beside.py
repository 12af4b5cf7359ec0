"""Articles beside tickets: which served which; and their pictures."""

import sqlalchemy as sa
from alembic import op

from migrations.isolation import client_table, provider_table

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article_use",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("is_solution", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("agent_name", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_article_use_article_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_article_use_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["ticket.tenant_id", "ticket.id"], name=op.f("fk_article_use_tenant_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_article_use")),
        sa.UniqueConstraint("tenant_id", "ticket_id", "article_id", name=op.f("uq_article_use_tenant_id_ticket_id_article_id")),
    )
    op.create_index(op.f("ix_article_use_id"), "article_use", ["id"])
    op.create_index("ix_article_use_newest", "article_use", ["article_id", sa.text("used_at DESC"), sa.text("id DESC")])
    client_table("article_use", tenant="")
    _pictures()


def _pictures() -> None:
    op.create_table(
        "article_picture",
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('png', 'jpeg')", name=op.f("ck_article_picture_kind")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_article_picture_article_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_article_picture_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_picture")),
    )
    op.create_index(op.f("ix_article_picture_article_id"), "article_picture", ["article_id"])
    provider_table("article_picture", staff="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("article_picture")
    op.drop_table("article_use")
