"""An installation as it runs: web, live updates, workers and cron as processes of their own, and a browser."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from msp.core.app import MspFlask
from tests.conftest import SECRET
from tests.support import world
from tests.support.servers import Servers

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them share one installation, so one worker; without Chromium they are left out and said to be, in CI that is a failure."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("browser"))
            if _chromium() is None and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="there is no Chromium on this machine"))


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass(frozen=True)
class Running:
    """Where the processes answer, and the port of this machine that runbooks may call."""

    port: int
    runbook_port: int
    app: MspFlask
    portal_app: MspFlask

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture(scope="package")
def running(servers: Servers, console_app: MspFlask, portal_app: MspFlask) -> Iterator[Running]:
    """Every process of an installation, on the database of this test process."""
    port, live_port, runbook_port = _free_port(), _free_port(), _free_port()
    environment = {
        **os.environ,
        "MSP_ENVIRONMENT": "test",
        "MSP_SECRET_KEY": SECRET,
        "MSP_PUBLIC_SCHEME": "http",
        "MSP_CONSOLE_HOST": f"console.localhost:{port}",
        "MSP_LIVE_URL": f"http://127.0.0.1:{live_port}",
        "MSP_PORTAL_DATABASE_URL": servers.url("msp_portal"),
        "MSP_CONSOLE_DATABASE_URL": servers.url("msp_console"),
        "MSP_LIVE_DATABASE_URL": servers.url("msp_live"),
        "MSP_REDIS_URL": servers.redis_url,
        "MSP_STORAGE_URL": console_app.settings.storage_url,
        "MSP_RUNBOOK_LOOPBACK_PORT": str(runbook_port),
    }
    commands = (
        ("web", "--surface", "both", "--port", str(port), "--workers", "1"),
        ("live", "--port", str(live_port)),
        ("worker", "urgent"),
        ("worker", "default", "mail"),
        ("cron",),
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "msp.cli", *command], env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
        yield Running(port, runbook_port, console_app, portal_app)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its children too, where it left any
            process.wait()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    executable = _chromium()
    assert executable, "CI must have Chromium: no browser test may be left out"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person_at(running: Running, chromium: Browser) -> Iterator[Any]:
    """A signed-in browser window: of a contact on his portal, or of an agent on the console.

    Fails where the browser refused something that a page's own policy forbids.
    """
    contexts: list[BrowserContext] = []
    refused: list[str] = []

    def window(host: str, tenant_id: Any, person_id: Any, **options: Any) -> Any:
        app = running.app if host == "console.localhost" else running.portal_app
        client = app.test_client()
        world.signed_in(app, client, host, tenant_id, person_id)
        cookie = client.get_cookie("msp", domain=host)
        assert cookie is not None
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.add_cookies([{"name": "msp", "value": cookie.value, "domain": host, "path": "/"}])
        contexts.append(context)
        context.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
        return context.new_page()

    yield window
    for context in contexts:
        context.close()
    assert refused == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str) -> None:
    for _ in range(600):
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310 - a fixed loopback address
            return
        time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")
