"""Approvals: who else may not decide, seats that are moved, covers whose beginning was acted on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

KINDS = ("seated", "answered", "delegated", "raised", "expired", "withdrawn", "changed", "reminded", "sent", "disowned")


def upgrade() -> None:
    op.add_column("approval", sa.Column("barred", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("approval_cover", sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE approval_cover SET begun_at = from_at WHERE from_at <= now()")
    op.create_index("ix_approval_cover_begins", "approval_cover", ["from_at"], postgresql_where=sa.text("begun_at IS NULL"))
    _entry_kinds((*KINDS, "moved"))
    op.create_index(
        "ix_approval_entry_former", "approval_entry", ["tenant_id", sa.text("(data ->> 'by')")],
        postgresql_where=sa.text("kind IN ('delegated', 'moved')"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_approval_entry_former", table_name="approval_entry")
    _entry_kinds(KINDS)
    op.drop_index("ix_approval_cover_begins", table_name="approval_cover")
    op.drop_column("approval_cover", "begun_at")
    op.drop_column("approval", "barred")


def _entry_kinds(kinds: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_approval_entry_kind"), "approval_entry", type_="check")
    op.create_check_constraint(op.f("ck_approval_entry_kind"), "approval_entry", f"kind IN ({', '.join(repr(kind) for kind in kinds)})")
