"""Keeping views: saved, renamed, put in order, removed and brought back."""

from collections.abc import Sequence
from datetime import UTC
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import Conflict, Forbidden, Invalid
from msp.core.query.errors import QueryError
from msp.itsm.tickets import listing
from msp.itsm.tickets.views import queries
from msp.itsm.tickets.views.models import AUDIENCES, SavedView
from tenants.permissions import Permission
from tenants.queries import check_version

MOST, LONGEST_NAME, LONGEST_QUERY = 30, 60, 1000


def save_view(name: str, query: str, *, by: Actor, audience: str = "personal", team_id: UUID | None = None) -> SavedView:
    """Keep a query under a name: for oneself, for a team of one's own, or, with the right to lead teams, for everybody."""
    by.require(Permission.CONSOLE_USE)
    if audience not in AUDIENCES:
        raise Invalid.field("audience", f"One of {', '.join(AUDIENCES)}.", "unknown")
    if audience == "team" and team_id not in {team.id for team in queries.own_teams(by=by)}:
        raise Invalid.field("team_id", "Choose a team that you belong to.", "unknown")
    _require_keeper(audience, by)
    present = queries.views(by=by)
    if len(present) >= MOST:
        raise Conflict(f"At most {MOST} views can stand beside the queue; remove one first.")
    name, query = _checked_name(name, None, present), _checked_query(query, by=by)
    if by.id is None:
        raise Forbidden("Only an agent can keep a view.")
    row = SavedView(
        tenant_id=by.provider_id or call("provider")[0]["id"], audience=audience, agent_id=by.id, name=name, query=query,
        team_id=team_id if audience == "team" else None, position=max((each.position for each in present), default=0) + 1,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def change_view(view_id: UUID, *, version: int, by: Actor, name: str | None = None, query: str | None = None) -> SavedView:
    """Another name or query."""
    by.require(Permission.CONSOLE_USE)
    row = _own(view_id, version, by=by)
    if name is not None:
        row.name = _checked_name(name, row.id, queries.views(by=by))
    if query is not None:
        row.query = _checked_query(query, by=by)
    db.session.flush()
    return row


def remove_view(view_id: UUID, *, version: int, by: Actor) -> SavedView:
    """Take it from the list; it can be brought back."""
    by.require(Permission.CONSOLE_USE)
    row = _own(view_id, version, by=by)
    row.removed_at = row.removed_at or clock.now()
    db.session.flush()
    return row


def restore_view(view_id: UUID, *, by: Actor) -> SavedView:
    """Bring back one that was removed."""
    by.require(Permission.CONSOLE_USE)
    row = _own(view_id, None, by=by)
    row.removed_at = None
    db.session.flush()
    return row


def move_view(view_id: UUID, *, up: bool, by: Actor) -> None:
    """One place up or down among those of its audience; where it is at the end already it stays."""
    by.require(Permission.CONSOLE_USE)
    row = _own(view_id, None, by=by)
    alike = [each for each in queries.views(by=by) if (each.audience, each.team_id) == (row.audience, row.team_id)]
    places = [each.position for each in alike]
    at = next((place for place, each in enumerate(alike) if each.id == row.id), None)
    if at is None or not 0 <= (to := at - 1 if up else at + 1) < len(alike):
        return
    alike[at], alike[to] = alike[to], alike[at]
    for position, each in zip(_rising(places), alike, strict=True):
        each.position = position
    db.session.flush()


def _rising(places: list[int]) -> list[int]:
    """The same places, made to differ where two were the same."""
    made: list[int] = []
    for place in sorted(places):
        made.append(max(place, made[-1] + 1) if made else place)
    return made


def _own(view_id: UUID, version: int | None, *, by: Actor) -> SavedView:
    """A view that this agent may change: his own, his team's, or, with the right, everybody's."""
    row = queries.visible_view(view_id, by=by, for_update=True)
    if version is not None:
        check_version(row, version)
    _require_keeper(row.audience, by)
    return row


def _require_keeper(audience: str, by: Actor) -> None:
    if audience == "global" and not by.may(Permission.TEAM_MANAGE):
        raise Forbidden("Only who leads teams keeps views for everybody.", permission=str(Permission.TEAM_MANAGE))


def _checked_name(name: str, own_id: UUID | None, present: Sequence[SavedView]) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid.field("name", f"Say it in 1 to {LONGEST_NAME} characters.", "length")
    if any(each.name.lower() == name.lower() and each.id != own_id for each in present):
        raise Invalid.field("name", f"There is a view called {name} already.", "taken")
    return name


def _checked_query(query: str, *, by: Actor) -> str:
    query = query.strip()
    if len(query) > LONGEST_QUERY:
        raise Invalid.field("query", f"At most {LONGEST_QUERY} characters.", "too_long")
    try:
        return str(listing.asked(query, by=by, tz=UTC))
    except QueryError as wrong:
        raise Invalid.field("query", wrong.message, "unreadable") from None
