"""An order on its way: asked about, let through, turned down, carried out. What is decided elsewhere arrives here by jobs.

Each is done once: a job finds the order as it stands, locked, and leaves it alone where that was done, or is no longer so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.core.outbox import services as outbox
from msp.itsm.approvals import book
from msp.itsm.approvals.engine.seating import Person
from msp.itsm.approvals.models import Approval, Seat
from msp.itsm.approvals.services import asking
from msp.itsm.approvals.shown import Shown, hash_of
from msp.itsm.catalog import chains, plans, underway
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.telling import OfOrder
from msp.itsm.tasks import doers
from msp.itsm.tasks import services as tasks
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket, TimelineEntry
from msp.itsm.tickets.services import moves, timeline
from tenants import queries as tenants
from tenants.models import Contact
from tenants.permissions import Permission

ACTOR = "Catalogue"
PLAN = "catalog.plan"
RIGHTS = (Permission.TICKET_MOVE, Permission.TICKET_ANY_MOVE, Permission.TICKET_TRIAGE)
PLAN_RIGHTS = (*RIGHTS, Permission.RUNBOOK_RUN)  # what runbooks are to do is planned with the rest
WAITS = ("quoting", "asking", "declined")
QUOTE_STAGE = "Your quote"


def begin(placed: Order, *, by: Actor) -> None:
    """What follows an order: a quote, an approval, or the work itself; part of ordering."""
    by.require(Permission.TICKET_OPEN)
    content = underway.content_of(placed)
    if content["is_quoted"]:
        placed.state = "quoting"
        db.session.flush()
    elif content["chain"] is not None:
        ask(placed, by=by)
    elif content["tasks"]:
        outbox.enqueue(PLAN, {"order_id": str(placed.id)}, tenant_id=placed.tenant_id)


def ask(placed: Order, *, by: Actor) -> Approval:
    """Ask the chain that it was ordered under, or of a quote without one whoever ordered; an approval that waits is asked anew.

    One that has ended, though its outcome has not arrived here yet, is followed first; the same order is not asked about again.
    """
    by.require_any(Permission.TICKET_OPEN, Permission.TICKET_TRIAGE)
    content, ticket = underway.content_of(placed), underway.ticket_of(placed)
    shown, chain, latest = shown_of(placed, content, ticket), _chain(placed, content), underway.approval_of(placed)
    if latest is not None and placed.state == "asking" and not latest.is_waiting:
        is_same = hash_of(shown.as_json()) == latest.shown_hash
        if is_same or latest.state != "approved":
            follow_decision(placed.tenant_id, placed.id, latest.id, by=clerk(placed.tenant_id))
        if is_same:
            return latest
        if placed.state == "cancelled":
            raise Conflict("This order was cancelled meanwhile.")
    is_asked = latest is not None and (latest.is_waiting or (placed.state == "asking" and latest.state == "approved"))
    placed.state = "asking"
    db.session.flush()
    if latest is not None and is_asked:
        approval = asking.change_shown(latest.id, shown, by=by, chain=chain)
    else:
        approval = asking.start(
            placed.tenant_id, chains.KIND, placed.id, shown, chain, by=by, requester_id=placed.contact_id,
            barred=_concerned(placed, ticket),
        )  # fmt: skip
    if approval.is_waiting:
        move(ticket, "waiting_for_approval")
    return approval


def shown_of(placed: Order, content: Mapping[str, Any], ticket: Ticket) -> Shown:
    """The order as approvers see it."""
    receiver = db.session.get_one(Contact, (placed.tenant_id, placed.for_contact_id))
    orderer = db.session.get_one(Contact, (placed.tenant_id, placed.contact_id))
    lines = [(str(line["label"]), str(line["value"])) for line in placed.lines]
    lines += [(label, text) for label, text in (("Anything else", placed.note), ("Our quote", placed.quote)) if text]
    return chains.shown_of(
        f"{placed.item_name} for {placed.for_name}", lines or [("What", content["summary"] or placed.item_name)], placed.answers,
        note=placed.note, cost=(placed.price_once, placed.price_monthly), currency=placed.currency, tasks=content["tasks"],
        is_price_shown=placed.is_price_shown, ref=ticket.ref, site_id=receiver.site_id or orderer.site_id,
        cost_centre=receiver.cost_centre or orderer.cost_centre,
    )  # fmt: skip


def follow_decision(tenant_id: UUID, order_id: UUID, approval_id: UUID, *, by: Actor) -> None:
    """What an approval's outcome means to the order that it was about; one that another approval replaced means nothing."""
    by.require(Permission.TICKET_MOVE)
    placed = underway.locked_order(tenant_id, order_id)
    latest = underway.approval_of(placed) if placed is not None else None
    if placed is None or placed.state != "asking" or latest is None or latest.id != approval_id:
        return
    ticket, seats = underway.ticket_of(placed), book.seats_of(latest)
    match latest.state:
        case "approved":
            names = chains.listed([seat.holder_name for seat in seats if seat.decision == "approved"])
            timeline.note(ticket, "order_approved", {"names": names}, by=clerk(tenant_id))
            _let_through(placed, ticket)
        case "rejected":
            _turn_down(placed, ticket, seats)
        case "withdrawn":
            _cancel(placed, ticket, f"{latest.requester_name} withdrew the order")
        case "expired":
            _cancel(placed, ticket, "Nobody decided in time")


def plan(tenant_id: UUID, order_id: UUID, *, by: Actor) -> None:
    """Plan the tasks of the item's version that was ordered."""
    by.require(Permission.TICKET_TRIAGE)
    by.require(Permission.RUNBOOK_RUN)
    placed = underway.locked_order(tenant_id, order_id)
    if placed is None or placed.state != "placed" or placed.plan_id is not None:
        return
    content, ticket = underway.content_of(placed), underway.ticket_of(placed)
    if not content["tasks"] or not ticket.is_open:
        return
    drafts = plans.drafts(content["tasks"], {team.id for team in tenants.teams()}, OfOrder(placed, content["form"]))
    made = tasks.plan_tasks(ticket.id, [_possible(draft, tenant_id) for draft in drafts], by=planner(tenant_id))
    placed.plan_id = made[0].plan_id
    db.session.flush()


def finish(tenant_id: UUID, ticket_id: UUID, plan_id: UUID, *, by: Actor) -> None:
    """All that was planned for an order is done: its request is resolved."""
    by.require(Permission.TICKET_MOVE)
    placed = underway.locked_order_of(tenant_id, ticket_id)
    if placed is not None and placed.plan_id == plan_id:
        ticket = tickets.visible_ticket(ticket_id, by=clerk(tenant_id), for_update=True)
        # A task that was opened again meanwhile ends again, and is told again.
        if all(task.state in ("done", "skipped") for task in underway.tasks_of_plan(ticket, plan_id)):
            move(ticket, "resolved")


def drop(tenant_id: UUID, ticket_id: UUID, *, by: Actor) -> None:
    """The request has ended some other way: nobody is asked about its order any more."""
    by.require(Permission.TICKET_MOVE)
    placed = underway.locked_order_of(tenant_id, ticket_id)
    if placed is None or placed.state not in WAITS or underway.ticket_of(placed).is_open:
        return
    placed.state = "cancelled"
    db.session.flush()
    latest = underway.approval_of(placed)
    if latest is not None and latest.is_waiting:
        asking.void(latest.id, by=clerk(tenant_id))


def move(ticket: Ticket, to: str, reason: str | None = None) -> None:
    """Take the request to another state in the catalogue's name, unless it is there or has ended; the reason is others' word."""
    if ticket.is_open and ticket.status != to:
        moves.move(ticket.id, to, by=clerk(ticket.tenant_id), reason=reason, is_quoted=True)


def clerk(tenant_id: UUID) -> Actor:
    """In whose name the catalogue acts on a client's requests."""
    return Actor.system(ACTOR, *RIGHTS, tenant_ids=(tenant_id,))


def planner(tenant_id: UUID) -> Actor:
    """The same where tasks are planned, some of which runbooks do."""
    return Actor.system(ACTOR, *PLAN_RIGHTS, tenant_ids=(tenant_id,))


def _possible(draft: tasks.Draft, tenant_id: UUID) -> tasks.Draft:
    """The task as it can be done now: by hand, and why, where its runbook was switched off or takes something else meanwhile."""
    if draft.runbook_id is None:
        return draft
    try:
        wrong = doers.unknown_inputs(doers.doer_of(draft.runbook_id, tenant_id), draft.runbook_inputs, "")
    except Invalid as refused:
        wrong = list(refused.errors)
    if not wrong:
        return draft
    why = f"To be done by hand: {wrong[0].message}"
    detail = f"{why}\n\n{draft.detail}".strip()[: tasks.DETAIL_LENGTH]
    return replace(draft, runbook_id=None, runbook_inputs={}, detail=detail)


def _concerned(placed: Order, ticket: Ticket) -> list[Person]:
    """Who does not decide on it beside whoever ordered: whoever gets it, and the agent who ordered in another's name."""
    opened = sa.select(TimelineEntry.actor_id).where(
        TimelineEntry.tenant_id == ticket.tenant_id, TimelineEntry.ticket_id == ticket.id, TimelineEntry.kind == "opened",
        TimelineEntry.actor_kind == "agent",
    )  # fmt: skip
    return [Person("contact", str(placed.for_contact_id)), *(Person("agent", str(id)) for id in db.session.scalars(opened) if id)]


def _chain(placed: Order, content: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = content["chain"]
    if found is not None:
        return found
    return {"stages": [{"name": QUOTE_STAGE, "approvers": [{"contact": str(placed.contact_id)}], "self_counts": True}]}


def _let_through(placed: Order, ticket: Ticket) -> None:
    placed.state = "placed"
    db.session.flush()
    move(ticket, "open")
    outbox.enqueue(PLAN, {"order_id": str(placed.id)}, tenant_id=placed.tenant_id)


def _turn_down(placed: Order, ticket: Ticket, seats: Sequence[Seat]) -> None:
    """Whoever ordered puts it right; a quote that he himself declined is ours to write anew."""
    said = [seat for seat in seats if seat.decision == "rejected"]
    names, reason = chains.listed([seat.holder_name for seat in said]), "; ".join(seat.reason for seat in said if seat.reason)
    is_own = placed.quoted_at is not None and any(seat.holder_contact_id == placed.contact_id for seat in said)
    timeline.note(ticket, "order_declined", {"names": names, "reason": reason}, by=clerk(placed.tenant_id))
    placed.state = "quoting" if is_own else "declined"
    db.session.flush()
    if is_own:
        move(ticket, "open")
    else:
        move(ticket, "waiting_for_client", f"{names} declined: {reason}"[:500])


def _cancel(placed: Order, ticket: Ticket, reason: str) -> None:
    placed.state = "cancelled"
    db.session.flush()
    move(ticket, "cancelled", reason)
