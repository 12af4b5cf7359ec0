"""Words are looked up in what narrows the list, so that the limit cuts nobody off from his own tickets."""

from typing import Any

import pytest
import sqlalchemy as sa

from msp.core.db import db
from msp.itsm.tickets import word_search
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import moves, opening, triage
from tenants.services import clients
from tests.support import world
from tests.support.caller import Caller


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_search, "MOST_FOUND", 2)


def opened(app: Any, company: Any, person: str, subject: str, **options: Any) -> Any:
    requester = company.actor(person)
    with world.acting(app, requester):
        return opening.open_ticket(company.id, subject, body="The printer jams.", by=requester, **options)


@pytest.fixture
def old(console_app: Any, acme: Any) -> Any:
    """A requester's ticket, older than more of a colleague's than a search looks at."""
    ticket = opened(console_app, acme, "requester", "Old one of mine")
    for number in range(4):
        opened(console_app, acme, "manager", f"Colleague {number}")
    return ticket


def test_a_requester_finds_his_own_under_the_companys(acme: Any, portal_of: Any, old: Any) -> None:
    mine = portal_of(acme)
    for path in ("/search?q=printer", "/requests?show=all&q=printer", "/requests?q=printer", "/requests?q=jams"):
        page = mine.get(path).text
        assert "Old one of mine" in page, path
        assert "Colleague" not in page, path
        assert "Very many" not in page, path
    assert "Old one of mine" not in portal_of(acme, "manager").get("/search?q=printer").text, "the control: it is cut for the company"


def test_he_finds_what_he_follows(console_app: Any, acme: Any, portal_of: Any, old: Any) -> None:
    staff = world.agent(console_app)[1]
    with world.acting(console_app, staff):
        [shared] = db.session.scalars(sa.select(Ticket.id).where(Ticket.tenant_id == acme.id, Ticket.subject == "Colleague 0"))
        triage.add_follower(shared, by=staff, contact_id=acme.people["requester"].id)
    page = portal_of(acme).get("/requests?show=shared&q=printer").text
    assert "Colleague 0" in page
    assert "Old one of mine" not in page
    for other in ("Old one of mine", "Colleague 0"):
        assert other in portal_of(acme).get("/search?q=printer").text


def test_a_site_narrows_before_the_cut(console_app: Any, acme: Any, portal_of: Any) -> None:
    with world.as_staff(console_app) as by:
        site = clients.add_site(acme.id, world.unique("Bath"), by=by)
    opened(console_app, acme, "requester", "At the site", site_id=site.id)
    for number in range(4):
        opened(console_app, acme, "manager", f"Elsewhere {number}")
    manager = portal_of(acme, "manager")
    assert "At the site" in manager.get(f"/company?q=printer&site={site.id}").text
    everywhere = manager.get("/company?q=printer").text
    assert "At the site" not in everywhere
    assert "Very many requests hold these words" in everywhere


def test_the_api_of_a_contact_finds_his_own(portal_app: Any, acme: Any, old: Any) -> None:
    answer = Caller(portal_app, acme.host, acme.actor())("GET", "/tickets?q=printer")
    assert [row["subject"] for row in answer.json["data"]] == ["Old one of mine"]
    assert "X-Search-Cut" not in answer.headers
    whole = Caller(portal_app, acme.host, acme.actor("manager"))("GET", "/tickets?q=printer")
    assert (len(whole.json["data"]), whole.headers["X-Search-Cut"]) == (2, "2")


@pytest.mark.parametrize(
    "narrow",
    [
        "assignee:me", "status:client", "is:ended", "state:resolved,client assignee:me", "site:{site}",
        "(is:ended) -status:new status:client,resolved",
    ],
)
def test_an_agents_terms_narrow_before_the_cut(console_app: Any, acme: Any, birch: Any, narrow: str) -> None:
    agent = world.agent(console_app, "lead", clients=[acme.id, birch.id])[1]
    with world.as_staff(console_app) as by:
        site = clients.add_site(acme.id, world.unique("Bath"), by=by)
    old = opened(console_app, acme, "requester", "The old one", site_id=site.id)
    with world.acting(console_app, agent):
        triage.assign(old.id, by=agent, assignee_id=agent.id)
        to = "waiting_for_client" if "client" in narrow and "ended" not in narrow else "resolved"
        moves.move(old.id, "open", by=agent)
        moves.move(old.id, to, by=agent, reason="Which one?")
    for number in range(4):
        opened(console_app, birch, "requester", f"Newer {number}")
    caller = Caller(console_app, "console.localhost", agent)
    found = caller("GET", "/tickets", query_string={"q": f'printer {narrow}'.format(site=f'"{site.name}"')})
    assert [row["subject"] for row in found.json["data"]] == ["The old one"], found.json
    assert "X-Search-Cut" not in found.headers


def test_what_is_cut_is_said(console_app: Any, acme: Any, old: Any) -> None:
    agent = world.agent(console_app, "agent", clients=[acme.id])[1]
    caller = Caller(console_app, "console.localhost", agent)
    answer = caller("GET", "/tickets?q=printer+priority:3")
    assert answer.headers["X-Search-Cut"] == "2"
    assert "X-Search-Cut" not in caller("GET", "/tickets?q=mine").headers
    assert "X-Search-Cut" not in caller("GET", "/tickets?q=is:open").headers


def test_the_queue_says_so(console_app: Any, console_of: Any, acme: Any, old: Any) -> None:
    browser = console_of(world.agent(console_app, "agent", clients=[acme.id])[1])
    assert "only the 2 that changed last were looked at" in browser.get("/queue?q=printer").text
    assert "only the 2" not in browser.get("/queue?q=mine").text


def test_arguments_only_narrow(console_app: Any, acme: Any, birch: Any, old: Any) -> None:
    stranger = birch.actor("manager")
    with world.acting(console_app, stranger):
        for whose in (word_search.Whose(), word_search.Whose(acme.people["requester"].id), word_search.Whose(followed=[old.id])):
            narrow = word_search.Narrow(tenant_ids=[acme.id])
            assert word_search.look_up("printer", by=stranger, whose=whose).ids == []
            assert word_search.look_up("printer", narrow, by=stranger, whose=whose).ids == []
    limited = world.agent(console_app, clients=[birch.id])[1]
    with world.acting(console_app, limited):
        assert word_search.look_up("printer", word_search.Narrow(tenant_ids=[acme.id]), by=limited).ids == []
