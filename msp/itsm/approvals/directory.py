"""Who is able to decide: named people and holders of roles, as they are now."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.db import current_scope, db
from msp.itsm.approvals.engine.chain import Approver, Stage
from msp.itsm.approvals.engine.seating import Found, Person
from msp.itsm.approvals.models import Approval, Cover
from tenants import queries as tenants
from tenants.availability import queries as availability
from tenants.models import Agent, Contact, ManagedSite

OWNERS = frozenset({"manager", "approver", "client_admin"})  # a cost centre's owner is one of these who has the same cost centre
BY_ROLE = {"manager": "manager", "approver": "approver", "client_admin": "client_admin"}
Board = Callable[[UUID], Sequence[Person]]
_boards: list[Board] = []


def set_board(look_up: Board) -> None:
    """Name what knows the change advisory board of a client; without it the role has nobody."""
    _boards[:] = [look_up]


@dataclass
class Directory:
    """What was found for a stage, with the names of everybody in it. `is_whole`: our own people could be looked up."""

    found: Found
    names: dict[Person, str] = field(default_factory=dict)
    is_whole: bool = True


def sees_ours() -> bool:
    """Whether this transaction may read the provider's people: what a client's people do may not."""
    return current_scope().role != "msp_tenant"


def look_up(approval: Approval, stage: Stage, *, at: datetime) -> Directory:
    """Everybody who may be asked in a stage, and who would stand in."""
    contacts, ours = _contacts(approval, stage), _agents(approval.tenant_id) if sees_ours() else []
    sites = _site_managers(approval) if Approver("role", "site_manager") in stage.approvers else set()
    board = [person for look in _boards for person in look(approval.tenant_id)] if Approver("role", "cab") in stage.approvers else []
    people = {contact_person(each): each.name for each in contacts} | {agent_person(each): each.name for each in ours}
    by_approver = {
        approver: tuple(person for person in _matching(approver, approval, contacts, _managers(ours, at), sites, board) if person in people)
        for approver in stage.approvers
    }
    covers = _covers(approval.tenant_id, at) | {agent_person(each): (agent_person(cover), cover.name) for each, cover in _spare(ours, at)}
    names = people | dict(covers.values())
    found = Found(
        by_approver, tuple(contact_person(each) for each in contacts if "client_admin" in each.roles),
        tuple(agent_person(each) for each in _managers(ours, at)), {person: cover for person, (cover, _) in covers.items()},
    )  # fmt: skip
    return Directory(found, names, sees_ours())


def contact_person(contact: Contact) -> Person:
    return Person("contact", str(contact.id))


def agent_person(agent: Agent) -> Person:
    return Person("agent", str(agent.id))


def _matching(
    approver: Approver, approval: Approval, contacts: Sequence[Contact], managers: Iterable[Agent], sites: set[UUID],
    board: Sequence[Person],
) -> Iterable[Person]:
    if approver.kind != "role":
        return [Person(approver.kind, approver.value)]
    match approver.value:
        case "account_manager":
            return [agent_person(each) for each in managers]
        case "site_manager":
            return [contact_person(each) for each in contacts if each.id in sites]
        case "cost_centre_owner":
            return [
                contact_person(each) for each in contacts
                if approval.cost_centre and each.cost_centre == approval.cost_centre and OWNERS.intersection(each.roles)
            ]  # fmt: skip
        case "cab":
            return board
        case role:
            return [contact_person(each) for each in contacts if BY_ROLE[role] in each.roles]


def _contacts(approval: Approval, stage: Stage) -> Sequence[Contact]:
    """Active people of the client with a role that decides, or named here, if they can be reached by mail or by sign-in."""
    named = [UUID(approver.value) for approver in stage.approvers if approver.kind == "contact"]
    statement = sa.select(Contact).where(
        Contact.tenant_id == approval.tenant_id, Contact.is_active,
        sa.or_(Contact.e_mail.is_not(None), Contact.person_id.is_not(None)),
    )  # fmt: skip
    if Approver("role", "cab") not in stage.approvers:  # of a board anybody may be a member
        deciding = Contact.roles.overlap(sa.cast(["manager", "site_manager", "approver", "client_admin"], sa.ARRAY(sa.Text())))
        statement = statement.where(sa.or_(Contact.id.in_(named), deciding))
    return db.session.scalars(statement.order_by(Contact.name, Contact.id)).all()


def _site_managers(approval: Approval) -> set[UUID]:
    if approval.site_id is None:
        return set()
    statement = sa.select(ManagedSite.contact_id).where(
        ManagedSite.tenant_id == approval.tenant_id, ManagedSite.site_id == approval.site_id
    )
    return set(db.session.scalars(statement))


def _agents(tenant_id: UUID) -> Sequence[Agent]:
    return tenants.assignable_agents(tenant_id)


def _managers(ours: Sequence[Agent], at: datetime) -> list[Agent]:
    """Our account managers for this client who are there; without any, our administrators, so that nothing waits for nobody."""
    away = _away(ours, at)
    for people in ([each for each in ours if each.id not in away], ours):
        for role in ("account_manager", "admin"):
            if found := [each for each in people if role in each.roles]:
                return found
    return []


def _away(ours: Iterable[Agent], at: datetime) -> set[UUID]:
    """Who of us is away at an instant."""
    ids = [each.id for each in ours]  # none where this transaction does not see our people, nor their absences
    return {id for id, duty in availability.duties(ids, since=at).items() if duty.absent_until(at)} if ids else set()


def _spare(ours: Sequence[Agent], at: datetime) -> Iterator[tuple[Agent, Agent]]:
    """Each of us who is away, with one of our account managers who is there."""
    away = _away(ours, at)
    there = [each for each in _managers(ours, at) if each.id not in away]
    return ((each, there[0]) for each in ours if there and each.id in away)


def _covers(tenant_id: UUID, at: datetime) -> dict[Person, tuple[Person, str]]:
    """Who is away now, and who is asked in his place, also where a cover is away himself; a cover who has left covers nobody.

    Where covers name each other in a ring, nobody of them is there, and each is asked himself.
    """
    statement = (
        sa.select(Cover.contact_id, Contact)
        .join(Contact, sa.and_(Contact.tenant_id == Cover.tenant_id, Contact.id == Cover.cover_id))
        .where(Cover.tenant_id == tenant_id, Cover.from_at <= at, Cover.until_at > at, Cover.ended_at.is_(None), Contact.is_active)
        .order_by(Cover.from_at)
    )
    named = {Person("contact", str(id)): (contact_person(cover), cover.name) for id, cover in db.session.execute(statement)}
    found = {}
    for person, cover in named.items():
        seen = {person}
        while cover[0] in named and cover[0] not in seen:
            seen.add(cover[0])
            cover = named[cover[0]]
        if cover[0] not in seen:
            found[person] = cover
    return found


def is_able(tenant_id: UUID, person: Person) -> bool:
    """Whether somebody who was asked is still of the client, or works for it; for jobs that see our people."""
    if person.kind == "contact":
        contact = db.session.get(Contact, (tenant_id, UUID(person.id)))
        return contact is not None and contact.is_active
    return any(str(each.id) == person.id for each in _agents(tenant_id))


def manager_ids(tenant_id: UUID) -> list[UUID]:
    """Our account managers for a client; for jobs that see our people."""
    return [each.id for each in _managers(_agents(tenant_id), clock.now())]
