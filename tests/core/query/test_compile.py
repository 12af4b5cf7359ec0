"""Each kind of field: the condition it becomes, the operators it uses and the values it refuses."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from msp.core.query import compile as compiler
from msp.core.query import parse
from msp.core.query.errors import QueryError
from msp.core.query.fields import Field, Registry
from msp.core.query.kinds import Reference, Text
from tests.core.query.ticketlist import ACME, ADA, LONDON, NOW, REGISTRY, Ticket, compiled


def sql(text: str) -> str:
    """The condition as PostgreSQL gets it, with a question mark for each parameter and its cast."""
    where = sa.and_(sa.true(), *compiled(text).where)
    written = str(where.compile(dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True}))
    written = re.sub(r"%\(\w+\)s(::[A-Z]+( WITH TIME ZONE)?)?", "?", written)
    return " ".join(written.split()).replace("listed_ticket.", "")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("status:open", "status IN (?)"),
        ("status:WAITING,open", "status IN (?, ?, ?)"),
        ("-status:open", "(status IN (?)) IS NOT true"),
        ("assignee:none", "assignee_id IS NULL"),
        ("assignee:none,me", "assignee_id IS NULL OR assignee_id IN (?)"),
        ("ref:acme-*", "ref ^@ ?"),
        ("ref:acme-1,acme-2", "ref IN (?, ?)"),
        ("priority:>=2", "priority >= ?"),
        ("created:today", "created_at >= ? AND created_at < ?"),
        ("is:snoozed", "snoozed_until > ?"),
        (
            "tag:vpn",
            "EXISTS (SELECT * FROM listed_tag, listed_ticket"
            " WHERE listed_tag.ticket_id = id AND listed_tag.word IN (?))",
        ),
    ],
)
def test_condition(text: str, condition: str) -> None:
    assert sql(text) == condition


def test_no_operator_leaks_or_misses_its_index() -> None:
    """The ones of PostgreSQL that row-level security keeps from an index never occur."""
    everything = (
        "client:acme ref:a* status:open priority:>1 assignee:me,none created:today..tomorrow due:<+2h is:snoozed"
        " cost:1.50 worked:>1h tag:x,y* -(tag:none OR priority:1..2)"
    )
    written = sql(everything).lower()
    for operator in ("like", "lower(", "upper(", "@@", "~", "&&", "@>", "regexp"):
        assert operator not in written


def test_free_text_and_sort_are_for_the_caller() -> None:
    result = compiled('paper "jam in tray" status:open sort:due,-priority')
    assert result.free_text == ["paper", "jam in tray"]
    assert len(result.where) == 1
    assert result.sort.text == "due,-priority"
    due, priority = result.sort.orders
    assert (due.column, due.is_descending, due.is_nullable) == (Ticket.due_at, False, True)
    assert (priority.column, priority.is_descending) == (Ticket.priority, True)


def test_a_list_has_its_own_order_unless_asked() -> None:
    assert compiled("status:open").sort.text == "-created"
    assert compiled("sort:created").sort.text == "created"


@pytest.mark.parametrize(
    ("text", "reason", "pointed_at", "suggestions"),
    [
        ("staus:open", "unknown_field", "staus", ["status:", "state:"]),
        ("http://example.org", "unknown_field", "http", []),
        ("status:opne", "unknown_value", "opne", ["open"]),
        ("is:sleeping", "unknown_value", "sleeping", []),
        ("client:acme,acne", "unknown_value", "acne", ["acme"]),
        ("client:none", "unknown_value", "none", []),
        ('assignee:"me"', "unknown_value", '"me"', []),
        ("sort:dew", "unknown_sort", "dew", ["due"]),
        ("sort:-status", "unknown_sort", "-status", []),
        ("status:>open", "operator_not_allowed", "status:>open", []),
        ("client:acme..harbor", "operator_not_allowed", "client:acme..harbor", []),
        ("due:>none", "operator_not_allowed", "none", []),
        ("created:-2h", "operator_not_allowed", "-2h", [">-2h", "<-2h"]),
        ("created:>2h", "value_format", "2h", ["-2h", "+2h"]),
        ("created:soon", "value_format", "soon", []),
        ("created:>2027-02-30", "value_range", "2027-02-30", []),
        ("created:>-999999w", "value_range", "-999999w", []),
        ("created:9999-12-31", "value_range", "9999-12-31", []),
        ("created:>0001-01-01T00:00+14:00", "value_range", "0001-01-01T00:00+14:00", []),
        ("priority:high", "value_format", "high", []),
        ("priority:1.5", "value_format", "1.5", []),
        ("priority:3000000000", "value_range", "3000000000", []),
        ("cost:1.005", "value_format", "1.005", []),
        ("cost:999999999999999999", "value_range", "999999999999999999", []),
        ("worked:>fast", "value_format", "fast", []),
        ("worked:>999999w999999w", "value_range", "999999w999999w", []),
        ("status:open OR paper", "text_nested", "paper", []),
        ('-"paper jam"', "text_nested", '"paper jam"', []),
    ],
)
def test_refuses(text: str, reason: str, pointed_at: str, suggestions: list[str]) -> None:
    with pytest.raises(QueryError) as caught:
        compiled(text)
    error = caught.value
    assert (error.reason, error.suggestions) == (reason, suggestions)
    assert text[error.position : error.position + error.length] == pointed_at
    assert all(suggestion in error.message for suggestion in suggestions)


def test_me_needs_somebody() -> None:
    assert compiled("assignee:me", me=ADA).where
    with pytest.raises(QueryError, match="nobody is signed in"):
        compiled("assignee:me", me=None)


def test_names_are_resolved_in_one_go() -> None:
    asked: list[list[str]] = []

    def resolve(names: Sequence[str]) -> dict[str, list[UUID]]:
        asked.append(list(names))
        return {name: [ACME] for name in names}

    registry = Registry([Field("client", Reference(Ticket.client_id, resolve), "Client")], default_sort=())
    compiler.compile(parse.parse("client:a,b,c"), registry, now=NOW, tz=LONDON, me=None)
    assert asked == [["a", "b", "c"]]


def test_a_field_is_declared_once() -> None:
    registry = Registry([Field("ref", Text(Ticket.ref), "", aliases=("reference",))], default_sort=())
    for name in ("ref", "reference", "sort"):
        with pytest.raises(ValueError, match="declared twice"):
            registry.add(Field(name, Text(Ticket.ref), ""))


_pieces = st.one_of(
    st.sampled_from([f"{field.name}:" for field in REGISTRY.fields] + ["sort:", "nope:"]),
    st.sampled_from([" ", "-", "(", ")", " OR ", ",", "..", ">", ">=", "<", "<="]),
    st.sampled_from(
        ["open", "waiting", "snoozed", "none", "me", "acme", "ada", "due", "a*", '"a"', "12", "1.50", "1e5"]
    ),
    st.sampled_from(["-2h", "+3w", "today", "now", "1h30m", "2027-03-31", "2027-13-01", "-999999w", "9" * 19, "²"]),
)


@given(st.lists(_pieces, max_size=14).map("".join), st.datetimes(timezones=st.just(UTC)))
def test_every_text_compiles_or_is_refused(text: str, now: datetime) -> None:
    with suppress(QueryError):
        result = compiler.compile(parse.parse(text), REGISTRY, now=now, tz=LONDON, me=ADA)
        str(sa.and_(sa.true(), *result.where).compile(dialect=postgresql.dialect()))
