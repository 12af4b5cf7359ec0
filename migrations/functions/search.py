"""Full-text search: operators of text search cannot use an index under a policy, so the function applies the scope itself.

Owned by `msp_search`, which can only read. It takes the role and clients of its caller from the settings of the
transaction and never from an argument; `p_tenants` can only narrow.
"""

TABLES = {"ticket": "SELECT", "message": "SELECT"}

SIGNATURE = "search_tickets(text, uuid[], timestamptz, int)"
SOURCE = """
CREATE FUNCTION search_tickets(p_words text, p_tenants uuid[], p_since timestamptz, p_limit int)
RETURNS TABLE (tenant_id uuid, ticket_id uuid) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_role text := current_setting('role');
    v_query tsquery := websearch_to_tsquery('simple'::regconfig, p_words);
    v_tenants uuid[];
BEGIN
    IF numnode(v_query) = 0 THEN RETURN; END IF;
    IF v_role = 'msp_tenant' THEN v_tenants := ARRAY[scope_tenant()];
    ELSIF v_role = 'msp_agent' THEN v_tenants := scope_tenants();
    ELSIF v_role = 'msp_staff' THEN v_tenants := p_tenants;
    ELSE RAISE EXCEPTION 'no scope' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF p_tenants IS NOT NULL THEN
        v_tenants := ARRAY(SELECT t FROM unnest(v_tenants) t WHERE t = ANY (p_tenants));
    END IF;
    IF v_tenants IS NULL AND v_role = 'msp_staff' THEN
        RETURN QUERY
            SELECT f.tenant_id, f.id FROM (
                SELECT t.tenant_id, t.id, t.updated_at FROM ticket t WHERE t.search @@ v_query AND t.updated_at >= p_since
                UNION
                SELECT t.tenant_id, t.id, t.updated_at FROM message m JOIN ticket t ON t.tenant_id = m.tenant_id AND t.id = m.ticket_id
                 WHERE m.search @@ v_query AND m.sent_at >= p_since
            ) f ORDER BY f.updated_at DESC, f.id DESC LIMIT p_limit;
    ELSE
        RETURN QUERY
            SELECT f.tenant_id, f.id FROM (
                SELECT t.tenant_id, t.id, t.updated_at FROM ticket t
                 WHERE t.tenant_id = ANY (v_tenants) AND t.search @@ v_query AND t.updated_at >= p_since
                UNION
                SELECT t.tenant_id, t.id, t.updated_at FROM message m JOIN ticket t ON t.tenant_id = m.tenant_id AND t.id = m.ticket_id
                 WHERE m.tenant_id = ANY (v_tenants) AND m.search @@ v_query AND m.sent_at >= p_since
                   AND (v_role <> 'msp_tenant' OR NOT m.is_internal)
            ) f ORDER BY f.updated_at DESC, f.id DESC LIMIT p_limit;
    END IF;
END $$
"""
ROLES = "msp_tenant, msp_agent, msp_staff"
