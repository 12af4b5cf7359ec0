"""Between the rules and the rows: the state of an approval read from its entries, and one entry more written down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import current_scope, db
from msp.core.ids import new_id
from msp.itsm.approvals import shown
from msp.itsm.approvals.engine import state as engine
from msp.itsm.approvals.engine.reading import read_chain
from msp.itsm.approvals.engine.seating import Person, Place
from msp.itsm.approvals.models import Approval, Entry, Seat

Channel = Literal["portal", "console", "mail", "api", "system"]


@dataclass(frozen=True)
class Way:
    """How an answer came: through which door, and under which link."""

    channel: Channel
    link_id: UUID | None = None


SYSTEM = Way("system")


def person_of(by: Actor) -> Person | None:
    """The actor as the rules know him; None for a part of the system."""
    return Person(by.kind, str(by.id)) if by.id is not None and by.kind in ("contact", "agent") else None


def requester_of(approval: Approval) -> Person | None:
    if approval.requester_contact_id is not None:
        return Person("contact", str(approval.requester_contact_id))
    return Person("agent", str(approval.requester_agent_id)) if approval.requester_agent_id is not None else None


def holder_of(seat: Seat) -> Person:
    kind, id = ("contact", seat.holder_contact_id) if seat.holder_contact_id else ("agent", seat.holder_agent_id)
    return Person(kind, str(id))


def entries_of(approval: Approval) -> Sequence[Entry]:
    """What was recorded, in its order."""
    statement = sa.select(Entry).where(Entry.tenant_id == approval.tenant_id, Entry.approval_id == approval.id)
    return db.session.scalars(statement.order_by(Entry.number)).all()


def seats_of(approval: Approval) -> Sequence[Seat]:
    """Every seat of every stage so far, in the order they were made."""
    statement = sa.select(Seat).where(Seat.tenant_id == approval.tenant_id, Seat.approval_id == approval.id)
    return db.session.scalars(statement.order_by(Seat.stage, Seat.id)).all()


def state_of(approval: Approval) -> engine.State:
    """Where it stands, from its chain, what was shown, and its entries."""
    others = [_person(key) for key in approval.barred or ()]
    begun = engine.begun(read_chain(approval.chain), shown.facts(approval.shown), requester_of(approval), others)
    return engine.fold(begun, [made for each in entries_of(approval) if (made := _read(each)) is not None])


def record(approval: Approval, entry: engine.Entry, *, by: Actor, way: Way, data: Mapping[str, Any] | None = None) -> engine.State:
    """Take an entry by the rules (Refused where it does not follow), write it down and keep the rows in step."""
    after = engine.after(state_of(approval), entry)
    seat_id = UUID(entry.seat) if isinstance(entry, engine.Answered | engine.Delegated | engine.Moved) else None
    note(approval, _KINDS[type(entry)], by=by, way=way, at=entry.at, seat_id=seat_id, data={**_written(entry), **(data or {})})
    project(approval, after, at=entry.at)
    return after


def note(
    approval: Approval, kind: str, *, by: Actor, way: Way, at: datetime, seat_id: UUID | None = None, data: Mapping[str, Any] | None = None
) -> None:
    """Write down that something happened which changes nothing of the state."""
    approval.entries += 1
    trail = current_scope().trail
    db.session.add(
        Entry(
            tenant_id=approval.tenant_id, id=new_id(), approval_id=approval.id, number=approval.entries, at=at, kind=kind,
            seat_id=seat_id, actor_kind=by.kind, actor_id=by.id, actor_name=by.name, channel=way.channel, address=trail.address,
            link_id=way.link_id, token_id=trail.token_id, data=dict(data or {}),
        )
    )  # fmt: skip
    db.session.flush()


def project(approval: Approval, state: engine.State, *, at: datetime) -> None:
    """Bring the row and the open marks of its seats to where the state is."""
    approval.state = state.outcome or "waiting"
    approval.ended_at = at if state.outcome is not None else None
    is_same = approval.opened_at == state.opened_at
    approval.stage, approval.opened_at, approval.due_at = state.number, state.opened_at, state.due_at
    approval.stage_name = state.stage.name if state.outcome is None else None
    if not is_same and state.outcome is None:
        approval.note = None
    approval.next_at = _next(state, at)
    still_open = {seat.id for seat in state.open_seats()}
    for seat in seats_of(approval):
        seat.is_open = str(seat.id) in still_open
    db.session.flush()


def after_reminder(approval: Approval) -> None:
    """The reminder was sent: next comes the end."""
    approval.next_at = approval.due_at
    db.session.flush()


def _next(state: engine.State, at: datetime) -> datetime | None:
    if state.outcome is not None or state.due_at is None:
        return None
    return state.remind_at if state.remind_at is not None and state.remind_at > at else state.due_at


def add_seats(
    approval: Approval, number: int, places: Sequence[Place], names: Mapping[Person, str], *, is_raised: bool = False
) -> list[Seat]:
    """Rows for places; each with the person and the holder by the names that they have now."""
    made = []
    for place in places:
        person, holder = place.person, place.holder
        seat = Seat(
            tenant_id=approval.tenant_id, id=new_id(), approval_id=approval.id, stage=number, person_name=names[person],
            holder_name=names[holder], is_raised=is_raised, **_ids(person, ""), **_ids(holder, "holder_"),
        )  # fmt: skip
        db.session.add(seat)
        made.append(seat)
    db.session.flush()
    return made


def give(seat: Seat, to: Person, name: str) -> None:
    """Let another hold the seat."""
    for column, id in _ids(to, "holder_").items():
        setattr(seat, column, id)
    seat.holder_name = name
    db.session.flush()


def answer(seat: Seat, is_approved: bool, reason: str | None, *, way: Way, at: datetime) -> None:
    """Keep the decision with the seat: when, which way, from where."""
    trail = current_scope().trail
    seat.decision, seat.reason, seat.decided_at = "approved" if is_approved else "rejected", reason, at
    seat.channel, seat.link_id, seat.address, seat.token_id = way.channel, way.link_id, trail.address, trail.token_id
    db.session.flush()


def _ids(person: Person, prefix: str) -> dict[str, UUID | None]:
    id = UUID(person.id)
    return {
        f"{prefix}contact_id": id if person.kind == "contact" else None,
        f"{prefix}agent_id": id if person.kind == "agent" else None,
    }


_KINDS: dict[type[engine.Entry], str] = {
    engine.Seated: "seated", engine.Answered: "answered", engine.Delegated: "delegated", engine.Raised: "raised",
    engine.Expired: "expired", engine.Withdrawn: "withdrawn", engine.Changed: "changed", engine.Moved: "moved",
}  # fmt: skip


def _written(entry: engine.Entry) -> dict[str, Any]:
    match entry:
        case engine.Seated():
            return {"places": _places(entry.places), "required": entry.required}
        case engine.Raised():
            return {"places": _places(entry.places)}
        case engine.Answered():
            return {"by": _key(entry.by), "is_approved": entry.is_approved}
        case engine.Delegated():
            return {"by": _key(entry.by), "to": _key(entry.to)}
        case engine.Withdrawn():
            return {"by": _key(entry.by)}
        case engine.Moved():
            return {"to": _key(entry.to)}
        case _:
            return {}


def _read(row: Entry) -> engine.Entry | None:
    """The entry as the rules know it; None for what only tells (sent, reminded, disowned)."""
    at, data, seat = row.at, row.data, str(row.seat_id)
    match row.kind:
        case "seated":
            return engine.Seated(at, _read_places(data), data["required"])
        case "raised":
            return engine.Raised(at, _read_places(data))
        case "answered":
            return engine.Answered(at, seat, _person(data["by"]), data["is_approved"])
        case "delegated":
            return engine.Delegated(at, seat, _person(data["by"]), _person(data["to"]))
        case "moved":
            return engine.Moved(at, seat, _person(data["to"]))
        case "withdrawn":
            return engine.Withdrawn(at, _person(data["by"]))
        case "expired":
            return engine.Expired(at)
        case "changed" if "was" not in data:  # what was approved before has its outcome; that it is void is kept in the row
            return engine.Changed(at)
        case _:
            return None


def _places(places: Sequence[engine.Place]) -> list[list[str]]:
    return [[place.seat, _key(place.person), _key(place.holder)] for place in places]


def _read_places(data: Mapping[str, Any]) -> tuple[engine.Place, ...]:
    return tuple(engine.Place(seat, _person(person), _person(holder)) for seat, person, holder in data["places"])


def _key(person: Person) -> str:
    return f"{person.kind}:{person.id}"


def keys_of(people: Iterable[Person]) -> list[str]:
    """People as a row keeps them."""
    return sorted({_key(person) for person in people})


def _person(key: str) -> Person:
    kind, _, id = key.partition(":")
    return Person(kind, id)
