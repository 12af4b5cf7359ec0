"""From a request to a scope: host, then session or token, then the role that the transaction takes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask, current_app, g, request

from msp.core import clock
from msp.core.actor import Actor
from msp.core.app import this_app
from msp.core.db import apart, bind, call
from msp.core.errors import BadRequest, SignInRequired
from msp.core.scope import Scope, Trail
from msp.core.web import csrf
from tenants import hosts
from tenants.permissions import permissions_of

IDLE = timedelta(hours=8)
LIFETIME = timedelta(hours=24)
TOUCH_AFTER = timedelta(minutes=1)
PUBLIC = frozenset({"static", "health.live", "health.ready"})


class UnknownHost(BadRequest):
    code, title = "unknown_host", "No portal answers under this name"


@dataclass(frozen=True)
class Session:
    """The sign-in behind this request."""

    id: UUID
    person_id: UUID
    e_mail: str | None
    time_zone: str
    hue: int
    preferences: dict[str, Any]
    reauthenticated_at: Any
    has_second_factor: bool


def init_app(app: Flask) -> None:
    """Admit each request before its gate is held against the actor."""
    csrf.init_app(app)
    app.before_request(admit)
    app.before_request(csrf.check)


def admit() -> None:
    """Find host, session and scope; a visitor gets the role that may only call the reviewed functions."""
    if request.endpoint in PUBLIC:
        return
    g.host = _host()
    g.actor = g.session = None
    token = request.headers.get("Authorization", "")
    if token.startswith("Bearer "):
        _admit_token(token.removeprefix("Bearer ").strip())
    else:
        _admit_session()


def _host() -> hosts.SiteHost:
    name = request.host.partition(":")[0].lower()
    found = hosts.console() if this_app().surface == "console" else hosts.site_host(name)
    if found is None:
        raise UnknownHost
    return found


def _admit_session() -> None:
    from flask import session as cookie

    row = None
    if cookie.token_hash and cookie.token and not cookie.is_fresh:  # type: ignore[attr-defined]  # our own session class
        row = _session_row(cookie.token_hash)  # type: ignore[attr-defined]  # our own session class
    if row is None:
        bind(Scope.signin(_trail(None)))
        return
    actor = actor_of(row)
    g.actor = actor
    g.session = Session(
        row["id"], row["person_id"], row["e_mail"], row["time_zone"], row["hue"], row["preferences"],
        row["reauthenticated_at"], row["has_second_factor"],
    )  # fmt: skip
    bind(scope_of(actor, _trail(actor)))


def _session_row(token_hash: str) -> dict[str, Any] | None:
    host = request.host.partition(":")[0].lower()
    with apart(Scope.signin()):
        rows = call("session_of", p_token_hash=token_hash, p_host=host, p_idle_seconds=int(IDLE.total_seconds()))
        if not rows:
            return None
        if rows[0]["last_seen_at"] < clock.now() - TOUCH_AFTER:
            call("touch_session", p_id=rows[0]["id"])
        return rows[0]


def actor_of(row: dict[str, Any]) -> Actor:
    """The actor behind a session or token row."""
    is_agent = row["agent_id"] is not None
    client_ids = row["client_ids"]
    if is_agent:
        reach = None if client_ids is None else tuple(client_ids)
    else:
        reach = (row["tenant_id"],)
    return Actor(
        id=row["agent_id"] or row["contact_id"],
        kind="agent" if is_agent else "contact",
        name=row["name"],
        permissions=permissions_of(row["roles"], agent=is_agent),
        tenant_ids=reach,
        provider_id=g.host.provider_id,
        person_id=row["person_id"],
        session_id=row.get("session_id", row["id"]),
        site_ids=frozenset(row["site_ids"] or ()),
    )


def scope_of(actor: Actor, trail: Trail) -> Scope:
    """Which role the actor's transactions take, over which clients."""
    if actor.is_contact:
        assert actor.tenant_ids  # noqa: S101 - a contact always belongs to one client
        return Scope.of_tenant(actor.tenant_ids[0], actor.id, trail)
    if actor.tenant_ids is None:
        return Scope.staff(actor.id, trail)
    return Scope.of_agent(actor.tenant_ids, actor.id, trail)


def _trail(actor: Actor | None) -> Trail:
    return Trail(
        actor_name=actor.name if actor else "visitor",
        actor_kind=actor.kind if actor else "system",
        token_id=actor.token_id if actor else None,
        request_id=g.get("request_id"),
        address=request.remote_addr,
    )


def _admit_token(token: str) -> None:
    """Tokens are checked by the API's own part, registered by the feature that issues them."""
    check = current_app.extensions.get("msp.token_check")
    if check is None:
        raise SignInRequired
    g.is_token_request = True
    actor = check(token)
    g.actor = actor
    bind(scope_of(actor, _trail(actor)))


def console_or_portal_url(tenant_host: str, path: str = "/") -> str:
    """An absolute address on a tenant's host, with the scheme and port that the installation is reached by."""
    settings = this_app().settings
    port = settings.console_host.partition(":")[2]
    return f"{settings.scheme}://{tenant_host}{':' + port if port else ''}{path}"
