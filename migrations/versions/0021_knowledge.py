"""Articles: what is written, its versions, what clients read of it, and what they say about it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table, provider_table, published_table

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

DICTIONARIES = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "pt": "portuguese", "nl": "dutch", "other": "simple"}
LANGUAGE = "language IN ('en', 'de', 'fr', 'es', 'pt', 'nl', 'other')"
READERS = "readers IN ('everyone', 'site_managers', 'managers', 'approvers', 'admins')"
VECTOR = (
    "CASE language "
    + " ".join(
        f"WHEN '{code}' THEN setweight(to_tsvector('{name}'::regconfig, title), 'A') || to_tsvector('{name}'::regconfig, left(body, 100000))"
        for code, name in DICTIONARIES.items()
    )
    + " ELSE ''::tsvector END"
)


def upgrade() -> None:
    _article()
    _editions()
    _read()
    _said()
    provider_table("article")
    provider_table("article_edition", staff="SELECT, INSERT")
    published_table("published_article", staff="SELECT, INSERT, UPDATE, DELETE")
    client_table("client_article", staff="SELECT, INSERT, UPDATE, DELETE")
    client_table("article_feedback", tenant="SELECT, INSERT, UPDATE")
    client_table("article_deflection", tenant="SELECT, INSERT", staff="SELECT, INSERT")


def downgrade() -> None:
    for table in ("article_deflection", "article_feedback", "client_article", "published_article", "article_edition", "article"):
        op.drop_table(table)


def _text() -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in ("title", "body", "language")]


def _search() -> sa.Column:
    return sa.Column("search", postgresql.TSVECTOR(), sa.Computed(VECTOR, persisted=True), nullable=False)


def _ids() -> list[sa.Column]:
    return [sa.Column("id", sa.Uuid(), nullable=False), sa.Column("tenant_id", sa.Uuid(), nullable=False)]


def _time(name: str, *, optional: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def _related() -> sa.Column:
    return sa.Column("related", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False)


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id"))


def _of_article(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f(f"fk_{table}_article_id"))


def _article() -> None:
    op.create_table(
        "article",
        *_text(),
        _search(),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("readers", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("asks_review", sa.Boolean(), server_default=sa.false(), nullable=False),
        _related(),
        sa.Column("edition", sa.Integer(), server_default="1", nullable=False),
        sa.Column("published_edition", sa.Integer(), nullable=True),
        _time("published_at", optional=True),
        sa.Column("copies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        _time("created_at"),
        _time("updated_at"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_ids(),
        sa.CheckConstraint("state IN ('draft', 'in_review', 'published', 'retired')", name=op.f("ck_article_state")),
        sa.CheckConstraint("audience IN ('internal', 'all', 'chosen')", name=op.f("ck_article_audience")),
        sa.CheckConstraint(READERS, name=op.f("ck_article_readers")),
        sa.CheckConstraint(LANGUAGE, name=op.f("ck_article_language")),
        sa.ForeignKeyConstraint(["owner_id"], ["agent.id"], name=op.f("fk_article_owner_id")),
        _tenant("article"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    op.create_index(op.f("ix_article_owner_id"), "article", ["owner_id"])
    op.create_index("ix_article_newest", "article", [sa.text("updated_at DESC"), sa.text("id DESC")])


def _editions() -> None:
    op.create_table(
        "article_edition",
        *_text(),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        _time("created_at"),
        *_ids(),
        _of_article("article_edition"),
        _tenant("article_edition"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_edition")),
        sa.UniqueConstraint("article_id", "number", name=op.f("uq_article_edition_article_id_number")),
    )


def _read() -> None:
    for table, own in (("published_article", False), ("client_article", True)):
        audience = [] if own else [
            sa.Column("audience", sa.Text(), nullable=False),
            sa.CheckConstraint("audience = 'all'", name=op.f("ck_published_article_audience")),
        ]
        keys = ["tenant_id", "id"] if own else ["id"]
        unique = ["tenant_id", "article_id"] if own else ["article_id"]
        op.create_table(
            table,
            *_text(),
            _search(),
            sa.Column("article_id", sa.Uuid(), nullable=False),
            *audience,
            sa.Column("readers", sa.Text(), nullable=False),
            sa.Column("topic", sa.Text(), nullable=False),
            _related(),
            _time("published_at", optional=True),
            *_ids(),
            sa.CheckConstraint(READERS, name=op.f(f"ck_{table}_readers")),
            sa.CheckConstraint(LANGUAGE, name=op.f(f"ck_{table}_language")),
            _of_article(table),
            _tenant(table),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
            sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}")),
        )
    op.create_index(op.f("ix_client_article_id"), "client_article", ["id"])
    op.create_index(op.f("ix_client_article_article_id"), "client_article", ["article_id"])


def _said() -> None:
    op.create_table(
        "article_feedback",
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("is_useful", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        _time("said_at"),
        *_ids(),
        *_by_contact("article_feedback"),
        sa.UniqueConstraint("tenant_id", "article_id", "contact_id", name=op.f("uq_article_feedback_tenant_id_article_id_contact_id")),
    )
    op.create_table(
        "article_deflection",
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        _time("solved_at"),
        *_ids(),
        *_by_contact("article_deflection"),
    )
    for table in ("article_feedback", "article_deflection"):
        op.create_index(op.f(f"ix_{table}_id"), table, ["id"])
        op.create_index(op.f(f"ix_{table}_article_id"), table, ["article_id"])
    op.create_index(op.f("ix_article_deflection_tenant_id_contact_id"), "article_deflection", ["tenant_id", "contact_id"])


def _by_contact(table: str) -> list[sa.Constraint]:
    return [
        _of_article(table),
        _tenant(table),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"], name=op.f(f"fk_{table}_tenant_id_contact_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]
