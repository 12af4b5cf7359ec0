"""The main journey: reported in the branded portal, seen in the open console, escalated, answered, paused, resolved."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from msp.core import clock
from msp.itsm.sla import queries as sla
from msp.itsm.sla.models import Definition, Escalation
from msp.itsm.sla.services import definitions
from msp.itsm.tickets.models import Ticket
from tests.support import world

RESPONSE_MINUTES = 1


@pytest.fixture
def hurried(running: Any) -> world.Company:
    """A client with an answer promised within a minute, around the clock: a warning after six seconds, another at the breach."""
    company = world.company(running.app, "Hurried")
    with world.as_staff(running.app) as by:
        always = by_name(company, "calendar", "Around the clock")
        target = {"minutes": RESPONSE_MINUTES, "calendar_id": str(always.id)}
        fix = {"minutes": 600, "calendar_id": str(always.id)}
        content = {
            "targets": {f"P{priority}": {"response": target, "resolution": fix} for priority in (1, 2, 3, 4)},
            "steps": {
                "response": [
                    {"key": "10", "percent": 10, "actions": [{"kind": "notify", "to": "assignee"}]},
                    {"key": "breach", "actions": [{"kind": "notify", "to": "lead"}]},
                ]
            },
        }
        policy = by_name(company, "policy", "Standard")
        definitions.add_version(
            policy.id, content, version=policy.version, effective_at=clock.now() - timedelta(days=1), by=by, note="in a hurry"
        )
    return company


def by_name(company: world.Company, kind: str, name: str) -> Any:
    from msp.core.db import db

    return db.session.scalars(
        sa.select(Definition).where(Definition.tenant_id == company.id, Definition.kind == kind, Definition.name == name)
    ).one()


def test_an_incident_from_portal_to_console_and_back(running: Any, hurried: world.Company, person_at: Any) -> None:
    _, agent = world.agent(running.app, "lead", "agent")
    contact = hurried.people["requester"]
    console = person_at("console.localhost", agent.provider_id, agent.person_id)
    portal = person_at(hurried.host, hurried.id, contact.person_id)

    console.goto(running.url("console.localhost", f"/queue?q=client:{hurried.tenant.key.lower()}+is:open"))
    expect(console.locator("[data-live-status]").first).to_have_attribute("data-live-status", re.compile("on|live|open"), timeout=15_000)

    console.evaluate("window.isTheFirst = true")

    ref = report(running, hurried, portal)

    # it arrives in the open queue without a reload: the window is the one that was opened, and the row can be read
    arrived = console.locator("#rows tr").filter(has_text=ref)
    pill = console.locator("[data-live-new]")
    expect(arrived.or_(pill.filter(has_text="new")).first).to_be_visible(timeout=10_000)
    if not arrived.count():
        pill.click()
    expect(arrived).to_contain_text("The till does not open")
    assert console.evaluate("window.isTheFirst"), "the page was loaded anew"

    # the clock ticks on the ticket, nobody acts, warning and breach fire through the queues
    console.goto(running.url("console.localhost", f"/tickets/{ref}"))
    chip = console.locator("#clocks .sla").first
    first = chip.inner_text()
    expect(chip).not_to_have_text(first, timeout=80_000)
    fired = wait_for_steps(running, ref, {"10", "breach"})
    assert fired["10"] < fired["breach"]
    expect(console.locator("#clocks")).to_contain_text("Overdue", timeout=15_000)

    # the agent answers and asks back: answered late, and the clock waits
    console.fill("#compose-public textarea[name=body]", "Which till is it?")
    console.select_option("#compose-public select[name=then]", "waiting_for_client")
    console.fill("#compose-public [name=reason]", "Asked which till it is")
    console.click("#compose-public [data-send]")
    expect(console.locator("#conversation")).to_contain_text("Which till is it?", timeout=10_000)
    clocks = clocks_of(running, ref)
    assert clocks["response"].outcome == "breached", "nobody answered in time"
    assert clocks["resolution"].standing == "paused"
    expect(console.locator("#facts")).to_contain_text("Waiting for client")

    both_see_why_it_waits(running, ref, console, portal)
    answer_and_resolve(running, ref, console, portal)


def both_see_why_it_waits(running: Any, ref: str, console: Any, portal: Any) -> None:
    """The clock's pause is explained and the late answer is told, in the portal without a reload."""
    expect(portal.locator("#conversation")).to_contain_text("Which till is it?", timeout=15_000)
    expect(portal.locator("#journey")).to_contain_text("Waiting for you")
    portal.locator("#how > summary").click()
    expect(portal.locator("#how")).to_contain_text("Asked which till it is")
    console.goto(running.url("console.localhost", f"/tickets/{ref}?clock=resolution"))
    expect(console.locator("#clocks .sla").first).to_contain_text("Paused")
    console.locator("#clocks .why > summary").click()
    expect(console.locator("#clocks .receipt")).to_contain_text("Asked which till it is")
    console.goto(running.url("console.localhost", f"/tickets/{ref}?clock=response"))
    expect(console.locator("#clocks .sla").first).to_contain_text("Missed")


def report(running: Any, company: world.Company, portal: Any) -> str:
    """The client reports an incident; its reference."""
    portal.goto(running.url(company.host, "/report"))
    portal.fill("[name=subject]", "The till does not open")
    portal.fill("[name=body]", "It beeps and stays shut.")
    portal.locator("[name=impact]").first.check()
    portal.locator("[name=urgency]").first.check()
    portal.click("form.form button.btn-primary")
    expect(portal.get_by_role("heading", level=1)).to_contain_text("The till does not open")
    return str(portal.url.rstrip("/").split("/")[-1].partition("?")[0].upper())


def answer_and_resolve(running: Any, ref: str, console: Any, portal: Any) -> None:
    """The client answers, the agent resolves, the client sees it."""
    # the client answers, the clock runs again
    portal.fill("#answer textarea[name=body]", "The second from the left.")
    portal.click("#answer [data-send]")
    expect(portal.locator("#conversation")).to_contain_text("The second from the left.", timeout=10_000)
    assert clocks_of(running, ref)["resolution"].standing == "running"

    # resolved, and the client sees it
    console.goto(running.url("console.localhost", f"/tickets/{ref}"))
    console.fill("#compose-public textarea[name=body]", "A coin was stuck. It opens again.")
    console.select_option("#compose-public select[name=then]", "resolved")
    console.click("#compose-public [data-send]")
    expect(console.locator("#facts")).to_contain_text("Resolved", timeout=10_000)
    assert clocks_of(running, ref)["resolution"].outcome == "met"
    console.goto(running.url("console.localhost", f"/tickets/{ref}?clock=resolution"))
    expect(console.locator("#clocks .sla").first).to_contain_text("Met")
    portal.reload()
    expect(portal.locator("#journey")).to_contain_text("Fixed")
    expect(portal.locator("#conversation")).to_contain_text("A coin was stuck.")


def wait_for_steps(running: Any, ref: str, wanted: set[str]) -> dict[str, Any]:
    """When each of the steps fired; AssertionError when they do not in a minute and a half."""
    import time

    for _ in range(180):
        with world.as_staff(running.app):
            from msp.core.db import db

            ticket = db.session.scalars(sa.select(Ticket).where(Ticket.ref == ref)).one()
            rows = db.session.scalars(sa.select(Escalation).where(Escalation.subject_id == ticket.id, Escalation.state == "fired")).all()
            fired = {row.step: row.settled_at for row in rows}
        if wanted <= fired.keys():
            return fired
        time.sleep(0.5)
    raise AssertionError(f"only {sorted(fired)} fired")


def clocks_of(running: Any, ref: str) -> dict[str, Any]:
    with world.as_staff(running.app):
        from msp.core.db import db

        ticket = db.session.scalars(sa.select(Ticket).where(Ticket.ref == ref)).one()
        return {row.kind: row for row in sla.clocks(ticket.tenant_id, [ticket.id])}
