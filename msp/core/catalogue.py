"""What the running database says about isolation: read without locks, compared with the registry or with another database."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from msp.core.tables import PROVIDER_REFERENCES, Isolation, registry

Facts = dict[str, dict[str, Any]]
ROLES = ("msp_tenant", "msp_agent", "msp_staff", "msp_signin", "msp_definer", "msp_search", "msp_portal", "msp_console", "msp_live")
TENANT = "( SELECT scope_tenant() AS scope_tenant)"
TENANTS = "( SELECT scope_tenants() AS scope_tenants)"

_QUERIES: Mapping[str, str] = {
    "tables": """
        SELECT c.relname AS name, c.relrowsecurity AS secured, c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner,
               c.relkind::text AS kind
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')""",
    "policies": """
        SELECT tablename || '.' || policyname AS name, permissive, roles::text[] AS roles, cmd, qual, with_check
        FROM pg_policies WHERE schemaname = 'public'""",
    "grants": """
        SELECT c.relname || ' to ' || coalesce(r.rolname, 'PUBLIC') AS name,
               array_agg(g.privilege_type ORDER BY g.privilege_type) AS rights
        FROM pg_class c CROSS JOIN aclexplode(c.relacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND (g.grantee = 0 OR r.rolname LIKE 'msp\\_%') AND g.grantee <> c.relowner
        GROUP BY 1""",
    "column_grants": """
        SELECT a.attrelid::regclass || '.' || a.attname AS name, a.attacl::text AS rights
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND a.attacl IS NOT NULL""",
    "functions": """
        SELECT p.oid::regprocedure::text AS name, p.prosecdef AS definer, pg_get_userbyid(p.proowner) AS owner,
               p.proconfig AS settings, p.proacl::text[] AS rights, md5(p.prosrc) AS source
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
    "constraints": """
        SELECT conrelid::regclass || '.' || conname AS name, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')""",
    "unique_indexes": """
        SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique""",
    "roles": """
        SELECT rolname AS name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolinherit
        FROM pg_roles WHERE rolname LIKE 'msp\\_%'""",
    "memberships": """
        SELECT m.member::regrole || ' in ' || m.roleid::regrole AS name, m.inherit_option, m.set_option, m.admin_option
        FROM pg_auth_members m WHERE m.member::regrole::text LIKE 'msp\\_%'""",
    "triggers": """
        SELECT tgrelid::regclass || '.' || tgname AS name, pg_get_triggerdef(oid) AS definition
        FROM pg_trigger WHERE NOT tgisinternal""",
}


def read(connection: sa.Connection) -> dict[str, Facts]:
    """The whole picture, by kind and name."""
    found: dict[str, Facts] = {}
    for kind, query in _QUERIES.items():
        rows = connection.execute(sa.text(query)).mappings()
        found[kind] = {row["name"]: {key: value for key, value in row.items() if key != "name"} for row in rows}
    return found


def differences(left: dict[str, Facts], right: dict[str, Facts]) -> list[str]:
    """Every way in which the second database is not like the first, each as one line."""
    said = []
    for kind in _QUERIES:
        for name in sorted(left[kind].keys() | right[kind].keys()):
            before, after = left[kind].get(name), right[kind].get(name)
            if before == after:
                continue
            if after is None:
                said.append(f"{kind}: {name} is missing")
            elif before is None:
                said.append(f"{kind}: {name} should not be there")
            else:
                changed = ", ".join(key for key in before if before[key] != after.get(key))
                said.append(f"{kind}: {name} differs in {changed}")
    return said


def violations(picture: dict[str, Facts]) -> list[str]:
    """Where the database is not as the registry demands, each as one line."""
    said = []
    kinds = registry()
    tables = {name for name, facts in picture["tables"].items() if facts["kind"] in ("r", "p") and name != "alembic_version"}
    said += [f"{name} is not in the registry" for name in sorted(tables - kinds.keys())]
    said += [f"{name} is not in the database" for name in sorted(kinds.keys() - tables)]
    views = {name: facts["kind"] for name, facts in picture["tables"].items() if facts["kind"] not in ("r", "p")}
    said += [f"{name} is a {kind}: views over tenant data are not allowed" for name, kind in views.items()]
    for name in sorted(tables & kinds.keys()):
        said += [f"{name}: {problem}" for problem in _table(name, kinds[name], picture)]
    for name, facts in picture["functions"].items():
        said += [f"{name}: {problem}" for problem in _function(facts)]
    for login in ("msp_portal", "msp_console", "msp_live"):
        role = picture["roles"].get(login)
        if role is None or role["rolsuper"] or role["rolbypassrls"] or role["rolinherit"]:
            said.append(f"the login {login} is missing or above the policies")
    return said


def _table(name: str, isolation: Isolation, picture: dict[str, Facts]) -> Iterator[str]:
    facts = picture["tables"][name]
    if not (facts["secured"] and facts["forced"]):
        yield "row-level security is not enabled and forced"
    policies = {key.split(".", 1)[1]: policy for key, policy in picture["policies"].items() if key.split(".", 1)[0] == name}
    yield from _policies(name, isolation, policies)
    yield from _grants(name, isolation, picture["grants"])
    for role in ("msp_definer", "msp_search"):
        if picture["grants"].get(f"{name} to {role}") and not any(role in policy["roles"] for policy in policies.values()):
            yield f"{role} has rights but no policy: its functions find nothing"
    if isolation.kind == "client":
        yield from _keys(name, picture)


def _policies(name: str, isolation: Isolation, policies: Facts) -> Iterator[str]:
    for policy, (role, condition) in _wanted(isolation).items():
        found = policies.get(policy)
        if found is None:
            yield f"the policy {policy} is missing"
        elif "{" + ",".join(found["roles"]) + "}" != role or found["cmd"] != "ALL":
            yield f"the policy {policy} is for other roles or commands"
        elif _flat(found["qual"]) != _flat(condition) or _flat(found["with_check"]) != _flat(condition):
            yield f"the policy {policy} compares something else"
    if isolation.internal:
        yield from _internal(policies.get("no_internal_rows"))
    if isolation.kind == "published":
        yield from _published(policies.get("tenant_rows"))
    if isolation.kind in ("provider", "platform") and any("msp_tenant" in policy["roles"] for policy in policies.values()):
        yield "contacts have a policy on it"
    if any("public" in policy["roles"] for policy in policies.values()):
        yield "a policy applies to everybody"


def _wanted(isolation: Isolation) -> dict[str, tuple[str, str]]:
    """The policies for all commands that a kind of table has: role and condition by name."""
    key = "id" if isolation.kind == "tenant" else "tenant_id"
    staff = {"staff_rows": ("{msp_staff}", "true")}
    if isolation.kind in ("client", "tenant"):
        tenant = {"tenant_rows": ("{msp_tenant}", f"({key} = {TENANT})")}
        return tenant | {"agent_rows": ("{msp_agent}", f"({key} = ANY ({TENANTS}::uuid[]))")} | staff
    if isolation.kind in ("provider", "published"):
        return {"agent_rows": ("{msp_agent}", "true")} | staff
    return staff if isolation.kind == "platform" else {}


def _internal(found: dict[str, Any] | None) -> Iterator[str]:
    if found is None or found["permissive"] != "RESTRICTIVE" or found["cmd"] != "ALL" or _flat(found["qual"]) != "(NOT is_internal)":
        yield "internal rows are not hidden from contacts"
    elif _flat(found["with_check"]) != "(NOT is_internal)":
        yield "contacts could write internal rows"


def _published(found: dict[str, Any] | None) -> Iterator[str]:
    if found is None or found["cmd"] != "SELECT" or _flat(found["qual"]) != "(audience = 'all'::text)":
        yield "contacts see something else than what is for all"


def _grants(name: str, isolation: Isolation, grants: Facts) -> Iterator[str]:
    if isolation.kind == "trail":
        return
    for role, rights in (("msp_tenant", isolation.tenant), ("msp_staff", isolation.staff)):
        held = set(grants.get(f"{name} to {role}", {}).get("rights", ()))
        if held != set(rights):
            yield f"{role} holds {sorted(held)} instead of {sorted(rights)}"
    held = set(grants.get(f"{name} to msp_agent", {}).get("rights", ()))
    wanted = set() if isolation.kind == "platform" else set(isolation.staff)
    if held != wanted:
        yield f"msp_agent holds {sorted(held)} instead of {sorted(wanted)}"
    for login in ("msp_portal", "msp_console", "msp_live", "msp_signin", "PUBLIC"):
        if grants.get(f"{name} to {login}"):
            yield f"{login} has a right on it by itself"


def _keys(name: str, picture: dict[str, Facts]) -> Iterator[str]:
    for key, facts in picture["constraints"].items():
        if key.split(".", 1)[0] != name:
            continue
        text = facts["definition"]
        if text.startswith("PRIMARY KEY") and text != "PRIMARY KEY (tenant_id, id)":
            yield f"its primary key is {text}"
        if text.startswith("UNIQUE") and "tenant_id" not in text:
            yield f"{text} would tell one client about another"
        if text.startswith("FOREIGN KEY"):
            yield from _foreign_key(text)
    for facts in picture["unique_indexes"].values():
        if re.search(rf" ON public\.{name} ", facts["definition"]) and "tenant_id" not in facts["definition"]:
            yield f"{facts['definition']} would tell one client about another"


def _foreign_key(text: str) -> Iterator[str]:
    found = re.match(r"FOREIGN KEY \(([^)]*)\) REFERENCES (\w+)\(([^)]*)\)(.*)", text)
    assert found  # noqa: S101 - PostgreSQL prints it in this form
    columns, target, _, action = found.groups()
    if not columns.startswith("tenant_id, ") and target not in PROVIDER_REFERENCES:
        yield f"{text} could link two clients"
    if "CASCADE" in action:
        yield f"{text} deletes past the policies"


def _function(facts: dict[str, Any]) -> Iterator[str]:
    if facts["definer"]:
        if facts["owner"] not in ("msp_definer", "msp_search"):
            yield f"runs as {facts['owner']}"
        if not any(setting.startswith("search_path=") for setting in facts["settings"] or ()):
            yield "has no fixed search path"
    if facts["rights"] is None or any(right.startswith("=") for right in facts["rights"]):
        yield "everybody may call it"


def _flat(condition: str | None) -> str:
    return " ".join((condition or "").split())
