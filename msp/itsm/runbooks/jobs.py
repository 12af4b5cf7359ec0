"""Entry points of the jobs of runbooks. They run as the provider over the one client that the run belongs to."""

from uuid import UUID

from msp.core import causes
from msp.core.jobs import Call, job
from msp.itsm.runbooks.services import running

FOR_TASK, ACTOR = "runbooks.for_task", "Runbooks"


@job(FOR_TASK, runs_as="provider", permissions=running.RIGHTS, actor=ACTOR)
def for_task(call: Call) -> None:
    """A task that a runbook does has started."""
    chain = tuple(UUID(id) for id in call.args.get("chain", ()))
    with causes.caused_by(*chain, depth=call.args.get("depth", 0)):
        running.start_for_task(UUID(call.args["task_id"]), by=call.by)


@job(running.CALL, runs_as="provider", permissions=running.RIGHTS, actor=ACTOR)
def call_run(call: Call) -> None:
    """Call the address of a run."""
    running.call_run(UUID(call.args["run_id"]), by=call.by)


@job(running.EXPIRE, runs_as="provider", permissions=running.RIGHTS, actor=ACTOR)
def expire(call: Call) -> None:
    """The time for a result is over."""
    running.expire(UUID(call.args["run_id"]), by=call.by)
