"""The sweep for recurring tickets that are due, and the job that opens one."""

from datetime import datetime, timedelta
from uuid import UUID

from msp.core import clock, cron
from msp.core.db import transaction
from msp.core.jobs import Call, job
from msp.core.scope import Scope, Trail
from msp.itsm.recurring import services
from tenants.permissions import Permission

SWEEP, ACTOR = "recurring.sweep", "the schedule"


@job(services.OPEN, runs_as="provider", permissions=(Permission.TICKET_OPEN, Permission.TICKET_ASSIGN), actor=ACTOR)
def open_due(call: Call) -> None:
    """Open the ticket of one due instant."""
    services.open_due(UUID(call.args["recurring_id"]), datetime.fromisoformat(call.args["due_at"]), by=call.by)


def sweep() -> None:
    """Batch by batch; what is due is asked for in the transaction that says when it is due next, so it opens once."""
    while True:
        with transaction(Scope.staff(trail=Trail(actor_name=ACTOR))):
            found = services.sweep(clock.now())
        if found < services.BATCH:
            return


cron.schedule(cron.Schedule(SWEEP, timedelta(seconds=20), sweep))
