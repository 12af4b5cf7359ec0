"""`msp up`: the whole demonstration on this machine, from the servers to what to try first."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from msp.cli import demo, running
from msp.cli.example_endpoint import SECRETS
from msp.core import migrate
from msp.core.embedded import home as homes
from msp.core.embedded import postgres, redis, supervisor
from msp.core.embedded.supervisor import Process, Service

DATABASE = "msp"
NOTES = "demo.json"  # what `msp demo seed --json` said
BEGUN = "demo.begun"  # there while the demo data is being made
KEPT = "The database holds data already; it is kept as it is, without demo data"
_PROGRAM = (sys.executable, "-m", "msp.cli")
_PORT = click.IntRange(1, 65535)
_SHOWN = ("who", "e_mail")
WORKERS = {"urgent": ("urgent",), "worker": ("default", "mail"), "bulk": ("bulk",)}


@dataclass(frozen=True)
class Stack:
    """What runs already, and what the processes are told; the owner's address is not for them."""

    home: Path
    port: int
    live_port: int
    services: Sequence[Service]
    environment: Mapping[str, str]


@click.command()
@click.option("--port", type=_PORT, envvar="MSP_PORT", default=8000, show_default=True, help="of the pages (MSP_PORT)")
@click.option("--live-port", type=_PORT, envvar="MSP_LIVE_PORT", default=8001, show_default=True,
              help="of the live updates (MSP_LIVE_PORT)")  # fmt: skip
def up(port: int, live_port: int) -> int:
    """Run everything on this machine: PostgreSQL, Redis, web, live updates, workers and cron.

    At the first start the database is made and, while it is empty, filled with demo data. Everything is kept in var/ (or MSP_HOME).
    With MSP_OWNER_DATABASE_URL (and its MSP_PORTAL_, MSP_CONSOLE_ and MSP_LIVE_ companions) or MSP_REDIS_URL your
    own servers are used instead of the embedded ones; `msp demo seed` fills an empty database there.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the supervisor takes over
    if port == live_port:
        raise homes.CannotStart(f"MSP_PORT and MSP_LIVE_PORT are both {port}; the pages and the live updates need one each.")
    home = homes.open_home(homes.default_home())
    with homes.locked(home, "up", wait=False):
        homes.ensure_free(port, variable="MSP_PORT")
        homes.ensure_free(live_port, variable="MSP_LIVE_PORT")
        with contextlib.ExitStack() as on_failure:
            stack = _prepare(home, port, live_port, on_failure)
            on_failure.pop_all()  # the supervisor stops them from here on
        running.publish(home, stack.environment)
        try:
            return supervisor.run(_processes(stack), services=stack.services, on_ready=lambda: _welcome(stack))
        finally:
            running.withdraw(home)


def _prepare(home: Path, port: int, live_port: int, on_failure: contextlib.ExitStack) -> Stack:
    """Start the servers that are not given and bring the schema up to date."""
    environment = {
        "MSP_ENVIRONMENT": "demo",
        "MSP_SECRET_KEY": homes.secret(home, "secret-key"),
        "MSP_PUBLIC_SCHEME": "http",
        "MSP_CONSOLE_HOST": f"console.localhost:{port}",
        "MSP_LIVE_URL": f"http://{homes.LOOPBACK}:{live_port}",
        "MSP_STORAGE_URL": (home / "files").as_uri(),
        "MSP_RUNBOOK_LOOPBACK_PORT": str(homes.server_port(home, "example", None)),
    } | os.environ
    services: list[Service] = []
    if "MSP_REDIS_URL" not in environment:
        cache = redis.start(home)
        on_failure.callback(cache.stop)
        services.append(cache)
        environment["MSP_REDIS_URL"] = cache.url
    owner_url = environment.pop("MSP_OWNER_DATABASE_URL", "")
    if owner_url:
        migrate.upgrade(owner_url)
    else:
        database = postgres.start(home)
        on_failure.callback(database.stop)
        services.insert(0, database)
        environment |= _own_database(home, database)
        _seed(home, environment, database)
    return Stack(home, port, live_port, services, environment)


def _own_database(home: Path, server: postgres.Postgres) -> dict[str, str]:
    """Make the database or bring it up to date; the addresses of the application's logins."""
    passwords = {login: homes.secret(home, login) for login in ("msp_owner", "msp_portal", "msp_console", "msp_live")}
    urls = {
        login: f"postgresql://{login}:{password}@{server.host}:{server.port}/{DATABASE}?sslmode=disable"
        for login, password in passwords.items()
    }
    if (home / BEGUN).exists() and not (home / NOTES).exists():
        _drop(server)
    migrate.bootstrap(server.admin_url(), DATABASE, passwords)
    migrate.upgrade(urls.pop("msp_owner"))
    return {f"{login.upper()}_DATABASE_URL": url for login, url in urls.items()}


def _drop(server: postgres.Postgres) -> None:
    """Begin anew: the first start was stopped while it made demo data, and nobody has seen what there is of it."""
    click.echo("The first start was interrupted; beginning anew")
    with migrate.connected(server.admin_url()) as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')


def _is_empty(server: postgres.Postgres) -> bool:
    """Whether no company is in the database; only the superuser sees them all."""
    with migrate.connected(server.admin_url(DATABASE)) as connection:
        return not connection.exec_driver_sql("SELECT EXISTS (SELECT FROM tenant)").scalar_one()


def _seed(home: Path, environment: Mapping[str, str], server: postgres.Postgres) -> None:
    """Fill the database at the first start; one that holds something already stays as it is, and is never said to be begun."""
    if (home / NOTES).exists():
        (home / BEGUN).unlink(missing_ok=True)
        return
    if not _is_empty(server):
        click.echo(KEPT)
        return
    click.echo("Making demo data")
    (home / BEGUN).touch()
    command = [*_PROGRAM, "demo", "seed", "--json"]
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own command
    if result.returncode == demo.NOT_EMPTY:  # somebody else was faster
        (home / BEGUN).unlink()
        click.echo(KEPT)
        return
    if result.returncode != 0:
        raise homes.CannotStart("the demo data could not be made; make clean removes what is there.")
    homes.write_private(home / NOTES, result.stdout)
    (home / BEGUN).unlink()


def _processes(stack: Stack) -> list[Process]:
    def process(name: str, *arguments: str, **options: Any) -> Process:
        return Process(name, [*_PROGRAM, *arguments], stack.environment, **options)

    web = process("web", "web", "--surface", "both", "--port", str(stack.port), ready=lambda: _web_answers(stack))
    live = process(
        "live", "live", "--port", str(stack.live_port), ready=lambda: _listens(stack.live_port), grace_seconds=3
    )
    workers = [
        process(name, "worker", *queues, stage=1, grace_seconds=30)  # time for the job in hand
        for name, queues in WORKERS.items()
    ]
    return [web, live, *_example(stack), *workers, process("cron", "cron", stage=1)]


def _example(stack: Stack) -> list[Process]:
    """What the demonstration's runbooks call, where there are any."""
    file, port = stack.home / NOTES, stack.environment["MSP_RUNBOOK_LOOPBACK_PORT"]
    secrets = json.loads(file.read_text()).get("runbooks", {}) if file.exists() else {}
    if not secrets or stack.environment["MSP_ENVIRONMENT"] != "demo":
        return []
    # It is somebody else's program: it is told nothing of ours.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MSP_")} | {SECRETS: json.dumps(secrets)}
    command = [*_PROGRAM, "example-endpoint", "--port", port]
    return [Process("example", command, environment, ready=lambda: _listens(int(port)))]


def _web_answers(stack: Stack) -> bool:
    connection = http.client.HTTPConnection(homes.LOOPBACK, stack.port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": stack.environment["MSP_CONSOLE_HOST"]})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _listens(port: int) -> bool:
    try:
        socket.create_connection((homes.LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def _welcome(stack: Stack) -> None:
    """Say where to go. The notes hold `sign_ins` (each `host`, `who`, `e_mail`, `password`) and `try`."""
    file = stack.home / NOTES
    notes = json.loads(file.read_text()) if file.exists() else {}
    console = stack.environment["MSP_CONSOLE_HOST"].partition(":")[0]
    people: dict[str, list[dict[str, str]]] = {console: []}
    for person in notes.get("sign_ins", []):
        people.setdefault(person["host"], []).append(person)
    who, e_mail = (max((len(person[key]) for row in people.values() for person in row), default=0) for key in _SHOWN)
    lines = ["", "Ready. Sign in as"]
    for host, row in people.items():
        lines.append(f"  http://{host}:{stack.port}")
        lines += [f"    {person['who']:{who}}  {person['e_mail']:{e_mail}}  {person['password']}" for person in row]
    if notes.get("try"):
        lines += ["What to try", *(f"  - {text}" for text in notes["try"])]
    lines.append("Ctrl-C ends everything; make clean removes the data too.\n")
    click.echo("\n".join(lines))
