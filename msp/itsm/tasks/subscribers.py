"""Whoever is to do a task hears of it."""

from msp.core import events
from msp.core.outbox import services as outbox
from msp.itsm.tasks import jobs
from msp.itsm.tasks.events import TaskStarted


@events.subscribe(TaskStarted)
def tell(event: TaskStarted) -> None:
    outbox.enqueue(jobs.STARTED, {"task_id": str(event.task_id)}, tenant_id=event.tenant_id)
