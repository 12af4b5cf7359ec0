"""Runbooks over the API: written, changed, tried, run, exported; who may and who sees the client."""

from typing import Any
from uuid import uuid4

import pytest

from msp.core.api import openapi
from msp.itsm.tickets.services import opening
from tests.itsm.runbooks.making import MONDAY, listening, send, work
from tests.support import world
from tests.support.caller import Caller


@pytest.fixture
def lead(console_app: Any) -> Caller:
    return Caller(console_app, "console.localhost", world.agent(console_app, "admin")[1])


@pytest.fixture
def other(console_app: Any) -> Any:
    with listening(console_app) as server:
        yield server


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    with world.acting(console_app, acme.actor()) as by:
        return opening.open_ticket(acme.id, "New colleague", kind="request", body="On Monday.", by=by)


def test_a_runbook_is_written_changed_tried_and_taken_elsewhere(console_app: Any, lead: Caller, acme: Any, other: Any) -> None:
    name, content = world.unique("Joiner "), {"url": other.url, "inputs": [{"name": "who", "from": "requester.name"}]}
    made = lead("POST", "/runbooks", json={"name": name, "client_id": str(acme.id), "content": content})
    assert (made.status_code, made.json["number"], made.json["is_active"]) == (201, 1, True)
    assert made.json["content"]["inputs"] == [{"name": "who", "from": "requester.name", "value": "", "required": True}]
    one = f"/runbooks/{made.json['id']}"
    assert lead("PATCH", one, json={"name": "x"}).status_code == 428
    changed = lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"content": {**made.json["content"], "tries": 2}})
    assert (changed.json["number"], changed.json["content"]["tries"]) == (2, 2)
    assert lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"name": "x"}).status_code == 412
    other.answers = [(204, "")]
    tried = lead("POST", f"{one}/test")
    assert (tried.json["is_taken"], tried.json["status"], tried.json["words"]) == (True, 204, "Answered 204: taken.")
    exported = [each for each in lead("GET", "/runbooks/export").json["runbooks"] if each["name"] == name]
    imported = lead("POST", "/runbooks/import", json={"runbooks": exported}).json["data"]
    assert [(each["content"], each["is_active"]) for each in imported] == [(changed.json["content"], False)]
    assert "secret" not in lead("GET", one).text
    assert name in [each["name"] for each in lead("GET", "/runbooks?limit=100").json["data"]]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"url": "https://192.168.1.1/x"}, "/url"),
        ({"url": "http://runbooks.example/x"}, "/url"),
        ({"minutes": 0}, "/content/minutes"),
        ({"inputs": [{"name": "a", "from": "fixed"}]}, "/inputs/0/value"),
        ({"inputs": [{"name": "a", "from": "site.name"}] * 2}, "/inputs/1/name"),
        ({"inputs": [{"name": "A", "from": "site.name"}]}, "/content/inputs/0/name"),
    ],
)
def test_what_is_wrong_is_pointed_at(lead: Caller, wrong: dict[str, Any], pointer: str) -> None:
    refused = lead("POST", "/runbooks", json={"name": "Wrong", "content": {"url": "https://runbooks.example/x", **wrong}})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)


def test_it_is_run_for_a_task_and_its_runs_are_told(console_app: Any, lead: Caller, acme: Any, ticket: Any, other: Any) -> None:
    content = {"url": other.url, "inputs": [{"name": "who", "from": "task.detail", "required": True}]}
    book = lead("POST", "/runbooks", json={"name": "Joiner", "client_id": str(acme.id), "content": content}).json
    task = lead("POST", f"/tickets/{ticket.ref}/tasks", json={"tasks": [{"title": "Account"}]}).json["data"][0]
    path, asked = f"/tickets/{ticket.ref}/runbook-runs", {"runbook_id": book["id"], "task_id": task["id"]}
    missing = lead("POST", path, json=asked)
    assert (missing.status_code, missing.json["code"], missing.json["errors"][0]["pointer"]) == (
        422, "runbook_input_missing", "/inputs/who",
    )  # fmt: skip
    made = lead("POST", path, json={**asked, "inputs": {"who": "Nora Quill"}})
    assert (made.status_code, made.json["state"], made.json["inputs"], made.json["attempts"]) == (201, "waiting", {"who": "Nora Quill"}, [])
    assert lead("POST", path, json={**asked, "inputs": {"who": "Nora Quill"}}).status_code == 409
    work(console_app, MONDAY)
    assert send(console_app, other, message="There.").status_code == 200
    run = lead("GET", f"/runbook-runs/{made.json['id']}").json
    assert (run["state"], run["words"], [each["status"] for each in run["attempts"]]) == ("finished", "There.", [202])
    assert lead("GET", f"/tasks/{task['id']}").json["state"] == "done"
    assert [each["id"] for each in lead("GET", path).json["data"]] == [run["id"]]
    assert [each["id"] for each in lead("GET", f"/runbooks/{book['id']}/runs?state=finished").json["data"]] == [run["id"]]
    again = lead("POST", f"/runbook-runs/{run['id']}/again")
    assert (again.status_code, again.json["task_id"], again.json["inputs"]) == (201, None, {"who": "Nora Quill"})


def test_only_who_may_and_sees_the_client(
    console_app: Any, lead: Caller, acme: Any, birch: Any, ticket: Any, other: Any
) -> None:
    book = lead("POST", "/runbooks", json={"name": "Joiner", "client_id": str(acme.id), "content": {"url": other.url}}).json
    run = lead("POST", f"/tickets/{ticket.ref}/runbook-runs", json={"runbook_id": book["id"]}).json
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "lead", clients=[birch.id])[1])
    agent = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1])
    reader = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "tickets:read")
    for path in (f"/runbooks/{book['id']}", f"/runbooks/{book['id']}/runs", f"/runbook-runs/{run['id']}", f"/runbooks/{uuid4()}"):
        assert limited("GET", path).status_code == 404
    for path in (f"/runbooks/{book['id']}/test", f"/runbook-runs/{run['id']}/again"):
        assert limited("POST", path).status_code == 404
    content = {"url": "https://runbooks.example/x"}
    assert limited("POST", "/runbooks", json={"name": "x", "client_id": str(acme.id), "content": content}).status_code == 404
    assert limited("POST", "/runbooks", json={"name": "x", "content": content}).status_code == 403
    assert agent("GET", f"/runbooks/{book['id']}").status_code == 200
    assert agent("POST", "/runbooks", json={"name": "x", "content": content}).status_code == 403
    assert reader("POST", f"/tickets/{ticket.ref}/runbook-runs", json={"runbook_id": book["id"]}).status_code == 403
    stray = {"runbook_id": book["id"], "task_id": str(uuid4())}
    assert agent("POST", f"/tickets/{ticket.ref}/runbook-runs", json=stray).status_code == 404


def test_the_call_back_is_described_as_open(console_app: Any) -> None:
    told = console_app.test_client().get("/api/v1/openapi.json", base_url="http://console.localhost/").json
    operation = told["paths"]["/api/v1/runbook-runs/{run_id}/result"]["post"]
    assert operation["security"] == []
    assert "Idempotency-Key" not in [each["name"] for each in operation["parameters"] if "name" in each]
    assert openapi.FILE.read_text() == openapi.written()
