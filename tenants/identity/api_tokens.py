"""API tokens: shown once, stored as a keyed hash, and never worth more than their owner is now."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from msp.core import audit, clock
from msp.core.actor import Actor
from msp.core.app import this_app
from msp.core.auth import tokens
from msp.core.db import apart, call, db
from msp.core.errors import Invalid, NotFound
from msp.core.scope import Scope
from msp.core.secrets import Keyring
from tenants import queries
from tenants.identity.sessions import home_of
from tenants.permissions import Permission as P

LONGEST_DAYS = 366
TOUCH_AFTER = timedelta(minutes=1)
SHOWN_CHARACTERS = 10


@dataclass(frozen=True)
class Area:
    """A part of the product that a token may be good for; writing includes reading."""

    label: str
    read: frozenset[P]
    write: frozenset[P]


AREAS: dict[str, Area] = {
    "tickets": Area(
        "Tickets",
        frozenset({P.TICKET_READ, P.TICKET_READ_SITE, P.TICKET_READ_COMPANY, P.APPROVAL_READ}),
        frozenset({
            P.TICKET_OPEN, P.TICKET_REPLY, P.TICKET_MOVE, P.TICKET_ASSIGN, P.TICKET_TRIAGE, P.TICKET_REFILE,
            P.NOTE_WRITE, P.FACT_BACKDATE, P.MACRO_MANAGE, P.RECURRING_MANAGE, P.AUTOMATE, P.CATALOG_MANAGE, P.ORDER_FOR,
            P.APPROVE, P.APPROVAL_ANSWER, P.PROBLEM_MANAGE, P.CHANGE_MANAGE,
        }),
    ),
    "people": Area(
        "Clients and people",
        frozenset({P.CLIENT_READ, P.CONTACT_READ}),
        frozenset({
            P.CLIENT_MANAGE, P.CONTACT_MANAGE, P.SITE_MANAGE, P.AGENT_MANAGE, P.TEAM_MANAGE, P.BRANDING_MANAGE,
            P.ANNOUNCE, P.ARTICLE_MANAGE,
        }),
    ),
    "sla": Area("Service levels", frozenset({P.SLA_READ}), frozenset({P.SLA_MANAGE, P.SLA_EXEMPT, P.REPORT_MANAGE})),
    "settings": Area(
        "Settings and billing", frozenset({P.AUDIT_READ}), frozenset({P.SETTINGS_MANAGE, P.OUTBOX_MANAGE, P.BILLING_MANAGE})
    ),
}  # fmt: skip
ALWAYS = frozenset({P.CONSOLE_USE, P.PORTAL_USE})
# What needs a fresh sign-in, or is only for an import, no token can do.
NEVER = frozenset({P.ROLE_GRANT, P.CONTACT_APPOINT, P.INVITATION_SHOW, P.TOKEN_MANAGE, P.TICKET_ANY_MOVE})


@dataclass(frozen=True)
class Grant:
    """A token that was accepted: its owner's row, and what it leaves of his rights."""

    owner: dict[str, Any]
    token_id: UUID
    permissions: frozenset[str]
    client_ids: tuple[UUID, ...] | None


def permissions_of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """What a token of these scopes may do, whoever owns it."""
    allowed = set(ALWAYS)
    for scope in scopes:
        area, _, act = scope.partition(":")
        if area in AREAS:
            allowed |= AREAS[area].read | (AREAS[area].write if act == "write" else set())
    return frozenset(allowed)


def scopes_of_permissions() -> dict[P, str]:
    """The least scope that a token needs for each permission."""
    write = {permission: f"{name}:write" for name, area in AREAS.items() for permission in area.write}
    return write | {permission: f"{name}:read" for name, area in AREAS.items() for permission in area.read}


def offered_scopes(*, by: Actor) -> list[str]:
    """Scopes that would be worth something in this actor's hands."""
    return [
        f"{name}:{act}"
        for name, area in AREAS.items()
        for act, part in (("read", area.read), ("write", area.write))
        if part & by.permissions
    ]


def own_tokens() -> Sequence[dict[str, Any]]:
    """The actor's tokens that were not revoked, the newest first."""
    return call("own_api_tokens")


def create(
    name: str, scopes: Collection[str], *, days: int, by: Actor, client_ids: Collection[UUID] | None = None
) -> str:
    """A new token; the only time its text is known."""
    by.require(P.TOKEN_MANAGE)
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80:
        raise Invalid.field("name", "Name the token in 1 to 80 characters, after what uses it.", "length")
    if not scopes or set(scopes) - set(offered_scopes(by=by)):
        raise Invalid.field("scopes", "Choose at least one of the scopes offered.", "unknown")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid.field("days", f"A token lasts 1 to {LONGEST_DAYS} days.", "range")
    for client_id in client_ids or ():
        queries.visible_client(client_id, by=by)
    token = tokens.new_token(tokens.API_TOKEN_PREFIX)
    made = call(
        "make_api_token", p_hash=tokens.keyed_hash(token, key=_keys()[0]), p_prefix=token[:SHOWN_CHARACTERS],
        p_name=name, p_scopes=sorted(set(scopes)), p_client_ids=sorted(client_ids) if client_ids else None,
        p_expires_at=clock.now() + timedelta(days=days),
    )[0]["make_api_token"]  # fmt: skip
    changes = {"name": name, "scopes": sorted(scopes)}
    audit.note(db.session(), "created", "api_token", made, tenant_id=home_of(by), changes=changes)
    return token


def revoke(token_id: UUID, *, by: Actor) -> None:
    """Make one of the actor's own tokens worthless at once."""
    if not call("revoke_api_token", p_id=token_id)[0]["revoke_api_token"]:
        raise NotFound
    audit.note(db.session(), "revoked", "api_token", token_id, tenant_id=home_of(by))


def grant_of(token: str, *, tenant_id: UUID) -> Grant | None:
    """What a token is worth on this tenant's host; None where it is worth nothing, whatever the reason."""
    if not token.startswith(tokens.API_TOKEN_PREFIX) or len(token) > 100:
        return None
    with apart(Scope.signin()):
        rows = call("api_token_of", p_hashes=tokens.keyed_hashes(token, keys=_keys()), p_tenant=tenant_id)
        if not rows:
            return None
        owner, now = rows[0], clock.now()
        if owner["last_used_at"] is None or owner["last_used_at"] < now - TOUCH_AFTER:
            call("touch_api_token", p_id=owner["id"])
    chosen = owner["token_client_ids"]
    return Grant(
        owner, owner["id"], permissions_of_scopes(owner["token_scopes"]), tuple(chosen) if chosen is not None else None
    )


def _keys() -> list[bytes]:
    return Keyring(this_app().settings.secret_keys).derive("api token")
