"""The sample of the log, and the command that imports it as an operator runs it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import Servers

SAMPLE = Path(__file__).parents[2] / "data" / "incident_log_sample.csv"
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(servers: Servers, settings: Any, console_app: Any) -> Iterator[Start]:
    """Start `msp import incident-log` with these arguments; whatever still runs at the end of the test is killed."""
    environment = {
        **os.environ, "MSP_ENVIRONMENT": "test", "MSP_SECRET_KEY": settings.secret_key, "MSP_PUBLIC_SCHEME": "http",
        "MSP_CONSOLE_DATABASE_URL": servers.url("msp_console"), "MSP_CONSOLE_HOST": settings.console_host,
        "MSP_REDIS_URL": servers.redis_url, "MSP_STORAGE_URL": settings.storage_url,
    }  # fmt: skip

    started: list[subprocess.Popen[str]] = []

    def popen(*arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "msp.cli", "import", "incident-log", *arguments]
        started.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        )
        return started[-1]

    yield popen
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with process:
            process.wait()
