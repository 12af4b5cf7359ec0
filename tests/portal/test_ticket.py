"""One request in the portal: what is shown, what can be done, and to whom it does not exist."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock
from msp.core.db import db
from msp.itsm.sla import queries as sla
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import conversation, moves, opening, triage
from tests.portal.conftest import MONDAY, NOTE
from tests.support import world
from tests.support.statements import counted


@pytest.fixture(autouse=True)
def on_monday_at_noon() -> Iterator[None]:
    """Everything here happens three hours after the ticket was opened, unless it says otherwise."""
    with clock.at(MONDAY + timedelta(hours=3)):
        yield


def state_of(app: Any, ticket: Any) -> tuple[str, list[str], dict[str, str]]:
    """Status, kinds of timeline entries, and how each clock stands."""
    with world.as_staff(app) as by:
        row = db.session.get(Ticket, (ticket.tenant_id, ticket.id))
        kinds = [entry.kind for entry in queries.timeline(row, by=by)]
        return row.status, kinds, {row.kind: row.standing for row in sla.clocks(ticket.tenant_id, [ticket.id])}


def words_of(page: str) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def resolved(app: Any, ticket: Any, by: Any) -> None:
    with world.acting(app, by):
        conversation.reply(ticket.id, "It burns no more.", by=by, then="resolved")


def test_the_page_says_where_it_is_and_what_was_promised(acme: Any, portal_of: Any, ticket: Any) -> None:
    with clock.at(MONDAY + timedelta(hours=2)):
        page = portal_of(acme).get(f"/requests/{ticket.ref}").text
    said = words_of(page)
    assert "Submitted Today, 09:00" in said
    assert "We answered after 1 hour" in said
    assert re.search(r'aria-current="step"[^/]*.*?In progress', page, re.S)
    assert "We promised a fix by Wednesday 3 March, 17:00" in said
    assert "24 opening hours; 2\xa0h\xa000 used, 22\xa0h\xa000 left." in page
    assert "counts opening hours, Monday to Friday 09:00 to 17:00." in said
    assert '<details class="rc" id="how">' in page, "the receipt is closed"
    assert "Is anybody <em>hurt</em>?" in page
    assert "It smells." in page


def test_waiting_for_the_client_is_the_current_step_and_both_sides_see_why(
    console_app: Any, acme: Any, portal_of: Any, ticket: Any, agent: Any
) -> None:
    with clock.at(MONDAY + timedelta(hours=3)), world.acting(console_app, agent):
        conversation.reply(
            ticket.id, "Which one?", by=agent, then="waiting_for_client", reason="Asked which printer it is"
        )
    with clock.at(MONDAY + timedelta(hours=4)):
        said = words_of(portal_of(acme).get(f"/requests/{ticket.ref}").text)
    assert "Waiting for you Asked which printer it is" in said
    assert "The time stands still while we wait for you" in said
    assert "We are waiting for you: “Asked which printer it is” 1 h 00 not counted" in said


def test_an_answer_sets_a_waiting_request_going_again(
    console_app: Any, acme: Any, portal_of: Any, send: Any, ticket: Any, agent: Any
) -> None:
    with world.acting(console_app, agent):
        moves.move(ticket.id, "waiting_for_client", by=agent, reason="Which one?")
    browser = portal_of(acme)
    answer = send(browser, f"/requests/{ticket.ref}/answer", files=[("list.txt", b"all")], body="The burning one.")
    assert answer.status_code == 303
    status, kinds, clocks = state_of(console_app, ticket)
    assert (status, clocks["resolution"]) == ("open", "running")
    assert kinds[-2:] == ["replied", "moved"]
    page = browser.get(answer.location).text
    assert "Your message is sent." in page
    assert "The burning one." in page
    assert "list.txt" in page


def test_an_empty_answer_keeps_its_files(acme: Any, portal_of: Any, send: Any, ticket: Any) -> None:
    answer = send(portal_of(acme), f"/requests/{ticket.ref}/answer", files=[("list.txt", b"all")], body="  ")
    assert answer.status_code == 422
    assert "There is nothing to send yet." in answer.text
    assert re.search(r'name="attachment" value="[0-9a-f-]{36}" checked><span class="clip">list.txt', answer.text)


def test_it_works_again_and_then_it_does_not(
    console_app: Any, acme: Any, portal_of: Any, send: Any, ticket: Any
) -> None:
    browser, path = portal_of(acme), f"/requests/{ticket.ref}"
    assert send(browser, f"{path}/works").status_code == 303
    status, _, clocks = state_of(console_app, ticket)
    assert (status, clocks["resolution"]) == ("resolved", "stopped")
    assert "Fixed within the time we promised" in browser.get(path).text
    refused = send(browser, f"{path}/still-broken", reason=" ")
    assert refused.status_code == 422
    assert "Say what still does not work." in refused.text
    assert re.search(r'<details class="act" id="act-reopen" open>', refused.text)
    assert send(browser, f"{path}/still-broken", reason="Now it is the tray.").status_code == 303
    status, kinds, clocks = state_of(console_app, ticket)
    assert (status, clocks["resolution"]) == ("open", "running")
    assert "Now it is the tray." in browser.get(path).text
    assert kinds.count("moved") >= 2


def test_withdrawing_ends_it_and_what_cannot_be_done_is_refused(
    console_app: Any, acme: Any, portal_of: Any, send: Any, ticket: Any
) -> None:
    browser, path = portal_of(acme), f"/requests/{ticket.ref}"
    stale = send(browser, f"{path}/withdraw", version=999)
    assert stale.status_code == 412
    assert state_of(console_app, ticket)[0] == "open"
    assert send(browser, f"{path}/withdraw", reason="Bought a new one").status_code == 303
    status, _, clocks = state_of(console_app, ticket)
    assert status == "cancelled"
    assert clocks["resolution"] == "stopped"
    page = browser.get(path).text
    assert "Withdrawn" in page
    assert 'id="answer"' not in page
    for act, fields in (("works", {}), ("answer", {"body": "hello"}), ("still-broken", {"reason": "x"})):
        assert send(browser, f"{path}/{act}", **fields).status_code == 409, act
    assert state_of(console_app, ticket)[0] == "cancelled"


def test_a_colleague_who_is_informed_can_read_and_answer(
    console_app: Any, portal_of: Any, send: Any
) -> None:
    company = world.company(console_app, "Cedar", requester=("requester",), colleague=("requester",))
    by = company.actor()
    with world.acting(console_app, by):
        ticket = opening.open_ticket(company.id, "Lift is stuck", body="Between two floors.", by=by)
    path, colleague = f"/requests/{ticket.ref}", portal_of(company, "colleague")
    assert colleague.get(path).status_code == 404
    unknown = send(portal_of(company), f"{path}/inform", e_mail="nobody@else.example")
    assert unknown.status_code == 422
    assert "Nobody at" in unknown.text
    address = company.people["colleague"].e_mail.upper()
    assert send(portal_of(company), f"{path}/inform", e_mail=f" {address} ").status_code == 303
    assert "Lift is stuck" in colleague.get(path).text
    assert "Lift is stuck" in colleague.get("/requests?show=shared").text
    assert send(colleague, f"{path}/answer", body="I am in it.").status_code == 303


@pytest.mark.parametrize("person", ["requester", "manager", "admin"])
def test_no_note_in_any_answer(console_app: Any, acme: Any, portal_of: Any, ticket: Any, person: str) -> None:
    browser = portal_of(acme, person)
    pages = ["/", "/requests?show=all", "/service-levels", f"/search?q={NOTE.split()[1]}", f"/requests/{ticket.ref}"]
    if person != "requester":
        pages += ["/company?show=all", "/company?show=all&q=client"]
    for path in pages:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert NOTE not in answer.text, path
    for region in ("journey", "promise", "conversation", "beside"):
        part = browser.get(f"/requests/{ticket.ref}", headers={"HX-Request": "true", "HX-Target": region})
        assert f'id="{region}"' in part.text
        assert "<html" not in part.text, "a region is no page"
        assert NOTE not in part.text


def test_a_search_for_a_notes_words_finds_nothing(acme: Any, portal_of: Any, ticket: Any) -> None:
    browser = portal_of(acme)
    assert ticket.ref in browser.get("/search?q=smells").text
    assert ticket.ref not in browser.get("/search?q=ever+read").text


def neutral(answer: Any, ref: str) -> str:
    """An answer without what differs from request to request."""
    text = re.sub(r'content="[^"]*"|value="[^"]*"|X-CSRFToken[^}]*', "", answer.text)
    return text.replace(ref, "REF")


def test_who_may_not_see_it_gets_the_answer_for_a_random_reference(
    console_app: Any, acme: Any, birch: Any, portal_of: Any, send: Any, ticket: Any
) -> None:
    cedar = world.company(console_app, "Cedar", one=("requester",), other=("requester",))
    with world.acting(console_app, cedar.actor("one")) as by:
        others = opening.open_ticket(cedar.id, "Confidential matter", body="x", by=by)
    cases = [(portal_of(birch, "admin"), ticket.ref), (portal_of(cedar, "other"), others.ref)]
    for browser, ref in cases:
        random = f"ZZ{uuid4().hex[:6].upper()}-7"
        real, none = browser.get(f"/requests/{ref}"), browser.get(f"/requests/{random}")
        assert (real.status_code, none.status_code) == (404, 404)
        assert neutral(real, ref) == neutral(none, random)
        for act in ("answer", "works", "still-broken", "withdraw", "inform", "rating"):
            refused = send(browser, f"/requests/{ref}/{act}", body="x", reason="x", e_mail="a@b.example", score="5")
            assert refused.status_code == 404, act
    assert state_of(console_app, ticket)[0] == "open"
    assert state_of(console_app, others)[0] == "new"


def test_a_site_manager_sees_his_sites_and_no_other(console_app: Any, portal_of: Any) -> None:
    from tenants.services import clients, people

    company = world.company(console_app, "Dogwood", requester=("requester",), keeper=("site_manager",))
    with world.as_staff(console_app) as by:
        bath = clients.add_site(company.id, world.unique("Bath"), by=by)
        york = clients.add_site(company.id, world.unique("York"), by=by)
        keeper = company.people["keeper"]
        people.change_contact(keeper.id, version=keeper.version, managed_site_ids=[bath.id], by=by)
    with world.acting(console_app, company.actor()) as by:
        here = opening.open_ticket(company.id, "Heater in Bath", body="x", site_id=bath.id, by=by)
        there = opening.open_ticket(company.id, "Heater in York", body="x", site_id=york.id, by=by)
    browser = portal_of(company, "keeper")
    listed = browser.get("/company").text
    assert "Heater in Bath" in listed
    assert "York" not in listed
    assert browser.get(f"/requests/{here.ref}").status_code == 200
    assert browser.get(f"/requests/{there.ref}").status_code == 404
    assert portal_of(company).get("/company").status_code == 403


def test_the_one_question_is_asked_on_the_page_and_recorded(
    console_app: Any, acme: Any, portal_of: Any, send: Any, ticket: Any, agent: Any
) -> None:
    browser, path = portal_of(acme), f"/requests/{ticket.ref}"
    assert "How was it?" not in browser.get(path).text
    resolved(console_app, ticket, agent)
    assert "How was it?" in browser.get(path).text
    assert "How was it?" not in portal_of(acme, "manager").get(path).text, "it is put to whoever asked"
    assert send(portal_of(acme, "manager"), f"{path}/rating", score="1").status_code == 409
    assert send(browser, f"{path}/rating", score="").status_code == 422
    assert send(browser, f"{path}/rating", score="4", comment="Quick").status_code == 303
    assert "How was it?" not in browser.get(path).text
    assert send(browser, f"{path}/rating", score="1").status_code == 409


def test_a_long_conversation_costs_no_more_questions(
    console_app: Any, portal_app: Any, acme: Any, portal_of: Any, ticket: Any, agent: Any
) -> None:
    browser, path = portal_of(acme), f"/requests/{ticket.ref}"
    browser.get(path)
    with counted(portal_app) as few:
        browser.get(path)
    for n in range(12):
        with world.acting(console_app, agent):
            conversation.reply(ticket.id, f"Word {n}", by=agent)
    with counted(portal_app) as many:
        page = browser.get(path).text
    assert len(many) == len(few), many
    assert len(many) <= 16, many
    assert "8 earlier messages" in page


def test_the_names_of_us_who_follow_are_not_shown(
    console_app: Any, acme: Any, portal_of: Any, ticket: Any, agent: Any
) -> None:
    watcher, _ = world.agent(console_app)
    with world.acting(console_app, agent):
        triage.add_follower(ticket.id, agent_id=watcher.id, by=agent)
    assert f"<dd>{watcher.name}" not in portal_of(acme).get(f"/requests/{ticket.ref}").text


def test_what_waits_for_a_colleague_says_for_whom(console_app: Any, acme: Any, portal_of: Any, ticket: Any, agent: Any) -> None:
    with world.acting(console_app, agent):
        moves.move(ticket.id, "waiting_for_client", by=agent, reason="Which one?")
    name = ticket.requester_name.split(" ")[0]
    his, boss = portal_of(acme), portal_of(acme, "manager")
    assert "Waiting for you" in words_of(his.get(f"/requests/{ticket.ref}").text)
    for path in (f"/requests/{ticket.ref}", "/company"):
        said = words_of(boss.get(path).text)
        assert f"Waiting for {name}" in said, path
        assert "Waiting for you Which" not in said, path
