"""What follows from changes of clients inside this process."""

from msp.core import events
from msp.core.db import after_commit
from tenants import hosts
from tenants.events import ClientChanged


@events.subscribe(ClientChanged)
def forget_hosts(event: ClientChanged) -> None:
    """Whoever changed a host or a brand sees it at once; other processes when they look it up again."""
    after_commit(hosts.forget)
