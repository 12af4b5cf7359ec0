"""Row-level security as migrations write it: one call for each table.

Every policy names its role and compares one column with one setting. Nothing else is indexable under a policy:
no OR, no EXISTS, no sub-query over another table.
"""

from alembic import op

STAFF_SIDE = ("msp_agent", "msp_staff")


def client_table(
    name: str, *, tenant: str = "SELECT", staff: str = "SELECT, INSERT, UPDATE", internal: bool = False, key: str = "tenant_id"
) -> None:
    """A table of client rows. `tenant`: the rights of contacts; `internal`: hide rows with `is_internal`."""
    _secure(name)
    _policy(name, "tenant_rows", "msp_tenant", f"{key} = (SELECT scope_tenant())")
    _policy(name, "agent_rows", "msp_agent", f"{key} = ANY ((SELECT scope_tenants())::uuid[])")
    _policy(name, "staff_rows", "msp_staff", "true")
    if internal:
        op.execute(
            f"CREATE POLICY no_internal_rows ON {name} AS RESTRICTIVE FOR ALL TO msp_tenant"
            " USING (NOT is_internal) WITH CHECK (NOT is_internal)"
        )
    _grant(name, tenant, "msp_tenant")
    for role in STAFF_SIDE:
        _grant(name, staff, role)


def provider_table(name: str, *, staff: str = "SELECT, INSERT, UPDATE") -> None:
    """A table of the provider: contacts have no right on it."""
    _secure(name)
    for role in STAFF_SIDE:
        _policy(name, f"{role.removeprefix('msp_')}_rows", role, "true")
        _grant(name, staff, role)


def published_table(name: str, *, staff: str = "SELECT, INSERT, UPDATE") -> None:
    """Written by the provider, read by every client where the audience is all."""
    _secure(name)
    op.execute(f"CREATE POLICY tenant_rows ON {name} FOR SELECT TO msp_tenant USING (audience = 'all')")
    _grant(name, "SELECT", "msp_tenant")
    for role in STAFF_SIDE:
        _policy(name, f"{role.removeprefix('msp_')}_rows", role, "true")
        _grant(name, staff, role)


def platform_table(name: str, *, staff: str = "") -> None:
    """A table beside the clients: no portal or limited-agent role has a right on it."""
    _secure(name)
    _policy(name, "staff_rows", "msp_staff", "true")
    _grant(name, staff, "msp_staff")


def definer_rows(name: str, *, role: str = "msp_definer", rights: str = "SELECT") -> None:
    """Let the owner of the reviewed functions see the rows of a FORCE table."""
    _policy(name, f"{role.removeprefix('msp_')}_rows", role, "true")
    _grant(name, rights, role)


def function(source: str, signature: str, *, owner: str = "msp_definer", roles: str) -> None:
    """Create a reviewed SECURITY DEFINER function and let just `roles` call it."""
    op.execute(source)
    op.execute(f"ALTER FUNCTION {signature} OWNER TO {owner}")
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {roles}")


def _secure(name: str) -> None:
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")


def _policy(name: str, policy: str, role: str, condition: str) -> None:
    op.execute(f"CREATE POLICY {policy} ON {name} FOR ALL TO {role} USING ({condition}) WITH CHECK ({condition})")


def _grant(name: str, rights: str, role: str) -> None:
    if rights:
        op.execute(f"GRANT {rights} ON {name} TO {role}")
