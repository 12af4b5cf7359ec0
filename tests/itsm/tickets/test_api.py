"""Tickets over the API: done, refused, foreign, malformed."""

from typing import Any
from uuid import uuid4

import pytest

from msp.itsm.tickets.custom import services as custom_fields
from tests.support import world
from tests.support.caller import Caller
from tests.support.statements import counted


@pytest.fixture
def opened(contact: Caller) -> Any:
    answer = contact("POST", "/tickets", json={"subject": "No mail", "body": "Since noon."})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_ticket_lives_through_the_api(contact: Caller, agent: Caller, opened: Any) -> None:
    assert (opened["status"], opened["source"]) == ("new", "api")
    one = f"/tickets/{opened['ref']}"
    assert agent("POST", f"{one}/notes", json={"body": "A secret thought"}).status_code == 201
    assert agent("POST", f"{one}/replies", json={"body": "We look."}).status_code == 201
    seen = agent("GET", one)
    moved = agent("POST", f"{one}/moves", {"If-Match": seen.headers["ETag"]}, json={"to": "waiting_for_client", "reason": "Which mailbox?"})
    assert moved.json["status"] == "waiting_for_client"
    assert agent("GET", f"{one}/notes").json["data"][0]["body"] == "A secret thought"
    for path in ("", "/replies", "/timeline", "/clocks"):
        answer = contact("GET", one + path)
        assert answer.status_code == 200
        assert b"secret" not in answer.data
    assert contact("GET", f"{one}/notes").status_code == 403
    kinds = [entry["kind"] for entry in contact("GET", f"{one}/timeline").json["data"]]
    assert kinds[:2] == ["opened", "replied"]
    assert "moved" in kinds
    for clock in contact("GET", f"{one}/clocks").json["data"]:
        assert contact("GET", f"{one}/clocks/{clock['kind']}").json["steps"]
    assert contact("GET", f"{one}/clocks/ola").status_code == 404


def test_versions_guard_changes(agent: Caller, opened: Any) -> None:
    one = f"/tickets/{opened['id']}"
    tag = agent("GET", one).headers["ETag"]
    assert agent("GET", one, {"If-None-Match": tag}).status_code == 304
    assert agent("PATCH", one, json={"impact": 1}).status_code == 428
    assert agent("PATCH", one, {"If-Match": tag}, json={"impact": 1}).json["impact"] == 1
    assert agent("PATCH", one, {"If-Match": tag}, json={"impact": 3}).status_code == 412
    assert agent("PATCH", one, {"If-Match": '"x"'}, json={"impact": 3}).status_code == 412


def test_a_key_does_nothing_twice(contact: Caller) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first, again = (contact("POST", "/tickets", key, json={"subject": "Once"}) for _ in range(2))
    assert (again.status_code, again.data, again.headers["ETag"]) == (201, first.data, first.headers["ETag"])
    other = contact("POST", "/tickets", key, json={"subject": "Twice"})
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert [row["subject"] for row in contact("GET", "/tickets").json["data"]] == ["Once"]


def test_others_see_nothing(portal_app: Any, console_app: Any, acme: Any, birch: Any, opened: Any) -> None:
    strangers = [
        Caller(portal_app, birch.host, birch.actor("manager")),
        Caller(portal_app, acme.host, acme.actor("admin"), "people:read"),
        Caller(console_app, "console.localhost", world.agent(console_app, "agent", clients=[birch.id])[1]),
    ]
    for caller, expected in zip(strangers, (404, 403, 404), strict=True):
        foreign, random = (caller("GET", f"/tickets/{id}") for id in (opened["id"], uuid4()))
        assert (foreign.status_code, random.status_code) == (expected, expected)
        assert foreign.json | {"request_id": 0} == random.json | {"request_id": 0}
    assert strangers[0]("GET", "/tickets").json["data"] == []


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b'{"subject": ', "content_type": "application/json"}, 400),
        ({"data": b"\xff", "content_type": "application/json"}, 400),
        ({"data": b"[" * 100_000, "content_type": "application/json"}, 400),
        ({"data": b'{"subject": NaN}', "content_type": "application/json"}, 400),
        ({"data": b'{"subject": "a", "subject": "b"}', "content_type": "application/json"}, 400),
        ({"data": b'{"subject": "a", "custom": {"room": "1", "room": "2"}}', "content_type": "application/json"}, 400),
        ({"data": b"x=1", "content_type": "text/plain"}, 415),
        ({"data": b"x" * (2 * 1024 * 1024 + 1), "content_type": "application/json"}, 413),
        ({"json": []}, 422),
        ({"json": {}}, 422),
        ({"json": {"subject": "a\x00b"}}, 422),
        ({"data": b'{"subject": "\\ud800"}', "content_type": "application/json"}, 422),
        ({"json": {"subject": "x", "colour": "red"}}, 422),
        ({"json": {"subject": "x", "impact": 10**30}}, 422),
        ({"json": {"subject": "x", "site_id": str(uuid4())}}, 422),
        ({"json": {"subject": "x", "tenant_id": str(uuid4())}}, 404),
    ],
)
def test_bad_bodies_are_told_apart(contact: Caller, options: Any, status: int) -> None:
    answer = contact("POST", "/tickets", **options)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.json
    assert contact("GET", "/tickets").json["data"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("limit=0", 422), ("limit=201", 422), ("nonsense=1", 422), ("cursor=abc", 400), 
     ("q=%00", 422), ("q=colour:red", 422), ("q=sort:colour", 422)],
)
def test_bad_lists_are_refused(agent: Caller, query: str, status: int) -> None:
    answer = agent("GET", f"/tickets?{query}")
    assert answer.status_code == status, answer.json
    if "q=" in query and "%00" not in query:
        assert isinstance(answer.json["position"], int)


def test_a_list_asks_no_more_for_more_rows(contact: Caller, portal_app: Any) -> None:
    asked = []
    for _ in range(2):
        for number in range(3):
            contact("POST", "/tickets", json={"subject": f"Number {number}"})
        with counted(portal_app) as sent:
            page = contact("GET", "/tickets?limit=2&q=sort:-created")
        asked.append(len(sent))
    assert asked[0] == asked[1]
    assert page.json["next"]
    further = contact("GET", f"/tickets?limit=2&q=sort:-created&cursor={page.json['next']}").json["data"]
    assert not {row["id"] for row in further} & {row["id"] for row in page.json["data"]}
    assert int(page.headers["RateLimit-Remaining"]) < int(page.headers["RateLimit-Limit"])


def test_the_clients_own_fields_come_and_go(console_app: Any, contact: Caller, agent: Caller, acme: Any) -> None:
    with world.as_staff(console_app) as by:
        custom_fields.add_field(acme.id, "incident", "Room", "text", is_required=True, by=by)
    missing = contact("POST", "/tickets", json={"subject": "No mail"})
    assert (missing.status_code, missing.json["errors"][0]["pointer"]) == (422, "/custom/room")
    made = contact("POST", "/tickets", json={"subject": "No mail", "custom": {"room": " 3 "}})
    assert (made.status_code, made.json["custom"]) == (201, {"room": "3"})
    one, tag = f"/tickets/{made.json['ref']}", {"If-Match": agent("GET", f"/tickets/{made.json['ref']}").headers["ETag"]}
    wrong = agent("PATCH", one, tag, json={"custom": {"floor": "2"}})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/custom/floor")
    assert agent("PATCH", one, tag, json={"custom": None}).status_code == 422
    assert agent("PATCH", one, tag, json={"custom": {"room": "4"}}).json["custom"] == {"room": "4"}
