"""Lists of requests as a client's people see them: their own, those shared with them, those of the company."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.errors import Forbidden
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Follower, Ticket

Which = Literal["any", "mine", "shared", "company"]
PAGE = 25
MOST_FOUND = 500


def request_list(
    which: Which, *, by: Actor, only_open: bool = True, words: str = "", site_id: UUID | None = None,
    cursor: str | None = None, limit: int = PAGE,
) -> Page[Ticket]:  # fmt: skip
    """One page, what changed last first; `words` are looked for in the ticket and its conversation."""
    statement = _of(which, by=by)
    if only_open:
        statement = statement.where(Ticket.is_open)
    if site_id is not None:
        statement = statement.where(Ticket.site_id == site_id)
    if words:
        statement = statement.where(Ticket.id.in_(queries.found_ids(words, by=by, limit=MOST_FOUND)))
    keyset = Keyset(
        [Order(Ticket.updated_at, is_descending=True)], Ticket.id, bound_to=repr((which, only_open, words, site_id))
    )
    return paging.page(
        db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )


def running(*, by: Actor, limit: int) -> Sequence[Ticket]:
    """Open requests of the company whose promise is running, what is due first in front, then what stands still."""
    statement = _of("company", by=by).where(Ticket.is_open, Ticket.sla_standing.in_(("running", "paused")))
    return db.session.scalars(statement.order_by(Ticket.sla_due_at.nulls_last(), Ticket.id).limit(limit)).all()


def has_shared(*, by: Actor) -> bool:
    """Whether anybody has let this contact follow a request."""
    statement = sa.select(
        sa.exists().where(Follower.tenant_id == _tenant_id(by), Follower.contact_id == by.id)
    )
    return db.session.scalar(statement) or False


def _of(which: Which, *, by: Actor) -> sa.Select[Ticket]:
    own = queries.visible(sa.select(Ticket).where(Ticket.tenant_id == _tenant_id(by)), by=by)
    if which == "any":
        return own
    if which == "mine":
        return own.where(Ticket.requester_id == by.id)
    if which == "shared":
        followed = sa.select(Follower.ticket_id).where(
            Follower.tenant_id == _tenant_id(by), Follower.contact_id == by.id
        )
        return own.where(Ticket.id.in_(followed), Ticket.requester_id != by.id)
    if by.may(queries.READ_COMPANY):
        return own
    if not by.site_ids:
        raise Forbidden("Only a manager sees the requests of others.")
    return own.where(Ticket.site_id.in_(by.site_ids))


def _tenant_id(by: Actor) -> UUID:
    if not by.is_contact or not by.tenant_ids:
        raise Forbidden
    return by.tenant_ids[0]
