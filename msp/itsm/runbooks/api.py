"""Runbooks over JSON: for agents, and the one operation for those that are called."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g, request, url_for

from msp.core import clock
from msp.core.actor import Actor
from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import PageQuery, listed
from msp.core.app import this_app
from msp.core.db import bind
from msp.core.errors import NotFound
from msp.core.scope import Scope, Trail
from msp.itsm.runbooks import callbacks, queries
from msp.itsm.runbooks.models import Runbook, RunbookRun
from msp.itsm.runbooks.results import Result
from msp.itsm.runbooks.schemas import (
    RunbookChange,
    RunbookIn,
    RunbookOut,
    RunbookResultIn,
    RunbookResultOut,
    RunbookRunOut,
    RunbookRunQuery,
    RunbookRunsOut,
    RunbookRunWhole,
    RunbooksExport,
    RunbooksIn,
    RunbooksOut,
    RunbookStartIn,
    RunbookTestOut,
)
from msp.itsm.runbooks.services import books, running
from msp.itsm.tickets import found
from tenants.permissions import Permission as P

resource = Resource("runbooks", __name__, "Programs elsewhere that do tasks")
runs = Resource("runbook_runs", __name__, "What runbooks do for tickets, and how they say that it is done")
BLUEPRINTS = (resource, runs)
ONE, RUN = "/runbooks/<uuid:runbook_id>", "/runbook-runs/<uuid:run_id>"


@resource.operation("GET", "/runbooks", listed(RunbookOut), needs=P.TICKET_READ, who="agent", query=PageQuery)
def list_runbooks(asked: dict[str, Any]) -> Any:
    """Runbooks by name."""
    page = queries.runbook_page(by=g.actor, **asked)
    return {"data": _shown(page.rows), "next": page.next}


@resource.operation("POST", "/runbooks", RunbookOut, needs=P.RUNBOOK_MANAGE, who="agent", takes=RunbookIn, status=201)
def add_runbook(given: dict[str, Any]) -> Any:
    """Write a runbook; it can be run at once."""
    made = books.add_runbook(given["name"], given["content"], client_id=given["client_id"], by=g.actor)
    return _shown([made])[0], 201, {"Location": url_for("api_runbooks.show_runbook", runbook_id=made.id)}


@resource.operation("GET", "/runbooks/export", RunbooksExport, needs=P.RUNBOOK_MANAGE, who="agent")
def export_runbooks() -> Any:
    """All runbooks as they can be imported, without their secrets."""
    return {"runbooks": books.export_runbooks(by=g.actor)}


@resource.operation("POST", "/runbooks/import", RunbooksOut, needs=P.RUNBOOK_MANAGE, who="agent", takes=RunbooksIn, status=201)
def import_runbooks(given: dict[str, Any]) -> Any:
    """Add runbooks, switched off; all of them or none."""
    return {"data": _shown(books.import_runbooks(given["runbooks"], by=g.actor))}


@resource.operation("GET", ONE, RunbookOut, needs=P.TICKET_READ, who="agent")
def show_runbook(runbook_id: UUID) -> Any:
    """One runbook."""
    return _shown([queries.visible_runbook(runbook_id, by=g.actor)])[0]


@resource.operation("PATCH", ONE, RunbookOut, needs=P.RUNBOOK_MANAGE, who="agent", takes=RunbookChange, changes=True)
def change_runbook(changes: dict[str, Any], runbook_id: UUID) -> Any:
    """Change the name or the content, as a new version, or switch it on or off."""
    version = expected_version(queries.visible_runbook(runbook_id, by=g.actor, for_update=True).version)
    if "content" in changes:
        changes["given"] = changes.pop("content")
    return _shown([books.change_runbook(runbook_id, version=version, by=g.actor, **changes)])[0]


@resource.operation("POST", f"{ONE}/test", RunbookTestOut, needs=P.RUNBOOK_MANAGE, who="agent")
def send_test(runbook_id: UUID) -> Any:
    """Call the address once with a message that asks for nothing."""
    return books.send_test(runbook_id, by=g.actor)


@resource.operation("GET", f"{ONE}/runs", listed(RunbookRunOut), needs=P.TICKET_READ, who="agent", query=RunbookRunQuery)
def list_runs(asked: dict[str, Any], runbook_id: UUID) -> Any:
    """What it did, the newest first."""
    page = queries.run_page(queries.visible_runbook(runbook_id, by=g.actor), by=g.actor, **asked)
    return {"data": [each.run for each in page.rows], "next": page.next}


@runs.operation("GET", "/tickets/<ticket>/runbook-runs", RunbookRunsOut, needs=P.TICKET_READ, who="agent")
def list_of_ticket(ticket: str) -> Any:
    """The latest fifty runs for a ticket, the newest first."""
    return {"data": queries.runs_of(found.named(ticket, by=g.actor), by=g.actor)}


@runs.operation(
    "POST", "/tickets/<ticket>/runbook-runs", RunbookRunWhole, needs=P.RUNBOOK_RUN, who="agent", takes=RunbookStartIn, status=201
)
def start_run(given: dict[str, Any], ticket: str) -> Any:
    """Run a runbook for a ticket, or for an open task of it."""
    run = running.start_run(
        given["runbook_id"], found.named(ticket, by=g.actor).id, task_id=given["task_id"], given=given["inputs"], by=g.actor
    )
    return _whole(run), 201, {"Location": url_for("api_runbook_runs.show_run", run_id=run.id)}


@runs.operation("GET", RUN, RunbookRunWhole, needs=P.TICKET_READ, who="agent")
def show_run(run_id: UUID) -> Any:
    """One run with each of its calls."""
    return _whole(queries.visible_run(run_id, by=g.actor))


@runs.operation("POST", f"{RUN}/again", RunbookRunWhole, needs=P.RUNBOOK_RUN, who="agent", status=201)
def run_again(run_id: UUID) -> Any:
    """Run it once more with the same inputs, as a new run."""
    run = running.run_again(run_id, by=g.actor)
    return _whole(run), 201, {"Location": url_for("api_runbook_runs.show_run", run_id=run.id)}


@runs.operation(
    "POST", f"{RUN}/result", RunbookResultOut, who="everyone", takes=RunbookResultIn,
    open_because="the token of the call says which run this is about, and is good for its result alone",
)  # fmt: skip
def take_result(given: dict[str, Any], run_id: UUID) -> Any:
    """A runbook says how a run went, once; the call's own token is all that it needs."""
    if this_app().surface != "console":
        raise NotFound
    tenant_id = callbacks.client_of(given["token"], run_id, now=clock.now())
    trail = Trail("a runbook’s call-back", "system", request_id=g.get("request_id"), address=request.remote_addr)
    bind(Scope.of_agent((tenant_id,), None, trail))
    by = Actor.system("Runbooks", *running.RIGHTS, tenant_ids=(tenant_id,))
    run = running.take_result(run_id, Result(given["outcome"], given["message"].replace("\0", "").strip(), _clean(given["outputs"])), by=by)
    return {"state": run.state}


def _clean(outputs: dict[str, str]) -> dict[str, str]:
    return {name.replace("\0", ""): value.replace("\0", "") for name, value in outputs.items()}


def _shown(rows: Sequence[Runbook]) -> list[dict[str, Any]]:
    """Each with what it says now."""
    latest = queries.latest(rows)
    names = ("id", "name", "client_id", "number", "is_active", "owner_name", "updated_at", "version")
    return [{**{name: getattr(row, name) for name in names}, "content": latest[row.id].content} for row in rows]


def _whole(run: RunbookRun) -> dict[str, Any]:
    columns = [column.key for column in RunbookRun.__mapper__.column_attrs if column.key in RunbookRunOut._declared_fields]
    return {**{name: getattr(run, name) for name in columns}, "attempts": queries.attempts(run)}
