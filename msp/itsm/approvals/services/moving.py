"""Seats that go to another without their holder's doing: he is away, has left, or we put another in his place."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import Invalid
from msp.itsm.approvals import book, directory, errors, queries
from msp.itsm.approvals.book import SYSTEM, Channel, Way
from msp.itsm.approvals.engine import seating
from msp.itsm.approvals.engine import state as engine
from msp.itsm.approvals.engine.seating import Person
from msp.itsm.approvals.events import ApprovalDelegated
from msp.itsm.approvals.models import Approval, Cover, Seat
from msp.itsm.approvals.services import answering, asking
from tenants import queries as tenants
from tenants.models import Agent, Contact
from tenants.permissions import Permission

MOVE = "approvals.move"
BATCH = 100


def replace_gone(tenant_id: UUID, person: Person, *, by: Actor) -> int:
    """Put another in every open seat of somebody who has left: his cover, an administrator, one of us; how many seats went over."""
    by.must_reach(tenant_id)
    if directory.is_able(tenant_id, person):
        return 0
    return sum(_put_another(approval, seat, person, by=by, is_gone=True) for approval, seat in _open_seats(tenant_id, person))


def begin_cover(cover: Cover, *, by: Actor) -> int:
    """Hand what waits for somebody who is away to his cover; how many seats went over."""
    by.must_reach(cover.tenant_id)
    cover.begun_at, person = clock.now(), Person("contact", str(cover.contact_id))
    found = list(_open_seats(cover.tenant_id, person))
    moved = sum(_put_another(approval, seat, person, by=by, is_gone=False) for approval, seat in found)
    db.session.flush()
    return moved


def are_covers_due(now: datetime) -> bool:
    """Whether somebody's time away has begun since it was last looked at."""
    return bool(db.session.scalar(sa.select(sa.exists().where(*_begins(now)))))


def begin_covers(now: datetime, *, by: Actor) -> int:
    """Let covers begin whose time has come; how many they were."""
    found = db.session.scalars(locked(sa.select(Cover).where(*_begins(now)).order_by(Cover.from_at).limit(BATCH), skip_locked=True)).all()
    for cover in found:
        begin_cover(cover, by=by)
    return len(found)


def reassign(
    approval_id: UUID, seat_id: UUID, e_mail: str, *, by: Actor, version: int | None = None, channel: Channel = "console"
) -> Approval:
    """Put another in an open seat, by his address: somebody of the client, or one of us who works for it."""
    by.require(Permission.CLIENT_MANAGE)
    approval = queries.visible_approval(approval_id, by=by, for_update=True)
    if version is not None:
        tenants.check_version(approval, version)
    seat = next((each for each in book.seats_of(approval) if each.id == seat_id and each.is_open), None)
    if by.is_contact or seat is None or not approval.is_waiting:
        raise errors.NotAsked("Nobody is asked there now.")
    to, name = _anybody(approval.tenant_id, e_mail, by)
    answering.must_be_free(approval, to)
    _hand_over(approval, seat, to, name, by=by, way=Way(channel))
    return approval


def _begins(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return Cover.begun_at.is_(None), Cover.from_at <= now, Cover.until_at > now, Cover.ended_at.is_(None)


def _open_seats(tenant_id: UUID, person: Person) -> Iterator[tuple[Approval, Seat]]:
    """What waits for somebody, each approval locked."""
    holder = Seat.holder_contact_id if person.kind == "contact" else Seat.holder_agent_id
    held = sa.select(Seat.approval_id).where(Seat.tenant_id == tenant_id, Seat.is_open, holder == UUID(person.id))
    statement = sa.select(Approval).where(Approval.tenant_id == tenant_id, Approval.state == "waiting", Approval.id.in_(held))
    for approval in db.session.scalars(locked(statement.order_by(Approval.id))).all():
        yield from ((approval, seat) for seat in book.seats_of(approval) if seat.is_open and book.holder_of(seat) == person)


def _put_another(approval: Approval, seat: Seat, person: Person, *, by: Actor, is_gone: bool) -> bool:
    now, state = clock.now(), book.state_of(approval)
    if state.is_late(now):
        return False  # it expires at once, whoever holds it
    looked = directory.look_up(approval, state.stage, at=now)
    found = looked.found if is_gone else replace(looked.found, admins=(), managers=())
    to = seating.stand_in(state.stage, found, person, barred=state.barred, holders=[each.holder for each in state.seats])
    if to is not None:
        _hand_over(approval, seat, to, looked.names[to], by=by, way=SYSTEM, why="has left" if is_gone else "is away")
    elif is_gone:
        approval.note = f"{seat.holder_name} has left, and nobody else is able to decide in this place: name somebody."
        db.session.flush()
    return to is not None


def _hand_over(approval: Approval, seat: Seat, to: Person, name: str, *, by: Actor, way: Way, why: str = "") -> None:
    was, before = seat.holder_name, book.holder_of(seat)
    data = {"name": name, "from": was, "by": book.keys_of([before])[0], "why": why}
    with errors.worded():
        book.record(approval, engine.Moved(clock.now(), str(seat.id), to), by=by, way=way, data=data)
    book.give(seat, to, name)
    answering.spend_links(approval, seat)
    if why:
        approval.note = f"{was} {why}, so {name} is asked instead."
        db.session.flush()
    asking.mail(approval, [seat])
    events.record(ApprovalDelegated(approval.tenant_id, approval.id, seat.id))


def _anybody(tenant_id: UUID, e_mail: str, by: Actor) -> tuple[Person, str]:
    wanted = e_mail.strip().lower()
    statement = sa.select(Contact).where(Contact.tenant_id == tenant_id, Contact.e_mail == wanted, Contact.is_active)
    contact = db.session.scalars(statement).first() if wanted else None
    if contact is not None:
        return directory.contact_person(contact), contact.name
    if wanted and db.session.scalar(sa.select(sa.exists().where(Agent.e_mail == wanted))):
        return answering.colleague(tenant_id, wanted, by=by)
    raise Invalid.field("e_mail", "Nobody of the client or of us has this address." if wanted else "Write an e-mail address.", "unknown")
