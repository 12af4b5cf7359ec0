"""Orders: the request that opens, what is kept of the item as it was, the basket, colleagues."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound
from msp.itsm.catalog import queries
from msp.itsm.catalog.services import items, keeping, orders
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.custom import services as custom_fields
from msp.itsm.tickets.models import Message, Ticket
from msp.itsm.tickets.services import opening
from tests.support import world


def ticket_of(placed: Any) -> Ticket:
    return db.session.execute(sa.select(Ticket).where(Ticket.id == placed.ticket_id)).scalar_one()


def test_an_order_opens_a_request_that_says_what_was_ordered(console_app: Any, acme: Any, item_at: Any) -> None:
    laptop = item_at(acme, "Laptop", price_once="980", price_monthly="12.5", service="Equipment", impact=3, urgency=3)
    with world.acting(console_app, acme.actor()) as by:
        placed = orders.order(laptop.id, number=1, note="Matte screen, if there is one.", by=by)
        ticket = ticket_of(placed)
        assert (ticket.kind, ticket.subject, ticket.source, ticket.service) == ("request", "Laptop", "portal", "Equipment")
        assert ticket.requester_id == by.id
        said = db.session.scalars(sa.select(Message.body).where(Message.ticket_id == ticket.id)).one()
        assert said == "Matte screen, if there is one.\n\nPrice: £980, and £12.50 a month"
        assert queries.order_of(ticket) is placed
        assert [each.ref for each in queries.order_page(acme.id, by=by).rows] == [ticket.ref]


def test_an_order_keeps_version_and_price_when_the_item_changes_or_goes(console_app: Any, acme: Any, item_at: Any) -> None:
    laptop = item_at(acme, "Laptop", price_once="980")
    with world.acting(console_app, acme.actor()) as by:
        placed = orders.order(laptop.id, number=1, by=by)
    with world.as_staff(console_app) as by:
        changed = items.change_item(laptop.id, {"name": "Notebook", "price_once": "1200"}, version=1, by=by)
        items.show_item(laptop.id, False, version=changed.version, by=by)
    with world.acting(console_app, acme.actor()) as by:
        kept = queries.visible_order(placed.id, by=by).order
        assert (kept.item_name, str(kept.price_once)) == ("Laptop", "980.00")
        version = queries.version_of(changed, 1)
        assert (kept.item_version_id, version.content["name"]) == (version.id, "Laptop")


def test_what_was_changed_since_it_was_shown_is_not_ordered(console_app: Any, acme: Any, item_at: Any) -> None:
    laptop = item_at(acme, "Laptop", price_once="980")
    with world.as_staff(console_app) as by:
        items.change_item(laptop.id, {"name": "Laptop", "price_once": "1200"}, version=1, by=by)
    with world.acting(console_app, acme.actor()) as by:
        with pytest.raises(Conflict, match="changed"):
            orders.order(laptop.id, number=1, by=by)
        assert queries.order_page(acme.id, by=by).rows == []


def test_a_manager_orders_for_a_colleague_who_may_follow(console_app: Any, acme: Any, birch: Any, item_at: Any) -> None:
    laptop, colleague = item_at(acme, "Laptop"), acme.people["requester"]
    with world.acting(console_app, acme.actor("manager")) as by:
        placed = orders.order(laptop.id, number=1, for_contact_id=colleague.id, by=by)
        ticket = ticket_of(placed)
        assert ticket.subject == f"Laptop for {colleague.name}"
        assert ticket.requester_id == by.id
        for nobody in (birch.people["requester"].id, uuid4()):
            with pytest.raises(Invalid, match="contact"):
                orders.order(laptop.id, number=1, for_contact_id=nobody, by=by)
    with world.acting(console_app, acme.actor()) as by:
        assert tickets.visible_ticket(ticket.id, by=by).id == ticket.id
        assert [each.order.for_name for each in queries.order_page(acme.id, by=by).rows] == [colleague.name]
        with pytest.raises(Forbidden, match="colleagues"):
            orders.order(laptop.id, number=1, for_contact_id=acme.people["manager"].id, by=by)


def test_a_site_manager_orders_for_his_own_sites_alone(console_app: Any, acme: Any, item_at: Any) -> None:
    from dataclasses import replace

    laptop = item_at(acme, "Laptop")
    boss = acme.actor("manager")
    limited = replace(boss, permissions=frozenset(boss.permissions - {"ticket.read_company"}), site_ids=frozenset({uuid4()}))
    with world.acting(console_app, limited), pytest.raises(Invalid, match="own sites"):
        orders.order(laptop.id, number=1, for_contact_id=acme.people["requester"].id, by=limited)


def test_an_agent_orders_for_who_may_order(console_app: Any, acme: Any, birch: Any, item_at: Any) -> None:
    laptop, secret = item_at(acme, "Laptop"), item_at(acme, "Budget report", roles=["manager"])
    requester = acme.people["requester"]
    _, agent = world.agent(console_app)
    with world.acting(console_app, agent):
        placed = orders.order(laptop.id, number=1, contact_id=requester.id, by=agent)
        ticket = ticket_of(placed)
        assert (ticket.requester_id, ticket.source, placed.ordered_by_name) == (requester.id, "console", agent.name)
        with pytest.raises(Invalid, match="may not order"):
            orders.order(secret.id, number=1, contact_id=requester.id, by=agent)
        with pytest.raises(Invalid, match="who orders"):
            orders.order(laptop.id, number=1, by=agent)
        with pytest.raises(Invalid):
            orders.order(laptop.id, number=1, contact_id=birch.people["requester"].id, by=agent)


def test_a_basket_is_ordered_whole_or_not_at_all(console_app: Any, acme: Any, item_at: Any) -> None:
    laptop, headset = item_at(acme, "Laptop"), item_at(acme, "Headset")
    with world.acting(console_app, acme.actor()) as by:
        first = keeping.put_in(laptop.id, number=1, note="16 inch", by=by)
        second = keeping.put_in(headset.id, number=1, by=by)
        seen = {first.id: 1, second.id: 1}
    with world.as_staff(console_app) as by:
        items.show_item(headset.id, False, version=1, by=by)
    with world.acting(console_app, acme.actor()) as by:
        assert [line.is_stale for line in queries.basket(acme.id, by=by)] == [False, True]
        with pytest.raises(Invalid) as refused:
            orders.order_basket(seen, by=by)
        assert [error.pointer for error in refused.value.errors] == [f"/lines/{second.id}"]
        assert queries.order_page(acme.id, by=by).rows == []
        with pytest.raises(Conflict, match="changed"):
            orders.order_basket({first.id: 1}, by=by)
        keeping.take_out(second.id, by=by)
        third = keeping.put_in(laptop.id, number=1, by=by)
        placed = orders.order_basket({first.id: 1, third.id: 1}, by=by)
        assert len({each.group_id for each in placed}) == 1
        assert len({each.ticket_id for each in placed}) == 2
        assert queries.basket_size(acme.id, by=by) == 0
        with pytest.raises(Conflict, match="empty"):
            orders.order_basket({}, by=by)


def test_a_basket_is_its_owners_alone(console_app: Any, acme: Any, birch: Any, item_at: Any) -> None:
    laptop = item_at(acme, "Laptop")
    with world.acting(console_app, acme.actor()) as by:
        line = keeping.put_in(laptop.id, number=1, by=by)
        changed = keeping.change_line(line.id, number=1, version=1, note="Blue", by=by)
        assert changed.note == "Blue"
    for other in (acme.actor("manager"), birch.actor()):
        with world.acting(console_app, other) as by, pytest.raises(NotFound):
            keeping.take_out(line.id, by=by)


def test_what_is_ordered_most_is_often_requested(console_app: Any, acme: Any, item_at: Any) -> None:
    rare, common = item_at(acme, "Rare"), item_at(acme, "Common")
    with world.acting(console_app, acme.actor()) as by:
        for item in (rare, common, common):
            orders.order(item.id, number=1, by=by)
        found = [entry.item.name for entry in queries.often_requested(acme.id, by=by, now=clock.now())]
    assert found == ["Common", "Rare"]


@pytest.mark.parametrize("note", ["x" * 4001])
def test_a_note_too_long_is_told(console_app: Any, acme: Any, item_at: Any, note: str) -> None:
    laptop = item_at(acme, "Laptop")
    with world.acting(console_app, acme.actor()) as by, pytest.raises(Invalid) as refused:
        orders.order(laptop.id, number=1, note=note, by=by)
    assert [error.pointer for error in refused.value.errors] == ["/note"]


def test_a_field_that_the_client_requires_does_not_stand_in_the_way(console_app: Any, acme: Any, item_at: Any) -> None:
    laptop = item_at(acme, "Laptop")
    with world.as_staff(console_app) as by:
        custom_fields.add_field(acme.id, "request", "Room", "text", is_required=True, by=by)
    with world.acting(console_app, acme.actor()) as by:
        placed = orders.order(laptop.id, number=1, by=by)
        with pytest.raises(Invalid) as refused:
            opening.open_ticket(acme.id, "Something else", kind="request", by=by)
    assert [error.pointer for error in refused.value.errors] == ["/custom/room"]
    with world.as_staff(console_app):
        assert db.session.get_one(Ticket, (acme.id, placed.ticket_id)).custom == {}
