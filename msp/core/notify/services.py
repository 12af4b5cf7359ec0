"""Writes: telling agents, and their having read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.ids import new_id
from msp.core.live import publish as live
from msp.core.notify.models import Notification

USE = "console.use"
# Kinds that are mailed as well, unless the agent says otherwise; all others only if he asks for it.
MAILED = frozenset({"escalation", "assignment", "automation", "approval"})


@dataclass(frozen=True)
class News:
    """A word to one agent about one record of a client."""

    tenant_id: UUID
    agent_id: UUID
    kind: str
    subject_kind: str
    subject_id: UUID
    ref: str
    text: str


def tell(news: Iterable[News]) -> None:
    """Keep the news for their agents and ring at their open pages; for jobs, with one statement for all."""
    now = clock.now()
    rows = [{**vars(item), "id": new_id(), "created_at": now} for item in news]
    if not rows:
        return
    db.session.execute(sa.insert(Notification).inline(), rows)
    live.publish_many(live.Message((live.agent(id),), "notification") for id in {row["agent_id"] for row in rows})


def mark_read(*, by: Actor, id: UUID | None = None, subject_id: UUID | None = None) -> int:
    """Note that the agent has read one of his notifications, those about one record, or all; how many were new."""
    by.require(USE)
    statement = sa.update(Notification).where(Notification.agent_id == by.id, Notification.read_at.is_(None))
    if by.tenant_ids is not None:
        statement = statement.where(Notification.tenant_id.in_(by.tenant_ids))
    if id is not None:
        statement = statement.where(Notification.id == id)
    if subject_id is not None:
        statement = statement.where(Notification.subject_id == subject_id)
    result = db.session.execute(statement.values(read_at=clock.now()))
    read = cast(sa.CursorResult[Any], result).rowcount
    if read and by.id is not None:
        live.publish((live.agent(by.id),), "notification")
    return read


def wants_mail(preferences: Mapping[str, Any], kind: str) -> bool:
    """Whether an agent gets news of this kind by mail: `{"mail": {"reply": true}}` in his preferences."""
    return bool(preferences.get("mail", {}).get(kind, kind in MAILED))
