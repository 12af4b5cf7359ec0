"""The whole log: clients in parallel, their incidents one after another, with a running count and a closing table."""

import csv
import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event as sa_event

from msp.core.actor import Actor
from msp.core.db import db, transaction
from msp.core.outbox import services as outbox
from msp.core.scope import Scope, Trail
from msp.itsm.imports.incident_log import directory as directories
from msp.itsm.imports.incident_log.reader import Incident, Log, Reject
from msp.itsm.imports.incident_log.replay import RIGHTS, Tally, external_key, replay
from msp.itsm.sla.services import clocks, replaying
from msp.itsm.tickets.models import Ticket
from tenants.permissions import Permission

SET_UP = frozenset(
    {Permission.CLIENT_MANAGE, Permission.CONTACT_MANAGE, Permission.AGENT_MANAGE, Permission.TEAM_MANAGE, Permission.ROLE_GRANT,
     Permission.SLA_MANAGE}
)  # fmt: skip
IMPORT = Actor(None, "system", "incident log import", RIGHTS | SET_UP, None)
MakeApp = Callable[[], Flask]


@dataclass
class Work:
    """What one client's replay came to, and where its time went (seconds)."""

    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    database_seconds: float = 0.0
    engine_seconds: float = 0.0

    def add(self, other: "Work") -> None:
        self.tally.add(other.tally)
        self.seconds += other.seconds
        self.database_seconds += other.database_seconds
        self.engine_seconds += other.engine_seconds


def run(log: Log, make_app: MakeApp, *, processes: int, on_progress: Callable[[int], None]) -> Work:
    """Replay the log; `make_app` is a module-level function that each process calls. `on_progress` gets rows done."""
    app = make_app()
    by_location: dict[str, list[Incident]] = {}
    for incident in log.incidents:
        by_location.setdefault(incident.location, []).append(incident)
    with app.app_context(), outbox.suppressed():
        with transaction(_scope()):
            directories.provider_people(log.incidents, by=IMPORT)
        tenant_ids = {}
        for location in by_location:
            with transaction(_scope()):
                tenant_ids[location] = directories.client(location, by=IMPORT)
        for engine in db.engines.values():
            engine.dispose()
    largest_first = sorted(by_location, key=lambda location: -sum(len(i.events) for i in by_location[location]))
    total = Work()
    if processes == 1:
        with app.app_context(), _without_waiting_for_disk(db.engine):
            for location in largest_first:
                total.add(_replay_client(tenant_ids[location], by_location[location], log.ends_at, on_progress))
        return total
    return _in_parallel(make_app, largest_first, tenant_ids, by_location, log, processes, on_progress)


def _in_parallel(
    make_app: MakeApp, locations: list[str], tenant_ids: dict[str, UUID], by_location: dict[str, list[Incident]], log: Log,
    processes: int, on_progress: Callable[[int], None],
) -> Work:  # fmt: skip
    total, context = Work(), multiprocessing.get_context("spawn")
    done: Queue[int] = context.Queue()
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(make_app, done)) as pool:
        futures = [pool.submit(_work, tenant_ids[place], by_location[place], log.ends_at) for place in locations]
        while not all(future.done() for future in futures):
            _drain(done, on_progress)
            time.sleep(0.2)
        _drain(done, on_progress)
        for future in futures:
            total.add(future.result())
    return total


def _drain(done: "Queue[int]", on_progress: Callable[[int], None]) -> None:
    while not done.empty():
        on_progress(done.get())


_process: dict[str, Any] = {}


def _start(make_app: MakeApp, done: "Queue[int]") -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _process.update(app=make_app(), done=done)
    with _process["app"].app_context():
        sa_event.listen(db.engine, "connect", _relax)


def _end_with_parent() -> None:
    """Killed, the command can tell nobody: whoever works for it stops, so that the next run finds the clients free."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(tenant_id: UUID, incidents: list[Incident], ends_at: datetime) -> Work:
    with _process["app"].app_context():
        return _replay_client(tenant_id, incidents, ends_at, _process["done"].put)


def _replay_client(tenant_id: UUID, incidents: list[Incident], ends_at: datetime, on_progress: Callable[[int], None]) -> Work:
    """Every incident of one client that is not there yet, each in a transaction of its own."""
    work, started = Work(), time.perf_counter()
    meter = _DatabaseMeter()
    engine_before = clocks.engine_seconds()
    with outbox.suppressed(), replaying.replay():
        with transaction(_scope()):
            directory = directories.directory(tenant_id, incidents, by=IMPORT)
            known = set(db.session.scalars(sa.select(Ticket.external_key).where(Ticket.tenant_id == tenant_id)))
        for incident in incidents:
            if external_key(incident) in known:
                work.tally.known += 1
            else:
                with transaction(_scope()):
                    replay(incident, directory, work.tally, ends_at=ends_at)
            on_progress(len(incident.events))
    meter.stop()
    work.seconds = time.perf_counter() - started
    work.database_seconds = meter.seconds
    work.engine_seconds = clocks.engine_seconds() - engine_before
    return work


def _scope() -> Scope:
    return Scope.staff(trail=Trail(actor_name=IMPORT.name))


@contextmanager
def _without_waiting_for_disk(engine: sa.Engine) -> Iterator[None]:
    """Commits do not wait for the disk: what a power cut takes is imported again when the command is run again."""
    engine.dispose()
    sa_event.listen(engine, "connect", _relax)
    try:
        yield
    finally:
        sa_event.remove(engine, "connect", _relax)
        engine.dispose()


def _relax(connection: Any, _: Any) -> None:
    connection.autocommit = True  # the setting outlives the transactions
    connection.execute("SET synchronous_commit = off")
    connection.autocommit = False
    connection.prepared_max = 1000  # every statement of the replay stays prepared


class _DatabaseMeter:
    """Seconds spent waiting for the database on this process's engine."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._engine = db.engine
        sa_event.listen(self._engine, "before_cursor_execute", self._begin)
        sa_event.listen(self._engine, "after_cursor_execute", self._end)

    def _begin(self, connection: sa.Connection, *_: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def _end(self, connection: sa.Connection, *_: Any) -> None:
        self.seconds += time.perf_counter() - connection.info["began"]

    def stop(self) -> None:
        sa_event.remove(self._engine, "before_cursor_execute", self._begin)
        sa_event.remove(self._engine, "after_cursor_execute", self._end)


def write_rejects(file: Path, rejects: list[Reject]) -> None:
    """Rows that could not be replayed, with line, reason and text."""
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["line", "reason", "text"])
        writer.writerows([reject.line, reject.reason, reject.text] for reject in rejects)


def agreement(log: Log, app: Flask) -> dict[str, int]:
    """Our verdict on each resolution beside the source's own `made_sla`: a comparison, not a goal."""
    said = {external_key(incident): incident.events[-1].made_sla for incident in log.incidents}
    counts: Counter[str] = Counter()
    with app.app_context(), transaction(_scope()) as session:
        rows = session.execute(
            sa.text(
                "SELECT t.external_key, c.outcome FROM ticket t JOIN sla_clock c ON c.tenant_id = t.tenant_id AND c.subject_id = t.id"
                " WHERE c.kind = 'resolution' AND c.is_current AND t.external_key LIKE 'incident-log:%'"
            )
        )
        for key, outcome in rows:
            if key in said and outcome is not None:
                counts[f"ours {outcome}, source {'made' if said[key] else 'missed'}"] += 1
    return dict(counts)


def facts(app: Flask) -> dict[str, int]:
    """Facts of imported tickets by kind."""
    with app.app_context(), transaction(_scope()) as session:
        rows = session.execute(
            sa.text(
                "SELECT f.kind, count(*) FROM sla_fact f JOIN ticket t ON t.tenant_id = f.tenant_id AND t.id = f.subject_id"
                " WHERE t.external_key LIKE 'incident-log:%' GROUP BY 1 ORDER BY 1"
            )
        )
        return {str(kind): int(number) for kind, number in rows}


def outcomes(app: Flask) -> list[tuple[str, str, int, int]]:
    """Clock, priority, met, breached over imported tickets."""
    with app.app_context(), transaction(_scope()) as session:
        rows = session.execute(
            sa.text(
                "SELECT c.kind, c.priority, count(*) FILTER (WHERE c.outcome = 'met'), count(*) FILTER (WHERE c.outcome = 'breached')"
                " FROM sla_clock c JOIN ticket t ON t.tenant_id = c.tenant_id AND t.id = c.subject_id"
                " WHERE t.external_key LIKE 'incident-log:%' GROUP BY 1, 2 ORDER BY 1, 2"
            )
        )
        return [(str(kind), str(priority), int(met), int(breached)) for kind, priority, met, breached in rows]
