"""`msp up` as a person at the terminal meets it."""

import http.client
import json
import os
import re
import secrets
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from msp.cli import up
from msp.cli.check import warn_of_mail
from msp.core.embedded import clean, postgres
from msp.core.embedded import home as homes
from msp.core.embedded.processes import wait_until

HAS_PROC = Path("/proc/self/environ").exists()
UP = (sys.executable, "-m", "msp.cli", "up")


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Nothing set but the home and two free ports."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MSP_")}
    with socket.create_server((homes.LOOPBACK, 0)) as one, socket.create_server((homes.LOOPBACK, 0)) as other:
        ports = {"MSP_PORT": str(one.getsockname()[1]), "MSP_LIVE_PORT": str(other.getsockname()[1])}
    yield kept | ports | {"MSP_HOME": str(tmp_path / "home")}
    clean.clean(tmp_path / "home")


def healthy(port: str, host: str) -> bool:
    connection = http.client.HTTPConnection(homes.LOOPBACK, int(port), timeout=5)
    connection.request("GET", "/readyz", headers={"Host": host})
    body = json.load(connection.getresponse())
    connection.close()
    return bool(body == {"status": "ok", "database": True, "redis": True})


def start(environment: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
    with output.open("w") as stream:
        return subprocess.Popen(UP, env=environment, stdout=stream, stderr=subprocess.STDOUT)


def stop(running: subprocess.Popen[bytes]) -> int:
    running.send_signal(signal.SIGTERM)
    return running.wait(timeout=60)


def test_everything_starts_twice_and_ends_cleanly(environment: dict[str, str], tmp_path: Path) -> None:
    home, output = tmp_path / "home", tmp_path / "output"
    port = environment["MSP_PORT"]
    for is_first in (True, False):
        running = start(environment, output)
        try:
            assert wait_until(lambda: "Ctrl-C ends everything" in output.read_text(), seconds=90), output.read_text()
            assert ("Making demo data" in output.read_text()) is is_first
            assert f"http://console.localhost:{port}" in output.read_text()
            assert healthy(port, f"console.localhost:{port}")
            told = environments_of(home)
            assert any(homes.secret(home, "msp_console") in words for words in told) is HAS_PROC
            assert not any(homes.secret(home, "msp_owner") in words for words in told)
            assert added_an_agent(environment, "first" if is_first else "second")
        finally:
            status = stop(running)
        assert status == 0
        assert output.read_text().rstrip().endswith("msp | stopped")
        assert not (home / "environment.json").exists()
        assert homes.redis_process(home).holder() is None
        assert homes.postgres_process(homes.postgres_folder(home)).holder() is None
    assert stat.S_IMODE((home / "demo.json").stat().st_mode) == 0o600


def added_an_agent(environment: dict[str, str], name: str) -> bool:
    """A command beside the demonstration finds it by itself, and hands out a link to its own host."""
    command = [*UP[:-1], "agent", "create", name, f"{name}@provider.example"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Using the demonstration" in result.stderr, result.stderr
    return f"http://console.localhost:{environment['MSP_PORT']}/" in result.stdout


def environments_of(home: Path) -> list[str]:
    """What the processes of `home` were told, where the system shows it."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            words = file.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"MSP_HOME={home}\0" in words:
            found.append(words)
    return found


@pytest.mark.parametrize("variable", ["MSP_PORT", "MSP_LIVE_PORT"])
def test_taken_port_is_one_line_and_starts_nothing(variable: str, environment: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server((homes.LOOPBACK, int(environment[variable]))):
        result = subprocess.run(UP, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert re.fullmatch(rf"msp: Port \d+ is taken by another program; stop it or set {variable} .*\n", result.stderr)
    assert not (tmp_path / "home" / "postgres").exists()
    assert not homes.elsewhere(tmp_path / "home").exists()


def test_one_port_for_both_is_one_line(environment: dict[str, str]) -> None:
    same = {"MSP_LIVE_PORT": environment["MSP_PORT"]}
    refused = subprocess.run(UP, env=environment | same, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"msp: MSP_PORT and MSP_LIVE_PORT are both {environment['MSP_PORT']};")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("missing", ["MSP_SECRET_KEY", "MSP_LIVE_DATABASE_URL", "MSP_REDIS_URL"])
def test_live_without_a_variable_is_one_line(environment: dict[str, str], missing: str) -> None:
    given = {
        "MSP_SECRET_KEY": secrets.token_urlsafe(48), "MSP_CONSOLE_HOST": "console.localhost", "MSP_ENVIRONMENT": "demo",
        "MSP_LIVE_DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "MSP_REDIS_URL": "redis://127.0.0.1:1/0",
    }  # fmt: skip
    del given[missing]
    live = [*UP[:-1], "live", "--port", environment["MSP_LIVE_PORT"]]
    refused = subprocess.run(live, env=environment | given, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("msp: ")
    assert missing in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_first_start_that_was_interrupted_begins_anew(environment: dict[str, str], tmp_path: Path) -> None:
    home, output = tmp_path / "home", tmp_path / "output"
    running = start(environment, output)
    try:
        assert wait_until(lambda: has_tenants(home), seconds=90), output.read_text()
    finally:
        stop(running)
    assert not (home / "demo.json").exists(), "it was stopped in the middle"
    running = start(environment, output)
    try:
        assert wait_until(lambda: "Ctrl-C ends everything" in output.read_text(), seconds=120), output.read_text()
        assert "beginning anew" in output.read_text()
        assert healthy(environment["MSP_PORT"], f"console.localhost:{environment['MSP_PORT']}")
        assert len(json.loads((home / "demo.json").read_text())["sign_ins"]) > 10, "all of the demonstration is there"
    finally:
        assert stop(running) == 0
    assert not (home / "demo.begun").exists()


def filled_by_hand(home: Path, environment: dict[str, str]) -> tuple[postgres.Postgres, dict[str, str]]:
    """A running embedded server whose database somebody set up himself, and what its commands are told."""
    server = postgres.start(homes.open_home(home))
    told = environment | up._own_database(home, server) | {
        "MSP_ENVIRONMENT": "demo", "MSP_SECRET_KEY": homes.secret(home, "secret-key"), "MSP_CONSOLE_HOST": "console.localhost",
        "MSP_PUBLIC_SCHEME": "http", "MSP_REDIS_URL": "redis://127.0.0.1:1/0",
    }  # fmt: skip
    create = [*UP[:-1], "admin", "create", "jo@real.example", "--provider", "Real IT", "--key", "REAL"]
    made = subprocess.run(create, env=told, capture_output=True, text=True, timeout=120, check=False)
    assert made.returncode == 0, made.stderr
    return server, told


def administrators(server: postgres.Postgres) -> list[str]:
    with psycopg.connect(server.admin_url(up.DATABASE)) as connection:
        return [name for (name,) in connection.execute("SELECT e_mail FROM agent")]


def test_a_database_with_data_and_no_notes_is_kept(environment: dict[str, str], tmp_path: Path) -> None:
    """A dump was restored, or the notes were deleted: neither the first start nor the second drops what is there."""
    home, output = tmp_path / "home", tmp_path / "output"
    server, _ = filled_by_hand(home, environment)
    server.stop()
    for _ in range(2):
        running = start(environment, output)
        try:
            assert wait_until(lambda: "Ctrl-C ends everything" in output.read_text(), seconds=120), output.read_text()
            assert up.KEPT in output.read_text()
            assert "beginning anew" not in output.read_text()
            assert not (home / up.BEGUN).exists()
        finally:
            assert stop(running) == 0
    server = postgres.start(home)
    assert administrators(server) == ["jo@real.example"]


def test_a_seed_refused_for_data_leaves_no_beginning(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Somebody set it up between the question and the seed."""
    home = tmp_path / "home"
    server, told = filled_by_hand(home, environment)
    monkeypatch.setattr(up, "_is_empty", lambda server: True)
    up._seed(home, told, server)
    assert up.KEPT in capsys.readouterr().out
    assert not (home / up.BEGUN).exists()
    assert not (home / up.NOTES).exists()
    up._own_database(home, server)  # what the next start does
    assert administrators(server) == ["jo@real.example"]


def has_tenants(home: Path) -> bool:
    """Whether the embedded database holds any; its owner sees no rows, but how much they take."""
    try:
        port = (homes.postgres_folder(home) / "data" / "postmaster.pid").read_text().splitlines()[3]
        address = f"postgresql://msp_owner:{homes.secret(home, 'msp_owner')}@{homes.LOOPBACK}:{port}/msp?sslmode=disable"
        with psycopg.connect(address, connect_timeout=2) as connection:
            found = connection.execute("SELECT pg_relation_size('tenant') > 0").fetchone()
    except (OSError, IndexError, psycopg.Error):
        return False
    return bool(found and found[0])


@pytest.mark.parametrize(("url", "environ", "warned"), [("", "production", True), ("", "demo", False), ("console:", "production", False)])
def test_a_production_without_mail_says_so(monkeypatch: pytest.MonkeyPatch, capsys: Any, url: str, environ: str, warned: bool) -> None:
    monkeypatch.setenv("MSP_SECRET_KEY", secrets.token_urlsafe(48))
    monkeypatch.setenv("MSP_ENVIRONMENT", environ)
    monkeypatch.delenv("MSP_MAIL_URL", raising=False)
    if url:
        monkeypatch.setenv("MSP_MAIL_URL", url)
    warn_of_mail()
    assert ("no mail is sent" in capsys.readouterr().err) is warned
