"""Changing a ticket's requester on its page: saved and told, or refused with nothing typed lost."""

from datetime import timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.itsm.tickets import queries
from msp.itsm.tickets.services import conversation, requester, triage
from tests.agent_console.conftest import TEN
from tests.support import pages, world

OPEN = 'id="requester" aria-labelledby="requester-title" data-open'


def test_the_page_offers_it_and_saves_it(desk: Any, acme: Any, ticket: Any) -> None:
    page, manager = desk.get(f"/tickets/{ticket.ref}").text, acme.people["manager"]
    assert 'data-dialog="requester"' in page
    assert OPEN not in page
    sent = pages.fields(page, f"/tickets/{ticket.ref}/requester")
    assert (sent["version"], sent["dialog"], sent["requester"]) == ("1", "requester", "")
    del sent["csrf_token"]
    answer = desk.post(f"/tickets/{ticket.ref}/requester", **{**sent, "requester": f"{manager.name} <{manager.e_mail}>"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/tickets/{ticket.ref}")
    now = desk.ticket(ticket)
    assert (now.requester_id, now.requester_name, now.version) == (manager.id, manager.name, 2)
    assert desk.told(ticket) == ["opened", "requester_changed"]
    words = pages.words(desk.get(f"/tickets/{ticket.ref}"))
    assert f"{desk.actor.name} made {manager.name} the requester in place of {acme.people['requester'].name}" in words
    assert f"Requester {manager.name}" in words


def test_with_script_the_regions_come_back(desk: Any, acme: Any, ticket: Any) -> None:
    answer = desk.post(f"/tickets/{ticket.ref}/requester", requester=acme.people["manager"].name, version="1", hx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert f"made <b>{acme.people['manager'].name}</b> the requester" in answer.text
    row = answer.text.partition('id="composer-to" hx-swap-oob="true"')[2].partition("</div>")[0]
    assert acme.people["manager"].name in row, "and the reply that is being written says where it goes"
    assert f'name="seen_requester" value="{acme.people["manager"].id}"' in row
    assert "textarea" not in row


@pytest.mark.parametrize("hx", [False, True])
def test_what_is_refused_keeps_what_was_typed(desk: Any, acme: Any, birch: Any, ticket: Any, hx: bool) -> None:
    foreign = birch.people["manager"].e_mail
    for typed, said in (
        ("Nobody At All", "Nobody at this client is called “Nobody At All”"),
        (acme.tenant.name, "Several people fit"),
        (foreign, "Nobody at this client is called"),
        ("", "Say who needs help."),
        ("<b>&\x00", "Nobody at this client is called"),
    ):
        answer = desk.post(f"/tickets/{ticket.ref}/requester", requester=typed, dialog="requester", version="1", hx=hx)
        assert answer.status_code == 422, typed
        assert OPEN in answer.text
        assert said in pages.words(answer)
        assert not typed.isprintable() or pages.fields(answer.text, f"/tickets/{ticket.ref}/requester")["requester"] == typed
    assert desk.post(f"/tickets/{ticket.ref}/requester", requester="x", version="first").status_code == 422
    assert (desk.ticket(ticket).version, desk.told(ticket)) == (1, ["opened"])


def test_a_stale_page_says_so_in_the_dialog(console_app: Any, desk: Any, sit: Any, acme: Any, ticket: Any) -> None:
    other, manager = sit(acme).actor, acme.people["manager"]
    with clock.at(TEN), world.acting(console_app, other):
        triage.assign(ticket.id, by=other, assignee_id=other.id)
    answer = desk.post(f"/tickets/{ticket.ref}/requester", requester=manager.name, dialog="requester", version="1")
    assert answer.status_code == 412
    assert OPEN in answer.text
    again = pages.fields(answer.text, f"/tickets/{ticket.ref}/requester")
    assert (again["requester"], again["version"]) == (manager.name, "2")
    assert desk.ticket(ticket).requester_id == acme.people["requester"].id
    del again["csrf_token"]
    assert desk.post(f"/tickets/{ticket.ref}/requester", **again).status_code == 303
    assert desk.ticket(ticket).requester_id == manager.id


def test_a_reader_is_not_offered_it(sit: Any, acme: Any, ticket: Any) -> None:
    assert 'data-dialog="requester"' not in sit(acme, roles=("read_only",)).get(f"/tickets/{ticket.ref}").text


# --- Who reads what ---------------------------------------------------------------------------------------------------


def test_a_reply_says_who_read_it_then(console_app: Any, desk: Any, acme: Any, ticket: Any) -> None:
    """Not who would read it now: requester and followers come and go."""
    first, manager, admin = (acme.people[name] for name in ("requester", "manager", "admin"))
    with world.acting(console_app, desk.actor):
        for minute, act in enumerate((
            lambda: conversation.reply(ticket.id, "Number one", by=desk.actor),
            lambda: triage.add_follower(ticket.id, contact_id=admin.id, by=desk.actor),
            lambda: conversation.reply(ticket.id, "Number two", by=desk.actor),
            lambda: requester.change_requester(ticket.id, manager.id, by=desk.actor),
            lambda: conversation.reply(ticket.id, "Number three", by=desk.actor),
            lambda: requester.change_requester(ticket.id, admin.id, by=desk.actor),
            lambda: conversation.reply(ticket.id, "Number four", by=desk.actor),
            lambda: triage.remove_follower(ticket.id, queries.followers(ticket)[0].id, by=desk.actor),
            lambda: conversation.reply(ticket.id, "Number five", by=desk.actor),
        )):  # fmt: skip
            with clock.at(TEN + timedelta(minutes=minute)):
                act()
    said = pages.words(desk.get(f"/tickets/{ticket.ref}?all=1", at=TEN + timedelta(minutes=30)))
    for number, names in (
        ("one", first.name), ("two", f"{first.name}, {admin.name}"), ("three", f"{manager.name}, {admin.name}"),
        ("four", admin.name), ("five", admin.name),
    ):  # fmt: skip
        before, _, _ = said.partition(f"Number {number}")
        assert before[before.rindex(" to ") :].startswith(f" to {names} "), number


def test_a_reply_meant_for_another_waits(console_app: Any, desk: Any, sit: Any, acme: Any, ticket: Any) -> None:
    other, manager, path = sit(acme).actor, acme.people["manager"], f"/tickets/{ticket.ref}/reply"
    meant = pages.fields(desk.get(f"/tickets/{ticket.ref}").text, path)["seen_requester"]
    with clock.at(TEN), world.acting(console_app, other):
        requester.change_requester(ticket.id, manager.id, by=other)
    answer = desk.post(path, body="Your own secret", seen_messages="1", seen_requester=meant)
    assert answer.status_code == 409
    assert f"{manager.name} is the requester by now." in pages.words(answer)
    assert len(desk.messages(ticket)) == 1
    again = pages.fields(answer.text, path)
    assert (again["body"], again["seen_requester"]) == ("Your own secret", str(manager.id))
    assert desk.post(path, body="For you, then", seen_requester=again["seen_requester"]).status_code == 303
    assert desk.post(path, body="Nonsense", seen_requester="x").status_code == 422
