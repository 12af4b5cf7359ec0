"""The portal with JavaScript switched off: sign in, report, read, answer, and be told what is missing."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from msp.itsm.tickets import queries
from msp.itsm.tickets.services import conversation
from tests.support import identity, world


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    yield context.new_page()
    context.close()


def test_main_journey(running: Any, page: Page) -> None:
    company = world.company(running.app, "Plain")
    contact = company.people["requester"]
    identity.give_password(running.app, contact.person_id)

    page.goto(running.url(company.host))
    page.fill("[name=e_mail]", contact.e_mail or "")
    page.fill("[name=password]", world.PASSWORD)
    page.click("form.form button[type=submit]")
    expect(page.get_by_role("heading", level=1)).to_have_text("What do you need help with?")

    page.get_by_role("link", name="Something is broken").click()
    page.locator("form.form [name=body]").fill("It beeps and stays shut.")
    page.locator("form.form").evaluate("form => form.noValidate = true")
    page.click("form.form button.btn-primary")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("form.form [name=body]")).to_have_value("It beeps and stays shut.")
    page.fill("[name=subject]", "The till does not open")
    page.locator("[name=impact]").first.check()
    page.locator("[name=urgency]").first.check()
    page.click("form.form button.btn-primary")
    expect(page.get_by_role("heading", level=1)).to_have_text("The till does not open")
    expect(page.locator("#promise h2")).to_contain_text("We promised")

    ref = page.url.rstrip("/").rpartition("/")[2].partition("?")[0]
    _, agent = world.agent(running.app)
    with world.acting(running.app, agent):
        ticket = queries.visible_ticket_by_ref(ref.upper(), by=agent)
        conversation.reply(ticket.id, "Which till is it?", by=agent, then="waiting_for_client", reason="Asked which till it is")

    page.goto(running.url(company.host, "/requests"))
    page.get_by_role("link", name="The till does not open").click()
    expect(page.locator("#conversation")).to_contain_text("Which till is it?")
    expect(page.locator("#journey")).to_contain_text("Waiting for you")
    page.locator("#how > summary").click()
    expect(page.locator("#how")).to_contain_text("Asked which till it is")

    page.fill("#answer [name=body]", "The second from the left.")
    page.click("#answer [data-send]")
    expect(page.locator("#conversation")).to_contain_text("The second from the left.")
    expect(page.locator("#journey")).not_to_contain_text("Waiting for you")
    page.locator(".pme details").last.locator("summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(running.url(company.host, "/requests"))
    expect(page.locator("[name=password]")).to_be_visible()
