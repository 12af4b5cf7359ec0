"""Entry points of the clocks' jobs, and the sweep of every second."""

from datetime import timedelta
from uuid import UUID

from msp.core import clock, cron
from msp.core.jobs import Call, job
from msp.core.outbox import forgotten
from msp.core.process import application
from msp.itsm.sla import books
from msp.itsm.sla.models import INTERNAL_CLOCKS
from msp.itsm.sla.services import clocks, escalation, hooks, rollouts
from msp.itsm.sla.services.definitions import MANAGE

PATIENCE = timedelta(seconds=3)
WITHOUT_REDIS = timedelta(seconds=2)


@job(clocks.RECOMPUTE, runs_as="provider")
def recompute_internal(call: Call) -> None:
    """Read the clocks that a contact's act could not touch."""
    tenant_id, subject_id = call.tenant_ids[0], UUID(call.args["subject_id"])
    clocks.store(books.locked(tenant_id, subject_id), INTERNAL_CLOCKS)


@job(rollouts.PLAN, queue="bulk", runs_as="provider", permissions=(MANAGE,))
def plan_rollout(call: Call) -> None:
    """A version begins: find the open subjects that come under it."""
    rollouts.plan(call.tenant_ids[0], UUID(call.args["version_id"]), by=call.by)


@job(rollouts.MOVE, queue="bulk", runs_as="provider", permissions=(MANAGE,))
def move_open(call: Call) -> None:
    """Bring some open subjects under a version."""
    subject_ids = [UUID(id) for id in call.args["subject_ids"]]
    rollouts.move(call.tenant_ids[0], UUID(call.args["version_id"]), subject_ids, by=call.by)


@job(hooks.WEB_HOOK, tries=10)
def web_hook(call: Call) -> None:
    """Call the address that a step names."""
    hooks.post(call.args["url"], call.args["body"], id=call.outbox_id, tenant_id=call.tenant_ids[0])


def sweep() -> int:
    """Let everything due take effect: the job that the loop asks for each second."""
    with application().app_context():
        return escalation.sweep(clock.now())


def sweep_alone() -> None:
    """The same without a worker, with what follows from it: when Redis refuses, or nobody has swept for long."""
    sweep()
    forgotten.do_due("urgent", within=WITHOUT_REDIS)


cron.schedule(
    cron.Schedule(
        escalation.SWEEP,
        timedelta(seconds=1),
        sweep_alone,
        through="urgent",
        path="msp.itsm.sla.jobs.sweep",
        patience=PATIENCE,
    )
)
