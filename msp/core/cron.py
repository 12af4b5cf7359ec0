"""One loop under an advisory lock: each second it starts what is due. A second process stands by.

A tick goes through RQ; when Redis refuses, or no sweep has ended for three seconds, the loop sweeps itself.
"""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from msp.core.db import db
from msp.core.outbox.queue import call_job

LOCK = 7_226_002
log = structlog.get_logger(__name__)


@dataclass
class Schedule:
    """A function called every so often. With `through` it is enqueued there by name; `ended` says when one last ended."""

    name: str
    every: timedelta
    work: Callable[[], object]
    through: str | None = None
    path: str = ""
    patience: timedelta = timedelta(seconds=3)
    ended: Callable[[], float] | None = None
    due_at: float = field(default=0.0)


_schedules: dict[str, Schedule] = {}


def schedule(item: Schedule) -> None:
    """Register work for the loop; features do this in their `jobs`."""
    _schedules[item.name] = item


def schedules() -> list[Schedule]:
    return list(_schedules.values())


def run(app: Flask) -> None:
    """Loop until SIGTERM or SIGINT, holding the lock while the database lets us."""
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    while not stop.is_set():
        try:
            with app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                _lead(app, connection, stop)
        except SQLAlchemyError as error:
            log.warning("database_unreachable", error=str(error).splitlines()[0])
            stop.wait(0.5)


def _lead(app: Flask, connection: sa.Connection, stop: threading.Event) -> None:
    """Wait for the lock, then tick; an error of the lock's own connection gives the lead up."""
    while not connection.scalar(sa.text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
        if stop.wait(1):
            return
    log.info("cron_leads")
    while not stop.is_set():
        connection.execute(sa.text("SELECT 1"))
        tick(app)
        stop.wait(1 - time.time() % 1)


def tick(app: Flask) -> None:
    """Start everything that is due now."""
    for item in schedules():
        if time.monotonic() < item.due_at:
            continue
        item.due_at = time.monotonic() + item.every.total_seconds() - 0.05
        try:
            _start(app, item)
        except Exception:
            log.exception("schedule_failed", schedule=item.name)


def _start(app: Flask, item: Schedule) -> None:
    if item.through is not None:
        enqueued = call_job(item.through, item.path, ttl=int(max(item.every.total_seconds() * 5, 5)))
        if enqueued and not _is_late(item):
            return
    with app.app_context():
        item.work()


def _is_late(item: Schedule) -> bool:
    """Whether nobody has finished this work for too long: then the loop does it itself."""
    if item.ended is None:
        return False
    return time.time() - item.ended() > item.patience.total_seconds()
