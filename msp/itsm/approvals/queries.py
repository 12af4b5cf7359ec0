"""Reads of approvals: one, lists, what waits for somebody, covers, a client's policy."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.approvals.models import Approval, ApprovalPolicy, Cover, Entry, Link, Seat
from tenants.permissions import Permission as P

Which = Literal["waiting", "asked", "decided", "all"]
WHICH: tuple[Which, ...] = ("waiting", "asked", "decided", "all")
PAGE = 25
FORMER = Entry.data["by"].astext  # who held a seat before it was passed on, or went to another


def visible_approval(approval_id: UUID, *, by: Actor, for_update: bool = False) -> Approval:
    """One approval. A contact sees what he asked for, where he was asked, and a manager the whole company's."""
    statement = _visible(sa.select(Approval).where(Approval.id == approval_id), by=by)
    found: Approval | None = db.session.scalar(locked(statement, of=Approval) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def latest_approval(tenant_id: UUID, kind: str, subject_id: UUID, *, for_update: bool = False) -> Approval | None:
    """The last approval of a subject, for the practice whose subject it is."""
    statement = sa.select(Approval).where(
        Approval.tenant_id == tenant_id, Approval.subject_kind == kind, Approval.subject_id == subject_id
    )
    statement = statement.order_by(Approval.created_at.desc(), Approval.id.desc()).limit(1)
    return db.session.scalar(locked(statement) if for_update else statement)


def approval_page(
    *, by: Actor, which: Which = "all", state: str | None = None, client_id: UUID | None = None, cursor: str | None = None,
    limit: int = PAGE,
) -> Page[Approval]:  # fmt: skip
    """One page, newest first: what waits for the actor, what he asked for, what he was asked before, or all that he may see."""
    statement = _which(_visible(sa.select(Approval), by=by), which, by)
    if state is not None:
        statement = statement.where(Approval.state == state)
    if client_id is not None:
        by.must_reach(client_id)
        statement = statement.where(Approval.tenant_id == client_id)
    keyset = Keyset([Order(Approval.created_at, is_descending=True)], Approval.id, bound_to=f"{which}:{state}:{client_id}")
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def waiting_count(*, by: Actor) -> int:
    """How many approvals wait for this actor."""
    statement = sa.select(sa.func.count(sa.distinct(Seat.approval_id))).where(Seat.is_open, _is_held_by(by))
    return db.session.scalar(_in_reach(statement, Seat.tenant_id, by)) or 0


def open_seat(approval: Approval, *, by: Actor) -> Seat | None:
    """The seat in which this actor may decide now."""
    statement = sa.select(Seat).where(
        Seat.tenant_id == approval.tenant_id, Seat.approval_id == approval.id, Seat.is_open, _is_held_by(by)
    )
    return db.session.scalars(statement).first()


def own_links(approval: Approval) -> Sequence[Link]:
    """Links that were mailed about it, newest first."""
    statement = sa.select(Link).where(Link.tenant_id == approval.tenant_id, Link.approval_id == approval.id)
    return db.session.scalars(statement.order_by(Link.made_at.desc(), Link.id)).all()


def history(approval: Approval) -> Sequence[Entry]:
    """What was recorded about it, oldest first."""
    statement = sa.select(Entry).where(Entry.tenant_id == approval.tenant_id, Entry.approval_id == approval.id)
    return db.session.scalars(statement.order_by(Entry.number)).all()


def successor(approval: Approval) -> UUID | None:
    """The approval that asks again in its place."""
    statement = sa.select(Approval.id).where(Approval.tenant_id == approval.tenant_id, Approval.replaces_id == approval.id)
    return db.session.scalars(statement).first()


def cover_of(tenant_id: UUID, contact_id: UUID, *, now: datetime) -> Cover | None:
    """A contact's cover that runs or is to come."""
    statement = sa.select(Cover).where(
        Cover.tenant_id == tenant_id, Cover.contact_id == contact_id, Cover.ended_at.is_(None), Cover.until_at > now
    )
    return db.session.scalars(statement.order_by(Cover.from_at).limit(1)).first()


def policy(tenant_id: UUID) -> ApprovalPolicy | None:
    """What the client allows, where it was ever said."""
    return db.session.scalar(sa.select(ApprovalPolicy).where(ApprovalPolicy.tenant_id == tenant_id))


def links_decide(tenant_id: UUID) -> bool:
    """Whether a link in a mail is enough to decide, without a sign-in."""
    found = policy(tenant_id)
    return found is None or found.links_decide


def _is_held_by(by: Actor) -> sa.ColumnElement[bool]:
    if by.id is None:
        return sa.false()
    return Seat.holder_contact_id == by.id if by.is_contact else Seat.holder_agent_id == by.id


def _which(statement: sa.Select[Any], which: Which, by: Actor) -> sa.Select[Any]:
    if which == "waiting":
        mine = _in_reach(sa.select(Seat.approval_id).where(Seat.is_open, _is_held_by(by)), Seat.tenant_id, by)
        return statement.where(Approval.id.in_(mine))
    if which == "decided":
        mine = _in_reach(sa.select(Seat.approval_id).where(Seat.decision.is_not(None), _is_held_by(by)), Seat.tenant_id, by)
        return statement.where(Approval.id.in_(mine))
    if which == "asked":
        own = Approval.requester_contact_id if by.is_contact else Approval.requester_agent_id
        return statement.where(own == by.id)
    return statement


def _visible(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    statement = _in_reach(statement, Approval.tenant_id, by)
    if not by.is_contact or by.may(P.TICKET_READ_COMPANY):
        return statement
    seats = sa.select(Seat.approval_id).where(sa.or_(Seat.contact_id == by.id, Seat.holder_contact_id == by.id))
    mine = _in_reach(seats, Seat.tenant_id, by)
    handed_on = sa.select(Entry.approval_id).where(Entry.kind.in_(("delegated", "moved")), f"contact:{by.id}" == FORMER)
    once = _in_reach(handed_on, Entry.tenant_id, by)
    return statement.where(sa.or_(Approval.requester_contact_id == by.id, Approval.id.in_(mine), Approval.id.in_(once)))


def _in_reach(statement: sa.Select[Any], column: Any, by: Actor) -> sa.Select[Any]:
    return statement if by.tenant_ids is None else statement.where(column.in_(by.tenant_ids))
