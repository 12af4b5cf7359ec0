"""Whoever works on a ticket hears of a runbook that could not do its part."""

from msp.core import clock
from msp.core.notify import services as notify
from msp.core.notify.services import News
from msp.itsm.tasks.models import Task
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services.recipients import Directory


def tell_failure(ticket: Ticket, task: Task | None, name: str, words: str) -> None:
    """Tell whoever the task or the ticket is assigned to, or else the ticket's team on duty."""
    directory = Directory(clock.now())
    people = list(directory.reaching(ticket.tenant_id, [(task.assignee_id if task else None) or ticket.assignee_id]))
    if not people and ticket.team_id:
        people = directory.team_on_duty(ticket.tenant_id, ticket.team_id)
    text = f"{name} failed: {words}"[:300]
    notify.tell(News(ticket.tenant_id, agent.id, "runbook", "ticket", ticket.id, ticket.ref, text) for agent in people)
