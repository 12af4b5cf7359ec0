"""Reads of runbooks, their versions, runs and attempts; for agents, each as far as his clients go."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import Invalid, NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.runbooks.models import OPEN, Runbook, RunbookAttempt, RunbookRun, RunbookVersion
from msp.itsm.tickets.models import Ticket
from tenants import queries as tenants
from tenants.models import Tenant

PAGE = 50


class Ran(NamedTuple):
    """A run with what a list shows of its ticket."""

    run: RunbookRun
    ref: str
    subject: str
    client: Tenant


def visible_runbook(runbook_id: UUID, *, by: Actor, for_update: bool = False) -> Runbook:
    """One runbook: for all clients, or for one that the agent sees."""
    statement = _visible(sa.select(Runbook).where(Runbook.id == runbook_id), by=by)
    found: Runbook | None = db.session.scalar(locked(statement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def runbook_page(*, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[Runbook]:
    """Runbooks by name."""
    keyset = Keyset([Order(Runbook.name)], Runbook.id, bound_to="runbooks")
    statement = _visible(sa.select(Runbook), by=by)
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def offered(tenant_id: UUID | None) -> Sequence[Runbook]:
    """Runbooks that can be run now for a client, by name; without one, those that are for all."""
    meant = Runbook.client_id.is_(None)
    statement = sa.select(Runbook).where(Runbook.is_active, sa.or_(meant, Runbook.client_id == tenant_id) if tenant_id else meant)
    return db.session.scalars(statement.order_by(Runbook.name, Runbook.id).limit(500)).all()


def usable(runbook_id: UUID, tenant_id: UUID | None) -> Runbook:
    """A runbook that may run for this client, or with None for every one; Invalid, under `/runbook_id`, for any other."""
    found = db.session.get(Runbook, runbook_id)
    if found is None or found.client_id not in (None, tenant_id):
        whom = "this client" if tenant_id else "all clients"
        raise Invalid.field("runbook_id", f"There is no such runbook for {whom}.", "unknown")
    if not found.is_active:
        raise Invalid.field("runbook_id", f"The runbook “{found.name}” is switched off.", "inactive")
    return found


def versions(runbook: Runbook, *, by: Actor) -> Sequence[RunbookVersion]:
    """What it said, the newest first; whoever sees the runbook sees them."""
    visible_runbook(runbook.id, by=by)
    statement = sa.select(RunbookVersion).where(RunbookVersion.runbook_id == runbook.id)
    return db.session.scalars(statement.order_by(RunbookVersion.number.desc()).limit(100)).all()


def latest(runbooks: Iterable[Runbook]) -> dict[UUID, RunbookVersion]:
    """The version that new runs of each follow."""
    wanted = [(each.id, each.number) for each in runbooks]
    statement = sa.select(RunbookVersion).where(sa.tuple_(RunbookVersion.runbook_id, RunbookVersion.number).in_(wanted))
    return {row.runbook_id: row for row in db.session.scalars(statement)} if wanted else {}


def visible_run(run_id: UUID, *, by: Actor, for_update: bool = False) -> RunbookRun:
    """One run at a client that the agent reaches."""
    if by.is_contact:
        raise NotFound
    statement = tenants.reachable(sa.select(RunbookRun).where(RunbookRun.id == run_id), RunbookRun.tenant_id, by)
    found: RunbookRun | None = db.session.scalar(locked(statement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def attempts(run: RunbookRun) -> Sequence[RunbookAttempt]:
    """Each call of a run that the actor sees already, the first one first."""
    statement = sa.select(RunbookAttempt).where(RunbookAttempt.tenant_id == run.tenant_id, RunbookAttempt.run_id == run.id)
    return db.session.scalars(statement.order_by(RunbookAttempt.number)).all()


def run_page(
    runbook: Runbook, *, by: Actor, state: str | None = None, cursor: str | None = None, limit: int = PAGE
) -> Page[Ran]:
    """What a runbook did, the newest first, at the clients that the agent sees."""
    visible_runbook(runbook.id, by=by)
    statement: Any = (
        sa.select(RunbookRun, Ticket.ref, Ticket.subject, Tenant)
        .join(Ticket, sa.and_(Ticket.tenant_id == RunbookRun.tenant_id, Ticket.id == RunbookRun.ticket_id))
        .join(Tenant, Tenant.id == RunbookRun.tenant_id)
        .where(RunbookRun.runbook_id == runbook.id)
    )
    statement = tenants.reachable(statement, RunbookRun.tenant_id, by)
    if state is not None:
        statement = statement.where(RunbookRun.state == state)
    keyset = Keyset([Order(RunbookRun.created_at, is_descending=True)], RunbookRun.id, bound_to=f"{runbook.id} runs {state}")
    found = paging.page_of_rows(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))
    return Page([Ran(*row[:4]) for row in found.rows], found.next, found.previous)


def runs_of(ticket: Ticket, *, by: Actor, limit: int = 50) -> Sequence[RunbookRun]:
    """The latest runs for a ticket, the newest first; none for contacts."""
    if by.is_contact:
        return ()
    statement = sa.select(RunbookRun).where(RunbookRun.tenant_id == ticket.tenant_id, RunbookRun.ticket_id == ticket.id)
    return db.session.scalars(statement.order_by(RunbookRun.created_at.desc(), RunbookRun.id.desc()).limit(limit)).all()


def is_going_on(ticket: Ticket, runbook: Runbook) -> bool:
    """Whether it is running for the ticket itself now, not for a task; the ticket is held."""
    found = sa.exists().where(
        RunbookRun.tenant_id == ticket.tenant_id, RunbookRun.ticket_id == ticket.id, RunbookRun.runbook_id == runbook.id,
        RunbookRun.task_id.is_(None), RunbookRun.state.in_(OPEN),
    )  # fmt: skip
    return bool(db.session.scalar(sa.select(found)))


def open_run_of(tenant_id: UUID, task_id: UUID) -> RunbookRun | None:
    """The run that is doing a task now."""
    statement = sa.select(RunbookRun).where(
        RunbookRun.tenant_id == tenant_id, RunbookRun.task_id == task_id, RunbookRun.state.in_(OPEN)
    )
    return db.session.scalar(locked(statement))


def _visible(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    if by.is_contact:
        raise NotFound
    if by.tenant_ids is None:
        return statement
    return statement.where(sa.or_(Runbook.client_id.is_(None), Runbook.client_id.in_(by.tenant_ids)))
