"""A real program on loopback that is called, and runbooks that call it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.itsm.runbooks import queries
from msp.itsm.runbooks.models import Runbook, RunbookAttempt, RunbookRun
from msp.itsm.runbooks.services import books
from msp.itsm.tasks import queries as tasks
from msp.itsm.tasks import services as task_services
from msp.itsm.tasks.models import Task
from msp.itsm.tasks.services import Draft
from tests.itsm.sla.passing import work
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
PERSON = {"name": "person", "from": "task.detail"}


class Other(ThreadingHTTPServer):
    """The other side: keeps what it is sent, and answers what it is told to. `then` runs before it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answers: list[tuple[int, Any]] = []
        self.then: Callable[[dict[str, Any]], None] | None = None
        self.url = f"http://127.0.0.1:{self.server_port}/joiner"

    @property
    def callback(self) -> dict[str, str]:
        """Where the latest call wants its result, and its token."""
        found: dict[str, str] = self.got[-1][1]["callback"]
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Other

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append(({**headers, "content": content.decode()}, json.loads(content)))
        if self.server.then:
            self.server.then(json.loads(content))
        status, body = self.server.answers.pop(0) if self.server.answers else (202, "")
        sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(app: Any) -> Iterator[Other]:
    """The other side, on the one port of this machine that runbooks may call here."""
    before = app.settings
    with Other() as server:
        app.settings = replace(before, runbook_loopback_port=server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            app.settings = before
            server.shutdown()
            thread.join(5)


def runbook(app: Any, url: str, *inputs: dict[str, Any], company: Any = None, name: str = "", **more: Any) -> Runbook:
    """A runbook for one company, or for all of them."""
    with clock.at(MONDAY), world.as_staff(app) as by:
        content = {"url": url, "inputs": list(inputs), **more}
        return books.add_runbook(name or world.unique("Joiner "), content, client_id=company.id if company else None, by=by)


def plan(app: Any, ticket: Any, by: Any, *drafts: Draft) -> list[Task]:
    with clock.at(MONDAY), world.acting(app, by):
        return list(task_services.plan_tasks(ticket.id, drafts, by=by))


def states(app: Any, ticket: Any) -> list[tuple[str, str | None]]:
    """Each task of a ticket: its state and the reason."""
    with world.as_staff(app) as by:
        return [(task.state, task.reason) for task in tasks.tasks_of(ticket, by=by)]


def runs(app: Any, ticket: Any) -> list[RunbookRun]:
    """The runs for a ticket, the newest first."""
    with world.as_staff(app) as by:
        return list(queries.runs_of(ticket, by=by))


def attempts(app: Any, run: RunbookRun) -> list[RunbookAttempt]:
    with world.as_staff(app):
        return list(db.session.scalars(sa.select(RunbookAttempt).where(RunbookAttempt.run_id == run.id).order_by(RunbookAttempt.number)))


def send(app: Any, other: Other, outcome: str = "finished", at: datetime = MONDAY, **more: Any) -> Any:
    """The other side calls back as it was told to, over HTTP's own door."""
    path = other.callback["url"].partition("console.localhost")[2]
    body = {"token": other.callback["token"], "outcome": outcome, **more}
    with clock.at(at):
        return app.test_client().post(path, json=body, base_url="http://console.localhost/")


__all__ = ["MONDAY", "PERSON", "Other", "attempts", "listening", "plan", "runbook", "runs", "send", "states", "work"]
