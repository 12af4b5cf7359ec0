"""What the API refuses before any resource sees it, and how long a key is kept."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from msp.core import clock
from msp.core.api.replay import services as replay
from msp.core.api.replay.models import ContactKey
from msp.core.db import db
from tests.support import world
from tests.support.caller import Caller


@pytest.fixture
def contact(portal_app: Any, acme: Any) -> Caller:
    return Caller(portal_app, acme.host, acme.actor())


def test_an_unknown_method_is_told_the_known_ones(contact: Caller) -> None:
    answer = contact("DELETE", "/tickets")
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (405, "application/problem+json", "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_an_unknown_path_is_a_problem_too(contact: Caller) -> None:
    answer = contact("GET", "/nothing/here")
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (404, "application/problem+json", "not_found")


def test_without_a_token_the_answer_says_how(portal_app: Any, acme: Any) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = portal_app.test_client().get("/api/v1/tickets", base_url=f"http://{acme.host}/", headers=headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_browsers_session_reads_but_needs_its_forms_token_to_write(portal_of: Any, acme: Any) -> None:
    browser = portal_of(acme)
    assert browser.get("/api/v1/tickets").status_code == 200
    refused = browser.post("/api/v1/tickets", json={"subject": "Forged"})
    assert (refused.status_code, refused.json["code"]) == (400, "csrf")
    made = browser.post("/api/v1/tickets", json={"subject": "Own"}, headers={"X-CSRFToken": world.csrf(browser)})
    assert made.status_code == 201
    assert [row["subject"] for row in browser.get("/api/v1/tickets").json["data"]] == ["Own"]


def test_a_part_without_a_name_is_no_fault_of_ours(portal_app: Any, acme: Any) -> None:
    part = b'--cut\r\nContent-Disposition: form-data; name="odd\\"\r\n\r\nx\r\n--cut--\r\n'
    answer = portal_app.test_client().post(
        "/api/v1/attachments", base_url=f"http://{acme.host}/", data=part, content_type="multipart/form-data; boundary=cut"
    )
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")


def test_too_many_calls_are_told_when_to_come_back(portal_app: Any, contact: Caller) -> None:
    before = portal_app.config["API_CALLS_PER_MINUTE"]
    portal_app.config["API_CALLS_PER_MINUTE"] = 1
    try:
        answers = [contact("GET", "/tickets") for _ in range(3)]
    finally:
        portal_app.config["API_CALLS_PER_MINUTE"] = before
    last = answers[-1]
    assert (last.status_code, last.mimetype) == (429, "application/problem+json")
    assert (last.headers["RateLimit-Limit"], last.headers["RateLimit-Remaining"]) == ("1", "0")
    assert int(last.headers["Retry-After"]) >= 1


def test_a_move_that_no_table_allows_is_a_conflict(contact: Caller) -> None:
    one = f"/tickets/{contact('POST', '/tickets', json={'subject': 'No mail'}).json['ref']}"
    answer = contact("POST", f"{one}/moves", {"If-Match": "*"}, json={"to": "scheduled", "reason": "Later"})
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert contact("GET", one).json["status"] == "new"


def test_a_query_error_points_at_its_character(contact: Caller) -> None:
    answer = contact("GET", "/tickets?q=status:open colour:red")
    assert (answer.status_code, answer.json["position"]) == (422, 12)


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
def test_a_key_that_is_none_is_refused(contact: Caller, key: str) -> None:
    answer = contact("POST", "/tickets", {"Idempotency-Key": key}, json={"subject": "Once"})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/Idempotency-Key")


def test_a_key_is_kept_for_a_day(contact: Caller, console_app: Any) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = contact("POST", "/tickets", key, json={"subject": "Once"})
    _age(console_app, key["Idempotency-Key"], hours=23)
    assert contact("POST", "/tickets", key, json={"subject": "Once"}).json == first.json
    _age(console_app, key["Idempotency-Key"], hours=25)
    later = contact("POST", "/tickets", key, json={"subject": "Another"})
    assert (later.status_code, later.json["subject"]) == (201, "Another"), "as if it had never been used"
    again = contact("POST", "/tickets", key, json={"subject": "Another"})
    assert (again.json, again.headers["Idempotency-Replayed"]) == (later.json, "true")


def test_the_sweep_takes_old_keys_and_leaves_young_ones(contact: Caller, console_app: Any) -> None:
    old, young = str(uuid4()), str(uuid4())
    for key in (old, young):
        assert contact("POST", "/tickets", {"Idempotency-Key": key}, json={"subject": "Once"}).status_code == 201
    _age(console_app, old, hours=25)
    with world.as_staff(console_app):
        assert replay.sweep() >= 1
    with world.as_staff(console_app):
        left = set(db.session.scalars(db.select(ContactKey.key).where(ContactKey.key.in_((old, young)))))
    assert left == {young}


def _age(app: Any, key: str, *, hours: int) -> None:
    """Make a key older; no role of the application may, so the owner does."""
    url = app.settings.owner_database_url.replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE idempotency_key SET created_at = %s WHERE key = %s", (clock.now() - timedelta(hours=hours), key)
        )


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("/teams?limit=1&limit=2", "/limit", "repeated"), ("/teams?limit=1_0", "/limit", "invalid"),
        ("/teams?limit=%205", "/limit", "invalid"),
        ("/teams?limit=0", "/limit", "invalid"), ("/teams?with_former=yes", "/with_former", "invalid"),
        ("/teams?former=true", "/former", "unknown"), ("/tickets/NONE-1?view=full", "/view", "unknown"),
    ],
)  # fmt: skip
def test_a_query_that_does_not_hold_is_refused(console_app: Any, query: str, pointer: str, code: str) -> None:
    agent = Caller(console_app, "console.localhost", world.agent(console_app)[1], "people:read", "tickets:read")
    answer = agent("GET", query)
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [(pointer, code)]
    assert agent("GET", "/teams?limit=10&with_former=true").status_code == 200


@pytest.mark.parametrize("wrong", ["true", 1, "", None])
def test_what_looks_like_a_truth_value_is_none(console_app: Any, wrong: Any) -> None:
    lead = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1], "people:write")
    team = lead("POST", "/teams", json={"name": world.unique("Truth ")}).json
    answer = lead("PATCH", f"/teams/{team['id']}", headers={"If-Match": "*"}, json={"is_active": wrong})
    assert (answer.status_code, [each["pointer"] for each in answer.json["errors"]]) == (422, ["/is_active"])
    assert lead("PATCH", f"/teams/{team['id']}", headers={"If-Match": "*"}, json={"is_active": False}).json["is_active"] is False
