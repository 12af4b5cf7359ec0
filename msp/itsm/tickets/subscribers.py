"""What tickets do about news of their clocks and of their own: what reaches our side, or leaves, is a job of ours."""

from collections.abc import Sequence

from msp.core import events
from msp.core.db import db
from msp.core.outbox import services as outbox
from msp.itsm.sla import books
from msp.itsm.sla.events import ClocksChanged, StepsFired, TargetsMoved
from msp.itsm.sla.models import Clock
from msp.itsm.sla.services import edits
from msp.itsm.tickets import jobs, queries, retargeted
from msp.itsm.tickets.events import TicketAssigned, TicketEvent, TicketOpened, TicketReplied, TicketResolved
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import escalations, reprioritise

SHOWN = ("response", "update", "resolution")
edits.register_matrix(reprioritise.of_matrix, reprioritise.begin)


@events.subscribe(ClocksChanged)
def copy_clock(event: ClocksChanged) -> None:
    """Copy onto the ticket what lists sort and filter by: the clock that is due next."""
    ticket = db.session.get(Ticket, (event.tenant_id, event.subject_id))
    if ticket is None:
        return  # a subject of another kind
    shown = telling_clock(books.current_clocks(event.tenant_id, event.subject_id))
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


@events.subscribe(StepsFired)
def let_steps_act(event: StepsFired) -> None:
    """In a transaction of its own, which may wait for tickets: the sweep that holds their clocks must not."""
    if event.is_replay:
        escalations.take_effect(event.escalation_ids, event.breached_clock_ids, provider_id=None, is_replay=True)
        return
    outbox.enqueue(
        jobs.STEPS_FIRED,
        {"steps": [str(id) for id in event.escalation_ids], "breached": [str(id) for id in event.breached_clock_ids]},
    )


@events.subscribe(TargetsMoved)
def note_moved_targets(event: TargetsMoved) -> None:
    """Whoever reads the ticket learns why it is due at another time."""
    retargeted.note(event)


@events.subscribe(TicketOpened)
def tell_of_opening(event: TicketOpened) -> None:
    _ask(jobs.OPENED, event)


@events.subscribe(TicketReplied)
def tell_of_reply(event: TicketReplied) -> None:
    """Its readers are those of now: whoever takes their place before the job is done was not written to."""
    ticket = db.session.get_one(Ticket, (event.tenant_id, event.ticket_id))
    following = [str(each.contact_id) for each in queries.followers(ticket) if each.contact_id]
    _ask(jobs.REPLIED, event, message_id=str(event.message_id), requester_id=str(ticket.requester_id), follower_ids=following)


@events.subscribe(TicketAssigned)
def tell_of_assignment(event: TicketAssigned) -> None:
    _ask(jobs.ASSIGNED, event, assignee_id=str(event.assignee_id) if event.assignee_id else None)


@events.subscribe(TicketResolved)
def tell_of_resolution(event: TicketResolved) -> None:
    _ask(jobs.RESOLVED, event)


def _ask(kind: str, event: TicketEvent, **args: str | list[str] | None) -> None:
    """Nothing is asked for in a replay of the past: nobody would ever do it."""
    if not outbox.is_suppressed():
        outbox.enqueue(kind, {"ticket_id": str(event.ticket_id), **args}, tenant_id=event.tenant_id)
