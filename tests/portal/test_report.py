"""Reporting a problem and asking for something, without any script."""

import re
from typing import Any

import pytest

from msp.core.db import db
from msp.itsm.sla import queries as sla
from msp.itsm.tickets import queries
from msp.itsm.tickets.custom import services as custom_fields
from msp.itsm.tickets.models import Attachment, Ticket
from tenants.services import clients
from tests.support import world

GOOD = {"subject": "Scanner is slow", "body": "Since this morning.", "impact": "2", "urgency": "1"}


def only_ticket(app: Any, company: Any) -> Ticket:
    with world.as_staff(app):
        return db.session.query(Ticket).filter_by(tenant_id=company.id).one()


def test_a_problem_becomes_a_ticket_whose_clocks_run(console_app: Any, acme: Any, portal_of: Any, send: Any) -> None:
    browser = portal_of(acme)
    with world.as_staff(console_app) as by:
        site = clients.add_site(acme.id, world.unique("Bath"), by=by)
    answer = send(browser, "/report", files=[("photo.txt", b"not a photo")], site_id=site.id, **GOOD)
    assert answer.status_code == 303, answer.text
    made = only_ticket(console_app, acme)
    assert (made.kind, made.status, made.source) == ("incident", "new", "portal")
    assert (made.impact, made.urgency, made.priority, made.site_id) == (2, 1, 2, site.id)
    with world.as_staff(console_app) as by:
        assert {row.kind: row.standing for row in sla.clocks(acme.id, [made.id])} == {
            "response": "running", "resolution": "running",
        }  # fmt: skip
        assert [entry.kind for entry in queries.timeline(made, by=by)] == ["opened"]
        assert [file.name for file in queries.attachments(made, by=by)] == ["photo.txt"]
    page = browser.get(answer.location).text
    assert "Thank you, we have it." in page
    assert re.search(r"We answer by [^.]+, \d\d:\d\d and fix it by [^.]+, \d\d:\d\d\.", page), "says what was promised"
    assert "photo.txt" in page


def test_a_wish_becomes_a_request(console_app: Any, acme: Any, portal_of: Any, send: Any) -> None:
    browser = portal_of(acme)
    form = browser.get("/request").text
    assert re.search(r'name="urgency" value="2" checked', form)
    assert send(browser, "/request", **GOOD).status_code == 303
    assert only_ticket(console_app, acme).kind == "request"


def test_what_is_wrong_is_said_at_once_and_nothing_is_lost(
    console_app: Any, acme: Any, portal_of: Any, send: Any
) -> None:
    browser = portal_of(acme)
    sent = {"body": "It <b>hums</b>.", "impact": "3", "urgency": "", "subject": " "}
    answer = send(browser, "/report", files=[("a.txt", b"one"), ("run.exe", b"MZ"), ("b.txt", b"two")], **sent)
    assert answer.status_code == 422
    page = answer.text
    assert "Say in a few words what is broken." in page
    assert "Choose how bad it is." in page
    assert "run.exe: Files that end in .exe are not accepted." in page
    assert "It &lt;b&gt;hums&lt;/b&gt;." in page
    assert re.search(r'name="impact" value="3" checked', page)
    kept = re.findall(r'name="attachment" value="([0-9a-f-]{36})" checked', page)
    assert len(kept) == 2
    assert "a.txt" in page
    again = send(browser, "/report", **{**GOOD, "attachment": kept[1:]})
    assert again.status_code == 303
    made = only_ticket(console_app, acme)
    with world.as_staff(console_app):
        rows = db.session.query(Attachment).filter_by(tenant_id=acme.id).order_by(Attachment.name)
        assert [(row.name, row.state) for row in rows] == [("a.txt", "pending"), ("b.txt", "bound")]
        assert rows[1].ticket_id == made.id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("site_id", "0192f0c0-0000-7000-8000-000000000001"), ("category_id", "0192f0c0-0000-7000-8000-000000000001"),
        ("attachment", "0192f0c0-0000-7000-8000-000000000001"), ("impact", "9"), ("urgency", "x" * 40),
        ("subject", "x" * 301), ("body", "x" * 100_001),
    ],
)  # fmt: skip
def test_input_that_no_form_sends_is_refused_in_words(
    console_app: Any, acme: Any, portal_of: Any, send: Any, field: str, value: str
) -> None:
    answer = send(portal_of(acme), "/report", **{**GOOD, field: value})
    assert answer.status_code == 422
    assert 'class="errors"' in answer.text
    with world.as_staff(console_app):
        assert db.session.query(Ticket).filter_by(tenant_id=acme.id).count() == 0


def test_another_clients_site_and_category_are_unknown(
    console_app: Any, acme: Any, birch: Any, portal_of: Any, send: Any
) -> None:
    with world.as_staff(console_app) as by:
        foreign = clients.add_site(birch.id, world.unique("Yard"), by=by)
    answer = send(portal_of(acme), "/report", **GOOD, site_id=foreign.id)
    assert answer.status_code == 422
    assert "There is no such site" in answer.text
    assert foreign.name not in answer.text


def test_a_clients_own_fields_are_asked_for(console_app: Any, acme: Any, portal_of: Any, send: Any) -> None:
    with world.as_staff(console_app) as by:
        room = custom_fields.add_field(
            acme.id, "incident", "Room", "choice", choices=("One", "Two"), is_required=True, by=by
        )
        custom_fields.add_field(acme.id, "incident", "Desk code", "text", is_asked=False, by=by)
    browser = portal_of(acme)
    page = browser.get("/report").text
    assert "Room" in page
    assert "Desk code" not in page
    missing = send(browser, "/report", **GOOD)
    assert missing.status_code == 422
    assert "Room: fill this in." in missing.text
    answer = send(browser, "/report", **GOOD, **{room.name: "Two"})
    assert answer.status_code == 303
    assert re.search(r"<dt>Room</dt><dd>Two</dd>", browser.get(answer.location).text)


def test_without_sign_in_nothing_is_taken(acme: Any, portal_of: Any) -> None:
    stranger = portal_of(acme, None)
    assert "/sign-in" in stranger.get("/report").location
    assert stranger.post("/report", data=GOOD).status_code == 400, "no form of ours, no act"
