"""Who does not decide on an approval beside whoever asked for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    made = sa.Column("barred", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False)
    op.add_column("approval", made)


def downgrade() -> None:
    op.drop_column("approval", "barred")
