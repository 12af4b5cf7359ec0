"""The feed of help articles, and that what is for one client is in no way to be had by another."""

from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest

from msp.itsm.knowledge import services
from tests.itsm.test_knowledge import published
from tests.itsm.test_pictures import shown
from tests.support import world
from tests.support.caller import Caller

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(answer: Any) -> list[tuple[str, str, str]]:
    """Title, address and content of each entry."""
    feed = ElementTree.fromstring(answer.data)  # noqa: S314 - our own answer
    assert feed.tag == f"{ATOM}feed"
    return [
        (entry.findtext(f"{ATOM}title") or "", entry.find(f"{ATOM}link").get("href"), entry.findtext(f"{ATOM}content") or "")  # type: ignore[union-attr,misc]
        for entry in feed.findall(f"{ATOM}entry")
    ]


def test_the_feed_holds_what_one_may_read_the_newest_first(console_app: Any, acme: Any, portal_of: Any) -> None:
    word = world.unique("Feed")
    published(console_app, f"{word} <one> & only", acme, body="**Bold** \x0b text")
    published(console_app, f"{word} costs", acme, readers="managers")
    row, picture = shown(console_app, acme)
    with world.as_staff(console_app) as by:
        services.write_article(f"{word} draft", "x", audience="chosen", client_ids=[acme.id], by=by)
    browser = portal_of(acme)
    assert 'type="application/atom+xml"' in browser.get("/help").text
    answer = browser.get("/help/feed.atom")
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    found = [each for each in entries(answer) if word in each[0] or each[0] == row.title]
    assert [each[0] for each in found] == [row.title, f"{word} <one> & only"]
    assert found[0][1].startswith(f"http://{acme.host}")
    assert found[0][1].endswith(f"/help/{row.id}")
    assert f"/help/{row.id}/pictures/{picture.file_name}" in found[0][2]
    assert "<strong>Bold</strong>" in found[1][2]
    assert f"{word} costs" in [each[0] for each in entries(portal_of(acme, "manager").get("/help/feed.atom"))]


def test_nobody_reads_the_feed_without_a_session(portal_app: Any, acme: Any) -> None:
    answer = portal_app.test_client().get("/help/feed.atom", base_url=f"http://{acme.host}/")
    assert answer.status_code in (302, 303, 401)
    assert b"<feed" not in answer.data


@pytest.mark.parametrize("person", ["requester", "admin"])
def test_an_article_for_one_client_is_not_in_anothers_page_search_suggestion_api_or_feed(
    console_app: Any, portal_app: Any, acme: Any, birch: Any, portal_of: Any, person: str
) -> None:
    word = world.unique("Turbine")
    row = published(console_app, f"{word} restart", acme)
    mine, theirs = portal_of(acme, person), portal_of(birch, person)
    own, other = (Caller(portal_app, company.host, company.actor(person), "tickets:write") for company in (acme, birch))
    ways = {
        "page": lambda browser, _: browser.get(f"/help/{row.id}"), "list": lambda browser, _: browser.get("/help"),
        "search": lambda browser, _: browser.get(f"/search?q={word}"),
        "suggestion": lambda browser, _: browser.get(f"/help/suggestions?subject={word}"),
        "api": lambda _, program: program("GET", f"/help-articles/{row.id}"),
        "api list": lambda _, program: program("GET", "/help-articles?limit=100"),
        "api search": lambda _, program: program("GET", f"/help-articles/search?words={word}"),
        "feed": lambda browser, _: browser.get("/help/feed.atom"),
    }  # fmt: skip
    for way, ask in ways.items():
        assert f"{word} restart" in ask(mine, own).text, way
        assert f"{word} restart" not in ask(theirs, other).text, way
    assert (ways["page"](theirs, other).status_code, ways["api"](theirs, other).status_code) == (404, 404)
    assert theirs.get(f"/help/{UUID(int=1)}").status_code == 404
