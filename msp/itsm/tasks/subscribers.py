"""Whoever is to do a task hears of it; tasks follow their ticket where it ends, and where it is opened again."""

from msp.core import events
from msp.core.db import current_scope
from msp.core.outbox import services as outbox
from msp.itsm.tasks import jobs, queries
from msp.itsm.tasks.events import TaskStarted
from msp.itsm.tickets.events import TicketMoved
from msp.itsm.tickets.states import ENDED


@events.subscribe(TaskStarted)
def tell(event: TaskStarted) -> None:
    outbox.enqueue(jobs.STARTED, {"task_id": str(event.task_id)}, tenant_id=event.tenant_id)


@events.subscribe(TicketMoved)
def follow(event: TicketMoved) -> None:
    """By a job, because a contact may have moved the ticket: he neither sees its tasks nor writes them."""
    if (event.before in ENDED) == (event.after in ENDED):
        return
    if current_scope().role == "msp_tenant" or queries.is_followed(event.tenant_id, event.ticket_id):
        outbox.enqueue(jobs.FOLLOW, {"ticket_id": str(event.ticket_id)}, tenant_id=event.tenant_id)
