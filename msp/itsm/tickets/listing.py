"""The agents' queue: tickets over all clients that the actor may see, asked for in the query language, page by page.

A page is two reads, however many rows it has: the keys of its tickets through the index that sorts, then everything
that a row shows of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from msp.core import clock, paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.paging import Cursors, Keyset, Position
from msp.core.query import ast, compile, parse
from msp.core.query.kinds import Condition
from msp.itsm.sla import pace
from msp.itsm.sla.models import Clock
from msp.itsm.tickets import fields, queries, word_search
from msp.itsm.tickets.models import ReadMarker, Ticket
from tenants.models import Agent, Tenant

PAGE = 50
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Asked:
    """A query that was understood: its conditions over `Ticket` and its order.

    `is_cut`: so many tickets hold its words that only the newest of them were looked at.
    """

    query: ast.Query
    where: tuple[Condition, ...]
    keyset: Keyset
    sort: tuple[ast.SortKey, ...]
    has_words: bool
    is_cut: bool = False

    def __str__(self) -> str:
        return str(self.query)


@dataclass(frozen=True)
class Listed:
    """A ticket as a row shows it."""

    ticket: Ticket
    client: Tenant
    assignee_hue: int | None
    pace: pace.Pace | None
    is_unread: bool


@dataclass(frozen=True)
class Listing:
    """Rows in the order asked for, and the cursors of the pages beside them."""

    rows: list[Listed]
    next: str | None
    previous: str | None


def asked(text: str, *, by: Actor, tz: tzinfo) -> Asked:
    """Understand a query; QueryError points at the character that it stumbles over.

    Words are looked up at once, newest tickets first, and so need what the query narrows.
    """
    query = parse.parse(text)
    registry = fields.ticket_fields(by=by)
    compiled = compile.compile(query, registry, now=clock.now(), tz=tz, me=by.id)
    sort, orders, where = query.sort or registry.default_sort, compiled.sort.orders, [*compiled.where]
    is_cut = False
    if compiled.free_text:
        words = " ".join(f'"{word}"' for word in compiled.free_text)
        found = word_search.look_up(words, word_search.narrowed(query, registry, by=by), by=by)
        where.append(found.condition())
        is_cut = found.is_cut
        if not query.sort:
            sort = (ast.SortKey("updated", is_descending=True),)
            orders = registry.orders_of(sort[0])
    keyset = Keyset(orders, Ticket.id, bound_to=str(query))
    return Asked(query, tuple(where), keyset, tuple(sort), bool(compiled.free_text), is_cut)


def listing(wanted: Asked, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Listing:
    """One page of the tickets asked for."""
    statement = sa.select(Ticket.tenant_id, Ticket.id).where(*wanted.where)
    spread = None
    if by.tenant_ids is not None and not wanted.has_words:
        spread = _client_by_client(by.tenant_ids)
    else:
        statement = queries.visible(statement, by=by)
    page = paging.page_of_rows(
        db.session(), statement, wanted.keyset, cursor=cursor, limit=limit, cursors=_cursors(), spread=spread
    )
    return Listing(_rows([(row.tenant_id, row.id) for row in page.rows], by=by), page.next, page.previous)


def counts(wanted: Mapping[str, Asked], *, by: Actor) -> dict[str, int]:
    """How many tickets each of the queries finds, in one statement; each counted up to `MOST_COUNTED` + 1."""
    if not wanted:
        return {}
    numbers = [_counted(each, by, MOST_COUNTED).scalar_subquery().label(name) for name, each in wanted.items()]
    return dict(db.session.execute(sa.select(*numbers)).one()._mapping)


def total(wanted: Asked, *, by: Actor, most: int = MOST_COUNTED) -> int:
    """How many tickets the query finds; counted up to `most` + 1."""
    return db.session.scalar(_counted(wanted, by, most)) or 0


def in_words(number: int) -> str:
    """A count as it is shown."""
    return str(number) if number <= MOST_COUNTED else f"{MOST_COUNTED}+"


def matching(wanted: Asked, *, by: Actor, limit: int) -> list[UUID]:
    """Ids of the tickets that the query finds, in its order, up to `limit`."""
    found = queries.visible(sa.select(Ticket.id).where(*wanted.where), by=by)
    return list(db.session.scalars(found.order_by(*wanted.keyset.order_by()).limit(limit)))


def neighbours(ticket: Ticket, wanted: Asked, *, by: Actor) -> tuple[str | None, str | None]:
    """References of the tickets before and after this one in the list, where it is in the list or would be."""
    key = tuple(getattr(ticket, cast(Any, order.column).key) for order in wanted.keyset.orders)
    before, after = (_beside(wanted, Position(key, is_backward), by=by) for is_backward in (True, False))
    return before, after


def _counted(wanted: Asked, by: Actor, most: int) -> sa.Select[int]:
    some = queries.visible(sa.select(sa.literal(1)).select_from(Ticket).where(*wanted.where), by=by)
    return sa.select(sa.func.count()).select_from(some.limit(most + 1).subquery())


def _beside(wanted: Asked, position: Position, *, by: Actor) -> str | None:
    order = wanted.keyset.order_by(backward=position.is_backward)
    base = queries.visible(sa.select(Ticket.ref).where(*wanted.where), by=by).order_by(*order).limit(1)
    stretches = (db.session.scalar(base.where(stretch)) for stretch in wanted.keyset.stretches(position))
    return next((ref for ref in stretches if ref is not None), None)


def _client_by_client(tenant_ids: Sequence[UUID]) -> paging.Spread:
    """For an agent limited to some clients: each client's own index, merged; else the policy filters all the others."""

    def spread(statement: sa.Select[Any], keyset: Keyset, *, backward: bool, limit: int) -> sa.Select[Any]:
        named = sa.func.unnest(sa.cast(list(tenant_ids), ARRAY(sa.Uuid())))
        ids = sa.select(named.label("id")).subquery("client")
        order = keyset.order_by(backward=backward)
        own = statement.where(Ticket.tenant_id == ids.c.id).order_by(*order).limit(limit).lateral("own")
        columns = list(own.c)
        keys = zip(keyset.orders, columns[-len(keyset.orders) :], strict=True)
        merged = [replace(each, column=column).clause(backward=backward) for each, column in keys]
        return sa.select(*columns).select_from(ids).join(own, sa.true()).order_by(*merged).limit(limit)

    return spread


def _rows(keys: Sequence[tuple[UUID, UUID]], *, by: Actor) -> list[Listed]:
    """What the rows of a page show, in its order."""
    if not keys:
        return []
    statement = (
        sa.select(Ticket, Tenant, Agent.hue, ReadMarker.read_at, Clock)
        .join(Tenant, Tenant.id == Ticket.tenant_id)
        .outerjoin(Agent, Agent.id == Ticket.assignee_id)
        .outerjoin(ReadMarker, _of_ticket(ReadMarker, ReadMarker.agent_id == by.id))
        .outerjoin(
            Clock,
            sa.and_(
                Clock.tenant_id == Ticket.tenant_id, Clock.subject_id == Ticket.id, Clock.kind == Ticket.sla_clock,
                Clock.is_current,
            ),
        )
        .where(Ticket.tenant_id.in_({key[0] for key in keys}), Ticket.id.in_([key[1] for key in keys]))
    )  # fmt: skip
    found = {row.Ticket.id: row for row in db.session.execute(statement)}
    calendars = pace.calendars(row.Clock for row in found.values() if row.Clock is not None)
    now = clock.now()
    return [_listed(found[id], calendars, now) for _, id in keys]


def _of_ticket(model: Any, *conditions: Condition) -> Condition:
    return sa.and_(model.tenant_id == Ticket.tenant_id, model.ticket_id == Ticket.id, *conditions)


def _listed(row: Any, calendars: Mapping[UUID, Any], now: datetime) -> Listed:
    held = row.Clock
    shown = pace.pace(held, calendars.get(held.calendar_version_id), now=now) if held is not None else None
    is_unread = row.read_at is None or row.read_at < row.Ticket.updated_at
    return Listed(row.Ticket, row.Tenant, row.hue, shown, is_unread)


def _cursors() -> Cursors:
    return Cursors(settings().secret_keys)
