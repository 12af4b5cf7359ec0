"""What queries find in PostgreSQL: nothing missing where values are absent, days by the reader's calendar."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from msp.core import paging
from tests.core.query.ticketlist import ADA, BOB, HARBOR, NOW, Base, Tag, Ticket, compiled


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


TICKETS: list[dict[str, Any]] = [
    {"id": 1, "ref": "ACME-1", "assignee_id": ADA, "created_at": _at("2027-03-30T22:59"), "priority": 1},
    {"id": 2, "ref": "ACME-2", "assignee_id": BOB, "created_at": _at("2027-03-30T23:00"), "priority": 2},
    {"id": 3, "ref": "ACME-10", "status": "waiting_client", "created_at": _at("2027-03-31T08:00"), "due_at": NOW},
    {"id": 4, "ref": "HAR-1", "client_id": HARBOR, "status": "waiting_supplier", "cents": 1250, "worked_minutes": 90},
    {"id": 5, "ref": "HAR-2", "client_id": HARBOR, "status": "closed", "snoozed_until": NOW + timedelta(hours=1)},
]
TAGS = [{"ticket_id": 1, "word": "vpn"}, {"ticket_id": 1, "word": "vip"}, {"ticket_id": 2, "word": "printer"}]


@pytest.fixture(scope="module")
def session(scratch: sa.Connection) -> Iterator[Session]:
    Base.metadata.create_all(scratch)
    with Session(scratch) as session:
        for ticket in TICKETS:
            session.execute(sa.insert(Ticket).values(ticket))
        session.execute(sa.insert(Tag), TAGS)
        yield session


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("client:harbor", [4, 5]),
        ("client:acme,harbor -client:acme", [4, 5]),
        ("status:waiting", [3, 4]),
        ("-status:waiting", [1, 2, 5]),
        ("assignee:me", [1]),
        ("assignee:none", [3, 4, 5]),
        ("-assignee:me", [2, 3, 4, 5]),
        ("-assignee:none", [1, 2]),
        ("assignee:bob,none", [2, 3, 4, 5]),
        ("-(assignee:me OR status:closed)", [2, 3, 4]),
        ("assignee:me OR client:harbor -status:closed", [1, 4]),
        ("created:yesterday", [1]),
        ("created:today", [2, 3, 4, 5]),
        ("created:2027-03-30,2027-03-31", [1, 2, 3, 4, 5]),
        ("created:>2027-03-30", [2, 3, 4, 5]),
        ("created:<=2027-03-30", [1]),
        ("created:2027-03-31T00:00..2027-03-31T09:00", [2, 3]),
        ("created:>-2h", [3, 4, 5]),
        ("due:<=now", [3]),
        ("due:none", [1, 2, 4, 5]),
        ("-due:<=now", [1, 2, 4, 5]),
        ("is:snoozed", [5]),
        ("-is:snoozed", [1, 2, 3, 4]),
        ("ref:acme-1", [1]),
        ("ref:acme-1*", [1, 3]),
        ('ref:"acme-1*"', []),
        ("priority:1..2", [1, 2]),
        ("priority:<3 -priority:1", [2]),
        ("cost:12.50", [4]),
        ("cost:>12.50", []),
        ("worked:>=1h30m", [4]),
        ("idle:>20m idle:<21m", [4]),
        ("tag:vpn", [1]),
        ("tag:v*,printer", [1, 2]),
        ("tag:none", [3, 4, 5]),
        ("-tag:vip", [2, 3, 4, 5]),
    ],
)
def test_finds(session: Session, text: str, ids: list[int]) -> None:
    assert session.scalars(sa.select(Ticket.id).where(*compiled(text).where).order_by(Ticket.id)).all() == ids


def test_a_query_is_a_page(session: Session) -> None:
    query = compiled("-status:closed sort:-due")
    keyset = paging.Keyset(query.sort.orders, Ticket.id, bound_to="-status:closed")
    stmt = sa.select(Ticket.id).where(*query.where)
    cursors = paging.Cursors(["k" * 40])
    first = paging.page(session, stmt, keyset, cursor=None, limit=2, cursors=cursors)
    second = paging.page(session, stmt, keyset, cursor=first.next, limit=2, cursors=cursors)
    assert (first.rows, second.rows, second.next) == ([3, 4], [2, 1], None)
