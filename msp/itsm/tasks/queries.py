"""Reads of tasks: for agents alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.tasks.models import Task
from msp.itsm.tickets.models import Ticket
from tenants.models import TeamMember

Whose = Literal["mine", "teams", "nobodys", "all"]
PAGE = 50
_ITS_TICKET = sa.and_(Ticket.tenant_id == Task.tenant_id, Ticket.id == Task.ticket_id)


class Listed(NamedTuple):
    """A task in a list over all clients, with its ticket."""

    task: Task
    ref: str
    subject: str


def visible_task(task_id: UUID, *, by: Actor, for_update: bool = False) -> Task:
    """One task of a client that the agent reaches."""
    if by.is_contact:
        raise NotFound
    statement = _reached(sa.select(Task).where(Task.id == task_id), by)
    found: Task | None = db.session.scalar(locked(statement, of=Task) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def tasks_of(ticket: Ticket, *, by: Actor) -> Sequence[Task]:
    """The tasks of a ticket in their order; none for contacts."""
    if by.is_contact:
        return ()
    statement = sa.select(Task).where(Task.tenant_id == ticket.tenant_id, Task.ticket_id == ticket.id)
    return db.session.scalars(statement.order_by(Task.position)).all()


def open_tasks(*, by: Actor, whose: Whose = "mine", cursor: str | None = None, limit: int = PAGE) -> Page[Listed]:
    """Tasks that can be done now, the soonest due first, over all clients that the agent sees."""
    if by.is_contact:
        raise NotFound
    statement = sa.select(Task, Ticket.ref, Ticket.subject).join(Ticket, _ITS_TICKET).where(Task.state == "open", Ticket.is_open)
    statement = _reached(statement, by)
    if whose == "mine":
        statement = statement.where(Task.assignee_id == by.id)
    elif whose == "teams":
        mine = sa.select(TeamMember.team_id).where(TeamMember.agent_id == by.id)
        statement = statement.where(Task.team_id.in_(mine))
    elif whose == "nobodys":
        statement = statement.where(Task.assignee_id.is_(None))
    keyset = Keyset([Order(Task.due_at, is_nullable=True)], Task.id, bound_to=f"{whose}:{by.id}")
    cursors = Cursors(settings().secret_keys)
    found = paging.page_of_rows(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=cursors)
    return Page([Listed(row[0], row[1], row[2]) for row in found.rows], found.next, found.previous)


def is_followed(tenant_id: UUID, ticket_id: UUID) -> bool:
    """Whether a ticket has tasks that its end or its opening again changes, as far as the transaction's role sees them."""
    left = sa.or_(Task.state.in_(("waiting", "open")), Task.ended_with_ticket)
    return db.session.scalar(sa.select(sa.exists().where(Task.tenant_id == tenant_id, Task.ticket_id == ticket_id, left))) or False


def late(now: datetime, limit: int) -> Sequence[Task]:
    """Open tasks of open tickets that are due and of which nobody was told yet, of whatever clients."""
    statement = (
        sa.select(Task)
        .join(Ticket, _ITS_TICKET)
        .where(Task.state == "open", Task.due_at <= now, Task.late_told_at.is_(None), Ticket.is_open)
        .order_by(Task.due_at)
        .limit(limit)
    )
    return db.session.scalars(locked(statement, of=Task, skip_locked=True)).all()


def _reached(statement: Any, by: Actor) -> Any:
    return statement if by.tenant_ids is None else statement.where(Task.tenant_id.in_(by.tenant_ids))
