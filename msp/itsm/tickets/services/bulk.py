"""One act on several tickets: each through its own service, each failing alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, savepoint
from msp.core.errors import Conflict, Invalid, NotFound
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Ticket
from tenants.permissions import Permission

MOST = 200


@dataclass(frozen=True)
class Result:
    """What became of one ticket; `problem` says why it stayed as it was."""

    ref: str
    problem: str | None = None


def apply(ticket_ids: Sequence[UUID], act: Callable[[UUID], object], *, by: Actor) -> list[Result]:
    """Do `act` for each ticket; those that refuse it are left as they were. A right that is lacking stops it all."""
    by.require(Permission.TICKET_READ)
    wanted = dict.fromkeys(ticket_ids)
    if not 1 <= len(wanted) <= MOST:
        raise Invalid.field("ticket", f"Choose 1 to {MOST} tickets.", "count")
    chosen = sa.select(Ticket.id, Ticket.ref).where(Ticket.id.in_(wanted))
    refs = {row.id: row.ref for row in db.session.execute(queries.visible(chosen, by=by))}
    # Always in the same order, so that two agents with overlapping choices wait for each other instead of dying.
    results = {id: _one(id, refs.get(id), act) for id in sorted(wanted)}
    return [results[id] for id in wanted]


def _one(ticket_id: UUID, ref: str | None, act: Callable[[UUID], object]) -> Result:
    if ref is None:
        return Result("–", NotFound.title)
    try:
        with savepoint():
            act(ticket_id)
    except (Conflict, Invalid, NotFound) as error:
        return Result(ref, error.message)
    return Result(ref)
