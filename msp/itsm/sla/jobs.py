"""Entry points of the clocks' jobs."""

from uuid import UUID

from msp.core.jobs import Call, job
from msp.itsm.sla import queries
from msp.itsm.sla.models import INTERNAL_CLOCKS
from msp.itsm.sla.services import clocks


@job(clocks.RECOMPUTE, runs_as="provider")
def recompute_internal(call: Call) -> None:
    """Read the clocks that a contact's act could not touch."""
    tenant_id, subject_id = call.tenant_ids[0], UUID(call.args["subject_id"])
    queries.subject(tenant_id, subject_id, for_update=True)
    clocks.store(tenant_id, subject_id, queries.history(tenant_id, subject_id), INTERNAL_CLOCKS)
