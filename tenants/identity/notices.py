"""Mails about somebody's own account: what changed, from where, and what to do if it was somebody else."""

from uuid import UUID
from zoneinfo import ZoneInfo

from msp.core import clock
from msp.core.db import current_scope
from msp.core.mail import services as mail
from msp.core.web.formats import moment_words
from tenants import hosts

CHANGES = {
    "password": "Your password was changed",
    "second_factor_on": "A second factor now protects your account",
    "second_factor_off": "The second factor of your account was removed",
    "recovery_codes_new": "New recovery codes were made for your account",
}


def tell(change: str, *, to: str, name: str, tenant_id: UUID, time_zone: str = "UTC", actor: str = "") -> None:
    """Tell a person, by mail, that something about signing in has changed; `actor` is who did it for him."""
    facts = [{"label": "When", "value": moment_words(clock.now(), ZoneInfo(time_zone))}]
    if actor:
        facts.append({"label": "By", "value": actor})
    elif address := current_scope().trail.address:
        facts.append({"label": "From", "value": address})
    action = {"label": "Choose a new password", "url": hosts.url_of(tenant_id, "/forgotten")}
    mail.send(
        "sign_in_alert",
        to=to,
        context={"change": CHANGES[change], "name": name, "facts": facts, "action": action},
        tenant_id=tenant_id,
    )
