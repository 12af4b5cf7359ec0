"""Each client table, asked straight: its own rows are seen, another client's neither seen nor written."""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from msp.core.tables import registry
from msp.prove.scratch import Scratch
from msp.prove.sides import Side, World


def tables() -> list[str]:
    """Every table with rows of clients."""
    return sorted(name for name, isolation in registry().items() if isolation.kind in ("client", "tenant"))


def failures(scratch: Scratch, world: World, table: str) -> list[str]:
    """What is wrong with one table, each as one line."""
    with psycopg.connect(scratch.settings.console_database_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        said = [f"{table}: {problem}" for role in ("msp_tenant", "msp_agent") for problem in _role(connection, world, table, role)]
        said += [f"{table}: {problem}" for problem in _internal(connection, world.left, table)]
        connection.rollback()
    return said


def _role(connection: psycopg.Connection, world: World, table: str, role: str) -> Iterator[str]:
    isolation, key = registry()[table], "id" if table == "tenant" else "tenant_id"
    rights = isolation.tenant if role == "msp_tenant" else isolation.staff
    name, column = sql.Identifier(table), sql.Identifier(key)
    _take(connection, role, world.right)
    if "SELECT" in rights:
        counts = sql.SQL("SELECT count(*) FILTER (WHERE {k} = %s), count(*) FILTER (WHERE {k} <> %s) FROM {t}").format(k=column, t=name)
        row = connection.execute(counts, (world.right.tenant_id, world.right.tenant_id)).fetchone() or (0, 0)
        if row[0] == 0:
            yield f"{role} does not see its own rows"
        if row[1] != 0:
            yield f"{role} sees {row[1]} rows of other clients"
    elif not _is_refused(connection, sql.SQL("SELECT 1 FROM {t}").format(t=name)):
        yield f"{role} may read it"
    if "UPDATE" in rights and "SELECT" in rights:
        change = sql.SQL("UPDATE {t} SET {k} = {k} WHERE {k} = %s").format(t=name, k=column)
        if connection.execute(change, (world.left.tenant_id,)).rowcount:
            yield f"{role} changes rows of other clients"
        move = sql.SQL("UPDATE {t} SET {k} = %s WHERE {k} = %s").format(t=name, k=column)
        if table != "tenant" and not _is_refused(connection, move, (world.left.tenant_id, world.right.tenant_id)):
            yield f"{role} moves its rows to another client"
    insert = sql.SQL("INSERT INTO {t} ({k}) VALUES (%s)").format(t=name, k=column)
    if not _is_refused(connection, insert, (world.left.tenant_id,)):
        yield f"{role} adds rows to other clients"


def _internal(connection: psycopg.Connection, side: Side, table: str) -> Iterator[str]:
    """A contact neither reads nor makes internal rows of his own client."""
    isolation = registry()[table]
    if not isolation.internal or "SELECT" not in isolation.tenant:
        return
    _take(connection, "msp_tenant", side)
    name = sql.Identifier(table)
    row = connection.execute(sql.SQL("SELECT count(*) FROM {t} WHERE is_internal").format(t=name)).fetchone() or (0,)
    if row[0]:
        yield f"contacts see {row[0]} internal rows"
    if "UPDATE" in isolation.tenant and not _is_refused(connection, sql.SQL("UPDATE {t} SET is_internal = true").format(t=name)):
        yield "contacts make rows internal"


def _take(connection: psycopg.Connection, role: str, side: Side) -> None:
    connection.rollback()
    connection.execute(
        "SELECT set_config('role', %s, true), set_config('msp.tenant', %s, true), set_config('msp.tenants', %s, true)",
        (role, str(side.tenant_id), "{" + str(side.tenant_id) + "}"),
    )


def _is_refused(connection: psycopg.Connection, statement: sql.Composed, values: tuple[object, ...] = ()) -> bool:
    """Whether the database refuses for want of a right; any other error means that the policy let it through."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement, values)
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.errors.RaiseException as error:
        return "row-level security" in str(error)
    except psycopg.Error:
        return False
    return False
