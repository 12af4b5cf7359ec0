"""Asking: an approval is started, its stages are opened one after another, and a change of what was shown voids it.

Whose subject it is calls these under a permission of its own; what is approved is not known here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Invalid
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.itsm.approvals import book, directory, errors, queries
from msp.itsm.approvals.book import SYSTEM
from msp.itsm.approvals.engine import seating
from msp.itsm.approvals.engine import state as engine
from msp.itsm.approvals.engine.reading import read_chain, write_chain
from msp.itsm.approvals.engine.seating import Person
from msp.itsm.approvals.events import ApprovalDecided, ApprovalStageOpened, ApprovalStarted, ApprovalVoided
from msp.itsm.approvals.models import Approval, Seat
from msp.itsm.approvals.shown import Shown, hash_of
from tenants.models import Agent, Contact

SEAT, ASK, TELL = "approvals.seat", "approvals.ask", "approvals.tell"
NAME = "Approvals"


def start(
    tenant_id: UUID, subject_kind: str, subject_id: UUID, shown: Shown, chain: Mapping[str, Any], *, by: Actor,
    requester_id: UUID | None = None, chain_version: int = 1, barred: Iterable[Person] = (),
) -> Approval:  # fmt: skip
    """Ask a chain of people about a subject; `requester_id` is the contact it is asked for, else the actor himself.

    `barred` decide no more than the requester does: whoever gets what is asked for, whoever asked in another's name.
    Invalid where chain or content does not hold; AlreadyAsked while an earlier approval of the subject waits.
    """
    by.must_reach(tenant_id)
    latest = queries.latest_approval(tenant_id, subject_kind, subject_id, for_update=True)
    if latest is not None and latest.is_waiting:
        raise errors.AlreadyAsked("An approval of this is waiting already.")
    with errors.worded():
        read = read_chain(chain)
    requester = _requester(tenant_id, requester_id, by)
    return _make(tenant_id, subject_kind, subject_id, shown, write_chain(read), chain_version, requester, by, book.keys_of(barred))


def change_shown(
    approval_id: UUID, shown: Shown, *, by: Actor, chain: Mapping[str, Any] | None = None, chain_version: int | None = None
) -> Approval:
    """What is asked has changed: with another content the approval is void and a new one asks from the first stage.

    The same content changes nothing; an approval that has ended is asked again only where it had been approved.
    """
    old = queries.visible_approval(approval_id, by=by, for_update=True)
    shown.check()
    with errors.worded():
        definition = write_chain(read_chain(chain)) if chain is not None else old.chain
    if hash_of(shown.as_json()) == old.shown_hash and definition == old.chain:
        return old
    if old.state not in ("waiting", "approved"):
        raise errors.ApprovalEnded("This has ended; it is started anew.")
    _void(old, by=by)
    requester = (old.requester_contact_id, old.requester_agent_id, old.requester_name)
    version = old.chain_version if chain_version is None else chain_version
    new = _make(old.tenant_id, old.subject_kind, old.subject_id, shown, definition, version, requester, by, old.barred, replaces_id=old.id)
    events.record(ApprovalVoided(old.tenant_id, old.id, old.subject_kind, old.subject_id, new.id))
    return new


def void(approval_id: UUID, *, by: Actor) -> Approval:
    """Nobody is asked any more: the subject is gone. One that has ended stays as it ended."""
    approval = queries.visible_approval(approval_id, by=by, for_update=True)
    if approval.is_waiting:
        _void(approval, by=by)
        events.record(ApprovalVoided(approval.tenant_id, approval.id, approval.subject_kind, approval.subject_id, None))
    return approval


def _void(approval: Approval, *, by: Actor) -> None:
    """What waits ends as the rules say; what was approved loses its approval."""
    now = clock.now()
    if approval.is_waiting:
        book.record(approval, engine.Changed(now), by=by, way=SYSTEM)
    else:
        book.note(approval, "changed", by=by, way=SYSTEM, at=now, data={"was": approval.state})
        approval.state = "voided"
        db.session.flush()


def _make(
    tenant_id: UUID, kind: str, subject_id: UUID, shown: Shown, chain: dict[str, Any], chain_version: int,
    requester: tuple[UUID | None, UUID | None, str], by: Actor, barred: Sequence[str], *, replaces_id: UUID | None = None,
) -> Approval:  # fmt: skip
    shown.check()
    content = shown.as_json()
    contact_id, agent_id, name = requester
    approval = Approval(
        tenant_id=tenant_id, id=new_id(), subject_kind=kind, subject_id=subject_id, title=content["title"],
        reference=shown.reference, shown=content, shown_hash=hash_of(content), chain=chain, chain_version=chain_version,
        site_id=shown.site_id, cost_centre=shown.cost_centre, requester_contact_id=contact_id, requester_agent_id=agent_id,
        requester_name=name, barred=list(barred), state="waiting", entries=0, created_at=clock.now(), replaces_id=replaces_id,
    )  # fmt: skip
    db.session.add(approval)
    db.session.flush()
    events.record(ApprovalStarted(tenant_id, approval.id, kind, subject_id))
    begun = book.state_of(approval)
    book.project(approval, begun, at=approval.created_at)
    if begun.outcome is None:
        open_stage(approval, by=by)
    else:
        approval.note = "Nobody had to approve this."
        _decided(approval)
    return approval


def open_stage(approval: Approval, *, by: Actor) -> None:
    """Seat the stage that waits for it. Where our own people are needed and this transaction may not see them, a job does it."""
    state = book.state_of(approval)
    if not state.needs_seating or state.number is None:
        return
    now = clock.now()
    found = directory.look_up(approval, state.stage, at=now)
    made = seating.seating(state.stage, found.found, barred=state.barred)
    is_short = not made.places or (made.note == seating.FEW and len(made.places) < (state.stage.needed or 1))
    if not found.is_whole and (is_short or any(each.is_ours for each in state.stage.approvers)):
        outbox.enqueue(SEAT, {"approval_id": str(approval.id)}, tenant_id=approval.tenant_id)
        return
    seats = book.add_seats(approval, state.number, made.places, found.names)
    places = tuple(engine.Place(str(seat.id), place.person, place.holder) for seat, place in zip(seats, made.places, strict=True))
    data = {"stage": state.stage.name, "note": made.note}
    book.record(approval, engine.Seated(now, places, made.required), by=Actor.system(NAME), way=SYSTEM, data=data)
    approval.note = made.note or None
    db.session.flush()
    events.record(ApprovalStageOpened(approval.tenant_id, approval.id, state.number))
    mail(approval, seats)


def mail(approval: Approval, seats: Sequence[Seat], *, is_reminder: bool = False) -> None:
    """Have the holders of these seats mailed. The job passes over a seat that is another's by then, or was mailed to him since."""
    args = {
        "approval_id": str(approval.id), "seats": [str(seat.id) for seat in seats], "is_reminder": is_reminder,
        "holders": [book.keys_of([book.holder_of(seat)])[0] for seat in seats], "entries": approval.entries,
    }  # fmt: skip
    outbox.enqueue(ASK, args, tenant_id=approval.tenant_id)


def follow(approval: Approval, state: engine.State, *, by: Actor) -> None:
    """After an entry: open the next stage, or tell that it is decided."""
    if state.outcome is not None:
        _decided(approval)
    elif state.needs_seating:
        open_stage(approval, by=by)


def _decided(approval: Approval) -> None:
    was_asked = approval.state != "approved" or any(seat.decision for seat in book.seats_of(approval))
    if was_asked and approval.state != "withdrawn" and approval.requester_contact_id is not None:
        outbox.enqueue(TELL, {"approval_id": str(approval.id)}, tenant_id=approval.tenant_id)
    subject = (approval.subject_kind, approval.subject_id)
    events.record(ApprovalDecided(approval.tenant_id, approval.id, *subject, approval.state))


def _requester(tenant_id: UUID, contact_id: UUID | None, by: Actor) -> tuple[UUID | None, UUID | None, str]:
    """Contact, agent, name: whom it is asked for."""
    if contact_id is None and by.is_contact:
        contact_id = by.id
    if contact_id is not None:
        contact = db.session.get(Contact, (tenant_id, contact_id))
        if contact is None:
            raise Invalid.field("requester_id", "There is no such contact at this client.", "unknown")
        return contact.id, None, contact.name
    if by.is_agent and by.id is not None and db.session.get(Agent, by.id) is not None:
        return None, by.id, by.name
    return None, None, by.name


