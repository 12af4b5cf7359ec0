"""Help articles in the portal: listed, read, rated, found, suggested while a problem is reported; and never those of others."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core.db import db
from msp.itsm.knowledge import queries
from msp.itsm.knowledge.models import ArticleDeflection
from msp.itsm.tickets.models import Ticket
from tests.itsm.test_knowledge import published
from tests.support import world
from tests.support.pages import words


def test_an_article_is_listed_read_and_rated(console_app: Any, acme: Any, portal_of: Any, send: Any) -> None:
    word = world.unique("Toner")
    other = published(console_app, f"About {word}", acme)
    row = published(
        console_app, f"Change {word}", acme, topic="Printing", related=[other.id],
        body="# Steps\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<script>x</script> [go](javascript:x) ![i](https://x.example/i.png) `code`",
    )  # fmt: skip
    browser = portal_of(acme)
    listed = browser.get("/help")
    assert "Printing" in words(listed)
    assert f"Change {word}" in words(listed)
    assert "Help articles" in words(browser.get("/"))
    page = browser.get(f"/help/{row.id}").text
    assert "<h2>Steps</h2>" in page
    assert "<td>2</td>" in page
    assert "<code>code</code>" in page
    for never in ("<script>x", 'href="javascript', 'src="https://x'):
        assert never not in page
    assert f"About {word}" in page
    assert send(browser, f"/help/{row.id}/opinion", useful="yes", words="Thanks").status_code == 303
    with world.as_staff(console_app) as by:
        assert queries.response(row.id, by=by).useful == 1


def test_a_wrong_opinion_is_told_and_its_words_are_kept(console_app: Any, acme: Any, portal_of: Any, send: Any) -> None:
    row = published(console_app, "Rated", acme)
    browser = portal_of(acme)
    for wrong in ({"words": "my words"}, {"useful": "no", "words": "my words" * 200}):
        answer = send(browser, f"/help/{row.id}/opinion", **wrong)
        assert answer.status_code == 422
        assert "my words" in answer.text


def test_what_fits_is_suggested_and_counted_and_never_blocks(console_app: Any, acme: Any, portal_of: Any, send: Any) -> None:
    word = world.unique("Beamer")
    row = published(console_app, f"{word} stays dark", acme)
    browser = portal_of(acme)
    assert f"{word} stays dark" in browser.get(f"/help/suggestions?subject=Our+{word}+is+broken").text
    assert f"{word} stays dark" in browser.get(f"/report?subject={word}").text
    asked_again = send(browser, "/report", subject=f"{word} broken")
    assert asked_again.status_code == 422
    assert f"{word} stays dark" in asked_again.text
    page = browser.get(f"/help/{row.id}?subject={word}+broken").text
    assert "This solved it" in page
    answer = send(browser, f"/help/{row.id}/solved", subject=f"{word} broken")
    assert "Nothing was opened." in browser.get(answer.location).text
    with world.as_staff(console_app):
        solved = sa.select(ArticleDeflection.subject).where(ArticleDeflection.article_id == row.id)
        assert db.session.scalars(solved).all() == [f"{word} broken"]
        assert not db.session.scalars(sa.select(Ticket.id).where(Ticket.tenant_id == acme.id)).all()
    sent = send(browser, "/report", subject=f"{word} broken", body="Dark.", impact="2", urgency="1")
    assert sent.status_code == 303


@pytest.mark.parametrize("person", ["requester", "admin"])
def test_an_article_for_one_client_is_nowhere_for_another(
    console_app: Any, acme: Any, birch: Any, portal_of: Any, send: Any, person: str
) -> None:
    word = world.unique("Furnace")
    row = published(console_app, f"{word} restart", acme)
    other = published(console_app, "Anything", birch, related=[row.id])
    browser = portal_of(birch, person)
    for path in ("/", "/help", f"/search?q={word}", f"/help/suggestions?subject={word}", f"/report?subject={word}", f"/help/{other.id}"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert f"{word} restart" not in answer.text, path
    for unseen in (row.id, uuid4()):
        assert browser.get(f"/help/{unseen}").status_code == 404
        for act in ("opinion", "solved"):
            assert send(browser, f"/help/{unseen}/{act}", useful="yes", subject="x").status_code == 404
    assert f"{word} restart" in portal_of(acme).get(f"/search?q={word}").text
