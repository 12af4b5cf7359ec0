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
from msp.core.paging import Cursors, Keyset, Order
from msp.itsm.tickets import queries, word_search
from msp.itsm.tickets.models import Follower, Ticket
from msp.itsm.tickets.word_search import FoundPage, Narrow, Whose

Which = Literal["any", "mine", "shared", "company"]
PAGE = 25


def request_list(
    which: Which, *, by: Actor, only_open: bool = True, words: str = "", site_id: UUID | None = None,
    cursor: str | None = None, limit: int = PAGE,
) -> FoundPage:  # fmt: skip
    """One page, what changed last first; `words` are looked for in the ticket and its conversation."""
    statement, is_cut = _of(which, by=by), False
    if only_open:
        statement = statement.where(Ticket.is_open)
    if site_id is not None:
        statement = statement.where(Ticket.site_id == site_id)
    if words:
        narrow = Narrow(site_ids=None if site_id is None else [site_id], is_open=True if only_open else None)
        found = word_search.look_up(words, narrow, by=by, whose=_whose(which, by=by))
        statement, is_cut = statement.where(found.condition()), found.is_cut
    keyset = Keyset(
        [Order(Ticket.updated_at, is_descending=True)], Ticket.id, bound_to=repr((which, only_open, words, site_id))
    )
    page = paging.page(
        db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )
    return FoundPage(page.rows, page.next, page.previous, is_cut)


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


def _whose(which: Which, *, by: Actor) -> Whose:
    """The same for the search for words, which cuts after so many."""
    if which == "mine":
        return Whose(by.id)
    if which == "shared":
        return Whose(followed=word_search.followed(by))
    if which == "company" and not by.may(queries.READ_COMPANY):
        return Whose(site_ids=list(by.site_ids))
    return word_search.visible_to(by)


def _tenant_id(by: Actor) -> UUID:
    if not by.is_contact or not by.tenant_ids:
        raise Forbidden
    return by.tenant_ids[0]
