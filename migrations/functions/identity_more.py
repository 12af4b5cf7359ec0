"""Functions of identity that came with sign-in: second factor, hand-over, own sessions, API tokens, records.

The same rules as in `identity`: owned by `msp_definer`, fixed search path. Those that a signed-in person calls find him
by `actor_person()` and take no person as an argument, so nobody can name another.
"""

# what the owner of the functions may do beyond `identity.TABLES`
TABLES = {"access_refusal": "SELECT, INSERT, DELETE", "audit_entry": "INSERT"}
MORE_RIGHTS = {"session": "DELETE", "one_time_link": "DELETE"}

_DEFINER = "LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp"
_PLPGSQL = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"
_SIGNIN = "msp_signin"
_SIGNED_IN = "msp_tenant, msp_agent, msp_staff"

RECORDS: list[tuple[str, str, str]] = [
    (
        "note_refusal(uuid, text, text, text, uuid, uuid, text, text, text, text)",
        f"""CREATE FUNCTION note_refusal(p_tenant uuid, p_reason text, p_host text, p_account text, p_actor uuid,
            p_token uuid, p_address text, p_user_agent text, p_request text, p_request_id text)
        RETURNS void {_DEFINER} AS $$
            INSERT INTO access_refusal (id, at, tenant_id, reason, host, account, actor_id, token_id, address,
                                        user_agent, request, request_id)
            VALUES (uuidv7(), now(), p_tenant, p_reason, p_host, p_account, p_actor, p_token, p_address,
                    p_user_agent, p_request, p_request_id)
        $$""",
        _SIGNIN,
    ),
    (
        "note_sign_in(text, uuid, uuid, text, text)",
        f"""CREATE FUNCTION note_sign_in(p_action text, p_tenant uuid, p_person uuid, p_address text, p_request_id text)
        RETURNS void {_DEFINER} AS $$
            INSERT INTO audit_entry (id, tenant_id, at, actor_id, actor_kind, actor_name, request_id, address,
                                     action, subject, subject_id, changes)
            SELECT uuidv7(), p_tenant, now(), coalesce(a.id, c.id), CASE WHEN a.id IS NULL THEN 'contact' ELSE 'agent' END,
                   coalesce(a.name, c.name, p.name), p_request_id, p_address, p_action, 'person', p.id, '{{}}'
            FROM person p LEFT JOIN contact c ON c.tenant_id = p_tenant AND c.person_id = p.id
                 LEFT JOIN agent a ON a.tenant_id = p_tenant AND a.person_id = p.id
            WHERE p.id = p_person
        $$""",
        _SIGNIN,
    ),
    (
        "forget_identity(int, int, int)",
        f"""CREATE FUNCTION forget_identity(p_link_days int, p_session_days int, p_refusal_days int) RETURNS void {_PLPGSQL} AS $$
        BEGIN
            DELETE FROM access_refusal WHERE at < now() - make_interval(days => p_refusal_days);
            DELETE FROM one_time_link WHERE expires_at < now() - make_interval(days => p_link_days);
            DELETE FROM session s WHERE coalesce(s.ended_at, s.expires_at) < now() - make_interval(days => p_session_days)
               AND NOT EXISTS (SELECT 1 FROM one_time_link l WHERE l.session_id = s.id);
        END $$""",
        "msp_staff",
    ),
]

SECOND_FACTOR: list[tuple[str, str, str]] = [
    (
        "use_totp_step(uuid, bigint)",
        f"""CREATE FUNCTION use_totp_step(p_person uuid, p_step bigint) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            -- one row, one condition: the same code sent twice at the same moment passes once
            UPDATE credential SET totp_last_step = p_step
             WHERE person_id = p_person AND totp_confirmed_at IS NOT NULL AND (totp_last_step IS NULL OR totp_last_step < p_step);
            RETURN FOUND;
        END $$""",
        _SIGNIN,
    ),
    (
        "spend_recovery_code(uuid, text)",
        f"""CREATE FUNCTION spend_recovery_code(p_person uuid, p_hash text) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            UPDATE recovery_code SET spent_at = now() WHERE person_id = p_person AND code_hash = p_hash AND spent_at IS NULL;
            RETURN FOUND;
        END $$""",
        _SIGNIN,
    ),
    (
        "own_credential()",
        f"""CREATE FUNCTION own_credential() RETURNS TABLE (
            person_id uuid, e_mail text, password_changed_at timestamptz, totp_secret text,
            totp_confirmed_at timestamptz, codes_left int)
        STABLE {_DEFINER} AS $$
            SELECT p.id, p.e_mail, k.changed_at, k.totp_secret, k.totp_confirmed_at,
                   (SELECT count(*)::int FROM recovery_code r WHERE r.person_id = p.id AND r.spent_at IS NULL)
            FROM person p LEFT JOIN credential k ON k.person_id = p.id WHERE p.id = actor_person()
        $$""",
        _SIGNED_IN,
    ),
    (
        "begin_totp(text)",
        f"""CREATE FUNCTION begin_totp(p_secret text) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            UPDATE credential SET totp_secret = p_secret, totp_last_step = NULL
             WHERE person_id = actor_person() AND totp_confirmed_at IS NULL;
            RETURN FOUND;
        END $$""",
        _SIGNED_IN,
    ),
    (
        "confirm_totp(bigint, text[])",
        f"""CREATE FUNCTION confirm_totp(p_step bigint, p_code_hashes text[]) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            UPDATE credential SET totp_confirmed_at = now(), totp_last_step = p_step
             WHERE person_id = actor_person() AND totp_confirmed_at IS NULL AND totp_secret IS NOT NULL;
            RETURN FOUND AND replace_recovery_codes(p_code_hashes);
        END $$""",
        _SIGNED_IN,
    ),
    (
        "replace_recovery_codes(text[])",
        f"""CREATE FUNCTION replace_recovery_codes(p_code_hashes text[]) RETURNS boolean {_PLPGSQL} AS $$
        DECLARE v_person uuid;
        BEGIN
            SELECT person_id INTO v_person FROM credential
             WHERE person_id = actor_person() AND totp_confirmed_at IS NOT NULL FOR UPDATE;
            IF v_person IS NULL THEN RETURN false; END IF;
            DELETE FROM recovery_code WHERE person_id = v_person;
            INSERT INTO recovery_code (id, person_id, code_hash) SELECT uuidv7(), v_person, h FROM unnest(p_code_hashes) h;
            RETURN true;
        END $$""",
        _SIGNED_IN,
    ),
    (
        "drop_second_factor(uuid)",
        f"""CREATE FUNCTION drop_second_factor(p_person uuid) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            -- his own; or by the staff, for somebody who lost his telephone and his codes
            IF p_person IS DISTINCT FROM actor_person() AND current_setting('role') <> 'msp_staff' THEN RETURN false; END IF;
            UPDATE credential SET totp_secret = NULL, totp_confirmed_at = NULL, totp_last_step = NULL
             WHERE person_id = p_person AND totp_secret IS NOT NULL;
            IF NOT FOUND THEN RETURN false; END IF;
            DELETE FROM recovery_code WHERE person_id = p_person;
            RETURN true;
        END $$""",
        _SIGNED_IN,
    ),
    (
        "rehash_credential(uuid, text, text)",
        f"""CREATE FUNCTION rehash_credential(p_person uuid, p_old text, p_new text) RETURNS void {_DEFINER} AS $$
            -- the same password under newer parameters: not a change, and never over one
            UPDATE credential SET password_hash = p_new WHERE person_id = p_person AND password_hash = p_old
        $$""",
        _SIGNIN,
    ),
]

SESSIONS: list[tuple[str, str, str]] = [
    (
        "own_sessions(int)",
        f"""CREATE FUNCTION own_sessions(p_idle_seconds int) RETURNS TABLE (
            id uuid, host text, company text, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz,
            address text, user_agent text, second_factor_at timestamptz)
        STABLE {_DEFINER} AS $$
            SELECT s.id, s.host, t.name, s.created_at, s.last_seen_at, s.expires_at, s.address, s.user_agent, s.second_factor_at
            FROM session s JOIN tenant t ON t.id = s.tenant_id
            WHERE s.person_id = actor_person() AND s.ended_at IS NULL AND s.expires_at > now()
              AND s.last_seen_at > now() - make_interval(secs => p_idle_seconds)
            ORDER BY s.last_seen_at DESC
        $$""",
        _SIGNED_IN,
    ),
    (
        "end_own_session(uuid, text)",
        f"""CREATE FUNCTION end_own_session(p_id uuid, p_reason text) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            UPDATE session SET ended_at = now(), end_reason = p_reason
             WHERE id = p_id AND person_id = actor_person() AND ended_at IS NULL;
            RETURN FOUND;
        END $$""",
        _SIGNED_IN,
    ),
    (
        "end_sessions_at(uuid, text)",
        f"""CREATE FUNCTION end_sessions_at(p_tenant uuid, p_reason text) RETURNS int {_PLPGSQL} AS $$
        DECLARE v_count int;
        BEGIN
            UPDATE session SET ended_at = now(), end_reason = p_reason
             WHERE tenant_id = p_tenant AND ended_at IS NULL
               AND (current_setting('role') = 'msp_staff' OR p_tenant = ANY (scope_tenants()));
            GET DIAGNOSTICS v_count = ROW_COUNT;
            RETURN v_count;
        END $$""",
        "msp_agent, msp_staff",
    ),
    (
        "renew_session(uuid, text, boolean)",
        f"""CREATE FUNCTION renew_session(p_id uuid, p_token_hash text, p_second_factor boolean) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            UPDATE session SET token_hash = p_token_hash, reauthenticated_at = now(),
                   second_factor_at = CASE WHEN p_second_factor THEN now() ELSE second_factor_at END
             WHERE id = p_id AND person_id = actor_person() AND ended_at IS NULL;
            RETURN FOUND;
        END $$""",
        _SIGNED_IN,
    ),
    (
        "own_companies()",
        f"""CREATE FUNCTION own_companies() RETURNS TABLE (tenant_id uuid, key text, name text, hue int, host text)
        STABLE {_DEFINER} AS $$
            SELECT t.id, t.key, coalesce(b.display_name, t.name), t.hue, h.name
            FROM contact c JOIN tenant t ON t.id = c.tenant_id AND t.kind = 'client' AND t.status = 'active'
                 JOIN host h ON h.tenant_id = t.id AND h.is_primary LEFT JOIN branding b ON b.tenant_id = t.id
            WHERE c.person_id = actor_person() AND c.is_active ORDER BY 3, 1
        $$""",
        "msp_tenant",
    ),
    (
        "make_hand_over(text, uuid, uuid, int)",
        f"""CREATE FUNCTION make_hand_over(p_hash text, p_session uuid, p_tenant uuid, p_lifetime_seconds int)
        RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            INSERT INTO one_time_link (hash, purpose, person_id, tenant_id, session_id, expires_at)
            SELECT p_hash, 'hand_over', s.person_id, o.tenant_id, s.id, now() + make_interval(secs => p_lifetime_seconds)
            FROM session s JOIN own_companies() o ON o.tenant_id = p_tenant
            WHERE s.id = p_session AND s.person_id = actor_person() AND s.tenant_id = scope_tenant() AND s.tenant_id <> p_tenant
              AND s.ended_at IS NULL AND s.expires_at > now();
            RETURN FOUND;
        END $$""",
        "msp_tenant",
    ),
    (
        "arrive(text, uuid, text, text, text, text)",
        f"""CREATE FUNCTION arrive(p_hash text, p_tenant uuid, p_host text, p_token_hash text, p_address text, p_user_agent text)
        RETURNS TABLE (person_id uuid, session_id uuid) {_PLPGSQL} AS $$
        DECLARE v_link one_time_link; v_from session; v_id uuid;
        BEGIN
            UPDATE one_time_link l SET spent_at = now()
             WHERE l.hash = p_hash AND l.purpose = 'hand_over' AND l.tenant_id = p_tenant AND l.spent_at IS NULL AND l.expires_at > now()
            RETURNING l.* INTO v_link;
            IF v_link.hash IS NULL THEN RETURN; END IF;
            SELECT s.* INTO v_from FROM session s WHERE s.id = v_link.session_id AND s.ended_at IS NULL AND s.expires_at > now();
            IF v_from.id IS NULL THEN RETURN; END IF;
            -- a second factor set up since, and not shown to the session he comes from: he signs in here himself
            IF v_from.second_factor_at IS NULL AND EXISTS (
                SELECT 1 FROM credential k WHERE k.person_id = v_link.person_id AND k.totp_confirmed_at IS NOT NULL) THEN
                RETURN QUERY SELECT v_link.person_id, NULL::uuid;
                RETURN;
            END IF;
            v_id := open_session(p_token_hash, p_tenant, v_link.person_id, p_host, p_address, p_user_agent, false, 0);
            IF v_id IS NULL THEN RETURN; END IF;
            -- moving on proves nothing anew and lengthens nothing
            UPDATE session n SET expires_at = v_from.expires_at, reauthenticated_at = v_from.reauthenticated_at,
                   second_factor_at = v_from.second_factor_at WHERE n.id = v_id;
            RETURN QUERY SELECT v_link.person_id, v_id;
        END $$""",
        _SIGNIN,
    ),
]

API_TOKENS: list[tuple[str, str, str]] = [
    (
        "make_api_token(text, text, text, text[], uuid[], timestamptz)",
        f"""CREATE FUNCTION make_api_token(p_hash text, p_prefix text, p_name text, p_scopes text[], p_client_ids uuid[],
            p_expires_at timestamptz) RETURNS uuid {_PLPGSQL} AS $$
        DECLARE v_id uuid := uuidv7(); v_is_contact boolean := current_setting('role') = 'msp_tenant';
        BEGIN
            IF actor_person() IS NULL THEN RETURN NULL; END IF;
            INSERT INTO api_token (id, hash, prefix, name, person_id, tenant_id, contact_id, agent_id, scopes, client_ids, expires_at)
            VALUES (v_id, p_hash, p_prefix, p_name, actor_person(),
                    CASE WHEN v_is_contact THEN scope_tenant() ELSE provider_tenant() END,
                    CASE WHEN v_is_contact THEN scope_actor() END, CASE WHEN NOT v_is_contact THEN scope_actor() END,
                    p_scopes, p_client_ids, p_expires_at);
            RETURN v_id;
        END $$""",
        _SIGNED_IN,
    ),
    (
        "own_api_tokens()",
        f"""CREATE FUNCTION own_api_tokens() RETURNS TABLE (
            id uuid, prefix text, name text, scopes text[], client_ids uuid[], created_at timestamptz, expires_at timestamptz,
            last_used_at timestamptz)
        STABLE {_DEFINER} AS $$
            SELECT k.id, k.prefix, k.name, k.scopes, k.client_ids, k.created_at, k.expires_at, k.last_used_at
            FROM api_token k
            WHERE k.person_id = actor_person() AND coalesce(k.contact_id, k.agent_id) = scope_actor() AND k.revoked_at IS NULL
            ORDER BY k.created_at DESC
        $$""",
        _SIGNED_IN,
    ),
    (
        "revoke_api_token(uuid)",
        f"""CREATE FUNCTION revoke_api_token(p_id uuid) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            UPDATE api_token SET revoked_at = now()
             WHERE id = p_id AND person_id = actor_person() AND coalesce(contact_id, agent_id) = scope_actor() AND revoked_at IS NULL;
            RETURN FOUND;
        END $$""",
        _SIGNED_IN,
    ),
    (
        "api_token_of(text[], uuid)",
        f"""CREATE FUNCTION api_token_of(p_hashes text[], p_tenant uuid) RETURNS TABLE (
            id uuid, person_id uuid, tenant_id uuid, contact_id uuid, agent_id uuid, name text, roles text[], site_ids uuid[],
            client_ids uuid[], token_scopes text[], token_client_ids uuid[], last_used_at timestamptz)
        STABLE {_DEFINER} AS $$
            SELECT k.id, k.person_id, k.tenant_id, k.contact_id, k.agent_id, coalesce(a.name, c.name), coalesce(a.roles, c.roles),
                   ARRAY(SELECT m.site_id FROM managed_site m WHERE m.tenant_id = c.tenant_id AND m.contact_id = c.id),
                   CASE WHEN a.is_limited THEN ARRAY(SELECT x.client_id FROM agent_client x WHERE x.agent_id = a.id) END,
                   k.scopes, k.client_ids, k.last_used_at
            FROM api_token k JOIN tenant t ON t.id = k.tenant_id AND t.status = 'active'
                 LEFT JOIN contact c ON c.tenant_id = k.tenant_id AND c.id = k.contact_id
                 LEFT JOIN agent a ON a.id = k.agent_id
            WHERE k.hash = ANY (p_hashes) AND k.tenant_id = p_tenant AND k.revoked_at IS NULL
              AND (k.expires_at IS NULL OR k.expires_at > now()) AND coalesce(a.is_active, c.is_active)
        $$""",
        _SIGNIN,
    ),
    (
        "touch_api_token(uuid)",
        f"""CREATE FUNCTION touch_api_token(p_id uuid) RETURNS void {_DEFINER} AS $$
            UPDATE api_token SET last_used_at = now() WHERE id = p_id
        $$""",
        _SIGNIN,
    ),
]

FUNCTIONS = RECORDS + SECOND_FACTOR + SESSIONS + API_TOKENS
