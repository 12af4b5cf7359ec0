"""Three stages through portal and mail link: one, two of three, and one who passes it on. Looking at a link decides nothing."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from msp.core import clock
from msp.core.db import db
from msp.core.secrets import Keyring
from msp.itsm.approvals import book, links
from msp.itsm.approvals.models import Link
from tests.conftest import SECRET
from tests.itsm.approvals import asked
from tests.support import world


@pytest.fixture
def company(running: Any) -> world.Company:
    return world.company(
        running.app, "Northwind", requester=("requester",), tom=("requester",), rosa=("approver",), samir=("manager",),
        admin=("client_admin",),
    )  # fmt: skip


def link_for(running: Any, approval: Any, person: Any) -> str | None:
    """The address that was mailed to somebody: from the row that the mail's job made."""
    with world.as_staff(running.app):
        rows = db.session.query(Link).filter_by(tenant_id=approval.tenant_id, approval_id=approval.id, contact_id=person.id)
        row = rows.order_by(Link.made_at.desc()).first()
    if row is None:
        return None
    token = links.token_of(row.id, person.id, tenant_id=approval.tenant_id, keys=Keyring([SECRET]))
    return f"/decide/{token}"


def mailed(running: Any, page: Page, approval: Any, person: Any) -> str:
    """The same once the worker has mailed it, which has the jobs of other tests to do as well."""
    for _ in range(240):
        if (found := link_for(running, approval, person)) is not None:
            return found
        page.wait_for_timeout(250)
    raise AssertionError(f"nothing was mailed to {person.name}")


def answered(running: Any, approval: Any) -> list[str]:
    with world.as_staff(running.app):
        return [seat.holder_name for seat in book.seats_of(approval) if seat.decision]


def test_three_stages_through_portal_and_mail(running: Any, company: world.Company, person_at: Any, chromium: Any) -> None:
    people = company.people
    board = {"approvers": [{"contact": str(people[name].id)} for name in ("tom", "rosa", "admin")], "needed": 2}
    approval = asked.start(running.app, company, [people["tom"]], board, [people["samir"]], at=clock.now())
    tom, admin, samir = (person_at(company.host, company.id, people[name].person_id) for name in ("tom", "admin", "samir"))

    tom.goto(running.url(company.host, "/"))
    tom.get_by_role("link", name=asked.TITLE).first.click()
    expect(tom.get_by_text("£1,140.00")).to_be_visible()
    tom.get_by_role("button", name="Approve").click()
    expect(tom.get_by_text("You approved it.")).to_be_visible()
    tom.get_by_role("button", name="Approve").click()  # the second stage: one of three
    expect(tom.get_by_text("2 of 3")).to_be_visible()

    scanner = chromium.new_context()
    stranger = scanner.new_page()
    link = running.url(company.host, mailed(running, tom, approval, people["rosa"]))
    before = answered(running, approval)
    for _ in range(2):
        stranger.goto(link)
        expect(stranger.get_by_role("heading", name=asked.TITLE)).to_be_visible()
    assert answered(running, approval) == before, "a plain GET leaves everything undecided"
    stranger.get_by_role("button", name="Approve").click()
    expect(stranger.get_by_role("heading", name="You approved it")).to_be_visible()
    stranger.goto(link)
    expect(stranger.get_by_text("was used already")).to_be_visible()
    scanner.close()

    samir.goto(running.url(company.host, f"/approvals/{approval.id}"))
    samir.get_by_text("Let somebody else decide").click()
    samir.get_by_label("E-mail address of a colleague").fill(people["admin"].e_mail)
    samir.get_by_role("button", name="Pass it on").click()
    expect(samir.get_by_text("It is passed on.")).to_be_visible()
    admin.goto(running.url(company.host, "/approvals"))
    admin.get_by_role("link", name=asked.TITLE).click()
    admin.get_by_role("button", name="Approve").click()
    expect(admin.get_by_text("Approved", exact=True)).to_be_visible()
    assert asked.read(running.app, approval).state == "approved"
    assert before == [people["tom"].name] * 2
