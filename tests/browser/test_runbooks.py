"""The joiner runbook runs to its end: planned on a ticket's page, done by the demonstration's own endpoint, told without a reload."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from playwright.sync_api import expect

from msp.cli.example_endpoint import Endpoint
from msp.core import webhooks
from msp.itsm.runbooks.calling import secrets_of
from msp.itsm.runbooks.models import Runbook
from msp.itsm.runbooks.services import books
from msp.itsm.tickets.services import opening
from tests.support import world


@contextmanager
def answering(running: Any, company: world.Company) -> Iterator[Runbook]:
    """A runbook of the company, and the example endpoint that answers it with its secret."""
    app, before = running.app, running.app.settings
    app.settings = replace(before, runbook_loopback_port=running.runbook_port)
    try:
        with world.as_staff(app) as by:
            content = {
                "url": f"http://127.0.0.1:{running.runbook_port}/joiner",
                "inputs": [{"name": "person", "from": "task.detail"}, {"name": "client", "from": "client.key"}],
            }
            book = books.add_runbook(world.unique("Joiner "), content, client_id=company.id, by=by)
            secret = webhooks.secret_text(secrets_of(book)[0])
        with Endpoint(running.runbook_port, {"/joiner": secret}, delay=0.5) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            yield book
            server.shutdown()
            thread.join(5)
    finally:
        app.settings = before


def test_the_joiner_runbook_runs_to_its_end(running: Any, person_at: Any) -> None:
    company = world.company(running.app, "Joiners")
    agent = world.agent(running.app, "agent")[1]
    with world.acting(running.app, company.actor()) as by:
        ticket = opening.open_ticket(company.id, "New colleague on Monday", kind="request", body="Nora Quill.", by=by)
    with answering(running, company) as book:
        page = person_at("console.localhost", agent.provider_id, agent.person_id)
        page.goto(running.url("console.localhost", f"/tickets/{ticket.ref}"))
        page.get_by_role("button", name="Add a task").click()
        dialog = page.get_by_role("dialog", name="Add a task")
        dialog.get_by_label("What is to be done").fill("Make account and mailbox")
        dialog.get_by_label("Details").fill("Nora Quill, from Monday")
        dialog.get_by_label("Done by a runbook").select_option(label=book.name)
        dialog.get_by_role("button", name="Add task").click()

        task = page.locator("[data-task]", has_text="Make account and mailbox")
        expect(task).to_have_attribute("data-task", "done", timeout=120_000)
        expect(task).to_contain_text("Finished")
        expect(page.locator("main")).to_contain_text("Account and mailbox of Nora Quill are there.", timeout=30_000)
        task.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(book.name)
        expect(page.locator("main")).to_contain_text("nora.quill")
        expect(page.get_by_role("table", name="Calls")).to_contain_text("Answered 202: taken.")
