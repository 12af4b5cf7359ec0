"""The views that every agent has. A view is its query; its count is asked for at most every few seconds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import structlog
from flask import current_app
from redis.exceptions import RedisError

from msp.core.actor import Actor
from msp.core.query import parse
from msp.core.query.errors import QueryError
from msp.core.web.shell import Tone
from msp.itsm.tickets import listing

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


def view_of(text: str) -> View | None:
    """The view that this query is, however it is spaced."""
    try:
        normal = str(parse.parse(text))
    except QueryError:
        return None
    return next((view for view in VIEWS if str(parse.parse(view.query)) == normal), None)


def counts(*, by: Actor, tz: tzinfo) -> dict[str, int]:
    """How many tickets each view has for this agent; remembered per reach, the personal ones per agent."""
    shared = _remembered([view for view in VIEWS if not view.is_personal], _reach(by), by=by, tz=tz)
    own = _remembered([view for view in VIEWS if view.is_personal], f"{_reach(by)}:{by.id}", by=by, tz=tz)
    return {**shared, **own}


def total(wanted: listing.Asked, *, by: Actor, tz: tzinfo) -> int:
    """How many tickets a query finds, up to one more than is counted."""
    key = f"total:{_reach(by)}:{by.id}:{tz}:{hashlib.sha256(str(wanted).encode()).hexdigest()}"
    return _cached(key, lambda: {"total": listing.total(wanted, by=by)})["total"]


def _remembered(views: list[View], whose: str, *, by: Actor, tz: tzinfo) -> dict[str, int]:
    def ask() -> dict[str, int]:
        return listing.counts({view.key: listing.asked(view.query, by=by, tz=tz) for view in views}, by=by)

    return _cached(f"views:{whose}", ask)


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
