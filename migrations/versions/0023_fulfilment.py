"""Orders that are approved, quoted and carried out: where each stands, its quote, the tasks that were planned for it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Fields of an item that its saved versions did not know.
NEW_FIELDS = """'{"is_quoted": false, "ticket_category": ""}'::jsonb"""
VERSIONS = ("catalog_item_version", "catalog_template_version")
ROLES = ("msp_tenant", "msp_agent", "msp_staff")


def upgrade() -> None:
    op.add_column("catalog_order", sa.Column("state", sa.Text(), server_default="placed", nullable=False))
    op.add_column("catalog_order", sa.Column("plan_id", sa.Uuid(), nullable=True))
    op.add_column("catalog_order", sa.Column("quote", sa.Text(), server_default="", nullable=False))
    op.add_column("catalog_order", sa.Column("quoted_by_name", sa.Text(), nullable=True))
    op.add_column("catalog_order", sa.Column("quoted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("catalog_order", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_check_constraint(
        op.f("ck_catalog_order_state"), "catalog_order", "state IN ('placed', 'quoting', 'asking', 'declined', 'cancelled')"
    )
    for table in VERSIONS:
        op.execute(f"UPDATE {table} SET content = {NEW_FIELDS} || content")
    for role in ROLES:
        op.execute(f"GRANT UPDATE ON catalog_order TO {role}")


def downgrade() -> None:
    for role in ROLES:
        op.execute(f"REVOKE UPDATE ON catalog_order FROM {role}")
    for table in VERSIONS:
        op.execute(f"UPDATE {table} SET content = content - 'is_quoted' - 'ticket_category'")
    op.drop_constraint(op.f("ck_catalog_order_state"), "catalog_order", type_="check")
    for column in ("version", "quoted_at", "quoted_by_name", "quote", "plan_id", "state"):
        op.drop_column("catalog_order", column)
