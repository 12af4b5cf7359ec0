"""Home, lists, news, service levels and people; how much each asks the database; the suspended client."""

import re
from datetime import timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.core.db import db
from msp.itsm.announcements import services as announcements
from msp.itsm.tickets.services import moves, opening
from tenants import hosts
from tenants import queries as tenants
from tenants.models import Contact
from tenants.services import clients
from tests.support import world
from tests.support.statements import counted


def open_many(app: Any, company: Any, count: int, word: str = "Matter") -> list[Any]:
    by = company.actor()
    with world.acting(app, by):
        return [opening.open_ticket(company.id, f"{word} {n}", body="x", by=by) for n in range(count)]


def test_home_shows_ones_own_open_requests_and_the_ways_in(console_app: Any, acme: Any, portal_of: Any) -> None:
    done, running = open_many(console_app, acme, 2)
    with world.acting(console_app, acme.actor()) as by:
        moves.move(done.id, "resolved", by=by)
    page = portal_of(acme).get("/").text
    assert running.subject in page
    assert done.subject not in page
    assert "Something is broken" in page
    assert "Company’s requests" not in page
    assert "We know of no disruption." in page
    manager = portal_of(acme, "manager").get("/").text
    assert "Company’s requests" in manager
    assert running.subject not in manager, "home is about oneself"


@pytest.mark.parametrize("path", ["/requests", "/search?q=Printer"])
def test_lists_page_by_page_without_losing_one(console_app: Any, acme: Any, portal_of: Any, path: str) -> None:
    made = open_many(console_app, acme, 27, "Printer")
    browser = portal_of(acme)
    first = browser.get(path).text
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older
    second = browser.get(older.group(1).replace("&amp;", "&")).text
    seen = re.findall(r'href="/requests/(\S+?)"', first) + re.findall(r'href="/requests/(\S+?)"', second)
    assert sorted(seen) == sorted(ticket.ref for ticket in made)
    assert browser.get("/requests?after=forged").status_code == 400
    assert browser.get("/requests?site=nonsense&show=everything&q=%00").status_code == 200


def test_a_list_can_be_searched_and_narrowed(console_app: Any, acme: Any, portal_of: Any) -> None:
    with world.as_staff(console_app) as by:
        site = clients.add_site(acme.id, world.unique("Bath"), by=by)
    with world.acting(console_app, acme.actor()) as by:
        opening.open_ticket(acme.id, "Toaster", body="crumbs", site_id=site.id, by=by)
        opening.open_ticket(acme.id, "Kettle", body="limescale", by=by)
    manager = portal_of(acme, "manager")
    found = manager.get("/company?q=limescale").text
    assert "Kettle" in found
    assert "Toaster" not in found
    at_site = manager.get(f"/company?site={site.id}").text
    assert "Toaster" in at_site
    assert "Kettle" not in at_site
    assert "Nothing found" in manager.get("/company?q=nothing-like-it").text


@pytest.mark.parametrize(
    ("path", "person", "most"),
    [
        ("/", "requester", 12), ("/requests", "requester", 8), ("/company", "manager", 8),
        ("/service-levels", "manager", 10), ("/people", "admin", 8),
    ],
)  # fmt: skip
def test_no_page_asks_once_per_row(
    console_app: Any, portal_app: Any, acme: Any, portal_of: Any, path: str, person: str, most: int
) -> None:
    browser = portal_of(acme, person)
    open_many(console_app, acme, 2)
    browser.get(path)  # what is remembered by the process is remembered now
    with counted(portal_app) as few:
        assert browser.get(path).status_code == 200
    open_many(console_app, acme, 15)
    with counted(portal_app) as many:
        assert browser.get(path).status_code == 200
    assert len(many) == len(few), many
    assert len(many) <= most, many


def test_announcements_reach_those_they_are_for(
    console_app: Any, acme: Any, birch: Any, portal_of: Any
) -> None:
    word, now = world.unique("storm"), clock.now()
    with world.as_staff(console_app) as by:
        announcements.announce(f"{word} disruption", level="disruption", client_ids=[acme.id], by=by)
        announcements.announce(f"{word} weekend", body="Be <careful>.", client_ids=[acme.id, birch.id], by=by)
        announcements.announce(f"{word} later", client_ids=[acme.id], starts_at=now + timedelta(hours=1), by=by)
        ended = now - timedelta(days=1)
        announcements.announce(
            f"{word} over", client_ids=[acme.id], starts_at=now - timedelta(days=2), ends_at=ended, by=by
        )
    home, news = portal_of(acme).get("/").text, portal_of(acme).get("/news").text
    assert f"{word} disruption" in home
    assert "We know of no disruption." not in home
    assert f"{word} weekend" in home
    assert f"{word} later" not in home + news
    assert f"{word} over" not in home
    assert f"{word} over" in news
    assert "Be &lt;careful&gt;." in news
    other = portal_of(birch)
    assert f"{word} weekend" in other.get("/").text
    for path in ("/", "/news", f"/search?q={word}"):
        assert f"{word} disruption" not in other.get(path).text
    assert f"{word} disruption" in portal_of(acme).get(f"/search?q={word}").text


def test_service_levels_are_sentences_and_managers_see_the_clocks(
    console_app: Any, acme: Any, portal_of: Any
) -> None:
    [ticket] = open_many(console_app, acme, 1, "Ovens")
    page = portal_of(acme).get("/service-levels").text
    assert "We answer within 4 opening hours and fix within 24 opening hours" in page
    assert "We answer within 30 minutes and fix within 4 opening hours" in page
    assert "Monday to Friday 09:00 to 17:00." in page
    assert "Time does not count while we wait for you and until a planned date." in page
    assert ticket.subject not in page
    assert ticket.subject in portal_of(acme, "manager").get("/service-levels").text


def test_the_clients_colour_is_a_public_style_sheet(acme: Any, portal_of: Any) -> None:
    page = portal_of(acme).get("/").text
    sheet = re.search(r'href="(/brand/[0-9a-f]{6}\.css)"', page)
    assert sheet
    got = portal_of(acme, None).get(sheet.group(1))
    assert got.status_code == 200
    assert got.headers["Cache-Control"].startswith("public")
    assert "--brand: #1f5f8b" in got.text
    for wrong in ("/brand/red.css", "/brand/1f5f8.css", "/brand/}body{.css"):
        assert portal_of(acme, None).get(wrong).status_code == 404


def test_a_suspended_client_is_told_so(console_app: Any, portal_app: Any, acme: Any, portal_of: Any) -> None:
    browser = portal_of(acme)
    assert browser.get("/").status_code == 200
    with world.as_staff(console_app) as by:
        client = tenants.visible_client(acme.id, by=by)
        clients.change_client(acme.id, version=client.version, status="suspended", by=by)
    with portal_app.app_context():
        hosts.forget()
    refused = browser.get("/", follow_redirects=True)
    assert refused.status_code == 403
    assert "This portal is closed at present" in refused.text
    assert portal_of(acme, None).get("/sign-in").status_code == 403


def test_an_administrator_invites_and_changes_people(
    console_app: Any, acme: Any, portal_of: Any, send: Any
) -> None:
    admin = portal_of(acme, "admin")
    address = f"{world.unique('new')}@acme.example"
    details = {"name": "Nora New", "roles": ["requester", "manager"], "job_title": "Cook"}
    answer = send(admin, "/people/new", e_mail=address, **details)
    assert answer.status_code == 303, answer.text
    listed = admin.get(answer.location).text
    assert "The invitation is on its way." in listed
    assert re.search(r"Nora New</span>.*?Manager", listed, re.S)
    with world.as_staff(console_app):
        made = db.session.query(Contact).filter_by(tenant_id=acme.id, e_mail=address).one()
    assert (made.name, made.roles, made.job_title) == ("Nora New", ["manager", "requester"], "Cook")
    page = admin.get(f"/people/{made.id}").text
    assert 'name="e_mail"' not in page, "an address is never changed"
    fields = {"version": made.version, "name": "Nora Newer", "roles": "requester", "e_mail": "other@acme.example"}
    changed = send(admin, f"/people/{made.id}", **fields)
    assert changed.status_code == 303, changed.text
    with world.as_staff(console_app):
        after = db.session.query(Contact).filter_by(tenant_id=acme.id, id=made.id).one()
    assert (after.name, after.e_mail, after.roles, after.is_active) == ("Nora Newer", address, ["requester"], False)


def test_people_are_refused_in_words(acme: Any, birch: Any, portal_of: Any, send: Any) -> None:
    admin = portal_of(acme, "admin")
    taken = acme.people["manager"].e_mail
    wrong = send(admin, "/people/new", name="Nora <New>", e_mail=taken, roles="requester", job_title="Cook")
    assert wrong.status_code == 422
    assert "belongs to a contact" in wrong.text
    assert 'value="Nora &lt;New&gt;"' in wrong.text
    assert 'value="Cook"' in wrong.text
    assert send(admin, "/people/new", name="N", e_mail="n@acme.example", roles="admin").status_code == 422
    for foreign in (birch.people["requester"].id, "0192f0c0-0000-7000-8000-000000000001"):
        assert admin.get(f"/people/{foreign}").status_code == 404
        assert send(admin, f"/people/{foreign}", version=1, name="X", roles="requester").status_code == 404
        assert send(admin, f"/people/{foreign}/invitation").status_code == 404
    stale = send(admin, f"/people/{acme.people['manager'].id}", version=99, name="M", roles="manager", is_active="1")
    assert stale.status_code == 412


@pytest.mark.parametrize("person", ["requester", "manager"])
def test_only_an_administrator_looks_after_people(acme: Any, portal_of: Any, send: Any, person: str) -> None:
    browser = portal_of(acme, person)
    assert browser.get("/people").status_code == 403
    assert browser.get("/people/new").status_code == 403
    own = acme.people[person]
    refused = send(browser, f"/people/{own.id}", version=1, name="X", roles="client_admin", is_active="1")
    assert refused.status_code == 403


def test_nobody_locks_himself_out(console_app: Any, acme: Any, portal_of: Any, send: Any) -> None:
    admin, own = portal_of(acme, "admin"), acme.people["admin"]
    answer = send(admin, f"/people/{own.id}", version=own.version, name="Ada", roles="client_admin")
    assert answer.status_code == 303, answer.text
    assert admin.get("/people").status_code == 200
