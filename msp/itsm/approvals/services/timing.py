"""What time brings: reminders, escalation, expiry; and stages that waited to be seated by somebody who sees our own people."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.itsm.approvals import book, directory
from msp.itsm.approvals.book import SYSTEM
from msp.itsm.approvals.engine import seating
from msp.itsm.approvals.engine import state as engine
from msp.itsm.approvals.models import Approval
from msp.itsm.approvals.services import asking

BATCH = 100


def is_any_due(now: datetime) -> bool:
    """Whether there is something to do."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Approval.next_at <= now, Approval.next_at.is_not(None)))))


def sweep(now: datetime) -> int:
    """Let what is due happen to some approvals, of whatever clients; how many they were. Two sweeps share no row."""
    statement = sa.select(Approval).where(Approval.next_at.is_not(None), Approval.next_at <= now).order_by(Approval.next_at)
    found = db.session.scalars(locked(statement.limit(BATCH), skip_locked=True)).all()
    for approval in found:
        take_due(approval, now)
    return len(found)


def take_due(approval: Approval, now: datetime) -> None:
    """Remind, escalate or expire one approval, whichever its time has come for."""
    state, by = book.state_of(approval), Actor.system(asking.NAME)
    if state.outcome is not None or state.due_at is None:
        approval.next_at = None
    elif now >= state.due_at:
        _end_or_raise(approval, state, now, by)
    else:
        _remind(approval, now, by)
    db.session.flush()


def seat_waiting(tenant_id: UUID, approval_id: UUID, *, by: Actor) -> None:
    """Open a stage for which our own people are needed; the work of the job."""
    by.must_reach(tenant_id)
    statement = sa.select(Approval).where(Approval.tenant_id == tenant_id, Approval.id == approval_id)
    approval = db.session.scalar(locked(statement))
    if approval is not None and approval.is_waiting:
        asking.open_stage(approval, by=by)


def _remind(approval: Approval, now: datetime, by: Actor) -> None:
    seats = [seat for seat in book.seats_of(approval) if seat.is_open]
    book.note(approval, "reminded", by=by, way=SYSTEM, at=now, data={"names": [seat.holder_name for seat in seats]})
    book.after_reminder(approval)
    asking.mail(approval, seats, is_reminder=True)


def _end_or_raise(approval: Approval, state: engine.State, now: datetime, by: Actor) -> None:
    if state.can_be_raised:
        found = directory.look_up(approval, state.stage, at=now)
        holders = [seat.holder for seat in state.seats]
        places = seating.raised(state.stage, found.found, barred=state.barred, holders=holders)
        if places and state.number is not None:
            seats = book.add_seats(approval, state.number, places, found.names, is_raised=True)
            made = tuple(engine.Place(str(seat.id), place.person, place.holder) for seat, place in zip(seats, places, strict=True))
            names = [seat.holder_name for seat in seats]
            book.record(approval, engine.Raised(now, made), by=by, way=SYSTEM, data={"names": names})
            approval.note = f"Nobody decided in time, so {' and '.join(names)} may decide alone."
            asking.mail(approval, seats)
            return
    after = book.record(approval, engine.Expired(now), by=by, way=SYSTEM)
    asking.follow(approval, after, by=by)

