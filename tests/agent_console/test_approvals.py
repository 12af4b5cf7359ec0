"""Approvals in the console: the list over all clients, one with its chain and history, deciding, mailing again."""

from typing import Any

import pytest

from msp.core import clock
from msp.itsm.approvals import queries
from tests.itsm.approvals import asked
from tests.support import world
from tests.support.pages import words


@pytest.fixture
def approval(console_app: Any, acme: Any) -> Any:
    return asked.start(console_app, acme, [acme.people["manager"]], title=world.unique("Laptop "), at=clock.now())


def send(browser: Any, path: str, **fields: Any) -> Any:
    return browser.post(path, data={"csrf_token": world.csrf(browser), **fields})


def test_agents_see_where_they_stand_and_only_those_of_their_clients(
    console_app: Any, acme: Any, birch: Any, approval: Any, console_of: Any
) -> None:
    browser = console_of(world.agent(console_app)[1])
    assert approval.title in words(browser.get(f"/approvals?client={acme.id}"))
    assert approval.title not in words(browser.get(f"/approvals?client={birch.id}"))
    assert approval.title not in words(browser.get("/approvals?state=approved"))
    assert browser.get("/approvals?state=odd").status_code == 404
    page = words(browser.get(f"/approvals/{approval.id}"))
    for said in (acme.people["manager"].name, "Asked: Stage 1", "£1,140.00", "Mail it again"):
        assert said in page
    assert "Your decision" not in page
    assert send(browser, f"/approvals/{approval.id}/decide", answer="approve").status_code == 403
    limited = console_of(world.agent(console_app, clients=[birch.id])[1])
    assert limited.get(f"/approvals/{approval.id}").status_code == 404
    assert send(limited, f"/approvals/{approval.id}/decide", answer="approve").status_code == 404


def test_an_agent_who_is_asked_decides_or_passes_it_on(console_app: Any, acme: Any, console_of: Any) -> None:
    manager, actor = world.agent(console_app, "account_manager")
    colleague, second = world.agent(console_app)
    approval = asked.start(console_app, acme, {"approvers": [{"agent": str(manager.id)}]}, at=clock.now())
    asked.mails(console_app, clock.now(), acme)
    assert [seat.holder_name for seat in asked.seats(console_app, approval)] == [manager.name]
    browser, page = console_of(actor), f"/approvals/{approval.id}"
    assert approval.title in words(browser.get("/approvals?state=mine"))
    assert "Your decision" in words(browser.get(page))
    unknown = send(browser, f"{page}/delegate", e_mail=acme.people["manager"].e_mail)
    assert unknown.status_code == 422
    assert acme.people["manager"].e_mail in unknown.text
    assert send(browser, f"{page}/delegate", e_mail=colleague.e_mail).status_code == 303
    other = console_of(second)
    seen = asked.read(console_app, approval).shown_hash
    declined = send(other, f"{page}/decide", answer="decline", seen=seen)
    assert declined.status_code == 422
    assert send(other, f"{page}/decide", answer="decline", reason="Too dear <b>", seen=seen).status_code == 303
    assert asked.read(console_app, approval).state == "rejected"
    assert "“Too dear <b>”" in words(other.get(page))


def test_a_mail_is_sent_again_and_a_client_may_want_a_sign_in(
    console_app: Any, acme: Any, approval: Any, console_of: Any
) -> None:
    asked.mails(console_app, clock.now(), acme)
    browser, page = console_of(world.agent(console_app, "admin")[1]), f"/approvals/{approval.id}"
    seat = asked.seats(console_app, approval)[0]
    assert send(browser, f"{page}/send").status_code == 422
    assert send(browser, f"{page}/send", seat=str(seat.id)).status_code == 303
    assert [address for address, _ in asked.mails(console_app, clock.now(), acme)] == [acme.people["manager"].e_mail]
    assert send(browser, "/approvals/policy", client=str(acme.id)).status_code == 303
    with world.as_staff(console_app):
        assert not queries.links_decide(acme.id)
    plain = console_of(world.agent(console_app)[1])
    assert send(plain, "/approvals/policy", client=str(acme.id)).status_code == 403


def test_another_is_put_in_a_seat_and_who_has_left_is_not_mailed(
    console_app: Any, acme: Any, approval: Any, console_of: Any
) -> None:
    from tenants import queries as tenants
    from tenants.services import people

    page, seat = f"/approvals/{approval.id}", asked.seats(console_app, approval)[0]
    plain, boss = (console_of(world.agent(console_app, role)[1]) for role in ("agent", "admin"))
    fields = {"seat": str(seat.id), "e_mail": acme.people["admin"].e_mail}
    assert send(plain, f"{page}/reassign", **fields).status_code == 403
    wrong = send(boss, f"{page}/reassign", **{**fields, "e_mail": "nobody@x.example"})
    assert (wrong.status_code, 'value="nobody@x.example"' in wrong.text) == (422, True)
    with world.as_staff(console_app) as by:
        manager = tenants.visible_contact(acme.people["manager"].id, by=by)
        people.change_contact(manager.id, version=manager.version, is_active=False, by=by)
    gone = send(boss, f"{page}/send", seat=str(seat.id))
    assert (gone.status_code, "has left, so nothing was sent" in words(gone)) == (409, True)
    assert send(boss, f"{page}/reassign", **fields).status_code == 303
    assert asked.open_names(console_app, approval) == {acme.people["admin"].name.split(" ")[0]}


def test_a_notification_leads_to_the_approval(console_app: Any, acme: Any, console_of: Any) -> None:
    import re

    manager, actor = world.agent(console_app, "account_manager")
    approval = asked.start(console_app, acme, {"approvers": [{"agent": str(manager.id)}]}, at=clock.now())
    asked.mails(console_app, clock.now(), acme)
    browser = console_of(actor)
    found = re.search(r'action="(/notifications/[0-9a-f-]{36})"', browser.get("/notifications").text)
    assert found
    assert send(browser, found.group(1)).headers["Location"] == f"/approvals/{approval.id}"
