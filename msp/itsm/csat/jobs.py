"""The job that mails the question."""

from uuid import UUID

from msp.core.jobs import Call, job
from msp.itsm.csat import services


@job(services.SEND, queue="mail")
def send(call: Call) -> None:
    """Ask by mail, under the scope of whoever resolved the ticket."""
    services.send(call.tenant_ids[0], UUID(call.args["survey_id"]))
