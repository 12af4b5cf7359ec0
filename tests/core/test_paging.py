"""Paging against a list sorted in Python: every row once, in order, forwards and back."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cmp_to_key
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from msp.core.errors import Invalid
from msp.core.paging import Cursors, InvalidCursor, Keyset, Order, Page, Position, page, page_of_rows

KEY = "k" * 40
CURSORS = Cursors([KEY])


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "paged_item"
    __table_args__ = {"prefixes": ["TEMPORARY"]}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text(collation="C"))
    rank: Mapped[int]
    due: Mapped[int | None]
    grade: Mapped[str | None]


@pytest.fixture(scope="module")
def items(scratch: sa.Connection) -> sa.Connection:
    """A connection to PostgreSQL with the table."""
    Base.metadata.create_all(scratch)
    return scratch


@pytest.fixture
def session(items: sa.Connection) -> Iterator[Session]:
    with Session(items) as session:
        yield session


def _fill(session: Session, items: list[dict[str, Any]]) -> None:
    session.execute(sa.delete(Item))
    if items:
        session.execute(sa.insert(Item), items)


def _items(count: int) -> list[dict[str, Any]]:
    return [{"id": n, "name": f"n{n}", "rank": n % 3, "due": None, "grade": None} for n in range(1, count + 1)]


def _sorted(items: list[dict[str, Any]], orders: list[Order]) -> list[int]:
    """The ids as the order has them: its columns, then id in the direction of the last."""

    def compare(left: dict[str, Any], right: dict[str, Any]) -> int:
        for name, descends in keys:
            a, b = left[name], right[name]
            if a != b:
                if a is None or b is None:
                    return 1 if a is None else -1
                return (1 if a > b else -1) * (-1 if descends else 1)
        return 0

    keys = [(order.column.key, order.is_descending) for order in orders]
    keys.append(("id", orders[-1].is_descending if orders else False))
    return [item["id"] for item in sorted(items, key=cmp_to_key(compare))]


def _walk(session: Session, keyset: Keyset, limit: int) -> list[Page[Item]]:
    pages = [page(session, sa.select(Item), keyset, cursor=None, limit=limit, cursors=CURSORS)]
    while cursor := pages[-1].next:
        pages.append(page(session, sa.select(Item), keyset, cursor=cursor, limit=limit, cursors=CURSORS))
    return pages


def _ids(page: Page[Item]) -> list[int]:
    return [item.id for item in page.rows]


_orders = st.lists(
    st.builds(
        lambda column, descends: Order(column, descends, column.key in ("due", "grade")),
        st.sampled_from([Item.name, Item.rank, Item.due, Item.grade]),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda order: order.column.key,
)
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from("abc"),
            "rank": st.integers(0, 2),
            "due": st.none() | st.integers(0, 2),
            "grade": st.none() | st.sampled_from("xy"),
        }
    ),
    max_size=12,
).map(lambda rows: [{"id": number, **row} for number, row in enumerate(rows, 1)])


@given(rows=_rows, orders=_orders, limit=st.integers(1, 5))
@settings(deadline=None)
def test_every_row_once_forwards_and_back(
    items: sa.Connection, rows: list[dict[str, Any]], orders: list[Order], limit: int
) -> None:
    with Session(items) as session:
        _fill(session, rows)
        keyset = Keyset(orders, Item.id)
        pages = _walk(session, keyset, limit)
        assert list(itertools.chain(*map(_ids, pages))) == _sorted(rows, orders)
        assert all(len(each.rows) == limit for each in pages[:-1])
        assert pages[0].previous is None
        for before, after in itertools.pairwise(pages):
            back = page(session, sa.select(Item), keyset, cursor=after.previous, limit=limit, cursors=CURSORS)
            assert _ids(back) == _ids(before)
            assert (back.next, back.previous) == (before.next, before.previous)


def test_rows_that_come_and_go(session: Session) -> None:
    _fill(session, _items(6))
    keyset = Keyset([], Item.id)
    first = page(session, sa.select(Item), keyset, cursor=None, limit=2, cursors=CURSORS)
    second = page(session, sa.select(Item), keyset, cursor=first.next, limit=2, cursors=CURSORS)
    session.execute(sa.delete(Item).where(Item.id.in_([1, 2, 3])))
    assert _ids(page(session, sa.select(Item), keyset, cursor=first.next, limit=2, cursors=CURSORS)) == [4, 5]
    reread = page(session, sa.select(Item), keyset, cursor=second.previous, limit=2, cursors=CURSORS)
    assert (_ids(reread), reread.previous) == ([4, 5], None)  # nothing stands before it any more: the first page
    session.execute(sa.delete(Item).where(Item.id > 4))
    gone = page(session, sa.select(Item), keyset, cursor=second.next, limit=2, cursors=CURSORS)
    assert (gone.rows, gone.next) == ([], None)
    assert gone.previous is not None


def test_rows_of_several_columns_keep_their_names(session: Session) -> None:
    _fill(session, _items(3))
    stmt = sa.select(Item, sa.func.length(Item.name).label("size")).order_by(Item.name)
    keyset = Keyset([Order(Item.rank, True)], Item.id)
    found = page_of_rows(session, stmt, keyset, cursor=None, limit=10, cursors=CURSORS)
    assert [(item.id, size) for item, size in found.rows] == [(2, 2), (1, 2), (3, 2)]
    assert found.rows[0].size == 2


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_limit_is_bounded(session: Session, limit: int) -> None:
    with pytest.raises(Invalid, match="1 to 200"):
        page(session, sa.select(Item), Keyset([], Item.id), cursor=None, limit=limit, cursors=CURSORS)


def test_an_undeclared_null_is_a_bug_not_a_lost_row(session: Session) -> None:
    _fill(session, _items(2))
    with pytest.raises(ValueError, match="not declared nullable"):
        page(session, sa.select(Item), Keyset([Order(Item.due)], Item.id), cursor=None, limit=1, cursors=CURSORS)


def test_cursor_carries_every_kind_of_key() -> None:
    keyset = Keyset([], Item.id)
    key = (UUID(int=7), datetime(2027, 3, 31, 9, 44, 0, 123456, tzinfo=UTC), date(2027, 3, 31), 42, "ünï", None, True)
    for backward in (True, False):
        position = Position(key, backward)
        assert CURSORS.read(keyset, CURSORS.write(keyset, position)) == position
    with pytest.raises(TypeError, match="float"):
        CURSORS.write(keyset, Position((1.5,), False))


def test_cursor_is_bound_to_order_and_filter() -> None:
    keyset = Keyset([Order(Item.rank)], Item.id, bound_to="status:open")
    cursor = CURSORS.write(keyset, Position((1, 2), False))
    assert CURSORS.read(Keyset([Order(Item.rank)], Item.id, bound_to="status:open"), cursor).key == (1, 2)
    others = [
        Keyset([Order(Item.rank)], Item.id, bound_to="status:closed"),
        Keyset([Order(Item.rank, True)], Item.id, bound_to="status:open"),
        Keyset([Order(Item.name)], Item.id, bound_to="status:open"),
    ]
    for other in others:
        with pytest.raises(InvalidCursor, match="another order or filter"):
            CURSORS.read(other, cursor)


def test_cursor_cannot_be_forged() -> None:
    keyset = Keyset([], Item.id)
    cursor = CURSORS.write(keyset, Position((1,), False))
    payload, _, signature = cursor.rpartition(".")
    forged = Cursors(["x" * 40]).write(keyset, Position((1,), False))
    for bad in ("", "x", "é", "\ud800", payload, f"{payload}x.{signature}", forged, cursor[:-1], "." * 500):
        with pytest.raises(InvalidCursor) as caught:
            CURSORS.read(keyset, bad)
        assert (caught.value.code, caught.value.status) == ("invalid_cursor", 400)


def test_an_older_key_still_reads() -> None:
    keyset = Keyset([], Item.id)
    old = CURSORS.write(keyset, Position((1,), False))
    rotated = Cursors(["n" * 40, KEY])
    assert rotated.read(keyset, old).key == (1,)
    with pytest.raises(InvalidCursor):
        CURSORS.read(keyset, rotated.write(keyset, Position((1,), False)))


def _sql(keyset: Keyset, *key: Any, backward: bool = False) -> list[str]:
    stretches = keyset.stretches(Position(key, backward))
    written = [each.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}) for each in stretches]
    return [str(each).replace("paged_item.", "") for each in written]


def test_forms_that_an_index_can_walk() -> None:
    due, rank, name = Order(Item.due, is_nullable=True), Order(Item.rank), Order(Item.name)
    assert _sql(Keyset([rank], Item.id), 1, 2) == ["(rank, id) > (1, 2)"]
    assert _sql(Keyset([rank.flipped()], Item.id), 1, 2) == ["(rank, id) < (1, 2)"]
    assert _sql(Keyset([rank], Item.id), 1, 2, backward=True) == ["(rank, id) < (1, 2)"]
    assert _sql(Keyset([rank.flipped(), name], Item.id), 1, "a", 2) == [
        "rank <= 1 AND (rank < 1 OR (name, id) > ('a', 2))"
    ]
    assert _sql(Keyset([due], Item.id), 1, 2) == ["(due, id) > (1, 2)", "due IS NULL"]
    assert _sql(Keyset([due], Item.id), None, 2) == ["due IS NULL AND id > 2"]
    assert _sql(Keyset([due], Item.id), 1, 2, backward=True) == ["(due, id) < (1, 2)"]
    assert _sql(Keyset([due], Item.id), None, 2, backward=True) == [
        "due IS NULL AND id < 2",
        "due IS NOT NULL",
    ]
