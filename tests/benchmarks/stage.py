"""Servers, database and processes of a benchmark: the application as it is run, loaded in bulk."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from flask import Flask

from msp.core import migrate
from msp.core.config import Settings
from msp.core.embedded import postgres, redis
from msp.core.process import set_application
from msp.wsgi import app_of
from tenants.services import clients
from tests.support import bulk, world

PORT = 8310
LOGINS = ("msp_owner", "msp_portal", "msp_console", "msp_live")


@dataclass
class Stage:
    """One loaded installation. `processes` run until the stage ends."""

    urls: dict[str, str]
    settings: Settings
    console: Flask
    portal: Flask
    loaded: bulk.Loaded
    load_seconds: float
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def owner_url(self) -> str:
        return self.urls["msp_owner"]

    def environment(self) -> dict[str, str]:
        """What a process of the installation is told."""
        own = {f"{login.upper()}_DATABASE_URL": self.urls[login] for login in ("msp_portal", "msp_console", "msp_live")}
        return {
            **os.environ, **own, "MSP_ENVIRONMENT": "test", "MSP_SECRET_KEY": self.settings.secret_key, "MSP_PUBLIC_SCHEME": "http",
            "MSP_CONSOLE_HOST": self.settings.console_host, "MSP_REDIS_URL": self.settings.redis_url,
            "MSP_STORAGE_URL": self.settings.storage_url,
        }  # fmt: skip

    def start(self, name: str, *arguments: str) -> None:
        """Start one process of the installation."""
        command = [sys.executable, "-m", "msp.cli", *arguments]
        self.processes[name] = subprocess.Popen(command, env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def peak_memory(self) -> dict[str, float]:
        """Peak resident memory in MB of each process with its children."""
        return {name: round(sum(_peak(pid) for pid in _family(process.pid)) / 1024, 1) for name, process in self.processes.items()}

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)


@contextmanager
def stage(*, client_count: int, ticket_count: int) -> Iterator[Stage]:
    """An installation of its own with so many clients and tickets."""
    with tempfile.TemporaryDirectory(prefix="msp-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        database, cache = postgres.start(home / "home"), redis.start(home / "home")
        made: Stage | None = None
        try:
            made = _prepare(home, database, cache, client_count, ticket_count)
            yield made
        finally:
            if made is not None:
                made.stop()
            database.stop()
            cache.stop()


def _prepare(home: Path, database: postgres.Postgres, cache: redis.Redis, client_count: int, ticket_count: int) -> Stage:
    passwords = {login: secrets.token_urlsafe(16) for login in LOGINS}
    place = f"127.0.0.1:{database.port}/bench?sslmode=disable"
    urls = {login: f"postgresql://{login}:{password}@{place}" for login, password in passwords.items()}
    migrate.bootstrap(_driver(database.admin_url()), "bench", passwords)
    migrate.upgrade(_driver(urls["msp_owner"]))
    settings = Settings(
        environment="test", secret_keys=(secrets.token_urlsafe(48),), portal_database_url=_driver(urls["msp_portal"]),
        console_database_url=_driver(urls["msp_console"]), owner_database_url=_driver(urls["msp_owner"]),
        live_database_url=urls["msp_live"], redis_url=cache.url, console_host=f"console.localhost:{PORT}", portal_domain="localhost",
        scheme="http", live_url="", mail_url="null:", storage_url=(home / "files").as_uri(), trusted_proxies=0,
    )  # fmt: skip
    console = app_of("console", settings)
    set_application(console)
    with world.as_staff(console) as by:
        clients.install("Bench", key="BENCH", environment="test", console_host=settings.console_host, time_zone="UTC", by=by)
    began = time.perf_counter()
    loaded = bulk.load(console, urls["msp_owner"], clients=client_count, tickets=bulk.shares(ticket_count, client_count))
    return Stage(urls, settings, console, app_of("portal", settings), loaded, time.perf_counter() - began)


def wait_for_web() -> None:
    """Until the web process answers; RuntimeError after 30 s."""
    for _ in range(150):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1):
            return
        time.sleep(0.2)
    raise RuntimeError("the web process does not answer")


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _family(pid: int) -> list[int]:
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _peak(pid: int) -> int:
    """Peak resident memory in kB, as Linux keeps it; what is resident now elsewhere."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        return next((int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")), 0)
    return int(psutil.Process(pid).memory_info().rss // 1024)
