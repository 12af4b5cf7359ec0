"""The processes of an installation: web, live, worker, cron."""

import os
import sys

import click

from msp.core.jobs import QUEUES


@click.command()
@click.option("--surface", type=click.Choice(["portal", "console", "both"]), default="portal", show_default=True,
              help="which hosts this process serves; a portal process holds only the portal's login")
@click.option("--bind", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", type=int, default=8000, show_default=True)
@click.option("--workers", type=int, default=2, show_default=True)
@click.option("--threads", type=int, default=8, show_default=True, help="requests at a time in each worker")
def web(surface: str, bind: str, port: int, workers: int, threads: int) -> None:  # fmt: skip
    """Serve the portals, the console, or both."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from msp.cli.check import check_logins, warn_of_mail

    check_logins(surface)
    warn_of_mail()
    Granian(
        f"msp.wsgi:{surface}", address=bind, port=port, interface=Interfaces.WSGI, factory=True, workers=workers,
        blocking_threads=threads, respawn_failed_workers=True, log_access=False, log_level=LogLevels.warning,
    ).serve()  # fmt: skip


@click.command()
@click.option("--bind", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", type=int, default=8001, show_default=True)
def live(bind: str, port: int) -> None:
    """Hold the pages' streams and tell them what changed."""
    from granian import Granian
    from granian.constants import Interfaces

    from msp.core.live.server import required_settings

    required_settings()
    Granian(
        "msp.core.live.server:create", address=bind, port=port, interface=Interfaces.ASGI, factory=True, workers=1, log_access=False
    ).serve()


@click.command()
@click.argument("queues", nargs=-1, type=click.Choice(QUEUES))
@click.option("--burst", is_flag=True, help="stop when the queues are empty")
def worker(queues: tuple[str, ...], burst: bool) -> None:
    """Do the work of the queues named, all of them when none is: urgent before default, mail and bulk."""
    from msp.cli.check import warn_of_mail
    from msp.cli.context import console_app
    from msp.core.outbox.rq_worker import run

    warn_of_mail()
    app = console_app()
    sys.exit(0 if run(app, queues or QUEUES, burst=burst) else 1)


@click.command()
def cron() -> None:
    """Start what is due: escalations each second, forgotten work, cleaning up. A second one stands by."""
    from msp.cli.context import console_app
    from msp.core.cron import run

    app = console_app()
    os.environ.setdefault("MSP_PROCESS", "cron")
    run(app)
