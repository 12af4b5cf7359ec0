"""Scope functions, policies and grants of the first tables; functions that work before a scope exists."""

from alembic import op

from migrations.functions import identity
from migrations.isolation import (
    client_table,
    definer_rows,
    function,
    platform_table,
    provider_table,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCOPE_FUNCTIONS = {
    "scope_tenant()": "RETURNS uuid AS $$ SELECT NULLIF(current_setting('msp.tenant', true), '')::uuid $$",
    "scope_tenants()": "RETURNS uuid[] AS $$ SELECT NULLIF(current_setting('msp.tenants', true), '')::uuid[] $$",
    "scope_actor()": "RETURNS uuid AS $$ SELECT NULLIF(current_setting('msp.actor', true), '')::uuid $$",
}
ALL_ROLES = "msp_tenant, msp_agent, msp_staff, msp_definer, msp_search"


def upgrade() -> None:
    for signature, body in SCOPE_FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} {body} LANGUAGE sql STABLE PARALLEL SAFE")
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {ALL_ROLES}")
    _tenancy()
    _outbox()
    for name, rights in identity.TABLES.items():
        definer_rows(name, rights=rights)
    for signature, source, roles in identity.FUNCTIONS:
        function(source, signature, roles=roles)
    _audit()


def _tenancy() -> None:
    client_table("tenant", key="id")
    client_table("branding", tenant="SELECT, UPDATE")
    client_table("site", tenant="SELECT, INSERT, UPDATE")
    client_table("contact", tenant="SELECT, INSERT, UPDATE")
    client_table("managed_site", tenant="SELECT, INSERT, DELETE", staff="SELECT, INSERT, DELETE")
    provider_table("agent")
    provider_table("agent_client", staff="SELECT, INSERT, DELETE")
    provider_table("team")
    provider_table("team_member", staff="SELECT, INSERT, UPDATE, DELETE")
    platform_table("installation", staff="SELECT, INSERT, UPDATE")
    platform_table("host", staff="SELECT, INSERT, UPDATE, DELETE")
    for name in ("person", "credential", "recovery_code", "session", "one_time_link", "api_token"):
        platform_table(name)


def _outbox() -> None:
    """A row carries its writer's own scope: the check compares role and clients with what the writer has."""
    op.execute("ALTER TABLE outbox ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE outbox FORCE ROW LEVEL SECURITY")
    own = "tenant_ids = ARRAY[(SELECT scope_tenant())]"
    mine = "cardinality(tenant_ids) > 0 AND tenant_ids <@ (SELECT scope_tenants())::uuid[]"
    op.execute(f"CREATE POLICY tenant_rows ON outbox FOR ALL TO msp_tenant USING ({own}) WITH CHECK ({own} AND scope_role = 'msp_tenant')")
    op.execute(f"CREATE POLICY agent_rows ON outbox FOR ALL TO msp_agent USING ({mine}) WITH CHECK ({mine})")
    op.execute("CREATE POLICY staff_rows ON outbox FOR ALL TO msp_staff USING (true) WITH CHECK (true)")
    op.execute("GRANT INSERT, SELECT (id, claim, done_at), UPDATE (done_at) ON outbox TO msp_tenant")
    op.execute("GRANT INSERT, SELECT, UPDATE (done_at) ON outbox TO msp_agent")
    op.execute("GRANT SELECT, INSERT, UPDATE ON outbox TO msp_staff")
    # A new row of an agent is his own; only `done_at` of others' rows changes, by a job bound to his role.
    op.execute("CREATE POLICY agent_writes_own ON outbox AS RESTRICTIVE FOR INSERT TO msp_agent WITH CHECK (scope_role = 'msp_agent')")


def _audit() -> None:
    op.execute("ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY")
    who = "actor_id IS NOT DISTINCT FROM (SELECT scope_actor())"
    op.execute(f"CREATE POLICY tenant_rows ON audit_entry FOR INSERT TO msp_tenant WITH CHECK ({who} AND tenant_id = (SELECT scope_tenant()))")
    op.execute(
        f"CREATE POLICY agent_rows ON audit_entry FOR INSERT TO msp_agent WITH CHECK ({who} AND (tenant_id = ANY ((SELECT scope_tenants())::uuid[])"
        " OR tenant_id = (SELECT provider_tenant())))"
    )
    op.execute(f"CREATE POLICY staff_rows ON audit_entry FOR INSERT TO msp_staff WITH CHECK ({who})")
    op.execute("GRANT INSERT ON audit_entry TO msp_tenant, msp_agent, msp_staff")


def downgrade() -> None:
    for signature, _, _ in reversed(identity.FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature} CASCADE")
    for name in ("audit_entry", "outbox", *identity.TABLES, "site", "managed_site", "team", "team_member"):
        for policy in ("tenant_rows", "agent_rows", "staff_rows", "definer_rows", "agent_writes_own"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {name}")
        op.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
    for signature in SCOPE_FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
