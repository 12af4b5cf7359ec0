"""Functions of identity: the way from host, session and credential to a scope.

Each is owned by `msp_definer`, which holds just the rights of TABLES, has a fixed search path and returns only
what its caller needs. Those that act for somebody are bound to `msp.actor` where a scope exists.
"""

# what the owner of the functions may do, table by table
TABLES = {
    "tenant": "SELECT",
    "branding": "SELECT",
    "contact": "SELECT",
    "managed_site": "SELECT",
    "agent": "SELECT",
    "agent_client": "SELECT",
    "installation": "SELECT",
    "host": "SELECT",
    "person": "SELECT, INSERT",
    "credential": "SELECT, INSERT, UPDATE",
    "recovery_code": "SELECT, INSERT, UPDATE, DELETE",
    "session": "SELECT, INSERT, UPDATE",
    "one_time_link": "SELECT, INSERT, UPDATE",
    "api_token": "SELECT, INSERT, UPDATE",
}

_DEFINER = "LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp"
_PLPGSQL = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"
_SIGNIN = "msp_signin"
_EVERYONE = "msp_signin, msp_tenant, msp_agent, msp_staff"

FUNCTIONS: list[tuple[str, str, str]] = [
    (
        "provider_tenant()",
        f"CREATE FUNCTION provider_tenant() RETURNS uuid STABLE {_DEFINER} AS $$ SELECT provider_id FROM installation $$",
        _EVERYONE,
    ),
    (
        "actor_person()",
        f"""CREATE FUNCTION actor_person() RETURNS uuid STABLE {_DEFINER} AS $$
            SELECT person_id FROM contact
             WHERE current_setting('role') = 'msp_tenant' AND tenant_id = scope_tenant() AND id = scope_actor()
            UNION ALL
            SELECT person_id FROM agent WHERE current_setting('role') IN ('msp_agent', 'msp_staff') AND id = scope_actor()
        $$""",
        "msp_definer",
    ),
    (
        "tenant_of_host(text)",
        f"""CREATE FUNCTION tenant_of_host(p_host text) RETURNS TABLE (
            id uuid, kind text, key text, name text, status text, time_zone text, language text, hue int,
            provider_id uuid, provider_name text, environment text,
            display_name text, colour text, logo_svg text, support_phone text, welcome text)
        STABLE {_DEFINER} AS $$
            SELECT t.id, t.kind, t.key, t.name, t.status, t.time_zone, t.language, t.hue,
                   p.id, p.name, i.environment,
                   coalesce(b.display_name, t.name), coalesce(b.colour, '#1f5f8b'), b.logo_svg, b.support_phone, b.welcome
            FROM host h JOIN tenant t ON t.id = h.tenant_id
                 CROSS JOIN installation i JOIN tenant p ON p.id = i.provider_id
                 LEFT JOIN branding b ON b.tenant_id = t.id
            WHERE h.name = p_host
        $$""",
        _SIGNIN,
    ),
    (
        "provider()",
        f"""CREATE FUNCTION provider() RETURNS TABLE (id uuid, key text, name text, environment text)
        STABLE {_DEFINER} AS $$
            SELECT p.id, p.key, p.name, i.environment FROM installation i JOIN tenant p ON p.id = i.provider_id
        $$""",
        _EVERYONE,
    ),
    (
        "host_of(uuid)",
        f"""CREATE FUNCTION host_of(p_tenant uuid) RETURNS text STABLE {_DEFINER} AS $$
            SELECT h.name FROM host h WHERE h.tenant_id = p_tenant AND h.is_primary
              AND (current_setting('role') IN ('msp_staff', 'msp_signin') OR p_tenant = scope_tenant()
                   OR p_tenant = ANY (scope_tenants())
                   OR (current_setting('role') = 'msp_agent' AND p_tenant = provider_tenant()))
        $$""",
        _EVERYONE,
    ),
    (
        "session_of(text, text, int)",
        f"""CREATE FUNCTION session_of(p_token_hash text, p_host text, p_idle_seconds int) RETURNS TABLE (
            id uuid, person_id uuid, tenant_id uuid, contact_id uuid, agent_id uuid, name text, e_mail text,
            roles text[], site_ids uuid[], client_ids uuid[], time_zone text, hue int, preferences jsonb,
            created_at timestamptz, last_seen_at timestamptz, reauthenticated_at timestamptz,
            second_factor_at timestamptz, has_second_factor boolean)
        STABLE {_DEFINER} AS $$
            SELECT s.id, s.person_id, s.tenant_id, s.contact_id, s.agent_id,
                   coalesce(a.name, c.name), p.e_mail, coalesce(a.roles, c.roles),
                   ARRAY(SELECT m.site_id FROM managed_site m WHERE m.tenant_id = c.tenant_id AND m.contact_id = c.id),
                   CASE WHEN a.is_limited THEN ARRAY(SELECT x.client_id FROM agent_client x WHERE x.agent_id = a.id) END,
                   coalesce(a.time_zone, t.time_zone), coalesce(a.hue, t.hue), coalesce(a.preferences, '{{}}'::jsonb),
                   s.created_at, s.last_seen_at, s.reauthenticated_at, s.second_factor_at,
                   k.totp_confirmed_at IS NOT NULL
            FROM session s JOIN tenant t ON t.id = s.tenant_id JOIN person p ON p.id = s.person_id
                 LEFT JOIN contact c ON c.tenant_id = s.tenant_id AND c.id = s.contact_id
                 LEFT JOIN agent a ON a.id = s.agent_id
                 LEFT JOIN credential k ON k.person_id = s.person_id
            WHERE s.token_hash = p_token_hash AND s.host = p_host AND s.ended_at IS NULL
              AND s.expires_at > now() AND s.last_seen_at > now() - make_interval(secs => p_idle_seconds)
              AND t.status = 'active' AND coalesce(a.is_active, c.is_active)
        $$""",
        _SIGNIN,
    ),
    (
        "credential_of(uuid, text)",
        f"""CREATE FUNCTION credential_of(p_tenant uuid, p_e_mail text) RETURNS TABLE (
            person_id uuid, contact_id uuid, agent_id uuid, name text, password_hash text,
            totp_secret text, has_second_factor boolean, totp_last_step bigint)
        STABLE {_DEFINER} AS $$
            SELECT p.id, c.id, a.id, coalesce(a.name, c.name), k.password_hash,
                   k.totp_secret, k.totp_confirmed_at IS NOT NULL, k.totp_last_step
            FROM person p JOIN tenant t ON t.id = p_tenant AND t.status = 'active'
                 LEFT JOIN credential k ON k.person_id = p.id
                 LEFT JOIN contact c ON t.kind = 'client' AND c.tenant_id = t.id AND c.person_id = p.id AND c.is_active
                 LEFT JOIN agent a ON t.kind = 'provider' AND a.person_id = p.id AND a.is_active
            WHERE p.e_mail = lower(p_e_mail) AND (c.id IS NOT NULL OR a.id IS NOT NULL)
        $$""",
        _SIGNIN,
    ),
    (
        "open_session(text, uuid, uuid, text, text, text, boolean, int)",
        f"""CREATE FUNCTION open_session(p_token_hash text, p_tenant uuid, p_person uuid, p_host text, p_address text,
            p_user_agent text, p_second_factor boolean, p_lifetime_seconds int) RETURNS uuid {_PLPGSQL} AS $$
        DECLARE v_contact uuid; v_agent uuid; v_id uuid := uuidv7();
        BEGIN
            SELECT c.id INTO v_contact FROM contact c JOIN tenant t ON t.id = c.tenant_id AND t.kind = 'client' AND t.status = 'active'
             WHERE c.tenant_id = p_tenant AND c.person_id = p_person AND c.is_active;
            SELECT a.id INTO v_agent FROM agent a JOIN tenant t ON t.id = p_tenant AND t.kind = 'provider'
             WHERE a.person_id = p_person AND a.is_active;
            IF v_contact IS NULL AND v_agent IS NULL THEN RETURN NULL; END IF;
            INSERT INTO session (id, token_hash, person_id, tenant_id, host, contact_id, agent_id, expires_at,
                                 reauthenticated_at, second_factor_at, address, user_agent)
            VALUES (v_id, p_token_hash, p_person, p_tenant, p_host, v_contact, v_agent,
                    now() + make_interval(secs => p_lifetime_seconds), now(),
                    CASE WHEN p_second_factor THEN now() END, p_address, left(p_user_agent, 400));
            RETURN v_id;
        END $$""",
        _SIGNIN,
    ),
    (
        "touch_session(uuid)",
        f"""CREATE FUNCTION touch_session(p_id uuid) RETURNS void {_DEFINER} AS $$
            UPDATE session SET last_seen_at = now() WHERE id = p_id AND ended_at IS NULL
        $$""",
        _SIGNIN,
    ),
    (
        "end_session(text, text)",
        f"""CREATE FUNCTION end_session(p_token_hash text, p_reason text) RETURNS void {_DEFINER} AS $$
            UPDATE session SET ended_at = now(), end_reason = p_reason WHERE token_hash = p_token_hash AND ended_at IS NULL
        $$""",
        _SIGNIN,
    ),
    (
        "end_sessions(uuid, uuid, text)",
        f"""CREATE FUNCTION end_sessions(p_person uuid, p_except uuid, p_reason text) RETURNS int {_PLPGSQL} AS $$
        DECLARE v_count int;
        BEGIN
            UPDATE session SET ended_at = now(), end_reason = p_reason
             WHERE person_id = p_person AND ended_at IS NULL AND id IS DISTINCT FROM p_except
               AND (current_setting('role') IN ('msp_staff', 'msp_signin') OR person_id = actor_person()
                    OR (current_setting('role') = 'msp_tenant' AND tenant_id = scope_tenant())
                    OR (current_setting('role') = 'msp_agent' AND tenant_id = ANY (scope_tenants())));
            GET DIAGNOSTICS v_count = ROW_COUNT;
            RETURN v_count;
        END $$""",
        _EVERYONE,
    ),
    (
        "make_link(text, text, uuid, uuid, int)",
        f"""CREATE FUNCTION make_link(p_hash text, p_purpose text, p_person uuid, p_tenant uuid, p_lifetime_seconds int)
        RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            IF current_setting('role') = 'msp_tenant' AND (p_tenant <> scope_tenant() OR p_purpose <> 'invitation') THEN
                RETURN false;
            END IF;
            IF current_setting('role') = 'msp_agent' AND (p_purpose <> 'invitation' OR NOT p_tenant = ANY (scope_tenants())) THEN
                RETURN false;
            END IF;
            IF NOT EXISTS (SELECT 1 FROM contact WHERE tenant_id = p_tenant AND person_id = p_person AND is_active)
               AND NOT (p_tenant = provider_tenant() AND EXISTS (SELECT 1 FROM agent WHERE person_id = p_person AND is_active)) THEN
                RETURN false;
            END IF;
            INSERT INTO one_time_link (hash, purpose, person_id, tenant_id, expires_at)
            VALUES (p_hash, p_purpose, p_person, p_tenant, now() + make_interval(secs => p_lifetime_seconds));
            RETURN true;
        END $$""",
        _EVERYONE,
    ),
    (
        "one_time_link_of(text)",
        f"""CREATE FUNCTION one_time_link_of(p_hash text) RETURNS TABLE (
            purpose text, person_id uuid, tenant_id uuid, name text, e_mail text, has_password boolean)
        STABLE {_DEFINER} AS $$
            SELECT l.purpose, l.person_id, l.tenant_id, p.name, p.e_mail, k.password_hash IS NOT NULL
            FROM one_time_link l JOIN person p ON p.id = l.person_id LEFT JOIN credential k ON k.person_id = p.id
                 JOIN tenant t ON t.id = l.tenant_id AND t.status = 'active'
            WHERE l.hash = p_hash AND l.spent_at IS NULL AND l.expires_at > now()
        $$""",
        _SIGNIN,
    ),
    (
        "spend_link(text, text, uuid)",
        f"""CREATE FUNCTION spend_link(p_hash text, p_purpose text, p_tenant uuid) RETURNS uuid {_DEFINER} AS $$
            UPDATE one_time_link SET spent_at = now()
             WHERE hash = p_hash AND purpose = p_purpose AND tenant_id = p_tenant AND spent_at IS NULL AND expires_at > now()
            RETURNING person_id
        $$""",
        _SIGNIN,
    ),
    (
        "set_credential(uuid, text)",
        f"""CREATE FUNCTION set_credential(p_person uuid, p_password_hash text) RETURNS void {_PLPGSQL} AS $$
        BEGIN
            IF current_setting('role') <> 'msp_signin' AND p_person IS DISTINCT FROM actor_person() THEN
                RAISE EXCEPTION 'a credential is set by its own person' USING ERRCODE = 'insufficient_privilege';
            END IF;
            INSERT INTO credential (person_id, password_hash) VALUES (p_person, p_password_hash)
            ON CONFLICT (person_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = now();
            -- what was asked for under the old password is void
            UPDATE one_time_link SET spent_at = now()
             WHERE person_id = p_person AND purpose <> 'invitation' AND spent_at IS NULL;
        END $$""",
        _EVERYONE,
    ),
    (
        "person_for_invitation(text, text)",
        f"""CREATE FUNCTION person_for_invitation(p_e_mail text, p_name text) RETURNS uuid {_PLPGSQL} AS $$
        DECLARE v_id uuid;
        BEGIN
            INSERT INTO person (id, e_mail, name) VALUES (uuidv7(), lower(p_e_mail), p_name) ON CONFLICT (e_mail) DO NOTHING;
            SELECT id INTO v_id FROM person WHERE e_mail = lower(p_e_mail);
            RETURN v_id;
        END $$""",
        "msp_tenant, msp_agent, msp_staff",
    ),
    (
        "revoked_since(timestamptz)",
        f"""CREATE FUNCTION revoked_since(p_since timestamptz) RETURNS TABLE (session_id uuid) STABLE {_DEFINER} AS $$
            SELECT id FROM session WHERE ended_at >= p_since
        $$""",
        "msp_live",
    ),
]
