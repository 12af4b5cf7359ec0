"""Announcements in the console and over the API: written, looked at, changed, ended, and who may."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.itsm.announcements import queries, services
from msp.itsm.announcements.models import Announcement
from tests.agent_console.conftest import TEN
from tests.support import pages, world
from tests.support.caller import Caller
from tests.support.pages import words
from tests.support.statements import counted


@pytest.fixture
def lead(sit: Any) -> Any:
    return sit(roles=("lead",))


def row_called(app: Any, title: str) -> Announcement:
    with world.as_staff(app):
        return db.session.scalars(sa.select(Announcement).where(Announcement.title == title)).one()


def read_by(app: Any, company: Any) -> dict[str, bool]:
    """What the company is told at ten: whether it is current, by title."""
    with clock.at(TEN), world.acting(app, company.actor()) as by:
        return {each.title: each.is_current(TEN) for each in queries.notices(company.id, by=by, now=TEN)}


def test_one_is_looked_at_written_for_a_client_changed_and_ended(console_app: Any, lead: Any, acme: Any, birch: Any) -> None:
    title = world.unique("Mail is slow ")
    fields = {"title": title, "body": "We know why.", "level": "disruption", "audience": "chosen", "client_ids": [str(acme.id)]}
    looked = lead.post("/announcements/new", look="1", **fields)
    assert looked.status_code == 200
    assert "On the home page " + title in words(looked)
    kept = pages.fields(looked.text, "announcement")
    assert (kept["title"], kept["client_ids"], kept["level"]) == (title, str(acme.id), "disruption")
    assert title not in read_by(console_app, acme)
    assert lead.post("/announcements/new", **fields).headers["Location"] == "/announcements?state=current"
    assert read_by(console_app, acme)[title] is True
    assert title not in read_by(console_app, birch)
    row = row_called(console_app, title)
    assert title in words(lead.get("/announcements"))
    assert title in words(lead.get(f"/announcements?client={acme.id}"))
    assert title not in words(lead.get(f"/announcements?client={birch.id}"))
    sent = pages.fields(lead.get(f"/announcements/{row.id}").text, "announcement").to_dict()
    assert lead.post(f"/announcements/{row.id}", **{**sent, "csrf_token": lead._csrf, "title": title + " again"}).status_code == 303
    changed = row_called(console_app, title + " again")
    assert changed.starts_at == row.starts_at
    later = TEN + timedelta(minutes=5)
    assert lead.post(f"/announcements/{row.id}/end", at=later, version=str(changed.version)).status_code == 303
    assert row_called(console_app, title + " again").ends_at == later
    assert title + " again" in words(lead.get("/announcements?state=past", at=later))
    refused = lead.post(f"/announcements/{row.id}/end", at=later, version=str(changed.version + 1))
    assert refused.status_code == 409
    assert "over already" in words(refused)


def test_one_is_planned_and_withdrawn(console_app: Any, lead: Any, acme: Any) -> None:
    title = world.unique("Move to the new room ")
    fields = {"title": title, "level": "maintenance", "audience": "all", "starts_at": "2027-03-02T20:00", "ends_at": "2027-03-02T22:00"}
    assert lead.post("/announcements/new", **fields).headers["Location"] == "/announcements?state=planned"
    assert title in words(lead.get("/announcements?state=planned"))
    assert title not in words(lead.get("/announcements"))
    row = row_called(console_app, title)
    assert lead.post(f"/announcements/{row.id}/end", act="withdraw", version=str(row.version)).status_code == 303
    assert row_called(console_app, title).withdrawn_at == TEN
    assert title not in read_by(console_app, acme)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "Say it in 1 to 200 characters."),
        ({"audience": ""}, "Say whom it is for."),
        ({"audience": "chosen", "client_ids": []}, "Choose clients that you may see."),
        ({"audience": "chosen", "client_ids": ["x"]}, "This is no valid choice."),
        ({"level": "panic"}, "One of news, maintenance, disruption."),
        ({"starts_at": "soon"}, "Say the day and the time."),
        ({"ends_at": "2020-01-01T10:00"}, "It must end after it has begun."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(lead: Any, wrong: dict[str, Any], said: str) -> None:
    fields = {"title": "A title", "body": "A long text.", "level": "news", "audience": "all", **wrong}
    answer = lead.post("/announcements/new", **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert pages.fields(answer.text, "announcement")["body"] == "A long text."


def test_only_who_may_and_sees_the_clients(console_app: Any, sit: Any, acme: Any, birch: Any) -> None:
    with world.as_staff(console_app) as by:
        both = services.announce(world.unique("both "), client_ids=[acme.id, birch.id], by=by)
        theirs = services.announce(world.unique("theirs "), client_ids=[birch.id], by=by)
    agent, limited = sit(acme), sit(acme, roles=("lead",))
    assert agent.post("/announcements/new", title="x", level="news", audience="all").status_code == 403
    assert agent.get(f"/announcements/{both.id}").status_code == 200
    assert birch.tenant.name not in agent.get(f"/announcements/{both.id}").text
    for unseen in (theirs.id, uuid4()):
        assert limited.get(f"/announcements/{unseen}").status_code == 404
    assert limited.get(f"/announcements?client={birch.id}").status_code == 404
    assert limited.post("/announcements/new", title="x", level="news", audience="all").status_code == 403
    assert limited.post(f"/announcements/{both.id}/end", version=str(both.version)).status_code == 403


def test_the_list_asks_as_often_for_many_as_for_few(console_app: Any, lead: Any, acme: Any) -> None:
    def asked() -> int:
        lead.get("/announcements")  # whatever is remembered is remembered now
        with counted(console_app) as sent:
            assert lead.get("/announcements").status_code == 200
        return len(sent)

    def announce(number: int) -> None:
        with clock.at(TEN), world.as_staff(console_app) as by:
            for _ in range(number):
                services.announce(world.unique("n"), client_ids=[acme.id], by=by)

    announce(1)  # an empty list asks less
    few = asked()
    announce(5)
    assert asked() == few


# --- The API ----------------------------------------------------------------------------------------------------------


def test_the_api_tells_changes_and_ends(console_app: Any, acme: Any, birch: Any) -> None:
    lead = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1], "people:write")
    title = world.unique("By programs ")
    made = lead("POST", "/announcements", json={"title": title, "level": "disruption", "client_ids": [str(acme.id)]})
    assert (made.status_code, made.json["state"], made.json["client_ids"]) == (201, "current", [str(acme.id)])
    one = f"/announcements/{made.json['id']}"
    assert lead("PATCH", one, json={"title": title + "2"}).status_code == 428
    changed = lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"title": title + "2"})
    assert changed.json["title"] == title + "2"
    assert lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"title": "x"}).status_code == 412
    listed = lead("GET", f"/announcements?state=current&client_id={acme.id}").json["data"]
    assert title + "2" in [each["title"] for each in listed]
    ended = lead("POST", f"{one}/end", {"If-Match": changed.headers["ETag"]})
    assert ended.json["state"] == "past"
    gone = lead("DELETE", one, {"If-Match": "*"})
    assert gone.json["withdrawn_at"] is not None
    wrong = lead("POST", "/announcements", json={"title": "x", "ends_at": "2001-01-01T00:00:00Z"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/ends_at")
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "lead", clients=[birch.id])[1], "people:write")
    assert limited("GET", one).status_code == 404
    reader = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "people:read")
    assert reader("POST", "/announcements", json={"title": "x"}).status_code == 403
