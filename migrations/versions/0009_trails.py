"""Reading the audit trail and refused accesses; forgetting work that was done long ago."""

from alembic import op

from migrations.functions import trails
from migrations.isolation import function

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_entry_at_id", "audit_entry", ["at", "id"])
    op.create_index("ix_audit_entry_actor_id_at", "audit_entry", ["actor_id", "at"])
    for name, rights in trails.RIGHTS.items():
        op.execute(f"GRANT {rights} ON {name} TO msp_definer")
    for signature, source, roles in trails.FUNCTIONS:
        function(source, signature, roles=roles)
    # Only what is done, or was never to be done, can be forgotten; what gave up stays until somebody looks at it.
    op.execute(
        "CREATE POLICY only_finished_rows ON outbox AS RESTRICTIVE FOR DELETE TO msp_staff"
        " USING (done_at IS NOT NULL OR suppressed_at IS NOT NULL)"
    )
    op.execute("GRANT DELETE ON outbox TO msp_staff")


def downgrade() -> None:
    op.execute("REVOKE DELETE ON outbox FROM msp_staff")
    op.execute("DROP POLICY only_finished_rows ON outbox")
    for signature, _, _ in reversed(trails.FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    for name, rights in trails.RIGHTS.items():
        op.execute(f"REVOKE {rights} ON {name} FROM msp_definer")
    op.drop_index("ix_audit_entry_actor_id_at", "audit_entry")
    op.drop_index("ix_audit_entry_at_id", "audit_entry")
