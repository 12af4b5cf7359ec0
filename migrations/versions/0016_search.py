"""The search narrows before it cuts: to whose tickets, at which sites, in which state, with whom."""

from alembic import op

from migrations.functions import search
from migrations.isolation import function

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(f"DROP FUNCTION {search.SIGNATURE}")
    function(search.NARROWED_SOURCE, search.NARROWED_SIGNATURE, owner="msp_search", roles=search.ROLES)


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {search.NARROWED_SIGNATURE}")
    function(search.SOURCE, search.SIGNATURE, owner="msp_search", roles=search.ROLES)
