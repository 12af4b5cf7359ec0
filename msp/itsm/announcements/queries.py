"""Reads of announcements: a client's own and those for all, and the originals for whoever writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import NotFound
from msp.itsm.announcements.models import Announcement, ClientAnnouncement

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
    if not by.reaches(tenant_id):
        raise NotFound
    for_all = _shown(Announcement, now).where(Announcement.audience == "all")
    own = _shown(ClientAnnouncement, now).where(ClientAnnouncement.tenant_id == tenant_id)
    found = sa.union_all(for_all, own).subquery()
    statement = sa.select(found).order_by(found.c.starts_at.desc(), found.c.id.desc()).limit(MOST)
    rows = [Notice(**row) for row in db.session.execute(statement).mappings()]
    return sorted(rows, key=lambda notice: not notice.is_current(now))


def visible_announcement(announcement_id: UUID, *, by: Actor, for_update: bool = False) -> Announcement:
    """One original; a limited agent sees those for all and those that one of his clients has."""
    statement = _visible(sa.select(Announcement).where(Announcement.id == announcement_id), by=by)
    found: Announcement | None = db.session.scalar(
        statement.with_for_update(of=Announcement) if for_update else statement
    )
    if found is None:
        raise NotFound
    return found


def announcements(*, by: Actor, limit: int = 100) -> Sequence[Announcement]:
    """Originals that the agent may see, newest first."""
    newest = _visible(sa.select(Announcement), by=by).order_by(Announcement.starts_at.desc(), Announcement.id.desc())
    return db.session.scalars(newest.limit(limit)).all()


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


def _visible(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    if by.is_contact:
        raise NotFound
    if by.tenant_ids is None:
        return statement
    mine = sa.select(ClientAnnouncement.announcement_id).where(ClientAnnouncement.tenant_id.in_(by.tenant_ids))
    return statement.where(sa.or_(Announcement.audience == "all", Announcement.id.in_(mine)))
