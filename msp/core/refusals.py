"""Refused accesses: kept beside the audit trail, in a transaction of their own, because the refused one is undone."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask import current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.auth.throttle import Throttle, network_of
from msp.core.db import Base, apart, call
from msp.core.scope import Scope
from msp.core.tables import Isolation

log = structlog.get_logger(__name__)

# A flood from one network fills no disk: what goes beyond this in a minute is only counted by the throttles.
PER_MINUTE = 120


class AccessRefusal(Base):
    """One refusal: a failed sign-in, a spent link, a worthless token, a permission that was lacking."""

    __tablename__ = "access_refusal"
    __isolation__ = Isolation("trail", reason="written through a reviewed function, also by visitors without a scope")
    __audited__ = False

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    tenant_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tenant.id"))
    reason: Mapped[str]
    host: Mapped[str]
    account: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    token_id: Mapped[UUID | None]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    request: Mapped[str]
    request_id: Mapped[str | None]


def record(reason: str, *, account: str | None = None) -> None:
    """Keep that this request was refused, whatever becomes of its own transaction.

    `account` is what a visitor called himself; kept only where it looks like an address, because people also type
    their password into that field.
    """
    if not _throttle().hit(network_of(request.remote_addr or "")).allowed:
        return
    actor, host = g.get("actor"), g.get("host")
    noted = {
        "p_tenant": host.id if host else None,
        "p_reason": reason,
        "p_host": _clean(request.host, 253),
        "p_account": _clean(account, 254) if account and "@" in account else None,
        "p_actor": actor.id if actor else None,
        "p_token": actor.token_id if actor else None,
        "p_address": request.remote_addr,
        "p_user_agent": _clean(request.user_agent.string, 400),
        # the route, not the address: a path may carry a token
        "p_request": f"{request.method} {request.url_rule.rule if request.url_rule else '(unknown)'}",
        "p_request_id": g.get("request_id"),
    }
    try:
        with apart(Scope.signin()):
            call("note_refusal", **noted)
    except SQLAlchemyError:
        # The refusal itself stands; only its record is lost.
        log.exception("refusal_not_recorded", reason=reason)


def _clean(text: str, length: int) -> str:
    """What PostgreSQL takes as text: no NUL, no lone surrogate."""
    return text.replace("\0", "")[:length].encode("utf-8", "replace").decode()


def _throttle() -> Throttle:
    found: Throttle | None = current_app.extensions.get("msp.refusal_throttle")
    if found is None:
        found = Throttle(current_app.extensions["msp.redis"], "refusals", PER_MINUTE, 60)
        current_app.extensions["msp.refusal_throttle"] = found
    return found
