"""Jobs of people and sign-in, and what is forgotten in time."""

from datetime import timedelta

from msp.core import cron, jobs
from msp.core.db import apart, call
from msp.core.scope import Scope
from tenants.identity import links

LINK_DAYS, SESSION_DAYS, REFUSAL_DAYS = 7, 90, 180


@jobs.job("identity.send_reset", queue="mail")
def send_reset(work: jobs.Call) -> None:
    """Mail the link for a new password, if there is somebody to mail it to."""
    links.send_reset(work.args["e_mail"], tenant_id=work.tenant_ids[0])


def forget() -> None:
    """Delete links, sessions and refusals whose time is over."""
    with apart(Scope.staff()):
        call("forget_identity", p_link_days=LINK_DAYS, p_session_days=SESSION_DAYS, p_refusal_days=REFUSAL_DAYS)


cron.schedule(cron.Schedule("identity.forget", timedelta(days=1), forget))
