"""Approvals in the portal and by the link in a mail: opening shows, sending decides, once."""

import re
from datetime import timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.core.secrets import Keyring
from msp.itsm.approvals import links, queries
from msp.itsm.approvals.services import covering
from tests.conftest import SECRET
from tests.itsm.approvals import asked
from tests.support import world
from tests.support.pages import words
from tests.support.post import text_of
from tests.support.statements import counted

KEYS = Keyring([SECRET])
HOUR = timedelta(hours=1)


@pytest.fixture
def acme(console_app: Any) -> Any:
    return world.company(
        console_app, "Acme", requester=("requester",), tom=("requester",), samir=("manager",), admin=("client_admin",)
    )


@pytest.fixture
def approval(console_app: Any, acme: Any) -> Any:
    """Tom, then the manager, are asked now."""
    return asked.start(console_app, acme, [acme.people["tom"]], [acme.people["samir"]], at=clock.now())


@pytest.fixture
def link(console_app: Any, acme: Any, approval: Any) -> str:
    return asked.link_in(asked.mail_to(asked.mails(console_app, clock.now(), acme), acme.people["tom"]))


def post(browser: Any, page: str, path: str = "", **fields: Any) -> Any:
    """A form of the page, sent to the path or to itself."""
    found = browser.get(page).text
    token = re.search(r'name="csrf-token" content="([^"]+)"', found)
    seen = re.search(r'name="seen" value="([^"]+)"', found)
    assert token
    data = {"csrf_token": token.group(1), **({"seen": seen.group(1)} if seen else {}), **fields}
    return browser.post(path or page, data=data)


def state(app: Any, approval: Any) -> str:
    return asked.read(app, approval).state


def test_what_waits_is_listed_counted_and_on_the_home_page(console_app: Any, acme: Any, approval: Any, portal_of: Any) -> None:
    tom, samir = portal_of(acme, "tom"), portal_of(acme, "samir")
    home = words(tom.get("/"))
    assert "Approvals 1" in home
    assert "Waiting for your decision" in home
    assert asked.TITLE in words(tom.get("/approvals"))
    assert "Waiting for your decision" not in words(samir.get("/"))
    assert "Nothing waits for you" in words(samir.get("/approvals"))
    assert asked.TITLE in words(portal_of(acme).get("/approvals?which=asked"))
    shown = words(tom.get(f"/approvals/{approval.id}"))
    for said in ("£1,140.00 once", "and £46.00 a month", "She starts on Monday <in room 9>.", "Approve", "Let somebody else decide"):
        assert said in shown
    assert "Decline" not in words(samir.get(f"/approvals/{approval.id}")), "it is not his turn"
    assert tom.get("/approvals?which=all").status_code == 404


def test_one_decides_in_the_portal_and_it_goes_on(console_app: Any, acme: Any, approval: Any, portal_of: Any) -> None:
    page = f"/approvals/{approval.id}"
    tom = portal_of(acme, "tom")
    refused = post(tom, page, f"{page}/decide", answer="decline", reason=" ")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert post(tom, page, f"{page}/decide", reason="kept <words>").status_code == 422
    kept = post(tom, page, f"{page}/decide", reason="kept <words>")
    assert "kept &lt;words&gt;" in kept.text
    assert post(tom, page, f"{page}/decide", answer="approve").headers["Location"] == f"{page}?said=approve"
    assert asked.open_names(console_app, approval) == {"Samir"}
    again = post(tom, page, f"{page}/decide", answer="approve")
    assert again.status_code == 403
    samir = portal_of(acme, "samir")
    assert post(samir, page, f"{page}/decide", answer="decline", reason="Too dear.").status_code == 303
    assert state(console_app, approval) == "rejected"
    assert "“Too dear.”" in words(portal_of(acme).get(page))
    assert asked.TITLE in words(samir.get("/approvals?which=decided"))


def test_it_is_passed_on_and_withdrawn(console_app: Any, acme: Any, birch: Any, approval: Any, portal_of: Any) -> None:
    page, tom = f"/approvals/{approval.id}", portal_of(acme, "tom")
    for wrong in ("", "nobody@x.example", birch.people["manager"].e_mail):
        answer = post(tom, page, f"{page}/delegate", e_mail=wrong)
        assert answer.status_code == 422
        assert f'value="{wrong}"' in answer.text
    assert post(tom, page, f"{page}/delegate", e_mail=acme.people["admin"].e_mail).status_code == 303
    assert asked.open_names(console_app, approval) == {"Admin"}
    assert post(tom, page, f"{page}/withdraw").status_code == 403
    requester = portal_of(acme)
    fold = r'<details class="box pad"><summary[^>]*>Withdraw what I asked for</summary>\s*<form[^>]*/withdraw"'
    assert re.search(fold, requester.get(page).text), "not by one click"
    assert post(requester, page, f"{page}/withdraw").status_code == 303
    assert state(console_app, approval) == "withdrawn"
    assert post(portal_of(acme, "admin"), page, f"{page}/decide", answer="approve").status_code == 409


def test_one_names_a_cover_and_is_back(console_app: Any, acme: Any, portal_of: Any) -> None:
    tom, now = portal_of(acme, "tom"), clock.now()
    wrong = post(tom, "/approvals", "/approvals/cover", cover="nobody@x.example", from_at="2027-01-01T10:00", until_at="never")
    assert wrong.status_code == 422
    assert "nobody@x.example" in wrong.text
    begin, end = (f"{at:%Y-%m-%dT%H:%M}" for at in (now - HOUR, now + timedelta(days=2)))
    assert post(tom, "/approvals", "/approvals/cover", cover=acme.people["admin"].e_mail, from_at=begin, until_at=end).status_code == 303
    assert "is asked in your place" in words(tom.get("/approvals"))
    assert asked.open_names(console_app, asked.start(console_app, acme, [acme.people["tom"]], at=now)) == {"Admin"}
    assert post(tom, "/approvals", "/approvals/cover", act="end").status_code == 303
    assert asked.open_names(console_app, asked.start(console_app, acme, [acme.people["tom"]], at=clock.now())) == {"Tom"}


def test_others_find_nothing(console_app: Any, acme: Any, birch: Any, approval: Any, portal_of: Any) -> None:
    for company, person in ((acme, "requester"), (birch, "manager"), (birch, "admin")):
        browser, page = portal_of(company, person), f"/approvals/{approval.id}"
        if company is birch:
            assert browser.get(page).status_code == 404
            for act in ("decide", "delegate", "withdraw"):
                assert post(browser, "/approvals", f"{page}/{act}", answer="approve", e_mail="x").status_code == 404
        else:
            assert post(browser, page, f"{page}/decide", answer="approve").status_code == 403
    assert state(console_app, approval) == "waiting"


def test_a_mail_scanners_visit_decides_nothing(console_app: Any, acme: Any, approval: Any, link: str, portal_of: Any) -> None:
    before = [(seat.is_open, seat.decision) for seat in asked.seats(console_app, approval)]
    scanner = portal_of(acme, None)
    for _ in range(3):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200
        assert scanner.get(f"{link}/not-me").status_code == 200
    assert scanner.post(link, data={"answer": "approve"}).status_code == 400, "no form of ours"
    assert [(seat.is_open, seat.decision) for seat in asked.seats(console_app, approval)] == before
    assert state(console_app, approval) == "waiting"
    assert scanner.get(link).status_code == 200, "and the link is as good as before"


def test_the_link_decides_once_without_a_sign_in(console_app: Any, acme: Any, approval: Any, link: str, portal_of: Any) -> None:
    stranger = portal_of(acme, None)
    refused = post(stranger, link, answer="decline", reason="")
    assert refused.status_code == 422
    done = post(stranger, link, answer="approve", reason="Fine.")
    assert "You approved it" in done.text
    seat = next(seat for seat in asked.seats(console_app, approval) if seat.decision)
    with world.as_staff(console_app):
        used = next(each for each in queries.own_links(approval) if each.seat_id == seat.id)
    assert (seat.channel, seat.reason, seat.link_id, seat.address) == ("mail", "Fine.", used.id, "127.0.0.1")
    for again in (stranger.get(link), post(stranger, link, answer="decline", reason="x")):
        assert again.status_code == 404
        assert "was used already" in again.text
    assert "/sign-in" in stranger.get("/approvals").location, "it opens nothing else"


def test_whoever_is_not_the_person_stops_the_link(console_app: Any, acme: Any, approval: Any, link: str, portal_of: Any) -> None:
    stranger = portal_of(acme, None)
    assert "Thank you" in post(stranger, f"{link}/not-me").text
    gone = stranger.get(link)
    assert gone.status_code == 404
    assert "wrong person" in gone.text
    assert asked.TITLE not in gone.text
    page = f"/approvals/{approval.id}"
    assert post(portal_of(acme, "tom"), page, f"{page}/decide", answer="approve").status_code == 303
    assert [entry.kind for entry in asked.history(console_app, approval)].count("disowned") == 1


def test_a_link_that_we_did_not_sign_for_this_host_or_that_is_too_old_is_none(
    console_app: Any, acme: Any, birch: Any, approval: Any, link: str, portal_of: Any
) -> None:
    with world.as_staff(console_app):
        row = queries.own_links(approval)[0]
    def token(company: Any = acme, contact: Any = None, keys: Any = KEYS) -> str:
        return links.token_of(row.id, (contact or acme.people["tom"]).id, tenant_id=company.id, keys=keys)

    tail = "aaa" if link[-3:] != "aaa" else "bbb"
    for company, path in [
        (acme, link[:-3] + tail), (birch, link), (birch, f"/decide/{token(birch)}"), (acme, f"/decide/{token(keys=Keyring(['k' * 40]))}"),
        (acme, f"/decide/{token(contact=acme.people['samir'])}"), (acme, "/decide/x"), (acme, "/decide/é.é"),
    ]:  # fmt: skip
        answer = portal_of(company, None).get(path)
        assert answer.status_code == 404, path
        assert asked.TITLE not in answer.text
    with clock.at(clock.now() + timedelta(days=31)):
        old = portal_of(acme, None).get(link)
    assert (old.status_code, "too old" in old.text) == (404, True)


def test_a_delegates_link_replaces_the_first_and_a_changed_price_ends_it(
    console_app: Any, acme: Any, approval: Any, link: str, portal_of: Any
) -> None:
    page = f"/approvals/{approval.id}"
    post(portal_of(acme, "tom"), page, f"{page}/delegate", e_mail=acme.people["admin"].e_mail)
    stranger = portal_of(acme, None)
    assert stranger.get(link).status_code == 404
    new = asked.link_in(asked.mail_to(asked.mails(console_app, clock.now(), acme), acme.people["admin"]))
    assert stranger.get(new).status_code == 200
    from msp.itsm.approvals.services import asking

    with world.as_staff(console_app) as by:
        asking.change_shown(approval.id, asked.shown(title="Two laptops"), by=by)
    answer = post(portal_of(acme, "admin"), "/approvals", new, answer="approve", seen=approval.shown_hash)
    assert answer.status_code == 409
    assert state(console_app, approval) == "voided"


def test_who_passed_on_what_was_passed_to_him_is_told_so_by_page_and_old_link(
    console_app: Any, acme: Any, approval: Any, portal_of: Any
) -> None:
    page = f"/approvals/{approval.id}"
    post(portal_of(acme, "tom"), page, f"{page}/delegate", e_mail=acme.people["admin"].e_mail)
    old = asked.link_in(asked.mail_to(asked.mails(console_app, clock.now(), acme), acme.people["admin"]))
    admin = portal_of(acme, "admin")
    assert post(admin, page, f"{page}/delegate", e_mail=acme.people["samir"].e_mail).status_code == 303
    assert admin.get(page).status_code == 200
    answer = portal_of(acme, None).get(old)
    assert (answer.status_code, "This link no longer works" in answer.text) == (404, True)
    assert approval.title in answer.text


def test_what_waits_goes_to_the_cover_and_one_is_told_how_much(console_app: Any, acme: Any, approval: Any, portal_of: Any) -> None:
    tom, now = portal_of(acme, "tom"), clock.now()
    begin, end = (f"{at:%Y-%m-%dT%H:%M}" for at in (now - HOUR, now + timedelta(days=2)))
    answer = post(tom, "/approvals", "/approvals/cover", cover=acme.people["admin"].e_mail, from_at=begin, until_at=end)
    assert answer.status_code == 303
    assert "What waited for you went over: 1 approval." in words(tom.get(answer.location))
    assert asked.open_names(console_app, approval) == {"Admin"}


def test_a_client_may_want_a_sign_in(console_app: Any, acme: Any, approval: Any, link: str, portal_of: Any) -> None:
    with world.as_staff(console_app) as by:
        covering.set_policy(acme.id, links_decide=False, by=by)
    answer = portal_of(acme, None).get(link)
    assert (answer.status_code, answer.location) == (303, f"/approvals/{approval.id}")
    second = asked.start(console_app, acme, [acme.people["tom"]], at=clock.now())
    mail = asked.mail_to(asked.mails(console_app, clock.now(), acme), acme.people["tom"])
    assert f"/approvals/{second.id}" in text_of(mail)
    assert "/decide/" not in text_of(mail)


def test_no_list_asks_once_per_row(console_app: Any, portal_app: Any, acme: Any, portal_of: Any) -> None:
    tom = portal_of(acme, "tom")
    asked.start(console_app, acme, [acme.people["tom"]], at=clock.now())
    tom.get("/approvals")
    with counted(portal_app) as few:
        tom.get("/approvals")
    for _ in range(6):
        asked.start(console_app, acme, [acme.people["tom"]], at=clock.now())
    with counted(portal_app) as many:
        assert tom.get("/approvals").status_code == 200
    assert len(few) == len(many)
    assert len(many) <= 8
