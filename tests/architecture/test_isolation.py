"""Every client table: its own rows are seen, another client's are neither seen nor written."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from msp.core.features import load_models
from msp.core.tables import registry
from msp.prove.rows import client_tables, fill
from msp.wsgi import FEATURES
from tests.support import world
from tests.support.servers import Servers

load_models(FEATURES)
CLIENT_TABLES = sorted(name for name, isolation in registry().items() if isolation.kind in ("client", "tenant"))


@pytest.fixture(scope="module")
def two(console_app: Any, servers: Servers) -> Iterator[tuple[Any, Any]]:
    """Two clients with a row in every client table each; what no service would have written goes again at the end."""
    world.agent(console_app)  # some rows of clients name an agent
    left, right = world.company(console_app, "Left"), world.company(console_app, "Right")
    tables, owner = [table.name for table in client_tables()], servers.url("msp_owner")
    with psycopg.connect(owner) as connection:
        lived = {(company.id, table) for company in (left, right) for table in tables if rows_of(connection, table, company.id)}
    for company in (left, right):
        fill(owner, company.id)
    yield left, right
    with psycopg.connect(owner) as connection:
        for table in reversed(tables):
            for company in (left, right):
                if (company.id, table) not in lived:
                    connection.execute(f"DELETE FROM {table} WHERE tenant_id = %s", (company.id,))


def rows_of(connection: psycopg.Connection, table: str, tenant_id: Any) -> int:
    found = connection.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", (tenant_id,)).fetchone()
    return int(found[0]) if found else 0


@pytest.fixture
def connection(servers: Servers) -> Any:
    with psycopg.connect(servers.url("msp_console")) as made:
        yield made
        made.rollback()


def take(connection: psycopg.Connection, role: str, *tenants: Any) -> None:
    connection.execute(
        "SELECT set_config('role', %s, true), set_config('msp.tenant', %s, true), set_config('msp.tenants', %s, true)",
        (role, str(tenants[0]) if tenants else "", "{" + ",".join(map(str, tenants)) + "}"),
    )


def key_of(table: str) -> str:
    return "id" if table == "tenant" else "tenant_id"


@pytest.mark.parametrize("table", CLIENT_TABLES)
@pytest.mark.parametrize("role", ["msp_tenant", "msp_agent"])
def test_a_scope_sees_its_own_rows_and_no_others(connection: Any, two: Any, table: str, role: str) -> None:
    left, right = two
    isolation = registry()[table]
    if "SELECT" not in (isolation.tenant if role == "msp_tenant" else isolation.staff):
        take(connection, role, left.id)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT 1 FROM {table}")
        return
    take(connection, role, left.id)
    count = f"SELECT count(*) FILTER (WHERE {key_of(table)} = %s), count(*) FILTER (WHERE {key_of(table)} <> %s) FROM {table}"
    own, foreign = connection.execute(count, (left.id, left.id)).fetchone()
    assert own > 0, "the positive control: its own rows are seen"
    assert foreign == 0
    if "UPDATE" in (isolation.tenant if role == "msp_tenant" else isolation.staff):
        column = key_of(table)
        changed = connection.execute(f"UPDATE {table} SET {column} = {column} WHERE {column} = %s", (right.id,))
        assert changed.rowcount == 0


@pytest.mark.parametrize("table", CLIENT_TABLES)
@pytest.mark.parametrize("role", ["msp_tenant", "msp_agent"])
def test_a_row_cannot_be_written_to_another_client(connection: Any, two: Any, table: str, role: str) -> None:
    left, right = two
    take(connection, role, left.id)
    columns = [row[0] for row in connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", (table,)
    )]  # fmt: skip
    if not columns:
        return  # no right at all: the refusal above has shown it
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)) as refused:
        connection.execute(f"INSERT INTO {table} ({key_of(table)}) VALUES (%s)", (right.id,))
    assert "row-level security" in str(refused.value) or "permission denied" in str(refused.value)


def test_without_a_scope_nothing_can_be_read(connection: Any) -> None:
    for table in CLIENT_TABLES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(f"SELECT 1 FROM {table}")


def test_an_empty_setting_gives_no_rows(connection: Any, two: Any) -> None:
    take(connection, "msp_tenant")
    assert connection.execute("SELECT count(*) FROM site").fetchone() == (0,)


def test_the_portals_login_cannot_become_staff(servers: Servers) -> None:
    with psycopg.connect(servers.url("msp_portal")) as portal, pytest.raises(psycopg.errors.InsufficientPrivilege):
        portal.execute("SELECT set_config('role', 'msp_staff', true)")
