"""Ordering through a form with conditions, without any script: what is asked follows the answers, and what they add to the price."""

import re
from typing import Any

import pytest

from msp.core.db import db
from msp.itsm.catalog.models import CatalogItemVersion, Order
from msp.itsm.catalog.services import items
from msp.itsm.tickets.models import Message
from tests.support import world

FORM: dict[str, Any] = {
    "parts": [
        {"name": "name", "kind": "text", "label": "Full name", "required": True},
        {
            "name": "where", "kind": "choice", "label": "Where", "required": True,
            "options": [{"value": "desk", "label": "Reception"}, {"value": "room", "label": "Treatment room"}],
        },
        {"name": "role", "kind": "text", "label": "Role", "required": True, "show_if": {"field": "where", "is": "room"}},
        {
            "name": "kit", "kind": "multi_choice", "label": "Equipment",
            "options": [
                {"value": "tablet", "label": "Tablet", "price": "420.00"}, {"value": "headset", "label": "Headset", "price": "85.00"},
            ],
        },
    ]
}  # fmt: skip


ROLE = 'data-part="role"'


@pytest.fixture
def joiner(console_app: Any, acme: Any) -> Any:
    with world.as_staff(console_app) as by:
        return items.add_item(acme.id, {"name": "New colleague", "price_monthly": "34", "form": FORM}, by=by)


def test_what_is_asked_follows_the_answers(acme: Any, portal_of: Any, send: Any, joiner: Any) -> None:
    browser, path = portal_of(acme), f"/catalogue/items/{joiner.id}"
    page = browser.get(path).text
    assert 'name="q-name"' in page
    assert re.search(ROLE + " hidden", page)
    looked = send(browser, path, number="1", act="look", **{"q-where": "room", "q-kit": ["tablet", "headset"]})
    assert looked.status_code == 200
    assert re.search(ROLE + ">", looked.text)
    assert re.search(r'value="tablet" checked', looked.text)
    assert "£505" in looked.text
    refused = send(browser, path, number="1", **{"q-name": "Leonie <O>", "q-where": "room"})
    assert refused.status_code == 422
    assert 'href="#f-q-role"' in refused.text
    assert 'value="Leonie &lt;O&gt;"' in refused.text
    assert 'value="room" checked' in refused.text


def test_prices_that_are_hidden_stand_nowhere_in_the_page(console_app: Any, acme: Any, portal_of: Any, send: Any) -> None:
    with world.as_staff(console_app) as by:
        item = items.add_item(acme.id, {"name": "Kit", "form": FORM, "is_price_shown": False}, by=by)
    browser, path = portal_of(acme), f"/catalogue/items/{item.id}"
    for page in (browser.get(path).text, send(browser, path, number="1", act="look", **{"q-kit": ["tablet"]}).text):
        assert "Tablet" in page
        assert "420" not in page
        assert "price" not in page


def test_an_order_says_the_answers_and_keeps_its_form(
    console_app: Any, acme: Any, portal_of: Any, send: Any, joiner: Any
) -> None:
    browser, path = portal_of(acme), f"/catalogue/items/{joiner.id}"
    answered = {"q-name": "Leonie", "q-where": "room", "q-role": "Nurse", "q-kit": ["tablet"]}
    answer = send(browser, path, number="1", **answered)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.location).text
    shown = r"What was ordered.*Full name.*Leonie.*Where.*Treatment room.*Equipment.*Tablet.*£420, and £34 a month"
    assert re.search(shown, page, re.DOTALL)
    with world.as_staff(console_app) as by:
        changed = items.change_item(joiner.id, {"name": "Newcomer", "form": {}}, version=1, by=by)
        items.show_item(joiner.id, False, version=changed.version, by=by)
        order = db.session.query(Order).filter_by(tenant_id=acme.id).one()
        kept = db.session.query(CatalogItemVersion).filter_by(tenant_id=acme.id, id=order.item_version_id).one()
        assert kept.content["form"] == FORM
        assert order.answers == {"name": "Leonie", "where": "room", "role": "Nurse", "kit": ["tablet"]}
        assert str(order.price_once) == "420.00"
        body = db.session.query(Message).filter_by(tenant_id=acme.id).one().body
        assert body.startswith("Full name: Leonie\nWhere: Treatment room\nRole: Nurse\nEquipment: Tablet")
    assert "Treatment room" in browser.get(answer.location).text, "the request still shows them"


def test_what_is_not_shown_has_no_answer(console_app: Any, acme: Any, portal_of: Any, send: Any, joiner: Any) -> None:
    answered = {"q-name": "Leonie", "q-where": "desk", "q-role": "Smuggled"}
    assert send(portal_of(acme), f"/catalogue/items/{joiner.id}", number="1", **answered).status_code == 303
    with world.as_staff(console_app):
        assert db.session.query(Order).filter_by(tenant_id=acme.id).one().answers == {"name": "Leonie", "where": "desk"}


def test_answers_wait_in_the_basket_and_come_again(acme: Any, portal_of: Any, send: Any, joiner: Any) -> None:
    browser, path = portal_of(acme), f"/catalogue/items/{joiner.id}"
    answered = {"q-name": "Leonie", "q-where": "desk", "q-kit": ["headset"]}
    assert send(browser, path, number="1", act="basket", **answered).status_code == 303
    page = browser.get("/basket").text
    assert "Leonie" in page
    assert "£85" in page
    lines = dict(re.findall(r'name="(line-[^"]+)" value="(\d+)"', page))
    line = next(iter(lines)).removeprefix("line-")
    assert re.search(r'value="headset" checked', browser.get(f"/basket/{line}").text)
    assert send(browser, f"/basket/{line}", number="1", version="1", **{"q-where": "room"}).status_code == 422
    ordered = browser.get(send(browser, "/basket", **lines).location).text
    again = re.search(r'href="(/catalogue/items/[^"]+again=[^"]+)"', ordered)
    assert again
    assert 'value="Leonie"' in browser.get(again[1].replace("&amp;", "&")).text


def test_an_agent_answers_the_same_form(console_app: Any, acme: Any, console_of: Any, joiner: Any) -> None:
    _, agent = world.agent(console_app)
    browser, path = console_of(agent), f"/clients/{acme.id}/catalogue/items/{joiner.id}/order"
    sent = {"csrf_token": world.csrf(browser), "number": "1", "contact": acme.people["requester"].e_mail, "q-where": "room"}
    looked = browser.post(path, data={**sent, "act": "look"})
    assert (looked.status_code, bool(re.search(ROLE + ">", looked.text))) == (200, True)
    refused = browser.post(path, data=sent)
    assert (refused.status_code, 'href="#f-q-name"' in refused.text) == (422, True)
    placed = browser.post(path, data={**sent, "q-name": "Leonie", "q-role": "Nurse"})
    assert placed.status_code == 303, placed.text
    assert "Treatment room" in browser.get(placed.location).text
