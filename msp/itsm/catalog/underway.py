"""Reads of orders on their way: the version they were ordered under, their request, approval and tasks."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.itsm.approvals import queries as approvals
from msp.itsm.approvals.models import Approval
from msp.itsm.catalog import chains
from msp.itsm.catalog.models import CatalogItemVersion, Order
from msp.itsm.tasks.models import Task
from msp.itsm.tickets.models import Ticket
from tenants import queries as tenants


def own_order(order_id: UUID, *, by: Actor) -> Order:
    """The row of an order to be changed, locked: for a contact one that he ordered."""
    statement = tenants.reachable(sa.select(Order).where(Order.id == order_id), Order.tenant_id, by)
    if by.is_contact:
        statement = statement.where(Order.contact_id == by.id)
    found: Order | None = db.session.scalar(locked(statement))
    if found is None:
        raise NotFound
    return found


def locked_order(tenant_id: UUID, order_id: UUID) -> Order | None:
    """An order, locked, for what became of it elsewhere."""
    found: Order | None = db.session.scalar(locked(sa.select(Order).where(Order.tenant_id == tenant_id, Order.id == order_id)))
    return found


def locked_order_of(tenant_id: UUID, ticket_id: UUID) -> Order | None:
    """The order behind a request, locked; None behind another ticket."""
    found: Order | None = db.session.scalar(locked(sa.select(Order).where(Order.tenant_id == tenant_id, Order.ticket_id == ticket_id)))
    return found


def order_state(tenant_id: UUID, ticket_id: UUID) -> str | None:
    """Where the order behind a ticket stands; None where there is none."""
    return db.session.scalar(sa.select(Order.state).where(Order.tenant_id == tenant_id, Order.ticket_id == ticket_id))


def content_of(placed: Order) -> dict[str, Any]:
    """The content of the item's version that it was ordered under."""
    return db.session.get_one(CatalogItemVersion, (placed.tenant_id, placed.item_version_id)).content


def ticket_of(placed: Order) -> Ticket:
    return db.session.get_one(Ticket, (placed.tenant_id, placed.ticket_id))


def approval_of(placed: Order) -> Approval | None:
    """The last approval of an order."""
    return approvals.latest_approval(placed.tenant_id, chains.KIND, placed.id)


def approval_ids(orders: Iterable[Order]) -> dict[UUID, UUID]:
    """The last approval of each of one client's orders, with one statement."""
    ids = {order.id: order.tenant_id for order in orders}
    if not ids:
        return {}
    statement = (
        sa.select(Approval.subject_id, Approval.id)
        .where(Approval.tenant_id.in_(set(ids.values())), Approval.subject_kind == chains.KIND, Approval.subject_id.in_(ids))
        .order_by(Approval.created_at, Approval.id)
    )
    return {row.subject_id: row.id for row in db.session.execute(statement)}


def tasks_of_plan(ticket: Ticket, plan_id: UUID) -> Sequence[Task]:
    """The tasks that were planned together."""
    statement = sa.select(Task).where(Task.tenant_id == ticket.tenant_id, Task.ticket_id == ticket.id, Task.plan_id == plan_id)
    return db.session.scalars(statement).all()
