"""An order with an approval in the portal: what happens next, before and after; declined, corrected, sent again; quoted."""

from decimal import Decimal
from typing import Any

import pytest

from msp.itsm.catalog.services import items, quoting
from tests.itsm.catalog import on_its_way as way
from tests.support import world


@pytest.fixture
def laptop(console_app: Any, acme: Any) -> Any:
    with world.as_staff(console_app) as by:
        return items.add_item(acme.id, {"name": "Laptop", **way.LAPTOP}, by=by)


def ordered(browser: Any, item: Any, **fields: str) -> Any:
    sent = {"number": "1", "act": "order", "q-why": "She starts on Monday", "q-size": "small", **fields}
    return browser.post(f"/catalogue/items/{item.id}", data={"csrf_token": world.csrf(browser), **sent})


def changed(browser: Any, placed: Any, fields: dict[str, str]) -> Any:
    return browser.post(f"/orders/{placed.id}", data={"csrf_token": world.csrf(browser), **fields})


def test_what_happens_next_stands_beside_the_form(portal_of: Any, acme: Any, laptop: Any) -> None:
    browser, manager, admin = portal_of(acme), acme.people["manager"].name, acme.people["admin"].name
    page = browser.get(f"/catalogue/items/{laptop.id}").text
    assert f"{manager} approves" in page
    assert f"{admin} approves" not in page, "below £1,000 nobody else is asked"
    assert "Order the laptop, Make the account" in page
    dear = ordered(browser, laptop, act="look", **{"q-size": "large"}).text
    assert f"{admin} approves" in dear


def test_an_order_waits_is_approved_and_goes_on(console_app: Any, portal_of: Any, acme: Any, laptop: Any) -> None:
    browser = portal_of(acme)
    page = browser.get(ordered(browser, laptop).headers["Location"]).text
    assert "Waiting for approval" in page
    assert acme.people["manager"].name in page
    assert "Change the order" in page
    waiting = portal_of(acme, "manager").get("/approvals").text
    assert "Laptop for" in waiting


def placed_by(console_app: Any, acme: Any, laptop: Any) -> tuple[Any, str]:
    placed = way.order(console_app, acme, laptop)
    return placed, way.ticket_of(console_app, placed).ref


def test_a_declined_order_says_why_and_is_sent_again(console_app: Any, portal_of: Any, acme: Any, laptop: Any) -> None:
    placed, ref = placed_by(console_app, acme, laptop)
    way.answer(console_app, acme, placed, "manager", False, "There are two on the shelf.")
    browser = portal_of(acme)
    page = browser.get(f"/requests/{ref}").text
    assert "There are two on the shelf." in page
    assert "Correct and send again" in page
    assert "Approved" not in page
    form = browser.get(f"/orders/{placed.id}").text
    assert 'value="She starts on Monday"' in form
    version = str(way.now(console_app, placed).version)
    wrong = changed(browser, placed, {"version": version, "act": "save", "q-why": "", "q-size": "large", "note": "Soon"})
    assert (wrong.status_code, "Fill in" in wrong.text, "Soon" in wrong.text) == (422, True, True)
    stale = changed(browser, placed, {"version": "99", "act": "save", "q-why": "Broken", "q-size": "small"})
    assert (stale.status_code, 'value="Broken"' in stale.text) == (412, True)
    sent = changed(browser, placed, {"version": version, "act": "save", "q-why": "Those are broken", "q-size": "small"})
    assert sent.status_code == 303
    assert "It is sent again." in browser.get(sent.headers["Location"]).text
    assert way.states(console_app, placed) == ("asking", "waiting_for_approval")


def test_a_quote_is_decided_on_by_whoever_ordered(console_app: Any, portal_of: Any, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        room = items.add_item(acme.id, {"name": "Room", "is_quoted": True}, by=by)
    browser = portal_of(acme)
    before = browser.get(f"/catalogue/items/{room.id}").text
    assert "We say what it costs" in before
    assert "You approve the quote" in before
    placed = way.order(console_app, acme, room, answers={})
    ref = way.ticket_of(console_app, placed).ref
    assert "say what it costs" in browser.get(f"/requests/{ref}").text
    with world.as_staff(console_app, world.agent(console_app)[1]) as by:
        quoting.quote_order(placed.id, once=Decimal(700), monthly=None, words="Wiring", version=placed.version, by=by)
    page = browser.get(f"/requests/{ref}").text
    assert "Our quote: £700" in page
    assert "Look and decide" in page


def test_nobody_else_opens_the_form_of_an_order(console_app: Any, portal_of: Any, acme: Any, birch: Any, laptop: Any) -> None:
    placed, _ = placed_by(console_app, acme, laptop)
    for browser in (portal_of(birch), portal_of(acme, "manager")):
        assert browser.get(f"/orders/{placed.id}").status_code == 404
        assert changed(browser, placed, {"version": "1", "q-why": "x"}).status_code == 404


def test_an_approved_order_can_no_longer_be_changed(console_app: Any, portal_of: Any, acme: Any, laptop: Any) -> None:
    placed, ref = placed_by(console_app, acme, laptop)
    way.answer(console_app, acme, placed, "manager")
    browser = portal_of(acme)
    assert "Change the order" not in browser.get(f"/requests/{ref}").text
    assert "can no longer be changed" in browser.get(f"/orders/{placed.id}").text


def test_an_approver_is_led_to_the_request_only_where_he_may_see_it(console_app: Any, portal_of: Any) -> None:
    company = world.company(console_app, "Dales", requester=("requester",), boss=("manager",), clerk=("approver",))
    stages = [{"name": "Both", "approvers": [{"role": "manager"}, {"role": "approver"}]}]
    with world.as_staff(console_app) as by:
        item = items.add_item(company.id, {"name": "Laptop", "chain": {"stages": stages}}, by=by)
    placed = way.order(console_app, company, item, answers={})
    path, ref = f"/approvals/{way.approval_of(console_app, placed).id}", way.ticket_of(console_app, placed).ref
    for person, is_led in (("boss", True), ("clerk", False)):
        page = portal_of(company, person).get(path).text
        assert ref in page
        assert (f'href="/requests/{ref}"' in page) is is_led


def test_what_happens_next_is_told_for_answers_that_are_not_sent_yet(
    console_app: Any, portal_of: Any, acme: Any, birch: Any, laptop: Any
) -> None:
    def steps(browser: Any, **answers: str) -> Any:
        return browser.post(f"/catalogue/items/{laptop.id}/next", data={"csrf_token": world.csrf(browser), **answers})

    browser, admin = portal_of(acme), acme.people["admin"].name
    assert 'data-follow="' in browser.get(f"/catalogue/items/{laptop.id}").text
    cheap, dear = steps(browser, **{"q-size": "small"}), steps(browser, **{"q-size": "large"})
    assert (cheap.status_code, admin in cheap.text) == (200, False)
    assert f"{admin} approves" in dear.text
    assert "<html" not in dear.text
    assert admin not in steps(browser, **{"q-size": "huge"}).text, "an answer that is none decides nothing"
    assert "Waiting for approval" not in browser.get("/orders").text, "nothing was ordered by asking"
    assert steps(portal_of(birch)).status_code == 404
    with world.as_staff(console_app) as by:
        items.show_item(laptop.id, False, version=laptop.version, by=by)
        plain = items.add_item(acme.id, {"name": "Headset", "chain": {"stages": [way.MANAGER]}}, by=by)
    assert steps(browser).status_code == 404
    assert "data-follow" not in browser.get(f"/catalogue/items/{plain.id}").text
