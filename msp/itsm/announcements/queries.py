"""Reads of announcements: a client's own and those for all, and the originals for whoever writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.announcements.models import Announcement, ClientAnnouncement

State = Literal["current", "planned", "past"]
STATES: tuple[State, ...] = ("current", "planned", "past")
PAGE = 50
Level = Literal["news", "maintenance", "disruption"]
REMEMBERED = timedelta(days=30)
MOST = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """An announcement as a client reads it, whichever table it lies in."""

    id: UUID
    level: Level
    title: str
    body: str
    starts_at: datetime
    ends_at: datetime | None

    def is_current(self, now: datetime) -> bool:
        return self.ends_at is None or self.ends_at > now


def notices(tenant_id: UUID, *, by: Actor, now: datetime) -> list[Notice]:
    """What the client is told now, then what it was told in the last thirty days; newest first, with one statement."""
    by.must_reach(tenant_id)
    for_all = _shown(Announcement, now).where(Announcement.audience == "all")
    own = _shown(ClientAnnouncement, now).where(ClientAnnouncement.tenant_id == tenant_id)
    found = sa.union_all(for_all, own).subquery()
    statement = sa.select(found).order_by(found.c.starts_at.desc(), found.c.id.desc()).limit(MOST)
    rows = [Notice(**row) for row in db.session.execute(statement).mappings()]
    return sorted(rows, key=lambda notice: not notice.is_current(now))


def visible_announcement(announcement_id: UUID, *, by: Actor, for_update: bool = False) -> Announcement:
    """One original; a limited agent sees those for all and those that one of his clients has."""
    statement = _visible(sa.select(Announcement).where(Announcement.id == announcement_id), by=by)
    found: Announcement | None = db.session.scalar(locked(statement, of=Announcement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def announcement_page(
    *, by: Actor, now: datetime, state: State | None = None, client_id: UUID | None = None, cursor: str | None = None,
    limit: int = PAGE,
) -> Page[Announcement]:  # fmt: skip
    """One page of the originals that the agent may see, newest first: of one state, and as far as one client reads them."""
    statement = _visible(sa.select(Announcement), by=by)
    if state is not None:
        statement = statement.where(_in_state(state, now))
    if client_id is not None:
        by.must_reach(client_id)
        told = sa.select(ClientAnnouncement.announcement_id).where(ClientAnnouncement.tenant_id == client_id)
        statement = statement.where(sa.or_(Announcement.audience == "all", Announcement.id.in_(told)))
    keyset = Keyset([Order(Announcement.starts_at, is_descending=True)], Announcement.id, bound_to=f"{state}:{client_id}")
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def clients_told(announcement_ids: Sequence[UUID], *, by: Actor) -> dict[UUID, list[UUID]]:
    """For each original the clients that it was chosen for, as far as the agent sees them; with one statement."""
    told = sa.select(ClientAnnouncement.announcement_id, ClientAnnouncement.tenant_id)
    told = told.where(ClientAnnouncement.announcement_id.in_(announcement_ids)).order_by(ClientAnnouncement.tenant_id)
    if by.tenant_ids is not None:
        told = told.where(ClientAnnouncement.tenant_id.in_(by.tenant_ids))
    found: dict[UUID, list[UUID]] = {id: [] for id in announcement_ids}
    for announcement_id, tenant_id in db.session.execute(told) if announcement_ids else ():
        found[announcement_id].append(tenant_id)
    return found


def state_of(row: Announcement, now: datetime) -> State:
    """Whether clients are told it now, will be, or were."""
    if row.withdrawn_at is not None or (row.ends_at is not None and row.ends_at <= now):
        return "past"
    return "planned" if row.starts_at > now else "current"


def copies(announcement_id: UUID, *, by: Actor) -> Sequence[ClientAnnouncement]:
    """The chosen clients' copies, as far as the agent sees these clients."""
    statement = sa.select(ClientAnnouncement).where(ClientAnnouncement.announcement_id == announcement_id)
    if by.tenant_ids is not None:
        statement = statement.where(ClientAnnouncement.tenant_id.in_(by.tenant_ids))
    return db.session.scalars(statement.order_by(ClientAnnouncement.tenant_id)).all()


def _shown(model: type[Announcement] | type[ClientAnnouncement], now: datetime) -> sa.Select[Any]:
    """Columns of what has begun, was not withdrawn, and has not ended too long ago."""
    columns: list[Any] = [model.id, model.level, model.title, model.body, model.starts_at, model.ends_at]
    return sa.select(*columns).where(
        model.starts_at <= now,
        model.withdrawn_at.is_(None),
        sa.or_(model.ends_at.is_(None), model.ends_at > now - REMEMBERED),
    )


def _in_state(state: State, now: datetime) -> sa.ColumnElement[bool]:
    """The same as `state_of`, as a condition."""
    is_over = sa.or_(Announcement.withdrawn_at.is_not(None), sa.func.coalesce(Announcement.ends_at <= now, sa.false()))
    match state:
        case "past":
            return is_over
        case "planned":
            return sa.and_(~is_over, Announcement.starts_at > now)
        case _:
            return sa.and_(~is_over, Announcement.starts_at <= now)


def _visible(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    if by.is_contact:
        raise NotFound
    if by.tenant_ids is None:
        return statement
    mine = sa.select(ClientAnnouncement.announcement_id).where(ClientAnnouncement.tenant_id.in_(by.tenant_ids))
    return statement.where(sa.or_(Announcement.audience == "all", Announcement.id.in_(mine)))
