"""Keyset paging: a page begins after the last row of the one before, found through the index that sorts.

A cursor carries the key of a row, signed and bound to the order and filter that made it: opaque to its
holder and refused anywhere else. Keys that may be NULL come last in either direction.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, TypeVarTuple, cast
from uuid import UUID

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import SQLColumnExpression

from msp.core.errors import BadRequest, Invalid

MAX_LIMIT = 200

Column: TypeAlias = SQLColumnExpression[Any]
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class InvalidCursor(BadRequest):
    code, title = "invalid_cursor", "This place in the list is no longer valid"


def type_of(column: Column) -> sa.types.TypeEngine[Any]:
    """The type of a column or mapped attribute; the class that both share does not name it."""
    return cast(sa.types.TypeEngine[Any], cast(Any, column).type)


@dataclass(frozen=True, eq=False)
class Order:
    """One column of the order. NULLs of a nullable one come last, so a descending index must say NULLS LAST."""

    column: Column
    is_descending: bool = False
    is_nullable: bool = False

    def flipped(self) -> "Order":
        return replace(self, is_descending=not self.is_descending)

    def clause(self, *, backward: bool) -> sa.ColumnElement[Any]:
        """As it stands in ORDER BY, read forward or backward."""
        clause = self.column.desc() if self.is_descending != backward else self.column.asc()
        if not self.is_nullable:
            return clause
        return clause.nulls_first() if backward else clause.nulls_last()


@dataclass(frozen=True)
class Position:
    """The key of a row, and on which side of it the page lies."""

    key: tuple[Any, ...]
    is_backward: bool


class Keyset:
    """A total order: the columns asked for, then `unique` in the direction of the last of them.

    `bound_to` is whatever else decides which rows there are: the normal form of the filter.
    """

    def __init__(self, orders: Sequence[Order], unique: Column, *, bound_to: str = "") -> None:
        descends = orders[-1].is_descending if orders else False
        self.orders = (*orders, Order(unique, descends))
        form = [(str(order.column), order.is_descending, order.is_nullable) for order in self.orders]
        self.fingerprint = hashlib.sha256(repr((form, bound_to)).encode()).hexdigest()[:16]

    def order_by(self, *, backward: bool = False) -> list[sa.ColumnElement[Any]]:
        return [order.clause(backward=backward) for order in self.orders]

    def stretches(self, position: Position | None) -> list[sa.ColumnElement[bool]]:
        """The rows beyond a position as conditions, to be read one after the other until the page is full.

        Where the first column may be NULL, its NULLs are a stretch of their own: each of the two walks
        the index, while their OR would read it from the start.
        """
        if position is None:
            return [sa.true()]
        first, *rest = self.orders
        value, *others = position.key
        if not first.is_nullable:
            return [_beyond(self.orders, position.key, position.is_backward)]
        if value is None:
            nulls = sa.and_(first.column.is_(None), _beyond(rest, others, position.is_backward))
            return [nulls, first.column.is_not(None)] if position.is_backward else [nulls]
        valued = _beyond([replace(first, is_nullable=False), *rest], position.key, position.is_backward)
        return [valued] if position.is_backward else [valued, first.column.is_(None)]

    def check(self, keys: Sequence[tuple[Any, ...]]) -> None:
        """Raise where a key is NULL and its order does not say so: rows would be lost between pages."""
        for key in keys:
            for value, order in zip(key, self.orders, strict=True):
                if value is None and not order.is_nullable:
                    raise ValueError(f"{order.column} is NULL in a row, but its order is not declared nullable")


class Cursors:
    """Writes positions as signed text and reads them back. The first key signs, all of them read."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(keys)), salt="msp.cursor", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def write(self, keyset: Keyset, position: Position) -> str:
        key = [_to_json(value) for value in position.key]
        return self._serializer.dumps([keyset.fingerprint, int(position.is_backward), key])

    def read(self, keyset: Keyset, cursor: str) -> Position:
        """The position; InvalidCursor when it was tampered with or belongs to another order or filter."""
        try:
            fingerprint, is_backward, key = self._serializer.loads(cursor)
        except (BadData, UnicodeError):
            raise InvalidCursor from None
        if fingerprint != keyset.fingerprint:
            raise InvalidCursor("This cursor belongs to a list with another order or filter.")
        return Position(tuple(_from_json(value) for value in key), bool(is_backward))


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows in the order asked for, and the cursors of the pages beside them."""

    rows: list[T]
    next: str | None
    previous: str | None


class Spread(Protocol):
    """Rewrites the read of one stretch, for a list that PostgreSQL reads best client by client.

    The statement has every condition and, as its last columns, the keyset's; order and limit are for the rewritten one.
    """

    def __call__(
        self, statement: sa.Select[Any], keyset: Keyset, *, backward: bool, limit: int
    ) -> sa.Select[Any]: ...


def page(
    session: Session, stmt: sa.Select[T], keyset: Keyset, *, cursor: str | None, limit: int, cursors: Cursors
) -> Page[T]:
    """One page of a statement that selects one thing: its entities or values."""
    found = page_of_rows(session, stmt, keyset, cursor=cursor, limit=limit, cursors=cursors)
    return Page([row[0] for row in found.rows], found.next, found.previous)


def page_of_rows(
    session: Session, stmt: sa.Select[*Ts], keyset: Keyset, *, cursor: str | None, limit: int, cursors: Cursors,
    spread: Spread | None = None,
) -> Page[sa.Row[*Ts]]:  # fmt: skip
    """One page of a statement that selects several things.

    Any order that the statement has is replaced. Reading back past the first row gives the first page.
    """
    return keyed_page(
        lambda position, most: _read(session, stmt, keyset, position, most, spread or _plainly), keyset, cursor=cursor, limit=limit,
        cursors=cursors,
    )  # fmt: skip


def keyed_page(
    read: Callable[[Position | None, int], Sequence[tuple[T, tuple[Any, ...]]]], keyset: Keyset, *, cursor: str | None, limit: int,
    cursors: Cursors,
) -> Page[T]:  # fmt: skip
    """One page of what `read` gives: up to so many rows beyond a position, nearest first, each with its key."""
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid.field("limit", f"A page has 1 to {MAX_LIMIT} rows.", "limit_range")
    position = cursors.read(keyset, cursor) if cursor else None
    found = read(position, limit + 1)
    if position is None or not position.is_backward:
        precedes, follows = position is not None, len(found) > limit
        found = found[:limit]
    elif found:
        precedes, follows = len(found) > limit, True
        found = found[:limit][::-1]
    else:
        return keyed_page(read, keyset, cursor=None, limit=limit, cursors=cursors)
    # Where rows vanished since the cursor was given, the way back begins where it pointed.
    first, last = (found[0][1], found[-1][1]) if found else (position and position.key, None)
    return Page(
        [row for row, _ in found],
        cursors.write(keyset, Position(last, False)) if last and follows else None,
        cursors.write(keyset, Position(first, True)) if first and precedes else None,
    )


def _plainly(statement: sa.Select[Any], keyset: Keyset, *, backward: bool, limit: int) -> sa.Select[Any]:
    return statement.order_by(*keyset.order_by(backward=backward)).limit(limit)


def _read(
    session: Session, stmt: sa.Select[*Ts], keyset: Keyset, position: Position | None, limit: int, spread: Spread
) -> list[tuple[sa.Row[*Ts], tuple[Any, ...]]]:
    """Up to `limit` rows beyond the position, nearest first, with the keys by which they were sorted."""
    width = len(stmt.column_descriptions)
    backward = position is not None and position.is_backward
    keyed: sa.Select[Any] = stmt.add_columns(*(order.column.label(None) for order in keyset.orders)).order_by(None)
    rows: list[Any] = []
    keys: list[tuple[Any, ...]] = []
    for stretch in keyset.stretches(position):
        if len(rows) < limit:
            statement = spread(keyed.where(stretch), keyset, backward=backward, limit=limit - len(rows))
            result = session.execute(statement).freeze()
            rows += result().columns(*range(width)).all()
            keys += (row[width:] for row in result().all())
    keyset.check(keys)
    return list(zip(rows, keys, strict=True))


def _beyond(orders: Sequence[Order], key: Sequence[Any], backward: bool) -> sa.ColumnElement[bool]:
    """The rows after `key` in the order, or before it."""
    descends = orders[0].is_descending != backward
    if all(order.is_descending == orders[0].is_descending and not order.is_nullable for order in orders):
        columns: Any = sa.tuple_(*(order.column for order in orders)) if len(orders) > 1 else orders[0].column
        values = [sa.literal(value, type_of(order.column)) for value, order in zip(key, orders, strict=True)]
        bound: Any = sa.tuple_(*values) if len(values) > 1 else values[0]
        return cast(sa.ColumnElement[bool], columns < bound if descends else columns > bound)
    column, value = orders[0].column, key[0]
    further = _beyond(orders[1:], key[1:], backward)
    if value is None:
        return sa.or_(column.is_not(None), further) if backward else sa.and_(column.is_(None), further)
    past = column < value if descends else column > value
    # Says nothing new, but is the plain range that an index can start from.
    reached = column <= value if descends else column >= value
    if orders[0].is_nullable and not backward:
        past, reached = sa.or_(past, column.is_(None)), sa.or_(reached, column.is_(None))
    return sa.and_(reached, sa.or_(past, further))


def _to_json(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case UUID():
            return {"uuid": value.hex}
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"on": value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot be part of a cursor")


def _from_json(value: Any) -> Any:
    match value:
        case {"uuid": text}:
            return UUID(text)
        case {"at": text}:
            return datetime.fromisoformat(text)
        case {"on": text}:
            return date.fromisoformat(text)
    return value
