"""Entry points of the catalogue's jobs. They run as the provider: tasks are ours to see, whoever caused them."""

from uuid import UUID

from msp.core.jobs import Call, job
from msp.itsm.catalog.services import fulfilling

DECIDED, FINISHED, ENDED = "catalog.decided", "catalog.finished", "catalog.ended"
RIGHTS, ACTOR = tuple(str(right) for right in fulfilling.RIGHTS), fulfilling.ACTOR
PLAN_RIGHTS = tuple(str(right) for right in fulfilling.PLAN_RIGHTS)


@job(DECIDED, runs_as="provider", permissions=RIGHTS, actor=ACTOR)
def decided(call: Call) -> None:
    """Let an order through, turn it down or cancel it, as its approval ended."""
    fulfilling.follow_decision(call.tenant_ids[0], UUID(call.args["order_id"]), UUID(call.args["approval_id"]), by=call.by)


@job(fulfilling.PLAN, runs_as="provider", permissions=PLAN_RIGHTS, actor=ACTOR)
def plan(call: Call) -> None:
    """Plan what is to be done for an order."""
    fulfilling.plan(call.tenant_ids[0], UUID(call.args["order_id"]), by=call.by)


@job(FINISHED, runs_as="provider", permissions=RIGHTS, actor=ACTOR)
def finished(call: Call) -> None:
    """Resolve the request of an order whose tasks are done."""
    fulfilling.finish(call.tenant_ids[0], UUID(call.args["ticket_id"]), UUID(call.args["plan_id"]), by=call.by)


@job(ENDED, runs_as="provider", permissions=RIGHTS, actor=ACTOR)
def ended(call: Call) -> None:
    """Ask nobody any more about an order whose request has ended."""
    fulfilling.drop(call.tenant_ids[0], UUID(call.args["ticket_id"]), by=call.by)
