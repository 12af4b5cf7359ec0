"""An installation of its own: embedded servers and a loaded database, of which every run gets a copy."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from flask import Flask

from msp.core import migrate
from msp.core.config import Settings
from msp.core.db import db
from msp.core.embedded import postgres, redis
from msp.wsgi import app_of
from tenants.services import clients
from tests.support import bulk, world

LOGINS = ("msp_owner", "msp_portal", "msp_console", "msp_live")
LOADED = "loaded"
OPEN_SHARE = 5  # the bulk load leaves one ticket in five open
CLIENTS = 10
MAILED = "Gets mail"


@dataclass
class Stage:
    """Servers with a loaded database; `home` keeps the processes' output."""

    home: Path
    database: postgres.Postgres
    cache: redis.Redis
    passwords: dict[str, str]

    def copy(self, name: str) -> str:
        """A fresh copy of the loaded database; the administrator's address of it."""
        with psycopg.connect(self.database.admin_url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{LOADED}" STRATEGY file_copy')
        migrate.bootstrap(_driver(self.database.admin_url()), name, {})  # rights on a database are not copied
        return self.database.admin_url(name)

    def drop(self, name: str) -> None:
        with psycopg.connect(self.database.admin_url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def environment(self, name: str) -> dict[str, str]:
        """What a process that works on this copy is told."""
        ours = {f"{login.upper()}_DATABASE_URL": self._url(login, name) for login in LOGINS if login != "msp_owner"}
        foreign = {key: value for key, value in os.environ.items() if not key.startswith("MSP_")}
        return foreign | ours | {
            "MSP_ENVIRONMENT": "test", "MSP_SECRET_KEY": self.passwords["secret"], "MSP_PUBLIC_SCHEME": "http",
            "MSP_CONSOLE_HOST": "console.localhost", "MSP_REDIS_URL": self.cache.url, "MSP_MAIL_URL": "null:",
            "MSP_STORAGE_URL": (self.home / "files").as_uri(),
        }  # fmt: skip

    def settings(self, name: str) -> Settings:
        return Settings(
            environment="test", secret_keys=(self.passwords["secret"],), portal_database_url=_driver(self._url("msp_portal", name)),
            console_database_url=_driver(self._url("msp_console", name)), owner_database_url=_driver(self._url("msp_owner", name)),
            live_database_url=self._url("msp_live", name), redis_url=self.cache.url, console_host="console.localhost",
            portal_domain="localhost", scheme="http", live_url="", mail_url="null:", storage_url=(self.home / "files").as_uri(),
            trusted_proxies=0,
        )  # fmt: skip

    def _url(self, login: str, name: str) -> str:
        return f"postgresql://{login}:{self.passwords[login]}@{self.database.host}:{self.database.port}/{name}?sslmode=disable"

    def load(self, open_tickets: int) -> None:
        """Migrate and fill the database that the runs copy."""
        migrate.bootstrap(_driver(self.database.admin_url()), LOADED, {login: self.passwords[login] for login in LOGINS})
        migrate.upgrade(_driver(self._url("msp_owner", LOADED)))
        app = app_of("console", self.settings(LOADED))
        try:
            _fill(app, self._url("msp_owner", LOADED), open_tickets)
        finally:
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()
            app.extensions["msp.redis"].close()


@contextmanager
def stage(open_tickets: int) -> Iterator[Stage]:
    """Servers of their own with at least so many open tickets. After an error the folder stays, for its logs."""
    home = Path(tempfile.mkdtemp(prefix="msp-chaos-"))
    home.chmod(0o755)  # PostgreSQL may run as another user
    passwords = {name: secrets.token_urlsafe(32) for name in (*LOGINS, "secret")}
    made = Stage(home, postgres.start(home / "servers"), redis.start(home / "servers"), passwords)
    try:
        made.load(open_tickets)
        yield made
    finally:
        made.cache.stop()
        made.database.stop()
    shutil.rmtree(home)


def _fill(app: Flask, owner_url: str, open_tickets: int) -> None:
    with world.as_staff(app) as by:
        clients.install("Chaos", key="CHAOS", environment="test", console_host="console.localhost", time_zone="UTC", by=by)
    each = OPEN_SHARE * -(-open_tickets // CLIENTS)
    loaded = bulk.load(app, owner_url, clients=CLIENTS, tickets=each)
    mailed, _ = world.agent(app, "agent")
    with psycopg.connect(owner_url) as connection:
        # Mail costs far more than a step: it goes to one agent, who has few of the tickets.
        connection.execute('UPDATE agent SET preferences = \'{"mail": {"escalation": false}}\' WHERE id = %s', [loaded.agent.id])
        connection.execute("UPDATE agent SET name = %s WHERE id = %s", [MAILED, mailed.id])


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
