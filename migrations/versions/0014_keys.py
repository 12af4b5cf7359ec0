"""Writing second factors again under the newest key, so that an older one can be dropped."""

from alembic import op

from migrations.functions import keys
from migrations.isolation import function

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for signature, source, roles in keys.FUNCTIONS:
        function(source, signature, roles=roles)


def downgrade() -> None:
    for signature, _, _ in reversed(keys.FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
