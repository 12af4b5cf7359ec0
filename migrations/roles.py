"""The database roles: made once by an administrator, before the first migration."""

SCOPE_ROLES = ("msp_tenant", "msp_agent", "msp_staff", "msp_signin")
DEFINERS = ("msp_definer", "msp_search")
LOGINS = {
    "msp_portal": ("msp_tenant", "msp_signin"),
    "msp_console": SCOPE_ROLES,
    "msp_live": (),
}


def statements(database: str, passwords: dict[str, str]) -> list[str]:
    """SQL that makes roles, logins and grants; safe to repeat. `passwords` by login, `msp_owner` among them.

    A login without a password keeps the one it has.
    """
    made = [_create(role, "NOLOGIN NOINHERIT") for role in (*SCOPE_ROLES, *DEFINERS)]
    made.append(_create("msp_owner", "LOGIN BYPASSRLS"))
    for login in LOGINS:
        made.append(_create(login, "LOGIN NOINHERIT"))
        made.append(f"ALTER ROLE {login} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
    for login, password in passwords.items():
        quoted = password.replace("'", "''")
        made.append(f"ALTER ROLE {login} PASSWORD '{quoted}'")
    for login, roles in LOGINS.items():
        made += [f"GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE" for role in roles]
    # The owner hands functions to the definers, so it must be able to become them.
    made += [f"GRANT {role} TO msp_owner WITH INHERIT TRUE, SET TRUE" for role in DEFINERS]
    made += [
        f'ALTER DATABASE "{database}" OWNER TO msp_owner',
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC',
        *(f'GRANT CONNECT ON DATABASE "{database}" TO {login}' for login in LOGINS),
    ]
    return made


def schema_statements() -> list[str]:
    """Grants on the schema, run inside the application's database."""
    roles = ", ".join((*SCOPE_ROLES, *LOGINS))
    return [
        "ALTER SCHEMA public OWNER TO msp_owner",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {roles}",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {', '.join(DEFINERS)}",
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE EXTENSION IF NOT EXISTS btree_gin",
        "CREATE EXTENSION IF NOT EXISTS unaccent",
    ]


def _create(role: str, options: str) -> str:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN"
        f" CREATE ROLE {role} {options}; END IF; END $$"
    )
