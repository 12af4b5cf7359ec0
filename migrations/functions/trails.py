"""Reading the audit trail and the refused accesses: application roles hold no right to read either table.

Owned by `msp_definer`. The role and the clients come from the settings of the transaction, never from an argument:
an agent limited to clients gets their rows only, and arguments can only narrow. Whether a person may read at all is
a permission, which the caller asks for before.
"""

# what the owner of the functions may do beyond what it already may
RIGHTS = {"audit_entry": "SELECT"}

_PLPGSQL = (
    "LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan"
)
_READERS = "msp_agent, msp_staff"
_SCOPE = """
    IF v_role = 'msp_agent' THEN v_tenants := coalesce(scope_tenants(), '{}');
    ELSIF v_role <> 'msp_staff' THEN RAISE EXCEPTION 'no scope' USING ERRCODE = 'insufficient_privilege';
    END IF;"""


def _reader(table: str, name: str, arguments: str, narrowed: str) -> str:
    """The newest rows first, from the place of a keyset on; `p_backward` reads towards the newer ones."""
    condition = f"""(v_tenants IS NULL OR t.tenant_id = ANY (v_tenants)) AND (p_tenant IS NULL OR t.tenant_id = p_tenant)
               AND (p_since IS NULL OR t.at >= p_since) AND (p_until IS NULL OR t.at < p_until) {narrowed}"""
    return f"""CREATE FUNCTION {name}({arguments}, p_tenant uuid, p_since timestamptz, p_until timestamptz,
            p_at timestamptz, p_id uuid, p_backward boolean, p_limit int)
        RETURNS SETOF {table} {_PLPGSQL} AS $$
        DECLARE
            v_role text := current_setting('role');
            v_tenants uuid[];
        BEGIN{_SCOPE}
            IF p_backward THEN
                RETURN QUERY SELECT t.* FROM {table} t WHERE {condition} AND (t.at, t.id) > (p_at, p_id)
                    ORDER BY t.at, t.id LIMIT p_limit;
            ELSE
                RETURN QUERY SELECT t.* FROM {table} t WHERE {condition} AND (p_id IS NULL OR (t.at, t.id) < (p_at, p_id))
                    ORDER BY t.at DESC, t.id DESC LIMIT p_limit;
            END IF;
        END $$"""


_PLACE = "uuid, timestamptz, timestamptz, timestamptz, uuid, boolean, integer"

FUNCTIONS: list[tuple[str, str, str]] = [
    (
        f"read_audit(uuid, text, {_PLACE})",
        _reader(
            "audit_entry", "read_audit", "p_actor uuid, p_subject text",
            "AND (p_actor IS NULL OR t.actor_id = p_actor) AND (p_subject IS NULL OR t.subject = p_subject)",
        ),
        _READERS,
    ),
    (
        f"read_refusals(text, {_PLACE})",
        _reader("access_refusal", "read_refusals", "p_reason text", "AND (p_reason IS NULL OR t.reason = p_reason)"),
        _READERS,
    ),
]  # fmt: skip
