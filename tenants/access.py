"""From a request to a scope: host, then session or token, then the role that the transaction takes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from flask import Flask, Response, g, request
from flask import session as flask_session

from msp.core import clock, refusals
from msp.core.actor import Actor
from msp.core.app import this_app
from msp.core.db import apart, bind, call
from msp.core.errors import BadRequest, ReauthenticationRequired, SignInRequired
from msp.core.scope import Scope, Trail
from msp.core.web import csrf, uploads
from msp.core.web.session import TokenSession
from tenants import hosts
from tenants.identity import api_tokens
from tenants.identity.sessions import IDLE, RECENT
from tenants.identity.visits import Visit
from tenants.permissions import permissions_of

TOUCH_AFTER_SECONDS = 60
PUBLIC = frozenset({"static", "brand", "health.live", "health.ready"})


class UnknownHost(BadRequest):
    code, title = "unknown_host", "No portal answers under this name"


class TokenRefused(SignInRequired):
    """Unknown, revoked, expired, of another company, of somebody who left: the holder is not told which."""

    code, title = "token_refused", "This token is not valid here"


@dataclass(frozen=True)
class Session:
    """The sign-in behind this request."""

    id: UUID
    person_id: UUID
    e_mail: str
    time_zone: str
    hue: int
    preferences: dict[str, Any]
    reauthenticated_at: datetime
    has_second_factor: bool


def init_app(app: Flask) -> None:
    """Admit each request before its gate is held against the actor."""
    from tenants.views import confirm  # views stand on this module

    csrf.init_app(app)
    app.before_request(admit)
    app.before_request(uploads.widen)
    app.before_request(csrf.check)
    app.after_request(_name_scheme)
    app.register_error_handler(ReauthenticationRequired, confirm.ask)


def admit() -> None:
    """Find host, session and scope; a visitor gets the role that may only call the reviewed functions."""
    if request.endpoint in PUBLIC:
        return
    g.host = _host()
    g.actor = g.session = None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        _admit_token(token.strip())
    else:
        _admit_session()


def host_name() -> str:
    """The host of this request as it is looked up: small letters, no port."""
    return request.host.partition(":")[0].lower()


def cookie() -> TokenSession:
    """The browser's session cookie."""
    return cast(TokenSession, flask_session._get_current_object())  # type: ignore[attr-defined]  # the proxy's documented way


def visit() -> Visit:
    """This request, as the services of sign-in take it."""
    return Visit(
        g.host.id, g.host.name, host_name(), this_app().surface == "console", request.remote_addr or "",
        request.user_agent.string, g.get("request_id"),
    )  # fmt: skip


def require_recent_sign_in() -> None:
    """Raise ReauthenticationRequired unless the person proved himself within ten minutes; a token never did."""
    session: Session | None = g.get("session")
    if session is None:
        raise ReauthenticationRequired("A token cannot do this: it needs a sign-in of the last ten minutes.")
    if session.reauthenticated_at < clock.now() - RECENT:
        raise ReauthenticationRequired


def _host() -> hosts.SiteHost:
    if this_app().surface == "console":
        is_ours = host_name() == this_app().settings.console_host.partition(":")[0]
        found = hosts.console() if is_ours else None
    else:
        found = hosts.site_host(host_name())
    if found is None or (found.kind == "provider") != (this_app().surface == "console"):
        raise UnknownHost
    return found


def _admit_session() -> None:
    own = cookie()
    row = _session_row(own.token_hash) if own.token_hash and not own.is_fresh else None
    if row is None:
        bind(Scope.signin(_trail(None)))
        return
    actor = actor_of(row, permissions_of(row["roles"], agent=row["agent_id"] is not None), session_id=row["id"])
    g.actor = actor
    g.session = Session(
        row["id"], row["person_id"], row["e_mail"], row["time_zone"], row["hue"], row["preferences"],
        row["reauthenticated_at"], row["has_second_factor"],
    )  # fmt: skip
    bind(scope_of(actor, _trail(actor)))


def _session_row(token_hash: str) -> dict[str, Any] | None:
    with apart(Scope.signin()):
        rows = call("session_of", p_token_hash=token_hash, p_host=host_name(), p_idle_seconds=int(IDLE.total_seconds()))
        if not rows:
            return None
        if (clock.now() - rows[0]["last_seen_at"]).total_seconds() > TOUCH_AFTER_SECONDS:
            call("touch_session", p_id=rows[0]["id"])
        return rows[0]


def _admit_token(token: str) -> None:
    """A token acts as its owner, with what is left of his rights; it opens the API and no page."""
    g.is_token_request = True
    grant = api_tokens.grant_of(token, tenant_id=g.host.id)
    if grant is None or not request.path.startswith("/api/"):
        refusals.record("token")
        raise TokenRefused
    owner = grant.owner
    held = permissions_of(owner["roles"], agent=owner["agent_id"] is not None)
    g.actor = actor_of(owner, held & grant.permissions, token_id=grant.token_id, client_ids=grant.client_ids)
    bind(scope_of(g.actor, _trail(g.actor)))


def actor_of(
    row: dict[str, Any], permissions: frozenset[str], *, session_id: UUID | None = None, token_id: UUID | None = None,
    client_ids: tuple[UUID, ...] | None = None,
) -> Actor:  # fmt: skip
    """The actor behind a session or token row; `client_ids` narrow his reach further."""
    is_agent = row["agent_id"] is not None
    reach: tuple[UUID, ...] | None = (row["tenant_id"],)
    if is_agent:
        reach = None if row["client_ids"] is None else tuple(row["client_ids"])
        if client_ids is not None:
            reach = client_ids if reach is None else tuple(id for id in reach if id in client_ids)
    return Actor(
        id=row["agent_id"] or row["contact_id"],
        kind="agent" if is_agent else "contact",
        name=row["name"],
        permissions=permissions,
        tenant_ids=reach,
        provider_id=g.host.provider_id,
        person_id=row["person_id"],
        session_id=session_id,
        token_id=token_id,
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


def _name_scheme(response: Response) -> Response:
    """Tell a program how to sign in (RFC 6750)."""
    if response.status_code == 401 and request.path.startswith("/api/"):
        response.headers["WWW-Authenticate"] = 'Bearer realm="msp"'
    return response
