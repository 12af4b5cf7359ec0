"""Do what a key asks for once: the claim, the work and the answer are one transaction.

A second request under a key waits for the first one's commit and is then given its answer; after a failure nothing
is left, and the next one does the work. A key is kept for a day; then it is as if it had never been used.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Response, g, make_response, request
from sqlalchemy.dialects.postgresql import insert

from msp.core import clock
from msp.core.actor import Actor
from msp.core.api.replay.models import AgentKey, ContactKey
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.core.ids import new_id

LONGEST = 255
KEPT_FOR = timedelta(hours=24)
_HEADERS = ("ETag", "Location")
F = TypeVar("F", bound=Callable[..., Any])


class KeyReused(Invalid):
    code, title = "idempotency_key_reused", "This Idempotency-Key belongs to another request"


class RightsChanged(Conflict):
    """The stored answer may show what the caller may no longer see."""

    code, title = "rights_changed", "What you may do has changed since this key was used; look for its result instead"


def once(view: F) -> F:
    """Let a POST be repeated under its `Idempotency-Key`; without one it is done each time."""

    @wraps(view)
    def repeatable(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(*args, **kwargs)
        if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            raise Invalid.field("Idempotency-Key", f"1 to {LONGEST} printable characters of ASCII.", "format")
        kept = _claimed(key, g.actor)
        if isinstance(kept, Response):
            return kept
        response = make_response(view(*args, **kwargs))
        if response.status_code < 400:
            _keep(kept, response)
        return response

    return repeatable  # type: ignore[return-value]  # the same function, done once a key


def sweep() -> int:
    """Remove keys older than a day; how many there were."""
    limit, removed = clock.now() - KEPT_FOR, 0
    for table in (ContactKey, AgentKey):
        found: Any = db.session.execute(sa.delete(table).where(table.created_at < limit))
        removed += found.rowcount
    return removed


def _claimed(key: str, by: Actor) -> Any:
    """The key's row, claimed for this request; or the answer that it has been given."""
    table: Any = ContactKey if by.is_contact else AgentKey
    tenant_id = (by.tenant_ids or (None,))[0] if by.is_contact else by.provider_id
    values = {
        "tenant_id": tenant_id, "id": new_id(), "actor_id": by.id, "key": key, "fingerprint": _fingerprint(),
        "rights": _rights(by), "created_at": clock.now(),
    }  # fmt: skip
    fresh = {name: values[name] for name in ("fingerprint", "rights", "created_at")}
    forgotten: dict[str, Any] = {**fresh, "status": None, "body": None, "headers": {}}
    unique = ["tenant_id", "actor_id", "key"] if by.is_contact else ["actor_id", "key"]
    claim = insert(table).values(values).on_conflict_do_update(
        index_elements=unique, set_=forgotten, where=table.created_at < clock.now() - KEPT_FOR
    )  # fmt: skip
    is_new = db.session.scalar(claim.returning(table.id)) is not None
    row = db.session.scalars(
        sa.select(table).where(table.tenant_id == tenant_id, table.actor_id == by.id, table.key == key)
    ).one()
    if is_new:
        return row
    if row.fingerprint != values["fingerprint"]:
        raise KeyReused
    if row.rights != values["rights"]:
        raise RightsChanged
    return _again(row)


def _keep(row: Any, response: Response) -> None:
    row.status, row.body = response.status_code, response.get_data(as_text=True)
    row.headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    db.session.flush()


def _again(row: Any) -> Response:
    headers = {**row.headers, "Idempotency-Replayed": "true"}
    return Response(row.body, status=row.status, headers=headers, mimetype="application/json")


def _fingerprint() -> str:
    said = f"{request.method} {request.full_path}\n".encode() + request.get_data(cache=True)
    return hashlib.sha256(said).hexdigest()


def _rights(by: Actor) -> str:
    said = [sorted(by.permissions), sorted(map(str, by.tenant_ids)) if by.tenant_ids is not None else None, sorted(map(str, by.site_ids))]
    return hashlib.sha256(repr(said).encode()).hexdigest()
