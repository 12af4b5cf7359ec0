"""What a client's token is told of clocks and turning points: the portal's words, and nothing of ours."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.itsm.tickets.services import conversation, moves, opening, triage
from tests.support import world
from tests.support.caller import Caller

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def lived(console_app: Any, acme: Any) -> Any:
    """A ticket that was answered, waited for its client, was raised, noted and given to somebody."""
    requester, (agent, by) = acme.actor(), world.agent(console_app, "lead")
    with clock.at(MONDAY), world.acting(console_app, requester):
        ticket = opening.open_ticket(acme.id, "No mail", by=requester)
    with clock.at(MONDAY + timedelta(hours=1)), world.acting(console_app, by):
        triage.assign(ticket.id, assignee_id=agent.id, by=by)
        conversation.add_note(ticket.id, "zebrafinch", by=by)
        conversation.reply(ticket.id, "Which mailbox?", by=by, then="waiting_for_client", reason="Asked which mailbox")
    with clock.at(MONDAY + timedelta(hours=2)), world.acting(console_app, requester):
        conversation.reply(ticket.id, "The shared one", by=requester)
    with clock.at(MONDAY + timedelta(hours=3)), world.acting(console_app, by):
        triage.classify(ticket.id, {"priority": 2}, by=by)
        moves.move(ticket.id, "waiting_for_supplier", reason="Parts ordered", by=by)
    return ticket, agent


def test_the_explanation_says_what_the_portal_says(console_app: Any, portal_app: Any, portal_of: Any, acme: Any, lived: Any) -> None:
    ticket, agent = lived
    own = Caller(portal_app, acme.host, acme.actor())
    console = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1])
    with clock.at(MONDAY + timedelta(hours=4)):
        told = own("GET", f"/tickets/{ticket.ref}/clocks/resolution").json["steps"]
        ours = console("GET", f"/tickets/{ticket.ref}/clocks/resolution").json["steps"]
        page = html.unescape(re.sub(r"<[^>]+>", "", portal_of(acme).get(f"/requests/{ticket.ref}").text))
    texts = [step["text"] for step in told]
    assert told[0]["text"] in page, "the agreement in the portal's words"
    assert told[0]["text"].startswith("Your agreement “Standard” counts opening hours, Monday to Friday")
    pause = next(step["text"] for step in told if step["kind"] == "pause")
    assert "We were waiting for you: “Asked which mailbox”, 1 h 00 not counted" in pause
    assert "We were waiting for you: “Asked which mailbox”" in page
    assert [step["text"] for step in told if step["kind"] == "change" and step["text"] not in page] == []
    assert any(step["kind"] == "change" for step in told), "the raised priority is told"
    assert not any("The pause by" in text or "Paused by" in text for text in texts)
    assert any(f"Paused by {agent.name}" in step["text"] for step in ours), "agents read who paused it"
    counted = sum(step["seconds"] for step in told if step["counted"])
    assert counted == next(step["seconds"] for step in told if step["kind"] == "total"), "the client's sum comes out too"
    for kind in ("ola", "underpinning"):
        assert own("GET", f"/tickets/{ticket.ref}/clocks/{kind}").status_code == 404


def test_the_timeline_tells_what_the_portal_tells(portal_app: Any, portal_of: Any, acme: Any, birch: Any, lived: Any) -> None:
    ticket, agent = lived
    own, stranger = Caller(portal_app, acme.host, acme.actor()), Caller(portal_app, birch.host, birch.actor("manager"))
    with clock.at(MONDAY + timedelta(hours=4)):
        answer = own("GET", f"/tickets/{ticket.ref}/timeline")
        page = html.unescape(re.sub(r"<[^>]+>", "", portal_of(acme).get(f"/requests/{ticket.ref}").text))
        assert stranger("GET", f"/tickets/{ticket.ref}/timeline").status_code == 404
    rows = answer.json["data"]
    assert {row["kind"] for row in rows} == {"opened", "replied", "moved"}, "assigned, classified and noted are ours"
    assert f"The clock stands still: {agent.name} asked you something: “Asked which mailbox”" in [row["text"] for row in rows]
    for row in rows:
        assert row["text"] is None or row["text"] in page
        assert set(row["data"]) <= {"message"}
    assert b"zebrafinch" not in answer.data


def test_who_of_us_follows_is_our_own_business(console_app: Any, portal_app: Any, portal_of: Any, acme: Any, lived: Any) -> None:
    ticket, _ = lived
    watcher, (_, by) = world.agent(console_app)[0], world.agent(console_app)
    with world.acting(console_app, by):
        triage.add_follower(ticket.id, agent_id=watcher.id, by=by)
        triage.add_follower(ticket.id, contact_id=acme.people["manager"].id, by=by)
    own, console = Caller(portal_app, acme.host, acme.actor()), Caller(console_app, "console.localhost", by)
    told = own("GET", f"/tickets/{ticket.ref}/timeline")
    assert watcher.name.encode() not in told.data + portal_of(acme).get(f"/requests/{ticket.ref}").data
    assert f"{by.name} let {acme.people['manager'].name} follow this" in [row["text"] for row in told.json["data"]]
    assert watcher.name in [row["data"].get("name") for row in console("GET", f"/tickets/{ticket.ref}/timeline").json["data"]]
