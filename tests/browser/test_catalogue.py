"""Ordering an item whose form has a condition, with JavaScript and without."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from msp.core.db import db
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.services import items
from tests.support import identity, world

FORM = {
    "parts": [
        {"name": "name", "kind": "text", "label": "Full name", "required": True},
        {
            "name": "where", "kind": "choice", "label": "Where", "required": True,
            "options": [{"value": "desk", "label": "Reception"}, {"value": "home", "label": "From home", "price": "60.00"}],
        },
        {"name": "address", "kind": "long_text", "label": "Address", "required": True, "show_if": {"field": "where", "is": "home"}},
    ]
}  # fmt: skip


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def is_scripted(request: Any) -> bool:
    return bool(request.param)


@pytest.fixture
def page(chromium: Browser, is_scripted: bool) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=is_scripted, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_an_item_is_ordered_through_its_form(running: Any, page: Page, is_scripted: bool) -> None:
    company = world.company(running.app, "Orders")
    with world.as_staff(running.app) as by:
        items.add_item(company.id, {"name": "New colleague", "price_once": "40", "synonyms": ["joiner"], "form": FORM}, by=by)
    contact = company.people["requester"]
    identity.give_password(running.app, contact.person_id)
    page.goto(running.url(company.host))
    page.fill("[name=e_mail]", contact.e_mail or "")
    page.fill("[name=password]", world.PASSWORD)
    page.click("form.form button[type=submit]")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Catalogue").click()
    page.fill("main [name=q]", "joiner")
    page.locator("main").get_by_role("button", name="Search").click()
    page.get_by_role("link", name="New colleague").click()
    expect(page.get_by_role("complementary", name="Your order")).to_contain_text("£40")
    expect(page.get_by_label("Address")).to_be_hidden()

    page.get_by_label("Full name").fill("Leonie")
    page.get_by_role("radio", name="From home").check()
    if is_scripted:
        expect(page.get_by_role("button", name="Update the form")).to_be_hidden()
    else:
        page.get_by_role("button", name="Update the form").click()
    expect(page.get_by_label("Address")).to_be_visible()
    expect(page.get_by_role("complementary", name="Your order")).to_contain_text("£100")
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Address")
    expect(page.get_by_label("Full name")).to_have_value("Leonie")

    page.get_by_label("Address").fill("3 Harbour Row")
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New colleague")
    expect(page.get_by_role("region", name="What was ordered")).to_contain_text("3 Harbour Row")
    expect(page.get_by_role("region", name="What was ordered")).to_contain_text("£100")
    with world.as_staff(running.app):
        order = db.session.query(Order).filter_by(tenant_id=company.id).one()
        assert order.answers == {"name": "Leonie", "where": "home", "address": "3 Harbour Row"}
