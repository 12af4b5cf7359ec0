"""A client's definitions of one kind, the provider's templates, and a subject's steps, read page by page."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.sla.models import Clock, Definition, Escalation, Template
from tenants.queries import reachable


def definitions(
    tenant_id: UUID, kind: str, *, by: Actor, cursor: str | None, limit: int, only: Collection[UUID] | None = None
) -> Page[Definition]:
    """Definitions by name, of those that are named where some are."""
    statement = sa.select(Definition).where(Definition.tenant_id == tenant_id, Definition.kind == kind)
    if only is not None:
        statement = statement.where(Definition.id.in_(only))
    keyset = Keyset([Order(Definition.name)], Definition.id, bound_to=f"{tenant_id} {kind}")
    return _page(reachable(statement, Definition.tenant_id, by), keyset, cursor, limit)


def templates(kind: str | None, *, cursor: str | None, limit: int) -> Page[Template]:
    """Templates by name; a provider table, so only for the console."""
    statement = sa.select(Template).where(Template.kind == kind) if kind else sa.select(Template)
    return _page(statement, Keyset([Order(Template.name)], Template.id, bound_to=kind or ""), cursor, limit)


def steps(tenant_id: UUID, subject_id: UUID, *, cursor: str | None, limit: int) -> Page[Any]:
    """Every step of a subject's clocks in the order of their instants, those without one last."""
    own = sa.and_(Clock.tenant_id == Escalation.tenant_id, Clock.id == Escalation.clock_id)
    statement = (
        sa.select(
            Escalation.id, Clock.kind.label("clock"), Clock.cycle, Escalation.step, Escalation.state, Escalation.fire_at,
            Escalation.settled_at, Escalation.actions,
        )
        .join(Clock, own)
        .where(Escalation.tenant_id == tenant_id, Escalation.subject_id == subject_id)
    )  # fmt: skip
    keyset = Keyset([Order(Escalation.fire_at, is_nullable=True)], Escalation.id, bound_to=str(subject_id))
    return paging.page_of_rows(
        db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )


def _page(statement: Any, keyset: Keyset, cursor: str | None, limit: int) -> Page[Any]:
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))
