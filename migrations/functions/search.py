"""Full-text search: operators of text search cannot use an index under a policy, so the function applies the scope itself.

Owned by `msp_search`, which can only read. It takes the role and clients of its caller from the settings of the
transaction and never from an argument; arguments can only narrow.
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

# Since 0016: what narrows a list narrows the search before its limit cuts, so that nobody loses his own tickets to newer ones.
# A ticket of the caller is one that he asked for, one among `p_followed`, or one at `p_own_sites`; the rest holds for all.
_NARROWED = """
                   AND (NOT v_owned OR t.requester_id = p_requester OR t.id = ANY (p_followed) OR t.site_id = ANY (p_own_sites))
                   AND (p_sites IS NULL OR t.site_id = ANY (p_sites))
                   AND (p_open IS NULL OR t.is_open = p_open)
                   AND (p_statuses IS NULL OR t.status = ANY (p_statuses))
                   AND (p_assignees IS NULL OR t.assignee_id = ANY (p_assignees))"""
NARROWED_SIGNATURE = "search_tickets(text, uuid[], int, uuid, uuid[], uuid[], uuid[], boolean, text[], uuid[])"
NARROWED_SOURCE = f"""
CREATE FUNCTION search_tickets(
    p_words text, p_tenants uuid[], p_limit int, p_requester uuid, p_followed uuid[], p_own_sites uuid[], p_sites uuid[],
    p_open boolean, p_statuses text[], p_assignees uuid[]
) RETURNS TABLE (tenant_id uuid, ticket_id uuid) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_role text := current_setting('role');
    v_query tsquery := websearch_to_tsquery('simple'::regconfig, p_words);
    v_owned boolean := p_requester IS NOT NULL OR p_followed IS NOT NULL OR p_own_sites IS NOT NULL;
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
                SELECT t.tenant_id, t.id, t.updated_at FROM ticket t WHERE t.search @@ v_query{_NARROWED}
                UNION
                SELECT t.tenant_id, t.id, t.updated_at FROM message m JOIN ticket t ON t.tenant_id = m.tenant_id AND t.id = m.ticket_id
                 WHERE m.search @@ v_query{_NARROWED}
            ) f ORDER BY f.updated_at DESC, f.id DESC LIMIT p_limit;
    ELSE
        RETURN QUERY
            SELECT f.tenant_id, f.id FROM (
                SELECT t.tenant_id, t.id, t.updated_at FROM ticket t
                 WHERE t.tenant_id = ANY (v_tenants) AND t.search @@ v_query{_NARROWED}
                UNION
                SELECT t.tenant_id, t.id, t.updated_at FROM message m JOIN ticket t ON t.tenant_id = m.tenant_id AND t.id = m.ticket_id
                 WHERE m.tenant_id = ANY (v_tenants) AND m.search @@ v_query
                   AND (v_role <> 'msp_tenant' OR NOT m.is_internal){_NARROWED}
            ) f ORDER BY f.updated_at DESC, f.id DESC LIMIT p_limit;
    END IF;
END $$
"""
