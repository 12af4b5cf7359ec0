"""Orders follow what becomes of their approvals, tasks and requests; each by a job, so that it is done once, in our name."""

from msp.core import events
from msp.core.outbox import services as outbox
from msp.itsm.approvals.events import ApprovalDecided
from msp.itsm.catalog import chains, jobs, underway
from msp.itsm.catalog.services import fulfilling
from msp.itsm.tasks.events import TasksFinished
from msp.itsm.tickets.events import TicketMoved
from msp.itsm.tickets.states import ENDED


@events.subscribe(ApprovalDecided)
def decided(event: ApprovalDecided) -> None:
    if event.subject_kind == chains.KIND:
        args = {"order_id": str(event.subject_id), "approval_id": str(event.approval_id)}
        outbox.enqueue(jobs.DECIDED, args, tenant_id=event.tenant_id)


@events.subscribe(TasksFinished)
def finished(event: TasksFinished) -> None:
    args = {"ticket_id": str(event.ticket_id), "plan_id": str(event.plan_id)}
    outbox.enqueue(jobs.FINISHED, args, tenant_id=event.tenant_id)


@events.subscribe(TicketMoved)
def ended(event: TicketMoved) -> None:
    """Only where an order waits for something: of all other tickets the catalogue knows nothing."""
    if event.after in ENDED and underway.order_state(event.tenant_id, event.ticket_id) in fulfilling.WAITS:
        outbox.enqueue(jobs.ENDED, {"ticket_id": str(event.ticket_id)}, tenant_id=event.tenant_id)
