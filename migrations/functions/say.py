"""Who has a say over whose way in: what replaces the functions of the same names in `identity` and `identity_more`.

A limited agent has a say over a person only if everything that this person can see lies within his own clients. What was
asked for is done or refused: no function ends some sessions and says nothing of the others.
"""

_DEFINER = "LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp"
_PLPGSQL = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"
_SIGNED_IN = "msp_tenant, msp_agent, msp_staff"
_EVERYONE = "msp_signin, msp_tenant, msp_agent, msp_staff"

_HELPERS: list[tuple[str, str, str]] = [
    (
        "agent_in_scope(uuid)",
        f"""CREATE OR REPLACE FUNCTION agent_in_scope(p_agent uuid) RETURNS boolean STABLE {_DEFINER} AS $$
            SELECT current_setting('role') = 'msp_agent' AND EXISTS (
                SELECT 1 FROM agent a WHERE a.id = p_agent AND a.is_limited AND NOT EXISTS (
                    SELECT 1 FROM agent_client x WHERE x.agent_id = a.id AND NOT x.client_id = ANY (scope_tenants())))
        $$""",
        "msp_definer",
    ),
    (
        "person_in_scope(uuid)",
        f"""CREATE OR REPLACE FUNCTION person_in_scope(p_person uuid) RETURNS boolean STABLE {_DEFINER} AS $$
            SELECT current_setting('role') = 'msp_staff' OR (current_setting('role') = 'msp_agent'
               AND NOT EXISTS (SELECT 1 FROM contact c WHERE c.person_id = p_person AND NOT c.tenant_id = ANY (scope_tenants()))
               AND NOT EXISTS (SELECT 1 FROM agent a WHERE a.person_id = p_person AND NOT agent_in_scope(a.id)))
        $$""",
        "msp_definer",
    ),
]

NEW: list[tuple[str, str, str]] = [
    *_HELPERS,
    (
        "end_sessions_of(uuid, uuid, uuid, text)",
        f"""CREATE OR REPLACE FUNCTION end_sessions_of(p_person uuid, p_tenant uuid, p_except uuid, p_reason text)
        RETURNS int {_PLPGSQL} AS $$
        DECLARE v_count int;
        BEGIN
            UPDATE session SET ended_at = now(), end_reason = p_reason
             WHERE person_id = p_person AND tenant_id = p_tenant AND ended_at IS NULL AND id IS DISTINCT FROM p_except
               AND (current_setting('role') = 'msp_staff'
                    OR (current_setting('role') = 'msp_tenant' AND tenant_id = scope_tenant())
                    OR (current_setting('role') = 'msp_agent' AND (tenant_id = ANY (scope_tenants()) OR agent_in_scope(agent_id))));
            GET DIAGNOSTICS v_count = ROW_COUNT;
            IF EXISTS (SELECT 1 FROM session WHERE person_id = p_person AND tenant_id = p_tenant AND ended_at IS NULL
                          AND expires_at > now() AND id IS DISTINCT FROM p_except) THEN
                RAISE EXCEPTION 'there are sessions that this role cannot end' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN v_count;
        END $$""",
        _SIGNED_IN,
    ),
    (
        "has_second_factor(uuid)",
        f"""CREATE OR REPLACE FUNCTION has_second_factor(p_person uuid) RETURNS boolean STABLE {_DEFINER} AS $$
            -- null: it is not for the caller to know
            SELECT CASE WHEN person_in_scope(p_person) THEN EXISTS (
                SELECT 1 FROM credential WHERE person_id = p_person AND totp_secret IS NOT NULL) END
        $$""",
        "msp_agent, msp_staff",
    ),
]

REPLACED: list[tuple[str, str, str]] = [
    (
        "end_sessions(uuid, uuid, text)",
        f"""CREATE OR REPLACE FUNCTION end_sessions(p_person uuid, p_except uuid, p_reason text) RETURNS int {_PLPGSQL} AS $$
        DECLARE v_count int;
        BEGIN
            UPDATE session SET ended_at = now(), end_reason = p_reason
             WHERE person_id = p_person AND ended_at IS NULL AND id IS DISTINCT FROM p_except
               AND (current_setting('role') = 'msp_signin' OR person_id = actor_person() OR person_in_scope(p_person));
            GET DIAGNOSTICS v_count = ROW_COUNT;
            IF EXISTS (SELECT 1 FROM session WHERE person_id = p_person AND ended_at IS NULL AND expires_at > now()
                          AND id IS DISTINCT FROM p_except) THEN
                RAISE EXCEPTION 'there are sessions that this role cannot end' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN v_count;
        END $$""",
        _EVERYONE,
    ),
    (
        "make_link(text, text, uuid, uuid, int)",
        f"""CREATE OR REPLACE FUNCTION make_link(p_hash text, p_purpose text, p_person uuid, p_tenant uuid, p_lifetime_seconds int)
        RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            IF current_setting('role') = 'msp_tenant' AND (p_tenant <> scope_tenant() OR p_purpose <> 'invitation') THEN
                RETURN false;
            END IF;
            IF current_setting('role') = 'msp_agent' AND (p_purpose <> 'invitation' OR NOT (
                   p_tenant = ANY (scope_tenants()) OR (p_tenant = provider_tenant() AND EXISTS (
                       SELECT 1 FROM agent a WHERE a.person_id = p_person AND agent_in_scope(a.id))))) THEN
                RETURN false;
            END IF;
            -- the copy of the address, which a link is mailed to, is the one that the person signs in with
            IF NOT EXISTS (SELECT 1 FROM contact c JOIN person p ON p.id = c.person_id AND p.e_mail = c.e_mail
                            WHERE c.tenant_id = p_tenant AND c.person_id = p_person AND c.is_active)
               AND NOT (p_tenant = provider_tenant() AND EXISTS (
                   SELECT 1 FROM agent a JOIN person p ON p.id = a.person_id AND p.e_mail = a.e_mail
                    WHERE a.person_id = p_person AND a.is_active)) THEN
                RETURN false;
            END IF;
            INSERT INTO one_time_link (hash, purpose, person_id, tenant_id, expires_at)
            VALUES (p_hash, p_purpose, p_person, p_tenant, now() + make_interval(secs => p_lifetime_seconds));
            RETURN true;
        END $$""",
        _EVERYONE,
    ),
    (
        "drop_second_factor(uuid)",
        f"""CREATE OR REPLACE FUNCTION drop_second_factor(p_person uuid) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            -- his own; or by those who see all that he sees, for somebody who lost his telephone and his codes
            IF p_person IS DISTINCT FROM actor_person() AND NOT person_in_scope(p_person) THEN RETURN false; END IF;
            UPDATE credential SET totp_secret = NULL, totp_confirmed_at = NULL, totp_last_step = NULL
             WHERE person_id = p_person AND totp_secret IS NOT NULL;
            IF NOT FOUND THEN RETURN false; END IF;
            DELETE FROM recovery_code WHERE person_id = p_person;
            RETURN true;
        END $$""",
        _SIGNED_IN,
    ),
]

FUNCTIONS = NEW + REPLACED
