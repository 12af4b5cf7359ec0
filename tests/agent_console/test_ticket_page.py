"""The page of one ticket: what it shows, its regions, and that nobody else sees it."""

import re
from datetime import timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.itsm.tickets.services import conversation, moves, triage
from tests.agent_console.conftest import MONDAY, TEN
from tests.support import statements, world


def plain(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.get_data(as_text=True)).split())


@pytest.fixture
def told(console_app: Any, desk: Any, ticket: Any) -> Any:
    """The ticket after a reply that waits for the client, his answer and a note."""
    agent = desk.actor
    with clock.at(MONDAY + timedelta(minutes=30)), world.acting(console_app, agent):
        conversation.reply(
            ticket.id, "Which **printer**?", by=agent, then="waiting_for_client", reason="Asked which printer it is"
        )
    with clock.at(MONDAY + timedelta(minutes=45)), world.acting(console_app, agent):
        conversation.add_note(ticket.id, "He has three of them.", by=agent)
    return ticket


def test_the_page_tells_the_whole_story(desk: Any, acme: Any, told: Any) -> None:
    page = desk.get(f"/tickets/{told.ref}?clock=resolution&why=1", at=TEN)
    text, html = plain(page), page.get_data(as_text=True)
    assert page.status_code == 200
    for words in (
        "Printer on fire", acme.tenant.name, "Waiting for client", "Incident, from the portal, opened Mon 1 Mar, 09:00",
        "Paused – waiting for client", "0 h 30 of 24 h used", "Why does the clock stand still?",
        f"Paused by {desk.actor.name}: “Asked which printer it is”", "Used of 24 h 00", "P3 is line 3 of Standard v1",
        "Business hours v1, Mon–Fri 09:00–17:00", "75 % Tell the assignee", "It smells.", "He has three of them.",
        "Internal note", "Send to 1 person", "It is never mailed", "Stay waiting for client",
    ):  # fmt: skip
        assert words in text, words
    assert "<strong>printer</strong>" in html, "what our people write is Markdown, as in the mail"
    assert '<details class="why" open' in html or 'class="why" open' in html
    assert 'class="thread" data-sla="paused"' in html
    assert "style=" not in html


def test_the_receipt_is_closed_until_the_address_says_so(desk: Any, told: Any) -> None:
    assert 'class="why" open' not in desk.get(f"/tickets/{told.ref}").get_data(as_text=True)


def test_each_clock_has_its_address(desk: Any, told: Any) -> None:
    text = desk.get(f"/tickets/{told.ref}?clock=response").get_data(as_text=True)
    assert 'data-sla="met"' in text
    assert "How the response clock was counted" in text
    assert f"/tickets/{told.ref}?clock=resolution" in text
    assert desk.get(f"/tickets/{told.ref}?clock=nonsense").status_code == 200


def test_markup_in_what_people_write_stays_text(desk: Any, acme: Any, opened: Any, console_app: Any) -> None:
    evil = opened(acme, "<img src=x onerror=alert(1)>", body="<script>alert(1)</script>")
    agent = desk.actor
    with clock.at(TEN), world.acting(console_app, agent):
        conversation.add_note(evil.id, "[x](javascript:alert(1)) <b onclick=alert(1)>hm</b>", by=agent)
        moves.move(evil.id, "waiting_for_client", by=agent, reason="<i>why</i>")
        triage.add_follower(evil.id, by=agent, contact_id=acme.people["manager"].id)
    html = desk.get(f"/tickets/{evil.ref}?why=1").get_data(as_text=True)
    for forbidden in ("<script>alert", "<img src=x", "<b onclick", 'href="javascript', "<i>why"):
        assert forbidden not in html
    assert "&lt;script&gt;alert(1)" in html


def test_another_clients_ticket_answers_like_none(desk: Any, birch: Any, opened: Any) -> None:
    other = opened(birch)
    for path in ("", "/refile"):
        foreign, random = desk.get(f"/tickets/{other.ref}{path}"), desk.get(f"/tickets/NOBODY-77777{path}")
        assert foreign.status_code == random.status_code == 404
        assert birch.tenant.name not in foreign.get_data(as_text=True)


@pytest.mark.parametrize("part", ["acts", "facts", "clocks", "conversation", "side"])
def test_a_region_is_fetched_alone(desk: Any, told: Any, part: str) -> None:
    html = desk.get(f"/tickets/{told.ref}", **{"HX-Request": "true", "HX-Target": part}).get_data(as_text=True)
    assert f'id="{part}"' in html
    assert f'data-live-region="ticket:{told.id}"' in html
    assert "<html" not in html
    assert "composer" not in html, "an editor is never part of what is fetched anew"


def test_what_came_since_the_last_visit_is_new(console_app: Any, desk: Any, acme: Any, told: Any) -> None:
    assert ">New<" not in desk.get(f"/tickets/{told.ref}", at=TEN).get_data(as_text=True)
    requester = acme.actor()
    with clock.at(TEN + timedelta(minutes=1)), world.acting(console_app, requester):
        conversation.reply(told.id, "The blue one.", by=requester)
    later = desk.get(f"/tickets/{told.ref}", at=TEN + timedelta(minutes=2))
    assert later.get_data(as_text=True).count(">New<") == 1
    assert "Clock running again: " in plain(later)
    assert ">New<" not in desk.get(f"/tickets/{told.ref}", at=TEN + timedelta(minutes=3)).get_data(as_text=True)


def test_a_long_story_is_folded_but_for_what_is_new(console_app: Any, desk: Any, ticket: Any) -> None:
    agent = desk.actor
    with clock.at(MONDAY), world.acting(console_app, agent):
        for number in range(12):
            conversation.add_note(ticket.id, f"Note number {number:02d}", by=agent)
    page = plain(desk.get(f"/tickets/{ticket.ref}"))
    assert "earlier, 1 Mar" in page
    assert "Note number 11" in page
    assert "Note number 01" not in page
    assert "Note number 01" in plain(desk.get(f"/tickets/{ticket.ref}?all=1"))


def test_the_way_on_follows_the_list_it_came_from(desk: Any, acme: Any, opened: Any) -> None:
    first, second, third = (opened(acme, f"Number {n}", at=MONDAY + timedelta(minutes=n)) for n in range(3))
    html = desk.get(f"/tickets/{second.ref}?q=is:open+sort:created").get_data(as_text=True)
    assert f'href="/tickets/{first.ref}?q=is:open+sort:created"' in html
    assert f'href="/tickets/{third.ref}?q=is:open+sort:created"' in html
    assert 'href="/queue?q=is:open+sort:created"' in html
    assert desk.get(f"/tickets/{second.ref}?q=status:nonsense").status_code == 200


def test_a_reader_sees_no_control(sit: Any, acme: Any, told: Any) -> None:
    reader = sit(acme, roles=("read_only",))
    html = reader.get(f"/tickets/{told.ref}").get_data(as_text=True)
    assert "He has three of them." in html
    assert "You may read this ticket, not answer it." in html
    for control in ("composer", 'name="assignee"', 'name="impact"', 'data-key="e"', 'data-dialog="status"'):
        assert control not in html


def test_questions_do_not_grow_with_the_conversation(console_app: Any, desk: Any, ticket: Any) -> None:
    def asked() -> int:
        with statements.counted(console_app) as sent:
            desk.get(f"/tickets/{ticket.ref}?all=1")
        return len(sent)

    agent = desk.actor
    asked()
    few = asked()
    with clock.at(MONDAY), world.acting(console_app, agent):
        for number in range(6):
            conversation.reply(ticket.id, f"Reply {number}", by=agent)
    desk.get(f"/tickets/{ticket.ref}")
    assert asked() <= few + 1
    assert few <= 30
