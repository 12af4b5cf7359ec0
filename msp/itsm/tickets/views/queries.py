"""Reads of saved views: an agent's own, those of his teams, and those for everybody."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.itsm.tickets.views.models import SavedView
from tenants.models import Team, TeamMember


def views(*, by: Actor) -> Sequence[SavedView]:
    """What the agent finds beside his queue, in its order."""
    statement = _visible(sa.select(SavedView), by=by).where(SavedView.removed_at.is_(None))
    return db.session.scalars(statement.order_by(SavedView.position, SavedView.name, SavedView.id)).all()


def visible_view(view_id: UUID, *, by: Actor, for_update: bool = False) -> SavedView:
    """One of these, a removed one as well; NotFound for what is not for this agent."""
    statement = _visible(sa.select(SavedView).where(SavedView.id == view_id), by=by)
    found: SavedView | None = db.session.scalar(locked(statement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def own_teams(*, by: Actor) -> Sequence[Team]:
    """The active teams that the agent belongs to."""
    mine = sa.select(TeamMember.team_id).where(TeamMember.agent_id == by.id)
    return db.session.scalars(sa.select(Team).where(Team.is_active, Team.id.in_(mine)).order_by(Team.name)).all()


def _visible(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    if not by.is_agent:
        raise NotFound
    mine = sa.select(TeamMember.team_id).where(TeamMember.agent_id == by.id)
    is_own = sa.and_(SavedView.audience == "personal", SavedView.agent_id == by.id)
    return statement.where(sa.or_(is_own, SavedView.audience == "global", SavedView.team_id.in_(mine)))
