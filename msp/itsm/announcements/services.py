"""Announcing: said to all clients or to chosen ones, changed, withdrawn."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import Conflict, FieldError, Forbidden, Invalid, StaleVersion
from msp.core.ids import new_id
from msp.itsm.announcements import queries
from msp.itsm.announcements.models import LEVELS, Announcement, ClientAnnouncement
from tenants import queries as tenants
from tenants.permissions import Permission

TITLE_LENGTH, BODY_LENGTH = 200, 5000
_CHANGED = ("level", "title", "body", "starts_at", "ends_at")
_COPIED = (*_CHANGED, "withdrawn_at")


def announce(
    title: str, *, by: Actor, body: str = "", level: str = "news", client_ids: Sequence[UUID] | None = None,
    starts_at: datetime | None = None, ends_at: datetime | None = None,
) -> Announcement:  # fmt: skip
    """Tell chosen clients, or all of them where none is named; from now unless `starts_at` says later."""
    by.require(Permission.ANNOUNCE)
    if client_ids is None and by.tenant_ids is not None:
        raise Forbidden("Only who sees every client can speak to all of them.")
    now = clock.now()
    fields = {
        "title": title.strip(), "body": body.strip(), "level": level, "starts_at": starts_at or now, "ends_at": ends_at,
    }  # fmt: skip
    _check(fields)
    clients = _clients(client_ids, by=by)
    row = Announcement(
        id=new_id(), tenant_id=by.provider_id or call("provider")[0]["id"], copies=len(clients), author_name=by.name,
        audience="all" if client_ids is None else "chosen", created_at=now, **fields,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    db.session.add_all(_copy(row, client_id) for client_id in clients)
    db.session.flush()
    return row


def check(fields: dict[str, Any]) -> list[FieldError]:
    """What is wrong with title, body, level, start and end, for a preview that is not saved."""
    try:
        _check(fields)
    except Invalid as wrong:
        return list(wrong.errors)
    return []


def end_now(announcement_id: UUID, *, version: int, by: Actor) -> Announcement:
    """Let it be over: clients read it among what was. One that has not begun is withdrawn."""
    by.require(Permission.ANNOUNCE)
    row, now = _own(announcement_id, version, by=by), clock.now()
    if queries.state_of(row, now) == "past":
        raise Conflict("This announcement is over already.")
    _set(row, {"withdrawn_at": now} if row.starts_at >= now else {"ends_at": now}, by=by)
    return row


def change_announcement(announcement_id: UUID, *, version: int, by: Actor, **changes: Any) -> Announcement:
    """Change title, body, level, start or end; the clients' copies follow."""
    by.require(Permission.ANNOUNCE)
    row = _own(announcement_id, version, by=by)
    fields = {name: changes.get(name, getattr(row, name)) for name in _CHANGED}
    fields["title"], fields["body"] = fields["title"].strip(), fields["body"].strip()
    _check(fields)
    _set(row, fields, by=by)
    return row


def withdraw(announcement_id: UUID, *, version: int, by: Actor) -> Announcement:
    """Show it nowhere any more."""
    by.require(Permission.ANNOUNCE)
    row = _own(announcement_id, version, by=by)
    if row.withdrawn_at is None:
        _set(row, {"withdrawn_at": clock.now()}, by=by)
    return row


def _own(announcement_id: UUID, version: int, *, by: Actor) -> Announcement:
    """An original that the actor may change: he sees every client that it speaks to."""
    row = queries.visible_announcement(announcement_id, by=by, for_update=True)
    if row.version != version:
        raise StaleVersion(present=row.version)
    seen = len(queries.copies(row.id, by=by))
    if by.tenant_ids is not None and (row.audience == "all" or seen != row.copies):
        raise Forbidden("It speaks to clients that you do not see.")
    return row


def _set(row: Announcement, fields: dict[str, Any], *, by: Actor) -> None:
    for target in (row, *queries.copies(row.id, by=by)):
        for name, value in fields.items():
            setattr(target, name, value)
    db.session.flush()


def _copy(row: Announcement, client_id: UUID) -> ClientAnnouncement:
    copied = {name: getattr(row, name) for name in _COPIED}
    return ClientAnnouncement(tenant_id=client_id, id=new_id(), announcement_id=row.id, **copied)


def _clients(client_ids: Sequence[UUID] | None, *, by: Actor) -> list[UUID]:
    if client_ids is None:
        return []
    found = tenants.clients_by_id(client_ids, by=by)
    if not found or any(id not in found or found[id].is_provider for id in client_ids):
        raise Invalid.field("client_ids", "Choose clients that you may see.", "unknown")
    return sorted(found)


def _check(fields: dict[str, Any]) -> None:
    wrong = []
    if not 1 <= len(fields["title"]) <= TITLE_LENGTH:
        wrong.append(FieldError("/title", "length", f"Say it in 1 to {TITLE_LENGTH} characters."))
    if len(fields["body"]) > BODY_LENGTH:
        wrong.append(FieldError("/body", "length", f"At most {BODY_LENGTH} characters."))
    if fields["level"] not in LEVELS:
        wrong.append(FieldError("/level", "unknown", f"One of {', '.join(LEVELS)}."))
    if fields["ends_at"] is not None and fields["ends_at"] <= fields["starts_at"]:
        wrong.append(FieldError("/ends_at", "reversed", "It must end after it has begun."))
    if wrong:
        raise Invalid(errors=wrong)
