"""What tickets do about news of their clocks."""

from collections.abc import Sequence

from msp.core import events
from msp.core.db import db
from msp.itsm.sla import queries as sla
from msp.itsm.sla.events import ClocksChanged
from msp.itsm.sla.models import Clock
from msp.itsm.tickets.models import Ticket

SHOWN = ("response", "update", "resolution")


@events.subscribe(ClocksChanged)
def copy_clock(event: ClocksChanged) -> None:
    """Copy onto the ticket what lists sort and filter by: the clock that is due next."""
    ticket = db.session.get(Ticket, (event.tenant_id, event.subject_id))
    if ticket is None:
        return  # a subject of another kind
    shown = telling_clock(sla.clocks(event.tenant_id, [event.subject_id]))
    ticket.sla_clock = shown.kind if shown else None
    ticket.sla_standing = shown.standing if shown else "none"
    ticket.sla_due_at = shown.due_at if shown else None
    ticket.sla_risk_at = shown.risk_at if shown else None
    ticket.sla_breaches_at = shown.breaches_at if shown else None
    ticket.sla_paused_at = shown.paused_at if shown else None
    ticket.sla_target_seconds = shown.target_seconds if shown else None
    ticket.sla_elapsed_seconds = shown.elapsed_seconds if shown else None
    ticket.sla_outcome = shown.outcome if shown else None
    ticket.sla_stopped_at = shown.stopped_at if shown else None
    db.session.flush()


def telling_clock(clocks: Sequence[Clock]) -> Clock | None:
    """The clock that speaks for a ticket: what is due first, else what is paused, else how the resolution came out."""
    promised = [clock for clock in clocks if clock.kind in SHOWN and clock.standing != "none"]
    running = [clock for clock in promised if clock.standing == "running" and clock.due_at is not None]
    if running:
        return min(running, key=lambda clock: (clock.due_at, clock.kind))
    for standing in ("paused", "running", "stopped"):
        found = [clock for clock in promised if clock.standing == standing]
        if found:
            return max(found, key=lambda clock: clock.kind == "resolution")
    return None
