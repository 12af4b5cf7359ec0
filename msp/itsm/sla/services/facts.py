"""Facts: recorded by the services of whoever owns the subject, never by hand; each makes the clocks be read anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Invalid
from msp.core.ids import new_id
from msp.itsm.sla import books, queries
from msp.itsm.sla.books import Book
from msp.itsm.sla.models import Fact, Subject
from msp.itsm.sla.services import clocks

BACKDATED = timedelta(minutes=5)
BACKDATE = "fact.backdate"


@dataclass(frozen=True)
class News:
    """A fact to record. `occurred_at` is now unless it lies back, which needs a permission and a reason."""

    kind: str
    data: Mapping[str, str | None] = field(default_factory=dict)
    occurred_at: datetime | None = None
    actor_kind: str | None = None


def open_subject(
    tenant_id: UUID, subject_id: UUID, kind: str, attributes: Mapping[str, str | None], news: Sequence[News], *, by: Actor
) -> Subject:
    """A subject with its first facts; open to all services that own subjects, each under its own permission."""
    subject = Subject(tenant_id=tenant_id, id=subject_id, kind=kind, attributes=dict(attributes), created_at=clock.now())
    db.session.add(subject)
    db.session.flush()
    _add(books.opened(subject), news, by=by)
    clocks.recompute(tenant_id, subject_id)
    return subject


def record(tenant_id: UUID, subject_id: UUID, news: Sequence[News], *, by: Actor) -> None:
    """Facts of one act, then the clocks once; open to all services that own subjects, each under its own permission."""
    with db.session.no_autoflush:  # whoever owns the subject saves it once, with what its clocks say
        book = books.locked(tenant_id, subject_id)
        for item in news:
            if item.kind == "reclassified":
                book.subject.attributes = {**book.subject.attributes, **item.data}
        _add(book, news, by=by)
        clocks.recompute(tenant_id, subject_id)


def _add(book: Book, news: Sequence[News], *, by: Actor) -> None:
    now, subject, known = clock.now(), book.subject, book.facts
    rows: list[dict[str, Any]] = []
    for item in news:
        occurred_at = item.occurred_at or now
        if now - occurred_at > BACKDATED:
            by.require(BACKDATE)
            if not item.data.get("reason"):
                raise Invalid.field("reason", "An event that lies back needs a reason.", "required")
        subject.facts_count += 1
        rows.append(
            {
                "tenant_id": subject.tenant_id, "id": new_id(), "subject_id": subject.id, "number": subject.facts_count,
                "kind": item.kind, "occurred_at": occurred_at, "recorded_at": now, "actor_kind": item.actor_kind or by.kind,
                "actor_name": by.name, "actor_id": by.id, "data": dict(item.data),
            }
        )  # fmt: skip
    if rows:
        db.session.execute(sa.insert(Fact), rows)
        known.extend(queries.engine_fact(Fact(**row)) for row in rows)
