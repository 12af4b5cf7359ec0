"""Moving between one's own companies: a single-use hand-over of thirty seconds, bound to person and target."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msp.core import audit
from msp.core.actor import Actor
from msp.core.auth import tokens
from msp.core.db import apart, call, db
from msp.core.errors import NotFound
from msp.core.scope import Scope
from tenants.identity.links import LinkRefused
from tenants.identity.sessions import home_of
from tenants.identity.visits import Visit

HAND_OVER_SECONDS = 30


def other_companies(*, by: Actor) -> Sequence[dict[str, Any]]:
    """Other companies in which the acting person has a contact, by name: `tenant_id`, `key`, `name`, `hue`, `host`."""
    return [row for row in call("own_companies") if not by.reaches(row["tenant_id"])]


def hand_over(tenant_id: UUID, *, by: Actor) -> tuple[str, str]:
    """The target's host and the token to show there; NotFound for a company that is not one's own."""
    target = next((row for row in other_companies(by=by) if row["tenant_id"] == tenant_id), None)
    token = tokens.new_token()
    if target is None or not _made(token, tenant_id, by):
        raise NotFound
    audit.note(db.session(), "moved on", "session", by.session_id, tenant_id=home_of(by))
    return target["host"], token


def arrive(token: str, *, token_hash: str, at: Visit) -> bool:
    """Spend the token; True: a session is open here, False: the person has to sign in here himself."""
    with apart(Scope.signin()):
        rows = call(
            "arrive", p_hash=tokens.token_hash(token), p_tenant=at.tenant_id, p_host=at.host, p_token_hash=token_hash,
            p_address=at.address, p_user_agent=at.user_agent,
        )  # fmt: skip
        if not rows:
            raise LinkRefused
        if rows[0]["session_id"] is None:
            return False
        at.note("arrived from another company", rows[0]["person_id"])
    return True


def _made(token: str, tenant_id: UUID, by: Actor) -> bool:
    rows = call(
        "make_hand_over", p_hash=tokens.token_hash(token), p_session=by.session_id, p_tenant=tenant_id,
        p_lifetime_seconds=HAND_OVER_SECONDS,
    )  # fmt: skip
    return bool(rows[0]["make_hand_over"])
