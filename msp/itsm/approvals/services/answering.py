"""Answering: yes or no, passing one's seat on, withdrawing what one asked for."""

from uuid import UUID

import sqlalchemy as sa

from msp.core import audit, clock, events
from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import Invalid
from msp.itsm.approvals import book, errors, queries
from msp.itsm.approvals.book import Channel, Way
from msp.itsm.approvals.engine import state as engine
from msp.itsm.approvals.engine.seating import Person
from msp.itsm.approvals.events import ApprovalAnswered, ApprovalDelegated
from msp.itsm.approvals.models import Approval, Link, Seat
from msp.itsm.approvals.services import asking
from tenants import queries as tenants
from tenants.models import Agent, Contact
from tenants.permissions import Permission

REASON_LENGTH = 2000


def decide(
    approval_id: UUID, is_approved: bool, *, by: Actor, reason: str = "", seen: str | None = None, version: int | None = None,
    channel: Channel = "portal", link: Link | None = None,
) -> Approval:  # fmt: skip
    """Answer for the seat that the actor holds. `seen` is the hash of what he was shown; a refusal needs its reason."""
    by.require(Permission.APPROVAL_ANSWER)
    approval = queries.visible_approval(approval_id, by=by, for_update=True)
    if version is not None:
        tenants.check_version(approval, version)
    if not approval.is_waiting:
        raise errors.ApprovalEnded("This is decided already; nothing more can be done here.")
    seat = _own_seat(approval, by)
    if seen is not None and seen != approval.shown_hash:
        raise errors.ShownChanged("What you were shown has changed; look at it again.")
    text = _reason(reason, is_needed=not is_approved)
    now, way = clock.now(), Way(channel, link.id if link is not None else None)
    with errors.worded():
        entry = engine.Answered(now, str(seat.id), _person(by), is_approved)
        state = book.record(approval, entry, by=by, way=way, data={"reason": text} if text else None)
    book.answer(seat, is_approved, text, way=way, at=now)
    spend_links(approval, seat)
    audit.note(
        db.session(), seat.decision or "", "approval", approval.id, tenant_id=approval.tenant_id,
        changes={"seat": seat.id, "channel": channel, "link": way.link_id, "reason": text, "shown": approval.shown_hash},
    )  # fmt: skip
    events.record(ApprovalAnswered(approval.tenant_id, approval.id, seat.id))
    asking.follow(approval, state, by=by)
    return approval


def delegate(approval_id: UUID, e_mail: str, *, by: Actor, version: int | None = None, channel: Channel = "portal") -> Approval:
    """Pass one's seat on to a colleague: a contact to one of his company, an agent to one who works for the client."""
    by.require(Permission.APPROVAL_ANSWER)
    approval = queries.visible_approval(approval_id, by=by, for_update=True)
    if version is not None:
        tenants.check_version(approval, version)
    seat = _own_seat(approval, by)
    to, name = colleague(approval.tenant_id, e_mail, by=by)
    must_be_free(approval, to)
    with errors.worded():
        book.record(
            approval, engine.Delegated(clock.now(), str(seat.id), _person(by), to), by=by, way=Way(channel), data={"name": name}
        )
    book.give(seat, to, name)
    spend_links(approval, seat)
    asking.mail(approval, [seat])
    events.record(ApprovalDelegated(approval.tenant_id, approval.id, seat.id))
    return approval


def must_be_free(approval: Approval, to: Person) -> None:
    """Invalid where the person must not sit in the present stage, or sits there already."""
    state = book.state_of(approval)
    if not state.stage.self_counts and to in state.barred:
        said = "Whoever asked for it" if to == state.requester else "Whoever gets it, or asked in another’s name,"
        raise Invalid.field("e_mail", f"{said} cannot decide on it.", "requester")
    if any(book.holder_of(each) == to for each in book.seats_of(approval) if each.stage == approval.stage):
        raise Invalid.field("e_mail", "This person is asked here already.", "asked")


def withdraw(approval_id: UUID, *, by: Actor, version: int | None = None, channel: Channel = "portal") -> Approval:
    """Take back what one asked for oneself; nobody else can."""
    by.require(Permission.APPROVAL_ANSWER)
    approval = queries.visible_approval(approval_id, by=by, for_update=True)
    if version is not None:
        tenants.check_version(approval, version)
    with errors.worded():
        state = book.record(approval, engine.Withdrawn(clock.now(), _person(by)), by=by, way=Way(channel))
    asking.follow(approval, state, by=by)
    return approval


def colleague(tenant_id: UUID, e_mail: str, *, by: Actor, field: str = "e_mail") -> tuple[Person, str]:
    """Whom an address names, among those whom this actor may ask to stand in."""
    by.require(Permission.APPROVAL_ANSWER)
    wanted = e_mail.strip().lower()
    if not wanted:
        raise Invalid.field(field, "Write the colleague’s e-mail address.", "required")
    if by.is_agent:
        agent = db.session.scalars(sa.select(Agent).where(Agent.e_mail == wanted)).first()
        if agent is None or agent.id not in {each.id for each in tenants.assignable_agents(tenant_id)}:
            raise Invalid.field(field, "No colleague with this address works for this client.", "unknown")
        return Person("agent", str(agent.id)), agent.name
    statement = sa.select(Contact).where(Contact.tenant_id == tenant_id, Contact.e_mail == wanted, Contact.is_active)
    contact = db.session.scalars(statement).first()
    if contact is None:
        raise Invalid.field(field, "There is no colleague with this address.", "unknown")
    return Person("contact", str(contact.id)), contact.name


def spend_links(approval: Approval, seat: Seat) -> None:
    """No link to this seat is good any more: it was answered, or is another's now."""
    statement = sa.select(Link).where(Link.tenant_id == approval.tenant_id, Link.seat_id == seat.id, Link.spent_at.is_(None))
    for link in db.session.scalars(locked(statement)):
        link.spent_at = clock.now()
    db.session.flush()


def _own_seat(approval: Approval, by: Actor) -> Seat:
    seat = queries.open_seat(approval, by=by)
    if seat is None:
        raise errors.NotAsked("You are not asked here, or not any more.")
    return seat


def _person(by: Actor) -> Person:
    found = book.person_of(by)
    if found is None:
        raise errors.NotAsked("Only a person decides.")
    return found


def _reason(reason: str, *, is_needed: bool) -> str | None:
    text = reason.strip()
    if len(text) > REASON_LENGTH:
        raise Invalid.field("reason", f"At most {REASON_LENGTH} characters.", "too_long")
    if is_needed and not text:
        raise Invalid.field("reason", "Say why, so that it can be put right.", "required")
    return text or None
