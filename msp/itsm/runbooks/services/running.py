"""Running: a run begins, its address is called, and its result ends it, and with it the task that it was for.

Whoever changes a run holds the ticket first, then the run, then the task. Nothing is held while the other side is asked,
so that it may send the result before it has answered. The id of the run goes out with every call: a worker that dies
between the call and its record calls again under the same id.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from msp.core import causes, clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.itsm.runbooks import callbacks, calling, content, inputs, queries, telling
from msp.itsm.runbooks.calling import Answer
from msp.itsm.runbooks.content import Content
from msp.itsm.runbooks.models import OPEN, Runbook, RunbookAttempt, RunbookRun, RunbookVersion
from msp.itsm.runbooks.results import Result
from msp.itsm.tasks import queries as tasks
from msp.itsm.tasks import services as task_services
from msp.itsm.tasks.models import Task
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import timeline
from tenants.models import Tenant
from tenants.permissions import Permission as P

CALL, EXPIRE = "runbooks.call", "runbooks.expire"
# How long to wait before the second call, the third, and so on.
PAUSES_SECONDS = (5, 30, 120, 600, 1800, 3600)
OF_TASK = "The task"  # whoever begins a run that a task asks for
RIGHTS = (P.TICKET_READ, P.TICKET_TRIAGE, P.RUNBOOK_RUN)


class ResultAlready(Conflict):
    """A result is told once: this run has ended."""

    code, title = "runbook_run_ended", "This run has ended already"


def start_run(
    runbook_id: UUID, ticket_id: UUID, *, by: Actor, task_id: UUID | None = None, given: Mapping[str, str] | None = None
) -> RunbookRun:
    """Run a runbook for a ticket, or for an open task of it; `given` goes before what was planned for the task, that
    before what the inputs are mapped to.

    Invalid: it is not for this client, is switched off, or needs what is not there. Conflict: it goes on already, for the task or
    for the ticket itself.
    """
    by.require(P.RUNBOOK_RUN)
    ticket = tickets.visible_ticket(ticket_id, by=by, for_update=True)
    runbook = queries.usable(runbook_id, ticket.tenant_id)
    if not ticket.is_open:
        raise Conflict("The ticket is closed: reopen it first.")
    task = _open_task(ticket, task_id, by=by) if task_id else None
    version = queries.latest([runbook])[runbook.id]
    planned = task.runbook_inputs if task and task.runbook_id == runbook.id else {}
    filled = inputs.fill(content.stored(version.content), ticket, task, {**planned, **(given or {})})
    if task is None and queries.is_going_on(ticket, runbook):
        raise Conflict("It is running for this ticket already; wait for its result.")
    return _begin(runbook, version, ticket, task, filled, by)


def run_again(run_id: UUID, *, by: Actor) -> RunbookRun:
    """A new run of the same runbook, as it is now, with the same inputs; for the same task, if that is open."""
    by.require(P.RUNBOOK_RUN)
    old = queries.visible_run(run_id, by=by)
    if old.state in OPEN:
        raise Conflict("It has not ended yet.")
    ticket = tickets.visible_ticket(old.ticket_id, by=by, for_update=True)
    task = tasks.visible_task(old.task_id, by=by) if old.task_id else None
    if task is not None and task.state == "failed":
        task_services.reopen_task(task.id, version=task.version, by=by)
    runbook = queries.usable(old.runbook_id, old.tenant_id)
    known = {each.name for each in content.stored(queries.latest([runbook])[runbook.id].content).inputs}
    given = {name: str(value) for name, value in old.inputs.items() if name in known and value}
    is_open = task is not None and task.state == "open"
    return start_run(old.runbook_id, ticket.id, task_id=task.id if task and is_open else None, given=given, by=by)


def start_for_task(task_id: UUID, *, by: Actor) -> RunbookRun | None:
    """A task that a runbook does has started; the work of a job. Where it cannot be run the task fails and says why."""
    by.require(P.RUNBOOK_RUN)
    ticket = tickets.visible_ticket(tasks.visible_task(task_id, by=by).ticket_id, by=by, for_update=True)
    task = tasks.visible_task(task_id, by=by, for_update=True)
    if task.state != "open" or not ticket.is_open or task.runbook_id is None or queries.open_run_of(task.tenant_id, task.id):
        return None
    acting = replace(by, name=f"Runbook “{task.runbook_name}”")
    try:
        return start_run(task.runbook_id, ticket.id, task_id=task.id, by=replace(by, name=OF_TASK))
    except (Conflict, Invalid) as error:
        telling.tell_failure(ticket, task, str(task.runbook_name), error.message)
        task_services.end_task(task.id, "failed", version=task.version, by=acting, reason=error.message[:task_services.REASON_LENGTH])
        return None


def call_run(run_id: UUID, *, by: Actor) -> RunbookRun:
    """Call the address of a run that waits for it, and note what came back; the work of a job."""
    by.require(P.RUNBOOK_RUN)
    run = queries.visible_run(run_id, by=by)
    if run.state != "waiting":
        return run
    said = content.stored(db.session.get_one(RunbookVersion, run.version_id).content)
    runbook = db.session.get_one(Runbook, run.runbook_id)
    number = len(queries.attempts(run)) + 1
    begun = clock.now()
    if runbook.is_active:
        answer = calling.send(said.url, _body(run, said, number), id=run.id, secrets=calling.secrets_of(runbook))
    else:
        answer = Answer(f"The runbook “{runbook.name}” was switched off meanwhile.", 0)
    ticket, run = _locked(run, by=by)
    db.session.add(RunbookAttempt(
        tenant_id=run.tenant_id, id=new_id(), run_id=run.id, number=number, at=begun, status=answer.status,
        milliseconds=answer.milliseconds, words=answer.words,
    ))  # fmt: skip
    db.session.flush()
    if run.state == "waiting":  # the result may have come before the answer
        _follow(run, ticket, said, answer, number, by)
    return run


def expire(run_id: UUID, *, by: Actor) -> RunbookRun:
    """The time for the result is over: the run has failed, unless it has ended; the work of a job."""
    by.require(P.RUNBOOK_RUN)
    ticket, run = _locked(queries.visible_run(run_id, by=by), by=by)
    if run.state == "running" and run.due_at and run.due_at <= clock.now():
        minutes = content.stored(db.session.get_one(RunbookVersion, run.version_id).content).minutes
        _end(run, ticket, Result("failed", f"No result came within {minutes} min."), by)
    return run


def take_result(run_id: UUID, result: Result, *, by: Actor) -> RunbookRun:
    """The other side says how it went, once; ResultAlready for a run that has ended."""
    by.require(P.RUNBOOK_RUN)
    ticket, run = _locked(queries.visible_run(run_id, by=by), by=by)
    if run.state not in OPEN:
        raise ResultAlready
    _end(run, ticket, result, by)
    return run


def stop_for_task(tenant_id: UUID, task_id: UUID) -> None:
    """Somebody ended the task himself, or its ticket: what comes back is of no use any more. The ticket is held already."""
    run = queries.open_run_of(tenant_id, task_id)
    if run is not None:
        task = db.session.get_one(Task, (tenant_id, task_id))
        why = "The ticket ended." if task.ended_with_ticket else "The task was ended by hand."
        run.state, run.words, run.ended_at, run.next_at, run.due_at = "stopped", why, clock.now(), None, None
        db.session.flush()


# --- What a run goes through -----------------------------------------------------------------------------------------


def _begin(
    runbook: Runbook, version: RunbookVersion, ticket: Ticket, task: Task | None, filled: Mapping[str, str], by: Actor
) -> RunbookRun:
    now = clock.now()
    run = RunbookRun(
        tenant_id=ticket.tenant_id, id=new_id(), runbook_id=runbook.id, version_id=version.id, runbook_name=runbook.name,
        ticket_id=ticket.id, task_id=task.id if task else None, state="waiting", started_by=by.name, inputs=dict(filled),
        outputs={}, words="", chain=list(causes.chain()), depth=causes.depth(), created_at=now, next_at=now,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    said = f" for “{task.title}”" if task else ""
    said += f" by {by.name}" if by.name != OF_TASK else ""
    timeline.note(ticket, "runbook_started", {"title": runbook.name, "said": said}, by=by, is_internal=True)
    outbox.enqueue(CALL, {"run_id": str(run.id)}, tenant_id=run.tenant_id)
    return run


def _follow(run: RunbookRun, ticket: Ticket, said: Content, answer: Answer, number: int, by: Actor) -> None:
    """What an answer means for the run: its result is there or to come, it is called again, or it has failed."""
    now = clock.now()
    run.next_at = None
    if answer.result is not None:
        _end(run, ticket, answer.result, by)
    elif answer.is_taken:
        run.state, run.due_at = "running", now + timedelta(minutes=said.minutes)
        db.session.flush()
        outbox.enqueue(EXPIRE, {"run_id": str(run.id)}, tenant_id=run.tenant_id, run_after=run.due_at)
        timeline.tell(ticket, "ticket", is_internal=True)
    elif answer.may_retry and number < said.tries:
        run.next_at = now + timedelta(seconds=PAUSES_SECONDS[min(number, len(PAUSES_SECONDS)) - 1])
        run.words = answer.words
        db.session.flush()
        outbox.enqueue(CALL, {"run_id": str(run.id)}, tenant_id=run.tenant_id, run_after=run.next_at)
    else:
        tried = f" It was called {number} times." if number > 1 else ""
        _end(run, ticket, Result("failed", answer.words + tried), by)


def _end(run: RunbookRun, ticket: Ticket, result: Result, by: Actor) -> None:
    """The run is over; its task is done, or could not be done, and what follows from that is the work of the rules that led here."""
    run.state, run.words, run.outputs = result.outcome, result.words, dict(result.outputs)
    run.ended_at, run.next_at, run.due_at = clock.now(), None, None
    db.session.flush()
    acting = replace(by, name=f"Runbook “{run.runbook_name}”")
    outputs = "; ".join(f"{name}: {value}" for name, value in result.outputs.items())
    said = " ".join(part for part in (result.words, f"({outputs})" if outputs else "") if part)
    data = {"title": run.runbook_name, "said": f": {said}" if said else ""}
    with causes.caused_by(*run.chain, depth=run.depth + 1 if run.chain else 0):
        timeline.note(ticket, f"runbook_{result.outcome}", data, by=acting, is_internal=True)
        task = tasks.visible_task(run.task_id, by=by, for_update=True) if run.task_id else None
        if result.outcome == "failed":
            telling.tell_failure(ticket, task, run.runbook_name, result.words or "it did not say why")
        if task is not None and task.state == "open" and ticket.is_open:
            state = "done" if result.outcome == "finished" else "failed"
            reason = (result.words or "The runbook did not say why.")[:task_services.REASON_LENGTH] if state == "failed" else ""
            task_services.end_task(task.id, state, version=task.version, by=acting, reason=reason)


def _body(run: RunbookRun, said: Content, number: int) -> dict[str, object]:
    ticket = db.session.get_one(Ticket, (run.tenant_id, run.ticket_id))
    task = db.session.get_one(Task, (run.tenant_id, run.task_id)) if run.task_id else None
    now = clock.now()
    return {
        "type": "runbook.run", "run_id": str(run.id), "attempt": number, "runbook": run.runbook_name,
        "client": db.session.get_one(Tenant, run.tenant_id).key, "ticket": ticket.ref, "task": task.title if task else None,
        "inputs": run.inputs, "result_within_minutes": said.minutes,
        "callback": {"url": callbacks.url_of(run.id), "token": callbacks.token_of(run.id, run.tenant_id, now=now)},
    }  # fmt: skip


def _open_task(ticket: Ticket, task_id: UUID, *, by: Actor) -> Task:
    task = tasks.visible_task(task_id, by=by, for_update=True)
    if task.ticket_id != ticket.id:
        raise Invalid.field("task_id", "This is no task of the ticket.", "unknown")
    if task.state != "open":
        raise Conflict("The task is not open.")
    if queries.open_run_of(task.tenant_id, task.id):
        raise Conflict("A runbook is doing this task already.")
    return task


def _locked(run: RunbookRun, *, by: Actor) -> tuple[Ticket, RunbookRun]:
    """The ticket, then the run, as they are by now."""
    ticket = tickets.visible_ticket(run.ticket_id, by=by, for_update=True)
    return ticket, queries.visible_run(run.id, by=by, for_update=True)
