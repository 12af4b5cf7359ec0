"""Functions of key rotation: which second factors are stored, and writing one again under another key.

The same rules as in `identity`. A sealed secret is worth nothing without the key, which the database never sees.
"""

_DEFINER = "LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp"
_PLPGSQL = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"

FUNCTIONS: list[tuple[str, str, str]] = [
    (
        "sealed_totp_secrets(uuid, int)",
        f"""CREATE FUNCTION sealed_totp_secrets(p_after uuid, p_limit int) RETURNS TABLE (person_id uuid, totp_secret text)
        STABLE {_DEFINER} AS $$
            -- for a command of the operator: no agent's request reads them, whatever he may
            SELECT c.person_id, c.totp_secret FROM credential c
            WHERE c.totp_secret IS NOT NULL AND (p_after IS NULL OR c.person_id > p_after) AND actor_person() IS NULL
            ORDER BY c.person_id LIMIT p_limit
        $$""",
        "msp_staff",
    ),
    (
        "reseal_totp(uuid, text, text)",
        f"""CREATE FUNCTION reseal_totp(p_person uuid, p_old text, p_new text) RETURNS boolean {_PLPGSQL} AS $$
        BEGIN
            -- the same secret under a newer key: not a change, and never over one
            UPDATE credential SET totp_secret = p_new WHERE person_id = p_person AND totp_secret = p_old;
            RETURN FOUND;
        END $$""",
        "msp_signin, msp_staff",
    ),
]
