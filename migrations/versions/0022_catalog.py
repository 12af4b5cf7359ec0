"""The service catalogue: templates, a client's categories and items with versions, favourites, baskets, orders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table, provider_table

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalog_template",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_catalog_template_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_template")),
        sa.UniqueConstraint("name", name=op.f("uq_catalog_template_name")),
    )
    op.create_index("ix_catalog_template_name_id", "catalog_template", ["name", "id"])
    op.create_table(
        "catalog_template_version",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["template_id"], ["catalog_template.id"], name=op.f("fk_catalog_template_version_template_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_catalog_template_version_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_template_version")),
        sa.UniqueConstraint("template_id", "number", name=op.f("uq_catalog_template_version_template_id_number")),
    )
    op.create_table(
        "catalog_category",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_catalog_category_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_category")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_catalog_category_tenant_id_name")),
    )
    op.create_index("ix_catalog_category_id", "catalog_category", ["id"])
    op.create_index("ix_catalog_category_tenant_id_position_name", "catalog_category", ["tenant_id", "position", "name"])
    op.create_table(
        "catalog_item",
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("template_number", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("site_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("is_visible", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["template_id"], ["catalog_template.id"], name=op.f("fk_catalog_item_template_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_catalog_item_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "category_id"],
            ["catalog_category.tenant_id", "catalog_category.id"],
            name=op.f("fk_catalog_item_tenant_id_category_id"),
            ondelete="SET NULL (category_id)",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_item")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_catalog_item_tenant_id_name")),
    )
    op.create_index("ix_catalog_item_id", "catalog_item", ["id"])
    op.create_index("ix_catalog_item_template_id", "catalog_item", ["template_id"])
    op.create_index("ix_catalog_item_tenant_id_name_id", "catalog_item", ["tenant_id", "name", "id"])
    op.create_table(
        "catalog_item_version",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("price_once", sa.Numeric(12, 2), nullable=True),
        sa.Column("price_monthly", sa.Numeric(12, 2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("price_once >= 0 AND price_monthly >= 0", name=op.f("ck_catalog_item_version_price")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_catalog_item_version_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"], ["catalog_item.tenant_id", "catalog_item.id"], name=op.f("fk_catalog_item_version_tenant_id_item_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_item_version")),
        sa.UniqueConstraint("tenant_id", "item_id", "number", name=op.f("uq_catalog_item_version_tenant_id_item_id_number")),
    )
    op.create_index("ix_catalog_item_version_id", "catalog_item_version", ["id"])
    op.create_table(
        "catalog_favourite",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_catalog_favourite_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_catalog_favourite_tenant_id_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"], ["catalog_item.tenant_id", "catalog_item.id"], name=op.f("fk_catalog_favourite_tenant_id_item_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_favourite")),
        sa.UniqueConstraint("tenant_id", "contact_id", "item_id", name=op.f("uq_catalog_favourite_tenant_id_contact_id_item_id")),
    )
    op.create_index("ix_catalog_favourite_id", "catalog_favourite", ["id"])
    op.create_table(
        "catalog_basket_line",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("for_contact_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_catalog_basket_line_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_catalog_basket_line_tenant_id_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "for_contact_id"],
            ["contact.tenant_id", "contact.id"],
            name=op.f("fk_catalog_basket_line_tenant_id_for_contact_id"),
            ondelete="SET NULL (for_contact_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"], ["catalog_item.tenant_id", "catalog_item.id"], name=op.f("fk_catalog_basket_line_tenant_id_item_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_basket_line")),
    )
    op.create_index("ix_catalog_basket_line_id", "catalog_basket_line", ["id"])
    op.create_index(
        "ix_catalog_basket_line_tenant_id_contact_id_created_at_id", "catalog_basket_line", ["tenant_id", "contact_id", "created_at", "id"]
    )
    op.create_table(
        "catalog_order",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("item_version_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("for_contact_id", sa.Uuid(), nullable=False),
        sa.Column("for_name", sa.Text(), nullable=False),
        sa.Column("ordered_by_name", sa.Text(), nullable=False),
        sa.Column("item_name", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("price_once", sa.Numeric(12, 2), nullable=True),
        sa.Column("price_monthly", sa.Numeric(12, 2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("is_price_shown", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_catalog_order_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_catalog_order_tenant_id_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "for_contact_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_catalog_order_tenant_id_for_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"], ["catalog_item.tenant_id", "catalog_item.id"], name=op.f("fk_catalog_order_tenant_id_item_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_version_id"],
            ["catalog_item_version.tenant_id", "catalog_item_version.id"],
            name=op.f("fk_catalog_order_tenant_id_item_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"], ["ticket.tenant_id", "ticket.id"], name=op.f("fk_catalog_order_tenant_id_ticket_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_order")),
        sa.UniqueConstraint("tenant_id", "ticket_id", name=op.f("uq_catalog_order_tenant_id_ticket_id")),
    )
    op.create_index(
        "ix_catalog_order_contact", "catalog_order", ["tenant_id", "contact_id", sa.text("created_at DESC"), sa.text("id DESC")]
    )
    op.create_index("ix_catalog_order_id", "catalog_order", ["id"])
    op.create_index("ix_catalog_order_item", "catalog_order", ["tenant_id", "item_id", "created_at"])
    op.create_index("ix_catalog_order_newest", "catalog_order", ["tenant_id", sa.text("created_at DESC"), sa.text("id DESC")])
    provider_table("catalog_template")
    provider_table("catalog_template_version", staff="SELECT, INSERT")
    client_table("catalog_category")
    client_table("catalog_item")
    client_table("catalog_item_version", staff="SELECT, INSERT")
    client_table("catalog_favourite", tenant="SELECT, INSERT, DELETE", staff="SELECT, INSERT, DELETE")
    client_table("catalog_basket_line", tenant="SELECT, INSERT, UPDATE, DELETE", staff="SELECT, INSERT, UPDATE, DELETE")
    client_table("catalog_order", tenant="SELECT, INSERT", staff="SELECT, INSERT")


def downgrade() -> None:
    for table in (
        "catalog_order", "catalog_basket_line", "catalog_favourite", "catalog_item_version", "catalog_item",
        "catalog_category", "catalog_template_version", "catalog_template",
    ):  # fmt: skip
        op.drop_table(table)
