"""A joiner is ordered in the portal and approved there; the runbook does it, and whoever ordered sees it done. Nobody of ours acts."""

from typing import Any

from playwright.sync_api import expect

from msp.itsm.catalog.services import items
from tests.browser.test_runbooks import answering
from tests.itsm.catalog import on_its_way as way
from tests.support import world

FORM = {"parts": [{"name": "name", "kind": "text", "label": "Full name", "required": True}]}


def test_a_joiner_is_ordered_and_done_by_its_runbook(running: Any, person_at: Any) -> None:
    company = world.company(running.app, "Ordered")
    requester, manager = (person_at(company.host, company.id, company.people[name].person_id) for name in ("requester", "manager"))
    with answering(running, company) as book:
        told = {"person": {"from": "order.answer", "value": "name"}}
        task = {"key": "account", "title": "Make account and mailbox", "runbook_id": str(book.id), "inputs": told}
        with world.as_staff(running.app) as by:
            items.add_item(
                company.id, {"name": "Joiner", "form": FORM, "chain": {"stages": [way.MANAGER]}, "tasks": [task]}, by=by
            )
        requester.goto(running.url(company.host, "/catalogue"))
        requester.get_by_role("link", name="Joiner").click()
        expect(requester.get_by_text(f"{company.people['manager'].name} approves")).to_be_visible()
        requester.get_by_label("Full name").fill("Nora Quill")
        requester.get_by_role("button", name="Order", exact=True).click()
        expect(requester.locator("#journey")).to_contain_text("Waiting for approval")

        manager.goto(running.url(company.host, "/approvals"))
        manager.get_by_role("link", name="Joiner for").click()
        expect(manager.get_by_text("Nora Quill")).to_be_visible()
        manager.get_by_role("button", name="Approve").click()
        expect(manager.get_by_text("You approved it.")).to_be_visible()

        expect(requester.get_by_text("This is done", exact=True)).to_be_visible(timeout=120_000)
        expect(requester.locator("main")).not_to_contain_text("runbook")
    agent = world.agent(running.app, "agent")[1]
    console = person_at("console.localhost", agent.provider_id, agent.person_id)
    console.goto(running.url("console.localhost", f"/tickets/{requester.url.split('/requests/')[1].split('?')[0]}"))
    expect(console.locator("main")).to_contain_text("Account and mailbox of Nora Quill are there.")
    expect(console.locator("#facts")).to_contain_text("Resolved")
