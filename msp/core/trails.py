"""Reads of what was done and what was refused: page by page, through reviewed functions that apply the scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.audit import AuditEntry
from msp.core.db import Base, call
from msp.core.paging import Cursors, Keyset, Order, Page, Position
from msp.core.refusals import AccessRefusal

READ = "audit.read"
PAGE = 50
# Kinds of record that acts name beside the rows that the session notes by itself.
_NOTED = ("outbox", "person")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Span:
    """Which rows: of one client, and from one instant (inclusive) to another (exclusive)."""

    tenant_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def changes(
    span: Span, *, by: Actor, actor_id: UUID | None = None, subject: str | None = None, cursor: str | None = None
) -> Page[Row]:
    """Audit entries, the newest first: by one person, about one kind of record, where they are named."""
    by.require(READ)
    return _page("read_audit", AuditEntry, span, cursor, p_actor=actor_id, p_subject=subject)


def refusals(span: Span, *, by: Actor, reason: str | None = None, cursor: str | None = None) -> Page[Row]:
    """Refused accesses, the newest first."""
    by.require(READ)
    return _page("read_refusals", AccessRefusal, span, cursor, p_reason=reason)


def subjects() -> list[str]:
    """The kinds of record that the trail tells about."""
    tables = {mapper.class_.__tablename__ for mapper in Base.registry.mappers if mapper.class_.__audited__}
    return sorted(tables | set(_NOTED))


def _page(function: str, model: type[Any], span: Span, cursor: str | None, **narrowed: Any) -> Page[Row]:
    keyset = Keyset([Order(model.at, is_descending=True)], model.id, bound_to=repr((function, span, narrowed)))
    return paging.keyed_page(
        lambda place, most: _read(function, span, narrowed, place, most), keyset, cursor=cursor, limit=PAGE,
        cursors=Cursors(settings().secret_keys),
    )  # fmt: skip


def _read(
    function: str, span: Span, narrowed: Mapping[str, Any], place: Position | None, most: int
) -> list[tuple[Row, tuple[Any, ...]]]:
    at, id = place.key if place else (None, None)
    rows = call(
        function, **narrowed, p_tenant=span.tenant_id, p_since=span.since, p_until=span.until, p_at=at, p_id=id,
        p_backward=place is not None and place.is_backward, p_limit=most,
    )  # fmt: skip
    return [(row, (row["at"], row["id"])) for row in rows]
