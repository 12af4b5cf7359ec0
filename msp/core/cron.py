"""One loop under an advisory lock: each second it starts what is due. A second process stands by.

A tick goes through RQ; when Redis refuses, or no sweep has ended for three seconds, the loop sweeps itself.
"""

import math
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

from msp.core import clock, heartbeats
from msp.core.db import db
from msp.core.outbox import queue

LOCK = 7_226_002
WAITS_SECONDS = 30  # how long a job that nobody begins stays in Redis
log = structlog.get_logger(__name__)


@dataclass
class Schedule:
    """A function called every so often by the loop.

    With `through` the function at `path` is enqueued there instead; `work` is for when Redis refuses, or when nobody
    has said for `patience` that it ended (`heartbeats.beat(name)`).
    """

    name: str
    every: timedelta
    work: Callable[[], object]
    through: str | None = None
    path: str = ""
    patience: timedelta | None = None
    due_at: float = field(default=-math.inf)
    job_id: str = ""


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
    with app.app_context():
        while not stop.is_set():
            try:
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
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
        stop.wait(1 - clock.now().microsecond / 1_000_000)


def tick(app: Flask) -> None:
    """Start everything that is due now; what fails is logged and comes again at its next turn."""
    for item in schedules():
        if time.monotonic() < item.due_at:
            continue
        item.due_at = time.monotonic() + item.every.total_seconds() - 0.05
        try:
            with app.app_context():
                _start(item)
        except Exception:
            log.exception("schedule_failed", schedule=item.name)


def _start(item: Schedule) -> None:
    if item.through is None or not _enqueue(item, item.through) or _is_late(item):
        item.work()


def _enqueue(item: Schedule, through: str) -> bool:
    """Enqueue the function under an id of this tick, unless an earlier one still waits: ticks do not pile up."""
    if item.job_id and queue.is_waiting(item.job_id):
        return True
    item.job_id = f"{item.name.replace('.', '-')}-{clock.now():%Y%m%dT%H%M%S}"
    return queue.call_job(through, item.path, job_id=item.job_id, ttl=WAITS_SECONDS)


def _is_late(item: Schedule) -> bool:
    """Whether nobody has finished this work for too long: then the loop does it itself."""
    if item.patience is None:
        return False
    return heartbeats.seconds_since(item.name) > item.patience.total_seconds()
