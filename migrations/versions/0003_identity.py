"""Sign-in: second step and hand-over as one-time links, refused accesses, the functions they need."""

import sqlalchemy as sa
from alembic import op

from migrations.functions import identity_more
from migrations.isolation import definer_rows, function

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PURPOSES = "purpose IN ('invitation', 'reset', 'hand_over', 'second_step')"
PURPOSES_BEFORE = "purpose IN ('invitation', 'reset', 'hand_over')"


def upgrade() -> None:
    op.create_table(
        "access_refusal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_access_refusal_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_refusal")),
    )
    op.create_index(op.f("ix_access_refusal_at"), "access_refusal", ["at"])
    op.execute("ALTER TABLE access_refusal ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE access_refusal FORCE ROW LEVEL SECURITY")
    op.add_column("one_time_link", sa.Column("session_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_one_time_link_session_id"), "one_time_link", "session", ["session_id"], ["id"])
    _purposes(PURPOSES)
    for name, rights in identity_more.TABLES.items():
        definer_rows(name, rights=rights)
    for name, rights in identity_more.MORE_RIGHTS.items():
        op.execute(f"GRANT {rights} ON {name} TO msp_definer")
    for signature, source, roles in identity_more.FUNCTIONS:
        function(source, signature, roles=roles)
    # A limited agent's row names his clients; mail about his own account is the provider's.
    op.execute(
        "CREATE POLICY agent_mails_provider ON outbox FOR INSERT TO msp_agent"
        " WITH CHECK (kind = 'mail.send' AND tenant_ids = ARRAY[(SELECT provider_tenant())])"
    )


def downgrade() -> None:
    op.execute("DROP POLICY agent_mails_provider ON outbox")
    for signature, _, _ in reversed(identity_more.FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    for name, rights in identity_more.MORE_RIGHTS.items():
        op.execute(f"REVOKE {rights} ON {name} FROM msp_definer")
    op.execute("DROP POLICY definer_rows ON audit_entry")
    op.execute("REVOKE INSERT ON audit_entry FROM msp_definer")
    op.execute("DELETE FROM one_time_link WHERE purpose = 'second_step'")
    _purposes(PURPOSES_BEFORE)
    op.drop_constraint(op.f("fk_one_time_link_session_id"), "one_time_link", type_="foreignkey")
    op.drop_column("one_time_link", "session_id")
    op.drop_table("access_refusal")


def _purposes(allowed: str) -> None:
    op.drop_constraint(op.f("ck_one_time_link_purpose"), "one_time_link", type_="check")
    op.create_check_constraint(op.f("ck_one_time_link_purpose"), "one_time_link", allowed)
