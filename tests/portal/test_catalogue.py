"""The catalogue in the portal: finding, ordering, the basket, ordering again; all of it without any script."""

import re
from typing import Any

import pytest

from msp.core.db import db
from msp.itsm.catalog.services import categories, items
from msp.itsm.tickets.models import Ticket
from tests.support import world
from tests.support.statements import counted


@pytest.fixture
def add(console_app: Any) -> Any:
    """Add an item to a company's catalogue."""

    def make(company: Any, name: str, category_id: Any = None, roles: Any = (), **content: Any) -> Any:
        with world.as_staff(console_app) as by:
            return items.add_item(company.id, {"name": name, **content}, by=by, category_id=category_id, roles=roles)

    return make


def tickets_of(app: Any, company: Any) -> list[Ticket]:
    with world.as_staff(app):
        return db.session.query(Ticket).filter_by(tenant_id=company.id).order_by(Ticket.number).all()


def test_the_catalogue_shows_price_and_promise_and_is_searched(
    console_app: Any, acme: Any, birch: Any, portal_of: Any, add: Any
) -> None:
    with world.as_staff(console_app) as by:
        shelf = categories.add_category(acme.id, "Equipment", by=by)
    add(acme, "Laptop", shelf.id, price_once="980", synonyms=["Notebook"], summary="14 or 16 inch")
    add(acme, "Advice", price_once="120", is_price_shown=False)
    add(acme, "Board papers", roles=["manager"])
    add(birch, "Forklift")
    browser = portal_of(acme)
    page = browser.get("/catalogue").text
    assert re.search(r'class="m">£980, within \d', page), "price and promise"
    assert "£120" not in page
    assert "Forklift" not in page
    assert "Board papers" not in page
    assert "Board papers" in portal_of(acme, "manager").get("/catalogue").text
    found = browser.get("/catalogue?q=notebook").text
    assert ("Laptop" in found, ">Advice<" in found) == (True, False)
    assert ">Advice<" not in browser.get(f"/catalogue?category={shelf.id}").text
    assert "Nothing found" in browser.get("/catalogue?q=spaceship").text
    assert browser.get("/catalogue?q=%00&category=nonsense&show=x").status_code == 200
    assert browser.get("/catalogue?after=forged").status_code == 400


def test_an_order_becomes_a_request_that_shows_what_was_ordered(
    console_app: Any, acme: Any, portal_of: Any, send: Any, add: Any
) -> None:
    laptop = add(acme, "Laptop", price_once="980", service="Equipment")
    browser, path = portal_of(acme), f"/catalogue/items/{laptop.id}"
    page = browser.get(path).text
    assert "£980" in page
    assert "What happens next" in page
    answer = send(browser, path, number="1", note="Matte <screen>")
    assert answer.status_code == 303, answer.text
    shown = browser.get(answer.location).text
    assert "Thank you, we have it." in shown
    assert "Matte &lt;screen&gt;" in shown
    assert re.search(r"What was ordered.*Laptop.*£980", shown, re.DOTALL)
    [made] = tickets_of(console_app, acme)
    assert (made.kind, made.source, made.service, made.sla_standing) == ("request", "portal", "Equipment", "running")


def test_what_is_refused_keeps_what_was_typed(console_app: Any, acme: Any, portal_of: Any, send: Any, add: Any) -> None:
    laptop = add(acme, "Laptop", price_once="980")
    browser, path = portal_of(acme, "manager"), f"/catalogue/items/{laptop.id}"
    refused = send(browser, path, number="1", note="Blue", **{"for": "nobody@elsewhere.example"})
    assert refused.status_code == 422
    assert "has this address" in refused.text
    assert ">\nBlue</textarea>" in refused.text
    assert 'value="nobody@elsewhere.example"' in refused.text
    with world.as_staff(console_app) as by:
        items.change_item(laptop.id, {"name": "Laptop", "price_once": "1200"}, version=1, by=by)
    stale = send(browser, path, number="1", note="Blue")
    assert stale.status_code == 409
    assert "changed in the meantime" in stale.text
    assert 'name="number" value="2"' in stale.text
    assert ">\nBlue</textarea>" in stale.text
    assert tickets_of(console_app, acme) == []


def test_a_manager_orders_for_a_colleague(console_app: Any, acme: Any, portal_of: Any, send: Any, add: Any) -> None:
    laptop, path = add(acme, "Laptop"), "/catalogue/items/"
    assert 'name="for"' not in portal_of(acme).get(f"{path}{laptop.id}").text
    manager, colleague = portal_of(acme, "manager"), acme.people["requester"]
    answer = send(manager, f"{path}{laptop.id}", number="1", **{"for": colleague.e_mail})
    assert answer.status_code == 303, answer.text
    [made] = tickets_of(console_app, acme)
    assert made.subject == f"Laptop for {colleague.name}"
    assert made.subject in portal_of(acme).get(answer.location).text, "the colleague can follow it"
    refused = send(portal_of(acme), f"{path}{laptop.id}", number="1", **{"for": acme.people["manager"].e_mail})
    assert refused.status_code == 403


def test_several_things_are_ordered_together_and_one_again(
    console_app: Any, acme: Any, portal_of: Any, send: Any, add: Any
) -> None:
    laptop, headset = add(acme, "Laptop", price_once="980"), add(acme, "Headset", price_once="85", price_monthly="3")
    browser = portal_of(acme)
    for item in (laptop, headset):
        assert send(browser, f"/catalogue/items/{item.id}", number="1", note="Soon", act="basket").status_code == 303
    page = browser.get("/basket").text
    assert "£1,065" in page
    assert "£3" in page
    lines = dict(re.findall(r'name="(line-[^"]+)" value="(\d+)"', page))
    first = next(iter(lines)).removeprefix("line-")
    assert ">\nSoon</textarea>" in browser.get(f"/basket/{first}").text
    assert send(browser, f"/basket/{first}", number="1", version="1", note="Later").status_code == 303
    assert send(browser, f"/basket/{first}", number="1", version="1", note="Never").status_code == 412
    answer = send(browser, "/basket", **lines)
    assert answer.status_code == 303, answer.text
    shown = browser.get(answer.location).text
    assert "Thank you, we have it: 2 requests." in shown
    assert {made.subject for made in tickets_of(console_app, acme)} == {"Laptop", "Headset"}
    assert send(browser, "/basket", **lines).status_code == 409, "a second click orders nothing"
    again = re.search(r'href="(/catalogue/items/[^"]+again=[^"]+)"', shown)
    assert again
    filled = browser.get(again[1].replace("&amp;", "&")).text
    assert re.search(r">\n(Later|Soon)</textarea>", filled)


def test_what_lies_in_the_basket_can_be_taken_out_and_is_ones_own(
    acme: Any, birch: Any, portal_of: Any, send: Any, add: Any
) -> None:
    laptop = add(acme, "Laptop")
    browser = portal_of(acme)
    send(browser, f"/catalogue/items/{laptop.id}", number="1", act="basket")
    found = re.search(r'name="line-([^"]+)"', browser.get("/basket").text)
    assert found
    for other in (portal_of(acme, "manager"), portal_of(birch)):
        assert other.get(f"/basket/{found[1]}").status_code == 404
        assert send(other, f"/basket/{found[1]}", act="take_out").status_code == 404
    assert send(browser, f"/basket/{found[1]}", act="take_out").status_code == 303
    assert "Your basket is empty" in browser.get("/basket").text


def test_favourites_are_kept_and_given_up(acme: Any, portal_of: Any, send: Any, add: Any) -> None:
    laptop = add(acme, "Laptop")
    add(acme, "Headset")
    browser = portal_of(acme)
    send(browser, f"/catalogue/items/{laptop.id}/favourite", keep="1")
    shown = browser.get("/catalogue?show=favourites").text
    assert ("Laptop" in shown, ">Headset<" in shown) == (True, False)
    send(browser, f"/catalogue/items/{laptop.id}/favourite", keep="0")
    assert "Favourites" not in re.sub(r"<form.*?</form>", "", browser.get("/catalogue").text)


def test_another_clients_item_is_as_absent_as_one_that_never_was(acme: Any, birch: Any, portal_of: Any, send: Any, add: Any) -> None:
    theirs = add(birch, "Forklift")
    browser = portal_of(acme)
    for path in (f"/catalogue/items/{theirs.id}", "/catalogue/items/019b0000-0000-7000-8000-000000000000"):
        assert browser.get(path).status_code == 404
        assert send(browser, path, number="1").status_code == 404
        assert send(browser, f"{path}/favourite", keep="1").status_code == 404


def test_no_page_asks_once_per_item(portal_app: Any, acme: Any, portal_of: Any, send: Any, add: Any) -> None:
    browser = portal_of(acme)

    def order(number: int) -> None:
        item = add(acme, f"Thing {number}", price_once="5")
        send(browser, f"/catalogue/items/{item.id}", number="1")
        send(browser, f"/catalogue/items/{item.id}", number="1", act="basket")

    order(0)
    paths = ("/catalogue", "/basket", "/orders")
    few, many = {}, {}
    for path in paths:
        browser.get(path)
        with counted(portal_app) as statements:
            browser.get(path)
        few[path] = len(statements)
    for number in range(1, 6):
        order(number)
    for path in paths:
        with counted(portal_app) as statements:
            browser.get(path)
        many[path] = len(statements)
    assert many == few
