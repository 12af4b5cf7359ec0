"""Building a form with a condition and ordering through it, with JavaScript and without."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from msp.core.db import db
from msp.itsm.catalog import queries
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.services import items
from tests.support import identity, world

SLOW = 20_000  # milliseconds that a step may take on a busy machine
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


def add_part(page: Page, kind: str, label: str, name: str) -> None:
    page.get_by_label("New part").select_option(label=kind)
    page.get_by_label("What it asks or says").fill(label)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(f"#fb-{name} > details")).to_have_attribute("open", "", timeout=SLOW)


def build(page: Page, is_scripted: bool) -> None:
    """A form of three questions, one of which is asked after an answer only; the last is moved to the top."""
    page.get_by_label("Name", exact=True).fill("New colleague")
    add_part(page, "Choice", "Where?", "where")
    where = page.locator("#fb-where")
    where.get_by_label("Option 1", exact=True).fill("Reception")
    where.get_by_label("Option 2", exact=True).fill("From home")
    where.get_by_label("Price of option 2").fill("60")
    add_part(page, "Text", "Address", "address")
    asked = page.locator("#fb-address").get_by_role("group", name="When it is asked")
    asked.get_by_label("Question").select_option(label="Where?")
    if not is_scripted:
        asked.get_by_role("button", name="Show its answers").click()
    asked.get_by_label("From home").check(timeout=SLOW)
    page.locator("#fb-address").get_by_label("Must be answered").check()
    add_part(page, "Text", "Full name", "full_name")
    if is_scripted:
        for part in ("where", "address", "full_name"):
            page.locator(f"#fb-{part} > details > summary").click()  # closed, all of them are in sight
        top = page.locator("#fb-where .fb-head")
        page.locator("#fb-full_name [data-builder-grip]").drag_to(top, target_position={"x": 80, "y": 3})
        expect(page.locator("[data-builder-said]")).to_have_text("“Full name” is number 1 of 3.", timeout=SLOW)
    else:
        for place in (1, 0):
            page.get_by_role("button", name="Move “Full name” up").click()
            expect(page.locator("[name=fb-part]").nth(place)).to_have_value("full_name:text")
    assert [each.get_attribute("value") for each in page.locator("[name=fb-part]").all()] == [
        "full_name:text", "where:choice", "address:text",
    ]  # fmt: skip


def test_a_form_is_built_in_the_console_and_ordered_through(running: Any, person_at: Any, is_scripted: bool) -> None:
    company = world.company(running.app, "Built")
    lead, actor = world.agent(running.app, "lead")
    page = person_at("console.localhost", actor.provider_id, lead.person_id, java_script_enabled=is_scripted)
    page.goto(running.url("console.localhost", f"/clients/{company.id}/catalogue/new"))
    build(page, is_scripted)
    preview = page.get_by_role("complementary", name="Preview")
    if is_scripted:
        expect(preview.get_by_label("Address")).to_be_hidden()
        preview.get_by_text("From home", exact=True).click()
        expect(preview.get_by_label("Address")).to_be_visible()
    else:
        expect(preview).to_contain_text("Asked where Where = From home")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="New colleague").first).to_be_visible(timeout=SLOW)
    with world.as_staff(running.app) as by:
        [entry] = queries.item_page(company.id, by=by).rows
    assert entry.content["form"] == {
        "parts": [
            {"name": "full_name", "kind": "text", "label": "Full name"},
            {
                "name": "where", "kind": "choice", "label": "Where?",
                "options": [{"value": "reception", "label": "Reception"}, {"value": "from_home", "label": "From home", "price": "60"}],
            },
            {
                "name": "address", "kind": "text", "label": "Address", "required": True, "show_if": {"field": "where", "is": "from_home"},
            },
        ]
    }  # fmt: skip

    page = person_at(company.host, company.id, company.people["requester"].person_id, java_script_enabled=is_scripted)
    page.goto(running.url(company.host, f"/catalogue/items/{entry.item.id}"))
    page.get_by_label("Full name").fill("Leonie")
    expect(page.get_by_label("Address")).to_be_hidden()
    page.get_by_text("From home", exact=True).click()
    if not is_scripted:
        page.get_by_role("button", name="Update the form").click()
    page.get_by_label("Address").fill("3 Harbour Row")
    expect(page.get_by_role("complementary", name="Your order")).to_contain_text("£60")
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_role("region", name="What was ordered")).to_contain_text("3 Harbour Row", timeout=SLOW)
    with world.as_staff(running.app):
        order = db.session.query(Order).filter_by(tenant_id=company.id).one()
        assert order.answers == {"full_name": "Leonie", "where": "from_home", "address": "3 Harbour Row"}
        assert str(order.price_once) == "60.00"
