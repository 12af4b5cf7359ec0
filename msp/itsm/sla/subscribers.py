"""What the clocks do about news from below."""

from msp.core import events
from msp.core.actor import Actor
from msp.itsm.sla.services import definitions
from tenants import queries as tenants
from tenants.events import ClientCreated

SET_UP = Actor.system("set-up", definitions.MANAGE)


@events.subscribe(ClientCreated)
def equip_client(event: ClientCreated) -> None:
    """A client always has a calendar, a matrix and a default policy."""
    client = tenants.visible_client(event.tenant_id, by=SET_UP)
    definitions.equip(client.id, time_zone=client.time_zone, by=SET_UP)
