"""Roles and schema: what `msp db` does."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from msp.core.errors import MspError
from msp.core.tables import registry

MINIMUM = 18


class DatabaseUnfit(MspError):
    code, status, title = "database_unfit", 500, "The database cannot be used"


def config(url: str) -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(resources.files("migrations")))
    made.attributes["url"] = url
    return made


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """One autocommitting connection to `url`, closed afterwards."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def bootstrap(admin_url: str, database: str, passwords: Mapping[str, str]) -> None:
    """Make the database, roles, logins and grants as an administrator; safe to repeat."""
    from migrations import roles

    with connected(admin_url) as connection:
        check_server(connection)
        exists = connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": database})
        if not exists:
            connection.exec_driver_sql(f'CREATE DATABASE "{database}"')
        for statement in roles.statements(database, dict(passwords)):
            connection.exec_driver_sql(statement)
    url = sa.make_url(admin_url).set(database=database).render_as_string(hide_password=False)
    with connected(url) as connection:
        for statement in roles.schema_statements():
            connection.exec_driver_sql(statement)


def check_server(connection: sa.Connection) -> None:
    """Refuse a server older than the one that the policies were measured on."""
    version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000
    if version < MINIMUM:
        raise DatabaseUnfit(f"PostgreSQL {MINIMUM} or newer is needed, this is {version}")


def upgrade(owner_url: str, revision: str = "head") -> None:
    command.upgrade(config(owner_url), revision)


def downgrade(owner_url: str, revision: str) -> None:
    command.downgrade(config(owner_url), revision)


def heads(owner_url: str) -> list[str]:
    return list(ScriptDirectory.from_config(config(owner_url)).get_heads())


def present(connection: sa.Connection) -> str | None:
    """The revision that the database stands at."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: Any = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision


def refuse_powerful(connection: sa.Connection) -> None:
    """Web and workers refuse a login to which policies would not apply."""
    row = connection.execute(
        sa.text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user")
    ).one()
    if row.rolsuper or row.rolbypassrls:
        raise DatabaseUnfit(f"the login {row.rolname} is above row-level security; use msp_portal or msp_console")


def client_tables() -> list[str]:
    """Names of every client table."""
    return sorted(name for name, isolation in registry().items() if isolation.kind == "client")
