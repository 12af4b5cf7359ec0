"""Reads of work that did not get done, for whoever looks after the installation."""

from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.errors import NotFound
from msp.core.outbox.models import Outbox
from msp.core.paging import Cursors, Keyset, Order, Page

MANAGE = "outbox.manage"
PAGE = 50
_STATES = {
    "parked": sa.and_(Outbox.parked_at.is_not(None), Outbox.done_at.is_(None)),
    "failing": sa.and_(Outbox.done_at.is_(None), Outbox.parked_at.is_(None), Outbox.suppressed_at.is_(None), Outbox.error.is_not(None)),
}


def troubled(state: str, *, by: Actor, cursor: str | None = None) -> Page[Outbox]:
    """Rows that gave up (`parked`) or are being tried again (`failing`), the newest first."""
    by.require(MANAGE)
    keyset = Keyset([Order(Outbox.created_at, is_descending=True)], Outbox.id, bound_to=state)
    statement = sa.select(Outbox).where(_STATES[state])
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=PAGE, cursors=Cursors(settings().secret_keys))


def counts(*, by: Actor) -> dict[str, int]:
    """How many rows are in each of the two states."""
    by.require(MANAGE)
    # Each count by itself: its condition is that of a partial index.
    numbers = (
        sa.select(sa.func.count()).select_from(Outbox).where(condition).scalar_subquery().label(state)
        for state, condition in _STATES.items()
    )
    return dict(db.session.execute(sa.select(*numbers)).one()._mapping)


def parked_row(outbox_id: UUID, *, by: Actor) -> Outbox:
    """One row that gave up; NotFound where there is none."""
    by.require(MANAGE)
    found = db.session.scalar(sa.select(Outbox).where(Outbox.id == outbox_id, _STATES["parked"]))
    if found is None:
        raise NotFound
    return found
