"""Orders that are quoted first: no price when they are ordered, ours to say, approved by whoever ordered or by the item's chain."""

from decimal import Decimal
from typing import Any

import pytest

from msp.core import clock
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.catalog.services import correcting, quoting
from tests.itsm.approvals import asked
from tests.itsm.catalog import on_its_way as way
from tests.support import world

ROOM: dict[str, Any] = {"is_quoted": True, "form": way.FORM, "tasks": [{"title": "Wire the room"}]}


@pytest.fixture
def room(acme: Any, item_at: Any) -> Any:
    return item_at(acme, "Meeting room", **ROOM)


@pytest.fixture
def quote(console_app: Any) -> Any:
    def make(placed: Any, once: str | None = "1200", monthly: str | None = None, words: str = "Screen and wiring.", **more: Any) -> Any:
        _, agent = world.agent(console_app)
        amounts = {"once": once and Decimal(once), "monthly": monthly and Decimal(monthly)}
        version = more.get("version") or way.now(console_app, placed).version
        with clock.at(way.MONDAY), world.acting(console_app, more.get("by") or agent) as by:
            return quoting.quote_order(placed.id, **amounts, words=words, version=version, by=by)

    return make


def test_a_quote_is_approved_by_whoever_ordered_and_orders_it(console_app: Any, acme: Any, room: Any, quote: Any) -> None:
    placed = way.order(console_app, acme, room)
    assert (way.states(console_app, placed), placed.price_once) == (("quoting", "new"), None)
    quote(placed, monthly="9.50")
    assert way.states(console_app, placed) == ("asking", "waiting_for_approval")
    approval = way.approval_of(console_app, placed)
    assert (approval.shown["once"], approval.shown["monthly"]) == ("1200.00", "9.50")
    assert ["Our quote", "Screen and wiring."] in approval.shown["lines"]
    assert asked.open_names(console_app, approval) == {"Requester"}
    assert ("order_quoted", {"price": "£1,200, and £9.50 a month"}) in way.entries(console_app, placed)
    way.answer(console_app, acme, placed, "requester")
    assert (way.states(console_app, placed), way.tasks_of(console_app, placed)) == (("placed", "open"), {"Wire the room": "open"})
    assert str(way.now(console_app, placed).price_once) == "1200.00"
    with pytest.raises(Conflict, match="nothing to quote"):
        quote(placed)


def test_the_items_chain_approves_a_quote_where_there_is_one(console_app: Any, acme: Any, item_at: Any, quote: Any) -> None:
    chain = {"stages": [way.ADMIN]}  # only over £1,000
    placed = way.order(console_app, acme, item_at(acme, "Room", **{**ROOM, "chain": chain}))
    quote(placed)
    first = way.approval_of(console_app, placed)
    assert asked.open_names(console_app, first) == {"Admin"}
    quote(placed, "900")
    way.work(console_app)
    assert asked.read(console_app, first).state == "voided", "another price is asked anew"
    assert way.states(console_app, placed) == ("placed", "open"), "which nobody has to approve"


def test_a_quote_that_was_declined_is_written_anew(console_app: Any, acme: Any, room: Any, quote: Any) -> None:
    placed = way.order(console_app, acme, room)
    quote(placed)
    way.answer(console_app, acme, placed, "requester", False, "Too dear.")
    assert way.states(console_app, placed) == ("quoting", "open")
    quote(placed, "800")
    way.answer(console_app, acme, placed, "requester")
    assert way.states(console_app, placed) == ("placed", "open")


def test_other_answers_are_quoted_anew(console_app: Any, acme: Any, room: Any, quote: Any) -> None:
    placed = way.order(console_app, acme, room)
    quote(placed)
    first = way.approval_of(console_app, placed)
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by:
        version = way.now(console_app, placed).version
        correcting.change_order(placed.id, {"why": "For twelve people", "size": "large"}, version=version, by=by)
    now = way.now(console_app, placed)
    assert (way.states(console_app, placed), now.price_once, now.quote) == (("quoting", "open"), None, "")
    assert asked.read(console_app, first).state == "voided"


@pytest.mark.parametrize(
    ("once", "monthly", "words", "pointer"),
    [(None, None, "", "/once"), ("-1", None, "", "/once"), ("1.005", None, "", "/once"), ("NaN", None, "", "/once"),
     ("5", "99999999", "", "/monthly"), ("5", None, "x" * 2001, "/words")],
)  # fmt: skip
def test_what_cannot_be_a_quote_is_told(
    console_app: Any, acme: Any, room: Any, quote: Any, once: str | None, monthly: str | None, words: str, pointer: str
) -> None:
    placed = way.order(console_app, acme, room)
    with pytest.raises(Invalid) as refused:
        quote(placed, once, monthly, words)
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert way.states(console_app, placed) == ("quoting", "new")


def test_only_who_handles_the_clients_tickets_quotes(console_app: Any, acme: Any, birch: Any, room: Any, quote: Any) -> None:
    placed = way.order(console_app, acme, room)
    for by in (acme.actor(), world.agent(console_app, "read_only")[1]):
        with pytest.raises(Forbidden):
            quote(placed, by=by)
    with pytest.raises(NotFound):
        quote(placed, by=world.agent(console_app, clients=[birch.id])[1])
    with pytest.raises(StaleVersion):
        quote(placed, version=99)


def test_a_quoted_item_has_no_price(acme: Any, item_at: Any) -> None:
    with pytest.raises(Invalid) as refused:
        item_at(acme, "Room", is_quoted=True, price_once="5")
    assert [error.pointer for error in refused.value.errors] == ["/price_once"]
