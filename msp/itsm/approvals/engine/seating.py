"""Who sits in a stage: those it names as far as they are able, and where they are too few, whoever stands in for them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from msp.itsm.approvals.engine.chain import Approver, Stage

FEW = "Too few approvers were able to decide, so the client’s administrators are asked."
NOBODY = "No approver was able to decide, so the client’s administrators are asked."
OURS = "Nobody of the client was able to decide, so the account manager is asked."
VACANT = "Nobody is able to decide this."


@dataclass(frozen=True, order=True)
class Person:
    """A contact or an agent, by id as text."""

    kind: str
    id: str


@dataclass(frozen=True)
class Found:
    """Whom the directory found: by approver, the client's administrators, our account managers; all of them able."""

    by_approver: Mapping[Approver, tuple[Person, ...]] = field(default_factory=dict)
    admins: tuple[Person, ...] = ()
    managers: tuple[Person, ...] = ()
    covers: Mapping[Person, Person] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """A seat: for whom it is, and who holds it while he is away."""

    person: Person
    holder: Person


@dataclass(frozen=True)
class Seating:
    """The places of a stage, how many of them must approve, and what there is to say about it."""

    places: tuple[Place, ...]
    required: int
    note: str = ""


def seating(stage: Stage, found: Found, *, barred: Collection[Person]) -> Seating:
    """The places of a stage. Nobody holds two; of those barred, for what they ask or get themselves, none, unless that counts.

    Of whoever stands in for a stage that has nobody, one is enough.
    """
    barred = () if stage.self_counts else barred
    named = [person for approver in stage.approvers for person in found.by_approver.get(approver, ())]
    places = _placed(named, found, barred)
    if places and len(places) >= (stage.needed or 1):
        return Seating(places, stage.needed or len(places))
    wanted, note = (stage.needed or 1, FEW) if places else (1, NOBODY)
    with_admins = _placed([*(place.person for place in places), *found.admins], found, barred)
    if len(with_admins) >= wanted:
        return Seating(with_admins, wanted, note)
    everybody = _placed([*(place.person for place in with_admins), *found.managers], found, barred)
    if not everybody:
        return Seating((), 1, VACANT)
    return Seating(everybody, min(wanted, len(everybody)), OURS if len(everybody) > len(with_admins) else note)


def raised(stage: Stage, found: Found, *, barred: Collection[Person], holders: Iterable[Person]) -> tuple[Place, ...]:
    """Whom a late stage goes to: the client's administrators, else the account managers; not to those who sat there already."""
    barred, sitting = () if stage.self_counts else barred, set(holders)
    for group in (found.admins, found.managers):
        places = tuple(place for place in _placed(group, found, barred) if place.holder not in sitting)
        if places:
            return places
    return ()


def stand_in(stage: Stage, found: Found, person: Person, *, barred: Collection[Person], holders: Iterable[Person]) -> Person | None:
    """Who takes over the seat of somebody who is away or has left: his cover, else an administrator of the client, else one of us."""
    barred, sitting = () if stage.self_counts else barred, {*holders, person}
    cover = found.covers.get(person)
    for one in (*([cover] if cover else []), *found.admins, *found.managers):
        if one not in barred and one not in sitting:
            return one
    return None


def _placed(people: Iterable[Person], found: Found, barred: Collection[Person]) -> tuple[Place, ...]:
    """A place for each; of two that one person would hold, the first."""
    places: dict[Person, Place] = {}
    for person in people:
        holder = found.covers.get(person, person)
        if holder in barred:
            holder = person  # who covers an approver does not decide on what he asked for himself
        if person not in barred and holder not in places:
            places[holder] = Place(person, holder)
    return tuple(places.values())
