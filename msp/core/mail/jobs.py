"""The job that sends."""

from msp.core import jobs
from msp.core.mail import services


@jobs.job(services.SEND, queue="mail", tries=12)
def send(call: jobs.Call) -> None:
    """Send one mail; a server that says never parks it, one that says later has it tried again."""
    tenant_id = call.tenant_ids[0] if call.tenant_ids else call.by.provider_id
    if tenant_id is None:
        raise jobs.GiveUp("Nobody is installed here whose mail it could be.")
    services.deliver(call.outbox_id, call.args, tenant_id=tenant_id)
