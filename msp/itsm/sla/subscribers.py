"""What the clocks do about news from below."""

from msp.core import events
from msp.core.actor import Actor
from msp.itsm.sla.services import templates
from msp.itsm.sla.services.definitions import MANAGE
from tenants.events import ClientCreated

SET_UP = Actor.system("set-up", MANAGE)


@events.subscribe(ClientCreated)
def equip_client(event: ClientCreated) -> None:
    """A client always has a calendar, a matrix and a default policy."""
    templates.equip(event.tenant_id, by=SET_UP)
