"""A limited agent's say over agents who see no more than he does; sessions end, or it is refused."""

from alembic import op

from migrations.functions import identity, identity_more, say
from migrations.isolation import function

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for signature, source, roles in say.FUNCTIONS:
        function(source, signature, roles=roles)


def downgrade() -> None:
    for signature, _, _ in reversed(say.REPLACED):
        op.execute(f"DROP FUNCTION {signature}")
    replaced = {signature for signature, _, _ in say.REPLACED}
    for signature, source, roles in identity.FUNCTIONS + identity_more.FUNCTIONS:
        if signature in replaced:
            function(source, signature, roles=roles)
    for signature, _, _ in reversed(say.NEW):
        op.execute(f"DROP FUNCTION {signature}")
