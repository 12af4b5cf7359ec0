"""Tickets by the query language or by name, for programs of either side: a contact's sees what he sees."""

import re
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.errors import NotFound
from msp.core.paging import Cursors
from msp.itsm.tickets import listing, queries
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.word_search import FoundPage

_REF = re.compile(r"[A-Za-z][A-Za-z0-9]{1,9}-[0-9]{1,9}")


def named(text: str, *, by: Actor) -> Ticket:
    """One ticket by id or reference; whatever is neither is nothing that exists."""
    if _REF.fullmatch(text):
        return queries.visible_ticket_by_ref(text, by=by)
    try:
        return queries.visible_ticket(UUID(text), by=by)
    except ValueError:
        raise NotFound from None


def found(text: str, *, by: Actor, cursor: str | None, limit: int) -> FoundPage:
    """One page; an agent's is the queue's own, a contact's never reads a table of the provider."""
    asked = listing.asked(text, by=by, tz=clock.now().tzinfo)  # type: ignore[arg-type]  # an aware instant has its zone
    if by.is_agent:
        page = listing.listing(asked, by=by, cursor=cursor, limit=limit)
        return FoundPage([row.ticket for row in page.rows], page.next, page.previous, asked.is_cut)
    statement = queries.visible(sa.select(Ticket).where(*asked.where), by=by)
    own = paging.page(
        db.session(), statement, asked.keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )
    return FoundPage(own.rows, own.next, own.previous, asked.is_cut)
