"""Entry points of the approvals' jobs, and the sweep of every minute. Asking runs as the provider: it may concern our own people."""

from datetime import timedelta
from uuid import UUID

from msp.core import clock, cron
from msp.core.actor import Actor
from msp.core.db import apart
from msp.core.jobs import Call, job
from msp.core.outbox import services as outbox
from msp.core.scope import Scope
from msp.itsm.approvals.engine.seating import Person
from msp.itsm.approvals.services import asking, linking, moving, timing

SWEEP = "approvals.sweep"


@job(asking.SEAT, runs_as="provider", actor=asking.NAME)
def seat(call: Call) -> None:
    """Open a stage in which our own people are asked, or stand in."""
    timing.seat_waiting(call.tenant_ids[0], UUID(call.args["approval_id"]), by=call.by)


@job(asking.ASK, queue="mail", runs_as="provider", actor=asking.NAME)
def ask(call: Call) -> None:
    """Mail the question, or the reminder of it."""
    seat_ids = [UUID(id) for id in call.args["seats"]]
    linking.ask(
        call.tenant_ids[0], UUID(call.args["approval_id"]), seat_ids, provider_id=call.by.provider_id,
        is_reminder=bool(call.args.get("is_reminder")), holders=call.args.get("holders", ()), since=call.args.get("entries"),
    )  # fmt: skip


@job(asking.TELL, queue="mail", runs_as="provider", actor=asking.NAME)
def tell(call: Call) -> None:
    """Mail the outcome to whoever asked."""
    linking.tell(call.tenant_ids[0], UUID(call.args["approval_id"]))


@job(linking.DISOWNED, runs_as="provider", actor=asking.NAME)
def disowned(call: Call) -> None:
    """Tell our people that a link reached somebody else."""
    linking.warn(call.tenant_ids[0], UUID(call.args["approval_id"]), call.args["name"])


@job(moving.MOVE, runs_as="provider", actor=asking.NAME)
def move(call: Call) -> None:
    """Put another in the place of somebody who has left."""
    moving.replace_gone(call.tenant_ids[0], Person(call.args["kind"], call.args["id"]), by=call.by)


@job(SWEEP, actor=asking.NAME)
def sweep(call: Call) -> None:
    """Remind, escalate, expire what is due, let covers begin, and ask for the rest where it was much."""
    now = clock.now()
    begun = moving.begin_covers(now, by=Actor.system(asking.NAME))
    if timing.sweep(now) == timing.BATCH or begun == moving.BATCH:
        outbox.enqueue(SWEEP, {})


def ask_for_sweep() -> None:
    """The loop only asks for the work, and only where there is some."""
    with apart(Scope.staff()):
        now = clock.now()
        if timing.is_any_due(now) or moving.are_covers_due(now):
            outbox.enqueue(SWEEP, {})


cron.schedule(cron.Schedule(SWEEP, timedelta(minutes=1), ask_for_sweep))
