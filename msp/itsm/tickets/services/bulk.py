"""One act on many tickets: each through its own service, each failing alone, and for a day to be undone.

A bulk run freezes which tickets are meant. Few are worked at once; many by jobs of some tickets of one client each, bound
to that client and to what the agent may do by then. An item is marked in the transaction that works it. Its agent can
stop a run: a job asks before each ticket, and marks what it leaves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import current_scope, db, locked, name_trail, savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import BulkItem, BulkRun, Ticket
from msp.itsm.tickets.services import bulk_acts
from msp.itsm.tickets.services.bulk_acts import Values
from msp.itsm.tickets.services.moves import check_version
from tenants import queries as tenants
from tenants.permissions import Permission, permissions_of

WORK = queries.BULK_JOB
MOST = 5000
AT_ONCE = 50
UNDO = timedelta(hours=24)
KEPT_FOR = timedelta(days=90)
STOPPED = "It was stopped before this one's turn."
_CHUNK = 25
_FORGOTTEN_AT_ONCE = 10
Change = tuple[dict[str, Any], dict[str, Any]]  # what the act may change, before and after


@dataclass(frozen=True)
class Result:
    """What became of one ticket; `problem` says why it stayed as it was."""

    ref: str
    problem: str | None = None


def apply(ticket_ids: Sequence[UUID], act: Callable[[UUID], object], *, by: Actor) -> list[Result]:
    """Do `act` for each ticket; those that refuse it are left as they were. A right that is lacking stops it all."""
    by.require(Permission.TICKET_READ)
    wanted = dict.fromkeys(ticket_ids)
    _check_number(wanted)
    chosen = sa.select(Ticket.id, Ticket.ref).where(Ticket.id.in_(wanted))
    refs = {row.id: row.ref for row in db.session.execute(queries.visible(chosen, by=by))}
    # Always in the same order, so that two agents with overlapping choices wait for each other instead of dying.
    results = {id: _one(id, refs.get(id), act) for id in sorted(wanted)}
    return [results[id] for id in wanted]


def begin(act: str, args: Values, ticket_ids: Sequence[UUID], *, by: Actor, query: str = "") -> BulkRun:
    """Freeze which tickets are meant, and have it done: at once where they are few. `query` is where they were chosen."""
    by.require(Permission.TICKET_READ)
    chosen = bulk_acts.act_of(act)
    by.require(chosen.permission)
    chosen.check(args)
    wanted = dict.fromkeys(ticket_ids)
    _check_number(wanted)
    found = sa.select(Ticket.tenant_id, Ticket.id, Ticket.version).where(Ticket.id.in_(wanted))
    rows = db.session.execute(queries.visible(found, by=by).order_by(Ticket.tenant_id, Ticket.id)).all()
    run = _run(act, args, len(wanted), query, None, by=by)
    _work_or_ask(run, [(row.tenant_id, row.id, row.version) for row in rows], by=by)
    return run


def undo(run_id: UUID, *, by: Actor) -> BulkRun:
    """Put back what a run of one's own changed, where it still is as the run left it: a run of its own."""
    by.require(Permission.TICKET_READ)
    run = queries.visible_bulk_run(run_id, by=by, for_update=True)
    by.require(bulk_acts.act_of(run.act).permission)
    if problem := why_not_undone(run, queries.bulk_progress(run, by=by)):
        raise Conflict(problem)
    own = sa.and_(Ticket.tenant_id == BulkItem.tenant_id, Ticket.id == BulkItem.ticket_id)
    done = (
        sa.select(Ticket.tenant_id, Ticket.id, Ticket.version)
        .join(BulkItem, own)
        .where(BulkItem.run_id == run.id, BulkItem.state == "done")
        .order_by(Ticket.tenant_id, Ticket.id)
    )
    rows = db.session.execute(queries.visible(done, by=by)).all()
    undoing = _run(run.act, run.args, len(rows), run.query, run.id, by=by)
    _work_or_ask(undoing, [(row.tenant_id, row.id, row.version) for row in rows], by=by)
    return undoing


def stop(run_id: UUID, *, by: Actor) -> BulkRun:
    """Leave what a run of one's own has not done yet. Tickets that a job holds at this moment are marked by that job."""
    by.require(Permission.TICKET_READ)
    run = queries.visible_bulk_run(run_id, by=by, for_update=True)
    if run.stopped_at is not None:
        raise Conflict("This has been stopped already.")
    if not queries.bulk_progress(run, by=by).waiting:
        raise Conflict("This is finished; there is nothing left to stop.")
    run.stopped_at = clock.now()
    db.session.flush()
    left = sa.select(BulkItem.id).where(BulkItem.run_id == run.id, BulkItem.state == "waiting")
    ids = db.session.scalars(locked(left, skip_locked=True)).all()
    skipped = sa.update(BulkItem).where(BulkItem.run_id == run.id, BulkItem.id.in_(ids))
    db.session.execute(skipped.values(state="skipped", reason=STOPPED))
    return run


def forget(*, batch: int = _FORGOTTEN_AT_ONCE) -> int:
    """Delete the oldest finished runs of long ago with their items; how many. An undoing goes before what it undoes."""
    undoing = aliased(BulkRun)
    old = sa.select(BulkRun.id).where(
        BulkRun.begun_at < clock.now() - KEPT_FOR,
        ~sa.exists().where(undoing.undoes_id == BulkRun.id),
        ~sa.exists().where(BulkItem.run_id == BulkRun.id, BulkItem.state == "waiting"),
    )
    ids = db.session.scalars(locked(old.order_by(BulkRun.begun_at).limit(batch), skip_locked=True)).all()
    if ids:
        db.session.execute(sa.delete(BulkItem).where(BulkItem.run_id.in_(ids)))
        db.session.execute(sa.delete(BulkRun).where(BulkRun.id.in_(ids)))
    return len(ids)


def why_not_undone(run: BulkRun, progress: queries.BulkProgress) -> str:
    """Why a run cannot be undone now; empty where it can."""
    if run.undoes_id is not None:
        return "What was undone is not done again."
    if progress.undone_by_id is not None:
        return "This has been undone already."
    if not bulk_acts.can_be_undone(run.act, run.args):
        return "No ticket comes back from this status."
    if clock.now() >= run.begun_at + UNDO:
        return "It can be undone for 24 hours; they are over."
    if progress.waiting:
        return "It can be undone once it is finished."
    return "" if progress.done else "Nothing was changed."


def work(run_id: UUID, item_ids: Sequence[UUID], tenant_id: UUID, *, by: Actor) -> None:
    """Work some items of one client, on the rights that the run's agent has now and under his name."""
    by.require(Permission.TICKET_READ)
    run = db.session.get_one(BulkRun, run_id)
    statement = sa.select(BulkItem).where(
        BulkItem.tenant_id == tenant_id, BulkItem.run_id == run_id, BulkItem.id.in_(item_ids), BulkItem.state == "waiting"
    )
    items = db.session.scalars(locked(statement.order_by(BulkItem.ticket_id))).all()
    try:
        agent = _agent_now(run, tenant_id, by=by)
        name_trail(replace(current_scope().trail, actor_name=agent.name, actor_kind="agent"))
        with savepoint():
            _work(run, items, by=agent, may_be_stopped=True)
    except Forbidden as refusal:
        for item in items:
            item.state, item.reason = "skipped", refusal.message
    db.session.flush()


def _check_number(wanted: dict[UUID, None]) -> None:
    if not 1 <= len(wanted) <= MOST:
        raise Invalid.field("ticket", f"Choose 1 to {MOST} tickets.", "count")


def _run(act: str, args: Values, total: int, query: str, undoes_id: UUID | None, *, by: Actor) -> BulkRun:
    if not by.is_agent or by.id is None or by.provider_id is None:
        raise Forbidden("Only an agent can do this.")
    run = BulkRun(
        id=new_id(), tenant_id=by.provider_id, agent_id=by.id, act=act, args=dict(args), query=query[:2000], total=total,
        begun_at=clock.now(), undoes_id=undoes_id,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    return run


def _work_or_ask(run: BulkRun, tickets: Sequence[tuple[UUID, UUID, int]], *, by: Actor) -> None:
    """`tickets`: client, id and version of each, client by client and in the order of their ids."""
    rows: list[dict[str, Any]] = [
        {"tenant_id": tenant_id, "id": new_id(), "run_id": run.id, "ticket_id": id, "version": version}
        for tenant_id, id, version in tickets
    ]
    if not rows:
        return
    db.session.execute(sa.insert(BulkItem).inline(), rows)
    if run.total <= AT_ONCE:
        items = db.session.scalars(sa.select(BulkItem).where(BulkItem.run_id == run.id)).all()
        _work(run, items, by=by)
        return
    asks = []
    for tenant_id, own in groupby(rows, key=lambda row: row["tenant_id"]):
        ids = [str(row["id"]) for row in own]
        chunks = (ids[first : first + _CHUNK] for first in range(0, len(ids), _CHUNK))
        asks += [outbox.Ask({"run_id": str(run.id), "item_ids": chunk}, tenant_id) for chunk in chunks]
    outbox.enqueue_each(WORK, asks)


def _agent_now(run: BulkRun, tenant_id: UUID, *, by: Actor) -> Actor:
    """Whoever began the run, with today's rights and nothing beyond this one client."""
    agent = tenants.visible_agent(run.agent_id, by=by)
    if not agent.is_active or (agent.is_limited and tenant_id not in tenants.client_ids_of(agent.id)):
        raise Forbidden("Whoever began this may not work for the client any more.")
    rights = permissions_of(agent.roles, agent=True)
    return Actor(
        agent.id, "agent", agent.name, rights, (tenant_id,), provider_id=run.tenant_id, person_id=agent.person_id
    )


def _work(run: BulkRun, items: Sequence[BulkItem], *, by: Actor, may_be_stopped: bool = False) -> None:
    """Do what the run is about to each item's ticket, and mark the item."""
    if not items:
        return
    by_ticket = {item.ticket_id: item for item in items}
    values: dict[UUID, Change] = {}

    def one(ticket_id: UUID) -> None:
        if may_be_stopped and _is_stopped(run):
            raise Conflict(STOPPED)
        work_one = _restore if run.undoes_id else _do
        values[ticket_id] = work_one(run, by_ticket[ticket_id], by=by)

    for item, result in zip(items, apply([*by_ticket], one, by=by), strict=True):
        if result.problem:
            item.state, item.reason = "skipped", result.problem
        else:
            item.state = "done"
            item.before, item.after = values[item.ticket_id]
    db.session.flush()


def _is_stopped(run: BulkRun) -> bool:
    """Asked anew each time: another transaction may have stopped it since."""
    return db.session.scalar(sa.select(BulkRun.stopped_at).where(BulkRun.id == run.id)) is not None


def _do(run: BulkRun, item: BulkItem, *, by: Actor) -> Change:
    act = bulk_acts.act_of(run.act)
    ticket = queries.visible_ticket(item.ticket_id, by=by, for_update=True)
    check_version(ticket, item.version)
    before = act.read(ticket)
    act.do(ticket, run.args, by)
    return before, act.read(ticket)


def _restore(run: BulkRun, item: BulkItem, *, by: Actor) -> Change:
    act = bulk_acts.act_of(run.act)
    ticket = queries.visible_ticket(item.ticket_id, by=by, for_update=True)
    done = queries.bulk_item(ticket, run.undoes_id)
    present = act.read(ticket)
    if done.before is None or present != done.after:
        raise Conflict("It was changed since.")
    act.restore(ticket, done.before, by)
    return present, act.read(ticket)


def _one(ticket_id: UUID, ref: str | None, act: Callable[[UUID], object]) -> Result:
    if ref is None:
        return Result("–", NotFound.title)
    try:
        with savepoint():
            act(ticket_id)
    except (Conflict, Invalid, NotFound) as error:
        return Result(ref, error.message)
    return Result(ref)
