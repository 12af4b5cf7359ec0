"""The views that every agent has. A view is its query; its count is asked for at most every few seconds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import structlog
from flask import current_app, g
from redis.exceptions import RedisError

from msp.core.actor import Actor
from msp.core.query import parse
from msp.core.query.errors import QueryError
from msp.core.web.shell import Tone
from msp.itsm.tickets import listing
from msp.itsm.tickets.views import queries as stored_views
from msp.itsm.tickets.views.models import SavedView

REMEMBER_SECONDS = 5
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class View:
    """A list with a name. `is_personal`: what it finds depends on who asks, not only on his clients."""

    key: str
    label: str
    query: str
    icon: str
    tone: Tone = ""
    is_personal: bool = False


VIEWS = (
    View("open", "All open", "is:open sort:due", "list"),
    View("risk", "At risk and overdue", "is:open sla:risk,breached sort:due", "soon", "warn"),
    View("unassigned", "Unassigned", "is:open assignee:none sort:due", "user-minus"),
    View("mine", "Assigned to me", "is:open assignee:me sort:due", "user", is_personal=True),
    View("waiting", "Waiting for client", "is:open status:waiting_for_client sort:updated", "dial-pause"),
    View("resolved", "Resolved recently", "status:resolved updated:>-7d sort:-updated", "circle-check"),
)
DEFAULT = VIEWS[0]


def stored() -> list[SavedView]:
    """The saved views that the agent of this request has; read once for all parts of the page."""
    if "saved_views" not in g:
        g.saved_views = list(stored_views.views(by=g.actor))
    return list(g.saved_views)


def all_views() -> list[View]:
    """Those that every agent has, then the saved ones."""
    return [*VIEWS, *(kept_view(row) for row in stored())]


def kept_view(row: SavedView) -> View:
    """A saved view as the lists show it."""
    icon = {"personal": "star", "team": "users"}.get(row.audience, "filter")
    return View(f"v{row.id.hex}", row.name, row.query, icon, is_personal=True)


def view_of(text: str) -> View | None:
    """The view that this query is, however it is spaced."""
    try:
        normal = str(parse.parse(text))
    except QueryError:
        return None
    return next((view for view in all_views() if str(parse.parse(view.query)) == normal), None)


def counts(*, by: Actor, tz: tzinfo) -> dict[str, int]:
    """How many tickets each view has for this agent; remembered per reach, the personal ones per agent."""
    shared = _remembered([view for view in VIEWS if not view.is_personal], _reach(by), by=by, tz=tz)
    personal = [view for view in all_views() if view.is_personal]
    known = hashlib.sha256(repr([(view.key, view.query) for view in personal]).encode()).hexdigest()
    return {**shared, **_remembered(personal, f"{_reach(by)}:{by.id}:{tz}:{known}", by=by, tz=tz)}


def total(wanted: listing.Asked, *, by: Actor, tz: tzinfo, most: int = listing.MOST_COUNTED) -> int:
    """How many tickets a query finds, up to one more than `most`."""
    key = f"total:{most}:{_reach(by)}:{by.id}:{tz}:{hashlib.sha256(str(wanted).encode()).hexdigest()}"
    return _cached(key, lambda: {"total": listing.total(wanted, by=by, most=most)})["total"]


def _remembered(views: list[View], whose: str, *, by: Actor, tz: tzinfo) -> dict[str, int]:
    def ask() -> dict[str, int]:
        asked = {view.key: wanted for view in views if (wanted := _asked(view.query, by=by, tz=tz)) is not None}
        return {view.key: 0 for view in views} | listing.counts(asked, by=by)

    return _cached(f"views:{whose}", ask)


def _asked(query: str, *, by: Actor, tz: tzinfo) -> listing.Asked | None:
    """None for a saved query that names what is gone."""
    try:
        return listing.asked(query, by=by, tz=tz)
    except QueryError:
        return None


def _reach(by: Actor) -> str:
    """Names the clients that the actor sees, so that no count is ever shown to anybody with other ones."""
    if by.tenant_ids is None:
        return "staff"
    return "agent:" + hashlib.sha256("".join(sorted(map(str, by.tenant_ids))).encode()).hexdigest()


def _cached(key: str, ask: Any) -> dict[str, int]:
    """A short-lived copy in Redis; without Redis the database is asked each time."""
    redis, name = current_app.extensions["msp.redis"], f"console:{key}"
    try:
        if (kept := redis.get(name)) is not None:
            return dict(json.loads(kept))
    except RedisError as error:
        log.warning("cache_refused", error=str(error))
    found: Mapping[str, int] = ask()
    try:
        redis.set(name, json.dumps(found), ex=REMEMBER_SECONDS)
    except RedisError as error:
        log.warning("cache_refused", error=str(error))
    return dict(found)
