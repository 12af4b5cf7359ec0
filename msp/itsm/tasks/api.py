"""Tasks over JSON, for agents."""

from typing import Any
from uuid import UUID

from flask import g

from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import listed
from msp.itsm.tasks import queries, services
from msp.itsm.tasks.schemas import PlanIn, TaskChange, TaskEndIn, TaskOut, TaskQuery, TasksOut
from msp.itsm.tickets import found
from tenants.permissions import Permission as P

tasks = Resource("tasks", __name__, "What is to be done for tickets")
BLUEPRINTS = (tasks,)
ONE = "/tasks/<uuid:task_id>"


@tasks.operation("GET", "/tasks", listed(TaskOut), needs=P.TICKET_READ, who="agent", query=TaskQuery)
def list_tasks(asked: dict[str, Any]) -> Any:
    """Tasks that can be done now, the soonest due first."""
    page = queries.open_tasks(by=g.actor, **asked)
    return {"data": [row.task for row in page.rows], "next": page.next}


@tasks.operation("GET", "/tickets/<ticket>/tasks", TasksOut, needs=P.TICKET_READ, who="agent")
def list_of_ticket(ticket: str) -> Any:
    """All tasks of a ticket in their order; there are at most a hundred."""
    return {"data": queries.tasks_of(found.named(ticket, by=g.actor), by=g.actor)}


@tasks.operation("POST", "/tickets/<ticket>/tasks", TasksOut, needs=P.TICKET_TRIAGE, who="agent", takes=PlanIn, status=201)
def plan_tasks(given: dict[str, Any], ticket: str) -> Any:
    """Add tasks that belong together; `after` names keys of the same plan."""
    drafts = [services.Draft(**each) for each in given["tasks"]]
    return {"data": services.plan_tasks(found.named(ticket, by=g.actor).id, drafts, by=g.actor)}, 201


@tasks.operation("GET", ONE, TaskOut, needs=P.TICKET_READ, who="agent")
def show_task(task_id: UUID) -> Any:
    """One task."""
    return queries.visible_task(task_id, by=g.actor)


@tasks.operation("PATCH", ONE, TaskOut, needs=P.TICKET_TRIAGE, who="agent", takes=TaskChange, changes=True)
def change_task(changes: dict[str, Any], task_id: UUID) -> Any:
    """Change what is to be done, by whom, until when."""
    return services.change_task(task_id, changes, version=_expected(task_id), by=g.actor)


@tasks.operation("POST", f"{ONE}/end", TaskOut, needs=P.TICKET_TRIAGE, who="agent", takes=TaskEndIn, changes=True)
def end_task(given: dict[str, Any], task_id: UUID) -> Any:
    """Say that it is done, skipped or cannot be done, or open it again."""
    version = _expected(task_id)
    if given["state"] == "open":
        return services.reopen_task(task_id, version=version, by=g.actor)
    return services.end_task(task_id, given["state"], version=version, by=g.actor, reason=given["reason"])


def _expected(task_id: UUID) -> int:
    return expected_version(queries.visible_task(task_id, by=g.actor).version)
