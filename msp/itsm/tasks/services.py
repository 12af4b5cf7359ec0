"""Tasks: planned in an order, done, skipped or failed; what waits for them starts by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, FieldError, Invalid
from msp.core.ids import new_id
from msp.core.web.formats import count_words
from msp.itsm.sla.agreed import client_calendar
from msp.itsm.tasks import doers, order, queries
from msp.itsm.tasks.events import TaskEnded, TasksFinished, TaskStarted
from msp.itsm.tasks.models import Task
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import timeline
from msp.itsm.tickets.states import WORDS
from tenants import queries as tenants
from tenants.permissions import Permission
from tenants.queries import check_version

MOST, TITLE_LENGTH, DETAIL_LENGTH, REASON_LENGTH = 100, 200, 5000, 500
LONGEST_MINUTES = 60 * 24 * 366


@dataclass(frozen=True, slots=True)
class Draft:
    """A task as it is planned. `after` names keys of the same plan; `due_minutes` is working time from its start.

    `runbook_id`: the runbook that does it by itself once it starts; `runbook_inputs` are texts that it is told, by name.
    """

    title: str
    key: str = ""
    detail: str = ""
    after: Sequence[str] = ()
    team_id: UUID | None = None
    assignee_id: UUID | None = None
    due_minutes: int | None = None
    runbook_id: UUID | None = None
    runbook_inputs: Mapping[str, str] = field(default_factory=dict)


def plan_tasks(ticket_id: UUID, drafts: Sequence[Draft], *, by: Actor) -> Sequence[Task]:
    """Add tasks that belong together; those that wait for none start at once. Invalid, under `/tasks/n/…`, says what is wrong."""
    by.require(Permission.TICKET_TRIAGE)
    if any(draft.runbook_id for draft in drafts):
        by.require(Permission.RUNBOOK_RUN)
    ticket = tickets.visible_ticket(ticket_id, by=by, for_update=True)
    _require_open(ticket)
    there = list(queries.tasks_of(ticket, by=by))
    wrong = faults(drafts, len(there))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong)
    ids = {draft.key or str(number): new_id() for number, draft in enumerate(drafts)}
    plan_id, now, first = new_id(), clock.now(), max((task.position for task in there), default=0) + 1
    made = []
    for number, draft in enumerate(drafts):
        task = Task(
            tenant_id=ticket.tenant_id, id=ids[draft.key or str(number)], ticket_id=ticket.id, plan_id=plan_id, position=first + number,
            title=draft.title.strip(), detail=draft.detail.strip(), after=[ids[key] for key in draft.after], state="waiting",
            due_minutes=draft.due_minutes, created_at=now, created_by=by.name,
        )  # fmt: skip
        _give(task, draft.team_id, draft.assignee_id, f"/tasks/{number}")
        _set_runbook(task, draft, f"/tasks/{number}")
        made.append(task)
    db.session.add_all(made)
    db.session.flush()
    what = f"the task “{made[0].title}”" if len(made) == 1 else f"{len(made)} tasks"
    timeline.note(ticket, "tasks_added", {"what": what}, by=by, is_internal=True)
    _start_ready(made)
    return made


def change_task(task_id: UUID, changes: Mapping[str, Any], *, version: int, by: Actor) -> Task:
    """Another title, detail, team, assignee or due instant, while it has not ended."""
    by.require(Permission.TICKET_TRIAGE)
    task, ticket = _task(task_id, version, by=by)
    if task.state in order.ENDED:
        raise Conflict("It has ended: open it again first.")
    title, detail = changes.get("title", task.title).strip(), changes.get("detail", task.detail).strip()
    if wrong := _text_faults(title, detail, ""):
        raise Invalid(errors=wrong)
    before = (task.team_id, task.assignee_id)
    task.title, task.detail = title, detail
    if "due_at" in changes:
        task.due_at, task.late_told_at = changes["due_at"], None
    if changes.keys() & {"team_id", "assignee_id"}:
        _give(task, changes.get("team_id", task.team_id), changes.get("assignee_id", task.assignee_id), "")
    db.session.flush()
    timeline.tell(ticket, "ticket", is_internal=True)
    if task.state == "open" and before != (task.team_id, task.assignee_id):
        events.record(TaskStarted(task.tenant_id, task.ticket_id, task.id))
    return task


def end_task(task_id: UUID, state: str, *, version: int, by: Actor, reason: str = "") -> Task:
    """It is done, skipped or failed; the latter two with a reason. What waited for a done or skipped one starts."""
    by.require(Permission.TICKET_TRIAGE)
    task, ticket = _task(task_id, version, by=by)
    reason = reason.strip()
    if state not in order.ENDED:
        raise Invalid.field("state", f"One of {', '.join(sorted(order.ENDED))}.", "unknown")
    if state != "done" and not reason:
        raise Invalid.field("reason", "Say why.", "required")
    if len(reason) > REASON_LENGTH:
        raise Invalid.field("reason", f"At most {REASON_LENGTH} characters.", "length")
    if task.state in order.ENDED:
        raise Conflict(f"It is {task.state} already.")
    if task.state == "waiting" and state != "skipped":
        raise Conflict("It still waits for another task.")
    task.state, task.reason, task.ended_at, task.ended_by = state, reason or None, clock.now(), by.name
    db.session.flush()
    said = f": “{reason}”" if reason else ""
    timeline.note(ticket, f"task_{state}", {"title": task.title, "said": said}, by=by, is_internal=True)
    events.record(TaskEnded(task.tenant_id, task.ticket_id, task.id, state))
    siblings = queries.tasks_of(ticket, by=by)
    _start_ready(siblings)
    plan = [other.state for other in siblings if other.plan_id == task.plan_id]
    if task.plan_id and order.is_finished(plan):
        events.record(TasksFinished(task.tenant_id, task.ticket_id, task.plan_id))
    return task


def reopen_task(task_id: UUID, *, version: int, by: Actor) -> Task:
    """Do an ended task again; what waits for it and has not ended waits once more."""
    by.require(Permission.TICKET_TRIAGE)
    task, ticket = _task(task_id, version, by=by)
    if task.state not in order.ENDED:
        raise Conflict("It has not ended.")
    siblings = {other.id: other for other in queries.tasks_of(ticket, by=by)}
    later = order.followers(task.id, {other.id: other.after for other in siblings.values()})
    for other in (siblings[id] for id in later):
        if other.state == "open":
            other.state, other.started_at, other.due_at = "waiting", None, None
    _clear(task)
    db.session.flush()
    timeline.note(ticket, "task_reopened", {"title": task.title}, by=by, is_internal=True)
    _start_ready(list(siblings.values()))
    return task


def follow_ticket(ticket_id: UUID, *, by: Actor) -> None:
    """Skip what is left to do for a ticket that has ended; once it is open again, that and nothing else is to be done again."""
    by.require(Permission.TICKET_TRIAGE)
    ticket = tickets.visible_ticket(ticket_id, by=by, for_update=True)
    siblings = queries.tasks_of(ticket, by=by)
    if ticket.is_open:
        found, kind = [task for task in siblings if task.ended_with_ticket], "tasks_resumed"
        for task in found:
            _clear(task)
    else:
        found, kind = [task for task in siblings if task.state not in order.ENDED], "tasks_left"
        for task in found:
            task.state, task.ended_with_ticket, task.ended_at, task.ended_by = "skipped", True, clock.now(), by.name
            task.reason = f"The ticket was {WORDS[ticket.status].console.lower()}."
    if not found:
        return
    db.session.flush()
    what = f"the task “{found[0].title}”" if len(found) == 1 else f"{len(found)} tasks"
    timeline.note(ticket, kind, {"what": what, "to": WORDS[ticket.status].console.lower()}, by=by, is_internal=True)
    if ticket.is_open:
        _start_ready(siblings)
        return
    for task in found:
        events.record(TaskEnded(task.tenant_id, task.ticket_id, task.id, task.state))


def finished_words(tasks: Sequence[Task]) -> str:
    """`2 of 5 tasks done`; empty where there are none."""
    done = sum(task.state in order.PASSED for task in tasks)
    return f"{done} of {count_words(len(tasks), 'task', 'tasks')} done" if tasks else ""


def note_late(tasks: Sequence[Task], now: datetime) -> None:
    """Remember that somebody is told of these; for the sweep."""
    for task in tasks:
        task.late_told_at = now
    db.session.flush()


def _task(task_id: UUID, version: int, *, by: Actor) -> tuple[Task, Ticket]:
    """The task and its ticket, locked in one order: the ticket first, so that two ends of siblings follow each other."""
    ticket = tickets.visible_ticket(queries.visible_task(task_id, by=by).ticket_id, by=by, for_update=True)
    task = queries.visible_task(task_id, by=by, for_update=True)
    check_version(task, version)
    _require_open(ticket)
    return task, ticket


def _require_open(ticket: Ticket) -> None:
    if not ticket.is_open:
        raise Conflict("The ticket is closed: reopen it first.")


def _clear(task: Task) -> None:
    task.state, task.reason, task.ended_at, task.ended_by, task.late_told_at = "waiting", None, None, None, None
    task.started_at, task.due_at, task.ended_with_ticket = None, None, False


def _start_ready(tasks: Sequence[Task]) -> None:
    states = {task.id: task.state for task in tasks}
    by_id, now = {task.id: task for task in tasks}, clock.now()
    for id in order.ready(states, {task.id: task.after for task in tasks}):
        task = by_id[id]
        task.state, task.started_at = "open", now
        if task.due_minutes:
            calendar = client_calendar(task.tenant_id, now)
            task.due_at = calendar.add(now, task.due_minutes * 60) if calendar else None
        events.record(TaskStarted(task.tenant_id, task.ticket_id, task.id))
    db.session.flush()


def _set_runbook(task: Task, draft: Draft, pointer: str) -> None:
    if draft.runbook_id is None:
        return
    try:
        doer = doers.doer_of(draft.runbook_id, task.tenant_id)
        if wrong := doers.unknown_inputs(doer, draft.runbook_inputs, "/runbook_inputs"):
            raise Invalid(wrong[0].message, errors=wrong)
    except Invalid as error:
        raise _under(pointer, error) from None
    task.runbook_id, task.runbook_name, task.runbook_inputs = draft.runbook_id, doer.name, dict(draft.runbook_inputs)


def _give(task: Task, team_id: UUID | None, assignee_id: UUID | None, pointer: str) -> None:
    try:
        team = tenants.active_team(team_id) if team_id else None
        agent = tenants.assignable_agent(assignee_id, tenant_id=task.tenant_id) if assignee_id else None
    except Invalid as error:
        raise _under(pointer, error) from None
    task.team_id, task.team_name = (team.id, team.name) if team else (None, None)
    task.assignee_id, task.assignee_name = (agent.id, agent.name) if agent else (None, None)


def _under(pointer: str, error: Invalid) -> Invalid:
    return Invalid(error.message, errors=[FieldError(pointer + each.pointer, each.code, each.message) for each in error.errors])


def faults(drafts: Sequence[Draft], there: int = 0) -> list[FieldError]:
    """What is wrong with a plan beside `there` tasks, by pointers under `/tasks`; a circle is named by its keys."""
    if not drafts or there + len(drafts) > MOST:
        return [FieldError("/tasks", "length", f"A ticket has 1 to {MOST} tasks.")]
    wrong: list[FieldError] = []
    keys = [draft.key or str(number) for number, draft in enumerate(drafts)]
    for number, draft in enumerate(drafts):
        at = f"/tasks/{number}"
        wrong += _text_faults(draft.title.strip(), draft.detail.strip(), at)
        if keys[number] in keys[:number]:
            wrong.append(FieldError(f"{at}/key", "taken", f"Two tasks are called “{keys[number]}”."))
        if odd := [key for key in draft.after if key not in keys]:
            wrong.append(FieldError(f"{at}/after", "unknown", f"There is no task “{odd[0]}” to wait for."))
        if draft.due_minutes is not None and not 1 <= draft.due_minutes <= LONGEST_MINUTES:
            wrong.append(FieldError(f"{at}/due_minutes", "range", "Working minutes from 1 to those of a year."))
        wrong += _input_faults(draft, f"{at}/runbook_inputs")
    if not wrong and (found := order.circle({key: draft.after for key, draft in zip(keys, drafts, strict=True)})):
        wrong.append(FieldError("/tasks", "circle", f"These wait for each other: {', '.join(found)}."))
    return wrong


def _input_faults(draft: Draft, at: str) -> list[FieldError]:
    if draft.runbook_inputs and draft.runbook_id is None:
        return [FieldError(at, "misplaced", "There is no runbook that could be told this.")]
    if len(draft.runbook_inputs) > doers.MOST_INPUTS or any(len(text) > doers.INPUT_LENGTH for text in draft.runbook_inputs.values()):
        return [FieldError(at, "length", f"At most {doers.MOST_INPUTS} texts of at most {doers.INPUT_LENGTH} characters.")]
    return []


def _text_faults(title: str, detail: str, at: str) -> list[FieldError]:
    wrong = []
    if not 1 <= len(title) <= TITLE_LENGTH:
        wrong.append(FieldError(f"{at}/title", "length", f"Say it in 1 to {TITLE_LENGTH} characters."))
    if len(detail) > DETAIL_LENGTH:
        wrong.append(FieldError(f"{at}/detail", "length", f"At most {DETAIL_LENGTH} characters."))
    return wrong
