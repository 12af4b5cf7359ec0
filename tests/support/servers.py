"""One PostgreSQL and one Redis for the whole run, one migrated database for each test process."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from filelock import FileLock

from msp.core import migrate
from msp.core.embedded import postgres, redis

HOME = Path(os.environ.get("MSP_TEST_HOME", Path(__file__).parents[2] / "var" / "test"))
LOGINS = ("msp_owner", "msp_portal", "msp_console", "msp_live")


@dataclass(frozen=True)
class Servers:
    """Addresses of the servers of this test process, per login."""

    admin_url: str
    database: str
    passwords: dict[str, str]
    redis_url: str

    def url(self, login: str, driver: str = "postgresql") -> str:
        made = sa.make_url(self.admin_url).set(
            drivername=driver, username=login, password=self.passwords[login], database=self.database
        )
        return made.render_as_string(hide_password=False)


def start(worker: str) -> Servers:
    """Start (or find) the servers and make this process's database, a copy of a migrated template."""
    HOME.mkdir(parents=True, exist_ok=True)
    with FileLock(HOME / "start.lock"):
        server = postgres.start(HOME / "servers", durable=False)
        cache = redis.start(HOME / "servers")
        passwords = _passwords()
        template = _template(server.admin_url(), passwords)
    database = f"msp_test_{worker}"
    with migrate.connected(_sqlalchemy(server.admin_url())) as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        with FileLock(HOME / "start.lock"):
            connection.exec_driver_sql(f'CREATE DATABASE "{database}" TEMPLATE "{template}" OWNER msp_owner')
    number = 1 + int("".join(filter(str.isdigit, worker)) or 0) % 14
    url = cache.url.rsplit("/", 1)[0] + f"/{number}"
    return Servers(server.admin_url(), database, passwords, url)


def drop(servers: Servers) -> None:
    """Remove this process's database."""
    with contextlib.suppress(psycopg.Error, sa.exc.SQLAlchemyError), migrate.connected(_sqlalchemy(servers.admin_url)) as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{servers.database}" WITH (FORCE)')


def stop() -> None:
    """Stop both servers: the end of a run."""
    if not (HOME / "servers").exists():
        return
    with FileLock(HOME / "start.lock"):
        postgres.start(HOME / "servers", durable=False).stop()
        redis.start(HOME / "servers").stop()


def _passwords() -> dict[str, str]:
    found = {}
    for login in LOGINS:
        file = HOME / f"{login}.password"
        if not file.exists():
            file.write_text(secrets.token_urlsafe(24))
            file.chmod(0o600)
        found[login] = file.read_text()
    return found


def _template(admin_url: str, passwords: dict[str, str]) -> str:
    """A migrated database, named after the migrations' content; made when they changed."""
    import hashlib

    folder = Path(migrate.__file__).parents[2] / "migrations"
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.read_bytes())
    name = f"msp_template_{digest.hexdigest()[:12]}"
    url = _sqlalchemy(admin_url)
    with migrate.connected(url) as connection:
        if connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            migrate.bootstrap(url, name, passwords)
            return name
        for (old,) in connection.exec_driver_sql("SELECT datname FROM pg_database WHERE datname LIKE 'msp_template_%%'").all():
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
    migrate.bootstrap(url, name, passwords)
    owner = sa.make_url(url).set(username="msp_owner", password=passwords["msp_owner"], database=name)
    try:
        migrate.upgrade(owner.render_as_string(hide_password=False))
    except BaseException:
        with migrate.connected(url) as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        raise
    return name


def _sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
