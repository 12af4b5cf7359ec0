"""A conversation of hundreds of messages: every one can be reached, none twice, in order, and nothing leaks to the portal."""

import re
from datetime import UTC, timedelta
from typing import Any

import pytest

from agent_console import feed
from msp.core import clock
from msp.core.db import db
from msp.itsm.tickets import queries, story
from msp.itsm.tickets.models import Attachment, Message, TimelineEntry
from tests.agent_console.conftest import MONDAY
from tests.support import statements, world

MANY = 450
NEW = '">New</span><span class="meta push">'


@pytest.fixture
def long(console_app: Any, desk: Any, ticket: Any) -> Any:
    """A ticket with 450 messages, every third a note, all at three instants, and an internal entry at each tenth."""
    with clock.at(MONDAY), world.as_staff(console_app):
        for number in range(MANY):
            at = MONDAY + timedelta(hours=1 + number // 150)
            is_note = number % 3 == 0
            db.session.add(
                Message(
                    tenant_id=ticket.tenant_id, ticket_id=ticket.id, sent_at=at, body=f"Word {number:03d}.",
                    author_name="Priya", author_kind="agent", is_internal=is_note, via="console",
                )
            )  # fmt: skip
            if number % 10 == 0:
                db.session.add(
                    TimelineEntry(
                        tenant_id=ticket.tenant_id, ticket_id=ticket.id, at=at, kind="tagged", actor_kind="agent",
                        actor_name="Priya", data={"to": [f"secret-{number}"]}, is_internal=True,
                    )
                )  # fmt: skip
            db.session.flush()
        db.session.commit()
    return ticket


def walked(get: Any, path: str, link: str) -> list[str]:
    """The pages from the newest back, by their links."""
    pages = []
    while path:
        answer = get(path)
        assert answer.status_code == 200
        pages.append(answer.get_data(as_text=True))
        found = re.search(rf'href="([^"]+)">{link}<', pages[-1])
        path = found[1].replace("&amp;", "&") if found else ""
    return pages


def words(page: str) -> list[str]:
    return re.findall(r"Word \d+", page)


def test_an_agent_reaches_every_message_once_and_in_order(desk: Any, long: Any) -> None:
    pages = walked(desk.get, f"/tickets/{long.ref}?all=1", "Show what is earlier")
    said = [word for page in reversed(pages) for word in words(page)]
    assert len(pages) == 3
    assert said == sorted(set(said)), "the oldest first, none twice"
    assert len(said) == MANY
    assert "It smells." in pages[-1], "the first message stands at the end of the way"
    assert all(f"secret-{number}<" in "".join(pages) for number in range(0, MANY, 10))
    assert "Back to the newest" in pages[1]
    assert "Show what is later" in pages[2]
    later = re.search(r'href="([^"]+)">Show what is later<', pages[2])
    assert later
    assert words(desk.get(later[1].replace("&amp;", "&")).get_data(as_text=True)) == words(pages[1])


def test_a_client_reaches_every_reply_and_nothing_internal(acme: Any, portal_of: Any, long: Any) -> None:
    pages = walked(portal_of(acme).get, f"/requests/{long.ref}", "Show earlier messages")
    said = [word for page in pages for word in words(page)]
    public = [f"Word {number:03d}" for number in range(MANY) if number % 3]
    assert len(pages) == 2
    assert said == public[::-1], "the newest first, none twice, and no note"
    assert "secret-" not in "".join(pages)
    assert "It smells." in pages[-1]


def test_a_page_of_a_story_asks_no_more_than_its_end(console_app: Any, desk: Any, long: Any) -> None:
    def asked(path: str) -> int:
        with statements.counted(console_app) as sent:
            desk.get(path)
        return len(sent)

    earlier = re.search(r'href="([^"]+)">Show what is earlier<', desk.get(f"/tickets/{long.ref}?all=1").get_data(as_text=True))
    assert earlier
    newest = asked(f"/tickets/{long.ref}?all=1")
    assert asked(earlier[1].replace("&amp;", "&")) <= newest + 1


def test_a_cursor_of_another_ticket_or_side_is_refused(
    console_app: Any, desk: Any, acme: Any, portal_of: Any, opened: Any, long: Any
) -> None:
    with world.acting(console_app, desk.actor):
        cursor = story.pages(long, by=desk.actor).next
    other = opened(acme)
    assert desk.get(f"/tickets/{other.ref}?cursor={cursor}").status_code == 400
    assert desk.get(f"/tickets/{long.ref}?cursor=nonsense").status_code == 400
    refused = portal_of(acme).get(f"/requests/{long.ref}?cursor={cursor}")
    assert refused.status_code == 400
    assert "Word" not in refused.text


def test_an_earlier_page_leaves_the_mark_of_what_is_read(console_app: Any, desk: Any, long: Any) -> None:
    with world.acting(console_app, desk.actor):
        cursor = story.pages(long, by=desk.actor).next
    desk.get(f"/tickets/{long.ref}?cursor={cursor}")
    assert NEW not in desk.get(f"/tickets/{long.ref}").get_data(as_text=True), "nothing was marked as read before"
    with clock.at(MONDAY + timedelta(hours=9)), world.as_staff(console_app):
        db.session.add(
            Message(
                tenant_id=long.tenant_id, ticket_id=long.id, sent_at=clock.now(), body="Anything new?", author_name="Ann",
                author_kind="contact", is_internal=False, via="portal",
            )
        )  # fmt: skip
        db.session.commit()
    ten = MONDAY + timedelta(hours=10)
    desk.get(f"/tickets/{long.ref}?cursor={cursor}", at=ten)
    assert NEW in desk.get(f"/tickets/{long.ref}", at=ten).get_data(as_text=True)


def test_who_refiled_a_ticket_did_not_open_it_in_the_portal() -> None:
    def opened(actor_kind: str) -> str:
        entry = TimelineEntry(
            kind="opened", at=MONDAY, actor_kind=actor_kind, actor_name="Priya", data={"source": "portal"}, is_internal=False
        )
        return str(feed.feed([], [entry], [], me=None, read_at=None, tz=UTC, is_whole=True).items[0].text)

    assert opened("contact") == "<b>Priya</b> opened it in the portal"
    assert opened("agent") == "<b>Priya</b> opened it here, re-filed; it came in the portal"


def test_the_opening_report_of_a_long_conversation_can_be_refiled(
    console_app: Any, sit: Any, acme: Any, birch: Any, ticket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = sit(acme, birch, roles=("lead",))
    with clock.at(MONDAY), world.as_staff(console_app):
        for number in range(210):
            said = Message(
                tenant_id=ticket.tenant_id, ticket_id=ticket.id, sent_at=MONDAY + timedelta(minutes=1 + number), via="console",
                body=f"Word {number:03d}.", author_name="Priya", author_kind="agent", is_internal=False,
            )  # fmt: skip
            db.session.add(said)
    page = lead.get(f"/tickets/{ticket.ref}/refile").get_data(as_text=True)
    assert len(words(page)) == 210
    assert words(page) == sorted(words(page)), "the oldest first"
    assert "Later ones stay behind" not in page
    opening = re.search(r'name="message_id" value="([^"]+)" checked>.*?It smells\.', page)
    assert opening, "what the requester wrote is ticked"
    answer = lead.post(
        f"/tickets/{ticket.ref}/refile", client=str(birch.id), requester=birch.people["requester"].name, message_id=opening[1],
        version=str(lead.ticket(ticket).version),
    )  # fmt: skip
    assert answer.status_code == 303
    with world.acting(console_app, lead.actor):
        made = queries.visible_ticket_by_ref(answer.headers["Location"].split("/")[-1].split("?")[0], by=lead.actor)
    assert lead.messages(made) == [("It smells.", False)]
    monkeypatch.setattr("agent_console.views.refile.MOST_MESSAGES", 100)
    cut = lead.get(f"/tickets/{lead.ticket(ticket).ref}/refile").get_data(as_text=True)
    assert (len(words(cut)), "It smells." in cut, "the first 100 messages. Later ones stay behind." in cut) == (99, True, True)


def test_a_page_reads_the_files_of_its_own_messages(
    console_app: Any, desk: Any, acme: Any, portal_of: Any, long: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.as_staff(console_app) as by:
        newest = queries.messages(long, by=by)[-1]
        oldest = queries.first_public_messages(long, limit=1)[0]
        public = [message for message in queries.messages(long, by=by) if not message.is_internal][-1]
        for message in {newest.id: newest, oldest.id: oldest, public.id: public}.values():
            made = Attachment(
                tenant_id=long.tenant_id, ticket_id=long.id, message_id=message.id, is_internal=message.is_internal, state="bound",
                uploader_kind="agent", name=f"of-{message.body.split(' ')[-1]}txt", content_type="text/plain", size=1, sha256="0",
                storage_key=world.unique("key"), created_at=MONDAY,
            )  # fmt: skip
            db.session.add(made)
    read: list[list[str]] = []
    all_of = queries.attachments

    def noted(*args: Any, **options: Any) -> Any:
        found = all_of(*args, **options)
        read.append([file.name for file in found])
        return found

    monkeypatch.setattr(queries, "attachments", noted)
    pages = walked(desk.get, f"/tickets/{long.ref}?all=1", "Show what is earlier")
    assert ["of-smells.txt" in page for page in pages] == [False, False, True]
    assert [f"of-{newest.body[5:]}txt" in page for page in pages] == [True, False, False]
    assert [names == ["of-smells.txt"] for names in read] == [False, False, True]
    assert read[1] == []
    read.clear()
    pages = walked(portal_of(acme).get, f"/requests/{long.ref}", "Show earlier messages")
    assert ["of-smells.txt" in page for page in pages] == [False, True]
    assert read == [[f"of-{public.body[5:]}txt"], ["of-smells.txt"]]
