"""A task that a runbook does is done by it once it starts; one that somebody ends himself stops its run."""

from uuid import UUID

from msp.core import causes, events
from msp.core.db import db
from msp.core.outbox import services as outbox
from msp.itsm.runbooks import content, jobs, queries
from msp.itsm.runbooks.services import running
from msp.itsm.tasks import doers
from msp.itsm.tasks.events import TaskEnded, TaskStarted
from msp.itsm.tasks.models import Task


@events.subscribe(TaskStarted)
def begin(event: TaskStarted) -> None:
    if db.session.get_one(Task, (event.tenant_id, event.task_id)).runbook_id is not None:
        args = {"task_id": str(event.task_id), "chain": [str(id) for id in causes.chain()], "depth": causes.depth()}
        outbox.enqueue(jobs.FOR_TASK, args, tenant_id=event.tenant_id)


@events.subscribe(TaskEnded)
def stop(event: TaskEnded) -> None:
    running.stop_for_task(event.tenant_id, event.task_id)


def _doer(runbook_id: UUID, tenant_id: UUID | None) -> doers.Doer:
    found = queries.usable(runbook_id, tenant_id)
    says = content.stored(queries.latest([found])[found.id].content)
    return doers.Doer(found.name, tuple(each.name for each in says.inputs))


doers.set_look_up(_doer)
