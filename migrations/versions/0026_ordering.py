"""What a runbook is told by the plan of the task that it does."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    made = sa.Column(
        "runbook_inputs", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
    )
    op.add_column("task", made)


def downgrade() -> None:
    op.drop_column("task", "runbook_inputs")
