"""A database of its own for the proof: made, migrated, and dropped whatever happens."""

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from msp.core import migrate
from msp.core.config import Settings
from msp.core.embedded import postgres, redis

LOGINS = ("msp_owner", "msp_portal", "msp_console", "msp_live")


@dataclass(frozen=True)
class Scratch:
    """Addresses of the scratch database, and settings under which the applications use it."""

    name: str
    owner_url: str
    settings: Settings
    server: str


@dataclass(frozen=True)
class Server:
    """Where the scratch database is made. `urls` are the logins' addresses, still without its name."""

    admin_url: str
    urls: Mapping[str, str]
    passwords: Mapping[str, str]
    redis_url: str
    words: str


@contextmanager
def scratch(live: Settings | None, admin_url: str | None) -> Iterator[Scratch]:
    """Make, migrate and drop a scratch database.

    On the installation's own server where `admin_url` may create databases there, otherwise on an embedded server.
    """
    with tempfile.TemporaryDirectory(prefix="msp-proof-") as folder, _server(live, admin_url, Path(folder)) as server:
        name = f"msp_proof_{secrets.token_hex(6)}"
        urls = {
            login: sa.make_url(url).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
            for login, url in server.urls.items()
        }
        try:
            migrate.bootstrap(server.admin_url, name, server.passwords)
            migrate.upgrade(urls["msp_owner"])
            yield Scratch(name, urls["msp_owner"], _settings(urls, server.redis_url, Path(folder)), server.words)
        finally:
            with migrate.connected(server.admin_url) as connection:
                connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _server(live: Settings | None, admin_url: str | None, folder: Path) -> Iterator[Server]:
    if live is not None and admin_url is not None and live.console_database_url and live.portal_database_url:
        with _embedded_redis(folder) as redis_url:
            admin = sa.make_url(admin_url).set(drivername="postgresql+psycopg")
            # The administrator works as the owner, so that tables and functions belong to whom they should.
            owner = admin.update_query_dict({"options": "-c role=msp_owner"})
            urls = {
                "msp_owner": owner.render_as_string(hide_password=False),
                "msp_portal": live.portal_database_url,
                "msp_console": live.console_database_url,
                "msp_live": live.live_database_url or live.portal_database_url,
            }
            yield Server(admin.render_as_string(hide_password=False), urls, {}, redis_url, "the installation's own server")
        return
    with _embedded_postgres(folder) as server, _embedded_redis(folder) as redis_url:
        passwords = {login: secrets.token_urlsafe(24) for login in LOGINS}
        admin = sa.make_url(server.admin_url()).set(drivername="postgresql+psycopg")
        urls = {
            login: admin.set(username=login, password=password).render_as_string(hide_password=False)
            for login, password in passwords.items()
        }
        yield Server(admin.render_as_string(hide_password=False), urls, passwords, redis_url, "an embedded PostgreSQL server")


@contextmanager
def _embedded_postgres(folder: Path) -> Iterator[postgres.Postgres]:
    folder.chmod(0o755)  # PostgreSQL refuses root, so its own user must be able to reach its data
    server = postgres.start(folder / "home", durable=False)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _embedded_redis(folder: Path) -> Iterator[str]:
    server = redis.start(folder / "home")
    try:
        yield server.url
    finally:
        server.stop()


def _settings(urls: dict[str, str], redis_url: str, folder: Path) -> Settings:
    files = folder / "files"
    files.mkdir()
    return Settings(
        environment="test",
        secret_keys=(secrets.token_urlsafe(48),),
        portal_database_url=urls["msp_portal"],
        console_database_url=urls["msp_console"],
        owner_database_url=urls["msp_owner"],
        live_database_url=urls["msp_live"].replace("postgresql+psycopg://", "postgresql://"),
        redis_url=redis_url,
        console_host="console.localhost",
        portal_domain="localhost",
        scheme="http",
        live_url="",
        mail_url="null:",
        storage_url=files.as_uri(),
        trusted_proxies=0,
    )
