"""Tasks that were skipped because their ticket ended."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("ended_with_ticket", sa.Boolean(), server_default=sa.false(), nullable=False))
