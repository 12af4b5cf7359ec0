"""Telling people of their tasks: when one starts, and when one is late."""

from datetime import timedelta
from uuid import UUID

from msp.core import clock, cron
from msp.core.db import db, transaction
from msp.core.jobs import Call, job
from msp.core.notify import services as notify
from msp.core.notify.services import News
from msp.core.outbox import services as outbox
from msp.core.scope import Scope, Trail
from msp.itsm.tasks import queries, services
from msp.itsm.tasks.models import Task
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services.recipients import Directory
from tenants.models import Agent
from tenants.permissions import Permission

STARTED, LATE, FOLLOW, SWEEP, BATCH = "tasks.started", "tasks.late", "tasks.follow", "tasks.sweep", 200


@job(STARTED, runs_as="provider")
def started(call: Call) -> None:
    """Tell whoever is to do it, or the team's people on duty."""
    _tell(call, "To do", "task")


@job(LATE, runs_as="provider")
def late(call: Call) -> None:
    """Tell the same people that it is overdue."""
    _tell(call, "Overdue", "task_late")


@job(FOLLOW, runs_as="provider", permissions=(str(Permission.TICKET_TRIAGE),), actor="Tasks")
def follow(call: Call) -> None:
    """Leave what is to be done for a ticket that has ended, or take it up again."""
    services.follow_ticket(UUID(call.args["ticket_id"]), by=call.by)


def sweep() -> None:
    """Ask for the word on tasks that ran past their time, once each."""
    while True:
        with transaction(Scope.staff(trail=Trail(actor_name="tasks"))):
            now = clock.now()
            found = queries.late(now, BATCH)
            services.note_late(found, now)
            outbox.enqueue_each(LATE, [outbox.Ask({"task_id": str(task.id)}, task.tenant_id) for task in found])
        if len(found) < BATCH:
            return


cron.schedule(cron.Schedule(SWEEP, timedelta(seconds=30), sweep))


def _tell(call: Call, lead: str, kind: str) -> None:
    task = queries.visible_task(UUID(call.args["task_id"]), by=call.by)
    ticket = db.session.get_one(Ticket, (task.tenant_id, task.ticket_id))
    if task.state != "open" or not ticket.is_open:
        return
    people = {agent.id: agent for agent in _people(task) if agent.id != call.by.id}
    notify.tell(
        News(task.tenant_id, id, kind, "ticket", ticket.id, ticket.ref, f"{lead}: {task.title} ({ticket.subject})") for id in people
    )


def _people(task: Task) -> list[Agent]:
    directory = Directory(clock.now())
    if task.assignee_id:
        return list(directory.reaching(task.tenant_id, [task.assignee_id]))
    return directory.team_on_duty(task.tenant_id, task.team_id) if task.team_id else []
