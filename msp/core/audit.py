"""The audit trail: one row per changed row, written in its transaction by the session itself, at the end of it.

Whatever the ORM inserts, changes or deletes is noted with actor, address and the fields before and after.
Set-wise statements call `note` themselves. Columns marked `info={"secret": True}` are named, never shown; those marked
`derived` follow from other rows and are left out.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, SessionTransaction, UOWTransaction, mapped_column

from msp.core import clock
from msp.core.db import Base, ScopedSession
from msp.core.ids import new_id
from msp.core.scope import Scope
from msp.core.tables import trail_table

HIDDEN = "(not shown)"
_SKIPPED = frozenset({"tenant_id", "id", "version", "updated_at"})


class AuditEntry(Base):
    """One change. Application roles may only add rows; `core.trails` reads through a reviewed function."""

    __tablename__ = "audit_entry"
    __isolation__ = trail_table("append-only record of every change, under the actor's own name")
    __audited__ = False

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tenant.id"))
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_kind: Mapped[str]
    actor_name: Mapped[str]
    on_behalf_of: Mapped[UUID | None]
    token_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    address: Mapped[str | None]
    action: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[UUID | None]
    changes: Mapped[dict[str, Any]]

    __table_args__ = (
        sa.Index(None, "tenant_id", "at"),
        sa.Index(None, "subject", "subject_id"),
        sa.Index(None, "at", "id"),
        sa.Index(None, "actor_id", "at"),
    )


def entry(
    scope: Scope, action: str, subject: str, subject_id: UUID | None, tenant_id: UUID | None, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of one row."""
    trail = scope.trail
    return {
        "id": new_id(),
        "tenant_id": tenant_id,
        "at": clock.now(),
        "actor_id": scope.actor_id,
        "actor_kind": trail.actor_kind,
        "actor_name": trail.actor_name,
        "on_behalf_of": trail.on_behalf_of,
        "token_id": trail.token_id,
        "request_id": trail.request_id,
        "address": trail.address,
        "action": action,
        "subject": subject,
        "subject_id": subject_id,
        "changes": dict(changes),
    }


def note(
    session: Session,
    action: str,
    subject: str,
    subject_id: UUID | None,
    *,
    tenant_id: UUID | None,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Record an act that is not a change of one ORM row."""
    _keep(session, [entry(session.info["scope"], action, subject, subject_id, tenant_id, _plain(changes or {}))])


@event.listens_for(ScopedSession, "after_flush")
def _record_flush(session: Session, context: UOWTransaction) -> None:
    scope = session.info.get("scope")
    rows = []
    for instance in session.new:
        if instance.__audited__:
            rows.append(_row(scope, "created", instance, _created(instance)))
    for instance in session.dirty:
        if instance.__audited__ and (changes := _changed(instance)):
            rows.append(_row(scope, "changed", instance, changes))
    for instance in session.deleted:
        if instance.__audited__:
            rows.append(_row(scope, "deleted", instance, _created(instance)))
    _keep(session, rows)


def _keep(session: Session, rows: list[dict[str, Any]]) -> None:
    """Hold rows until the commit writes them with one statement; in a savepoint they are written at once, to be undone with it."""
    if session.in_nested_transaction():
        _write(session, rows)
    else:
        session.info.setdefault("audit", []).extend(rows)


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.connection().execute(sa.insert(AuditEntry).inline(), rows)


@event.listens_for(ScopedSession, "before_commit")
def _write_kept(session: Session) -> None:
    if not session.in_nested_transaction():
        session.flush()
        _write(session, session.info.pop("audit", []))


@event.listens_for(ScopedSession, "after_transaction_end")
def _forget_kept(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("audit", None)


def _row(scope: Any, action: str, instance: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    tenant_id = instance.id if instance.__tablename__ == "tenant" else getattr(instance, "tenant_id", None)
    id = getattr(instance, "id", None)
    return entry(scope, action, instance.__tablename__, id if isinstance(id, UUID) else None, tenant_id, changes)


def _created(instance: Any) -> dict[str, Any]:
    shown = {}
    for attribute in sa.inspect(instance).mapper.column_attrs:
        if attribute.key in _SKIPPED or attribute.columns[0].info.get("derived"):
            continue
        if (value := getattr(instance, attribute.key)) is not None:
            shown[attribute.key] = HIDDEN if _is_secret(attribute) else _plain(value)
    return shown


def _changed(instance: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    state = sa.inspect(instance)
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if attribute.key in _SKIPPED or not history.has_changes() or attribute.columns[0].info.get("derived"):
            continue
        if _is_secret(attribute):
            shown[attribute.key] = HIDDEN
        else:
            before = _plain(history.deleted[0]) if history.deleted else None
            shown[attribute.key] = [before, _plain(history.added[0]) if history.added else None]
    return shown


def _is_secret(attribute: Any) -> bool:
    return bool(attribute.columns[0].info.get("secret"))


def _plain(value: Any) -> Any:
    """The value as JSON carries it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bytes):
        return HIDDEN
    return value
