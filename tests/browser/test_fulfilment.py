"""From order to done: a contact orders, his manager approves in the portal, we do the tasks in the console, the contact sees it done."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from msp.core.db import db
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.services import items
from tests.itsm.catalog import on_its_way as way
from tests.support import world


def until(page: Any, is_so: Callable[[], bool]) -> None:
    """Wait for what a job of ours does."""
    for _ in range(240):
        if is_so():
            return
        page.wait_for_timeout(500)
    raise AssertionError("it was not done")


def test_an_order_is_approved_carried_out_and_seen_to_be_done(running: Any, person_at: Any) -> None:
    company = world.company(running.app, "Fulfil")
    made, agent = world.agent(running.app)
    with world.as_staff(running.app) as by:
        items.add_item(company.id, {"name": "Laptop", **way.LAPTOP}, by=by)
    requester, manager = (person_at(company.host, company.id, company.people[name].person_id) for name in ("requester", "manager"))
    console = person_at("console.localhost", agent.provider_id, made.person_id)

    requester.goto(running.url(company.host, "/catalogue"))
    requester.get_by_role("link", name="Laptop").click()
    expect(requester.get_by_text(f"{company.people['manager'].name} approves")).to_be_visible()
    requester.get_by_label("What for").fill("She starts on Monday")
    requester.get_by_role("radio", name="14 inch").check()
    requester.get_by_role("button", name="Order", exact=True).click()
    expect(requester.locator("#journey")).to_contain_text("Waiting for approval")
    expect(requester.locator("#way")).to_contain_text(company.people["manager"].name)
    ref = requester.url.split("/requests/")[1].split("?")[0]

    manager.goto(running.url(company.host, "/approvals"))
    manager.get_by_role("link", name="Laptop for").click()
    expect(manager.get_by_text("She starts on Monday")).to_be_visible()
    manager.get_by_role("button", name="Approve").click()
    expect(manager.get_by_text("You approved it.")).to_be_visible()

    with world.as_staff(running.app):
        placed = db.session.query(Order).filter_by(tenant_id=company.id).one()
    until(requester, lambda: len(way.tasks_of(running.app, placed)) == 3)
    requester.reload()
    expect(requester.locator("#journey")).to_contain_text("Approved")
    console.goto(running.url("console.localhost", f"/tickets/{ref}"))
    expect(console.get_by_text("0 of 3 tasks done")).to_be_visible()
    for done, title in enumerate(("Order the laptop", "Make the account", "Set it up"), 1):
        console.get_by_role("button", name=f"Done: {title}").click()
        expect(console.get_by_text(f"{done} of 3 tasks done")).to_be_visible()
    until(console, lambda: way.ticket_of(running.app, placed).status == "resolved")
    console.reload()
    expect(console.locator("#facts")).to_contain_text("Resolved")
    requester.goto(running.url(company.host, f"/requests/{ref}"))
    expect(requester.get_by_text("This is done", exact=True)).to_be_visible()
