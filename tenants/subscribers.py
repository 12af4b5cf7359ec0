"""What follows from changes of clients inside this process."""

from msp.core import events
from msp.core.db import after_commit
from tenants import hosts
from tenants.events import ClientChanged


@events.subscribe(ClientChanged)
def forget_hosts(event: ClientChanged) -> None:
    """Host names and brands are remembered for a minute; whoever changed one sees it at once."""
    after_commit(hosts.forget)
