"""The folder of the embedded servers: `var/` of the project, or MSP_HOME.

Standard library only, like `processes` and `clean`: `make clean` works without the environment.
"""

import fcntl
import hashlib
import json
import os
import pwd
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import processes

LOOPBACK = "127.0.0.1"
MARKER = ".msp-home"
_PROJECT = Path(__file__).resolve().parents[3]


class CannotStart(RuntimeError):
    """Why this machine cannot run the servers, in one line for the person at the terminal."""


def default_home() -> Path:
    """MSP_HOME, else `var/` of the project."""
    named = os.environ.get("MSP_HOME")
    return Path(named).expanduser().resolve() if named else _PROJECT / "var"


def open_home(home: Path) -> Path:
    """Make the folder where it is missing; refuse one that is another user's or was not made for this."""
    home = home.resolve()
    try:
        home.mkdir(parents=True, exist_ok=True)
        check_owner(home)
        if not is_ours(home) and any(home.iterdir()):
            raise CannotStart(f"{home} is not empty and was not made by msp; set MSP_HOME to a new folder.")
        (home / MARKER).touch()
        # Root's PostgreSQL runs as somebody else, who must be able to pass through whatever the umask is.
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except (PermissionError, FileExistsError) as error:
        raise CannotStart(f"{home} cannot be used ({error.strerror}); set MSP_HOME to a folder of your own.") from error
    return home


def postgres_folder(home: Path) -> Path:
    """Where the server of `home` lives: in it, or elsewhere if that was once decided."""
    return elsewhere(home) if elsewhere_note(home).exists() else home / "postgres"


def elsewhere(home: Path) -> Path:
    """Named after the home, so that a copied home gets data of its own. /var/tmp would be swept by age."""
    return Path("/var/lib") / f"msp-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"


def elsewhere_note(home: Path) -> Path:
    """The file whose existence says that PostgreSQL lives elsewhere."""
    return home / "postgres.folder"


def postgres_process(folder: Path) -> processes.PidFile:
    data = folder / "data"
    return processes.PidFile(data / "postmaster.pid", word=str(data), stop_signal=signal.SIGINT)


def redis_process(home: Path) -> processes.PidFile:
    folder = home / "redis"
    return processes.PidFile(folder / "valkey.pid", word=str(folder / "valkey.conf"), stop_signal=signal.SIGTERM)


def up_process(home: Path) -> processes.PidFile:
    """The running `msp up`: the holder of its lock."""
    return processes.PidFile(home / "up.lock", word="up", stop_signal=signal.SIGTERM)


def is_ours(home: Path) -> bool:
    """Whether all in this folder may be taken for the work of msp."""
    return home == _PROJECT / "var" or (home / MARKER).exists()


def check_owner(folder: Path) -> None:
    """One user's servers cannot use another's files, and root would leave files that lock the owner out."""
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        name = _user_name(owner)
        raise CannotStart(
            f"{folder} belongs to user {name}; run make clean as {name} or set MSP_HOME to a folder of your own."
        )


@contextmanager
def locked(home: Path, name: str, *, wait: bool = True) -> Iterator[None]:
    """Hold `name` against other processes until the end of the block or of this process; the file tells whose."""
    with (home / f"{name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(f"msp {name} already runs from {home}; stop it first.") from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def secret(home: Path, name: str) -> str:
    """A random secret, made once and readable by this user only."""
    file = home / "secrets" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    if not file.exists():
        write_private(file, secrets.token_hex(32))
    return file.read_text()


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 600 in one step, so that a crash leaves the old one or the new one."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    draft.replace(file)


def server_port(home: Path, server: str, wanted: int | None) -> int:
    """The port asked for, else the one used last time, else a free one; remembered."""
    file = home / "ports.json"
    ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    port = wanted or ports.get(server) or 0
    # It takes a moment to be free after its server was killed.
    if not processes.wait_until(lambda: is_free(port), seconds=1):
        if wanted:
            raise CannotStart(f"Port {wanted} is taken by another program, {server} cannot use it.")
        port = 0
    ports[server] = port or _free_port()
    write_private(file, json.dumps(ports))
    return ports[server]


def ensure_free(port: int, *, variable: str) -> None:
    """Refuse a taken port before anything is started."""
    if not is_free(port):
        raise CannotStart(f"Port {port} is taken by another program; stop it or set {variable} to another port.")


def is_free(port: int) -> bool:
    """Whether the loopback port can be listened on; 0 stands for any."""
    with socket.socket() as probe:
        # Without it, connections that closed a moment ago would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
