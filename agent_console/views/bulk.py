"""One act on the selected rows of the queue, or on all that match; how far it is; and its undoing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, bulk_words, forms, notices
from agent_console.blueprint import console_blueprint
from agent_console.shell import agent_zone
from msp.core.db import savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound
from msp.core.query.errors import QueryError
from msp.core.web.formats import count_words
from msp.itsm.tickets import listing, queries
from msp.itsm.tickets.models import BulkRun
from msp.itsm.tickets.services import bulk
from tenants import queries as tenants

blueprint = console_blueprint("bulk", "/queue/bulk")
TAB = 200  # tickets named on the page of a run


@blueprint.get("")
def runs() -> ResponseReturnValue:
    """The agent's own runs of late."""
    known, found = _words(), queries.bulk_runs(by=g.actor)
    progress = queries.bulk_progress_of(found, by=g.actor)
    rows = [(bulk_words.title(run, **known), run, progress[run.id]) for run in found]
    return render_template("console/queue/runs.html", rows=rows)


@blueprint.post("")
def apply() -> ResponseReturnValue:
    named = request.form.get("act", "")
    if named not in _ACTS:
        raise Invalid.field("act", "Choose what to do with these tickets.", "unknown")
    act, read = _ACTS[named]
    run = bulk.begin(act, read(), _chosen(), by=g.actor, query=forms.text(request.form, "q"))
    return _begun(run)


@blueprint.get("/<uuid:run_id>")
def run(run_id: UUID) -> ResponseReturnValue:
    """How far a run is: a page, and the part of it that asks again until it is done."""
    found = queries.visible_bulk_run(run_id, by=g.actor)
    if request.headers.get("HX-Target", "").endswith("#bulk-run"):
        return render_template("console/queue/run_progress.html", refusal="", **_context(found))
    return answers.page("console/queue/run.html", **_context(found))


@blueprint.post("/<uuid:run_id>/undo")
def undo(run_id: UUID) -> ResponseReturnValue:
    try:
        with savepoint():
            undoing = bulk.undo(run_id, by=g.actor)
    except (Conflict, Forbidden) as error:
        return answers.page("console/queue/run.html", error, **_context(queries.visible_bulk_run(run_id, by=g.actor)))
    return _begun(undoing)


@blueprint.post("/<uuid:run_id>/stop")
def stop(run_id: UUID) -> ResponseReturnValue:
    try:
        with savepoint():
            bulk.stop(run_id, by=g.actor)
    except Conflict as error:
        return answers.page("console/queue/run.html", error, **_context(queries.visible_bulk_run(run_id, by=g.actor)))
    return redirect(url_for("bulk.run", run_id=run_id), 303)


def _begun(run: BulkRun) -> ResponseReturnValue:
    """Back to the queue with word of it where it is done, else to its own page."""
    progress = queries.bulk_progress(run, by=g.actor)
    if progress.waiting:
        return redirect(url_for("bulk.run", run_id=run.id), 303)
    is_undo = run.undoes_id is not None
    did = "put back" if is_undo else "changed"
    if progress.skipped or progress.hidden:
        lines = [(row.ref, row.reason) for row in queries.bulk_skipped(run, by=g.actor, limit=TAB)]
        lines += [("–", NotFound.title)] * min(progress.hidden, TAB)
        notices.report(f"{progress.done} of {count_words(run.total, 'ticket')} {did}; the others are as they were.", lines)
    if progress.done:
        undo_url = "" if bulk.why_not_undone(run, progress) else url_for("bulk.undo", run_id=run.id)
        notices.say(f"{count_words(progress.done, 'ticket')} {did}.", undo_url=undo_url)
    return redirect(url_for("queue.page", q=run.query or None), 303)


def _context(run: BulkRun) -> dict[str, Any]:
    progress = queries.bulk_progress(run, by=g.actor)
    return {
        "run": run,
        "progress": progress,
        "skipped": queries.bulk_skipped(run, by=g.actor, limit=TAB),
        "stays": bulk.why_not_undone(run, progress),
        "until": run.begun_at + bulk.UNDO,
        "title": bulk_words.title(run, **_words()),
    }


def _words() -> dict[str, dict[str, str]]:
    """Names of those that acts can name, by id."""
    return {
        "agents": {str(agent.id): agent.name for agent in tenants.agents(active_only=False)},
        "teams": {str(team.id): team.name for team in tenants.teams(active_only=False)},
    }


def _chosen() -> list[UUID]:
    """The rows that are ticked; or, where all that match are meant, what the query finds now, if it is not too much."""
    if "matching" not in request.form:
        return forms.ids(request.form, "ticket_id")
    try:
        wanted = listing.asked(forms.text(request.form, "q"), by=g.actor, tz=agent_zone())
    except QueryError as wrong:
        raise Invalid.field("q", wrong.message, "unreadable") from None
    found = listing.matching(wanted, by=g.actor, limit=bulk.MOST + 1)
    if len(found) > bulk.MOST:
        raise Invalid.field("q", f"More than {bulk.MOST} tickets match; narrow the query. Nothing was changed.", "too_many")
    if not found:
        raise Invalid.field("q", "No ticket matches any more. Nothing was changed.", "none")
    return found


def _take() -> dict[str, Any]:
    return {"assignee_id": str(g.actor.id)}


def _assign() -> dict[str, Any]:
    assignee, team = forms.one_id(request.form, "assignee"), forms.one_id(request.form, "team")
    return {"assignee_id": str(assignee) if assignee else None, "team_id": str(team) if team else None}


def _move() -> dict[str, Any]:
    return {"status": request.form.get("status", ""), "reason": forms.text(request.form, "reason")}


def _prioritise() -> dict[str, Any]:
    """A priority by hand, or the impact and urgency that it follows from."""
    numbers = {name: forms.number(request.form, name) for name in ("priority", "impact", "urgency")}
    return {name: number for name, number in numbers.items() if number is not None}


def _tag() -> dict[str, Any]:
    return {name: forms.text(request.form, f"tags_{name}").replace(",", " ").split() for name in ("add", "remove")}


_ACTS: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "mine": ("assign", _take), "assign": ("assign", _assign), "status": ("move", _move), "priority": ("classify", _prioritise),
    "tag": ("tag", _tag),
}  # fmt: skip
