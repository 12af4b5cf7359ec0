"""Rules over the API: written, changed, put in force, moved, paused, tried, exported; their runs."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock
from tests.itsm.automation.making import MONDAY, event, tag
from tests.itsm.sla.passing import incident, work
from tests.support import world
from tests.support.caller import Caller

CONTENT = {"trigger": event("opened"), "query": "kind:incident", "actions": [tag("rescue")]}


@pytest.fixture
def lead(console_app: Any) -> Caller:
    return Caller(console_app, "console.localhost", world.agent(console_app, "admin")[1])


def test_a_rule_is_written_put_in_force_and_tells_what_it_did(console_app: Any, lead: Caller, acme: Any) -> None:
    name = world.unique("Rule ")
    made = lead("POST", "/rules", json={"name": name, "client_id": str(acme.id), "content": CONTENT})
    assert (made.status_code, made.json["in_force"], made.json["draft"]["query"]) == (201, None, "kind:incident")
    one = f"/rules/{made.json['id']}"
    assert lead("POST", f"{one}/put-in-force").status_code == 428
    changed = lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"content": {**CONTENT, "stops": True}})
    assert changed.json["draft"]["stops"] is True
    assert lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"name": "x"}).status_code == 412
    ticket = incident(console_app, acme, MONDAY - timedelta(hours=1))
    with clock.at(MONDAY):
        tried = lead("GET", f"{one}/dry-run")
        assert [(each["ticket"], each["outcome"]) for each in tried.json["data"]] == [(ticket.ref, "acted")]
        assert tried.json["data"][0]["trace"][1]["text"] == "because kind:incident"
        work(console_app, MONDAY)
        begun = lead("POST", f"{one}/put-in-force", {"If-Match": changed.headers["ETag"]})
    assert (begun.json["number"], begun.json["draft"], begun.json["in_force"]["stops"]) == (1, None, True)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, MONDAY)
    (run,) = lead("GET", f"{one}/runs?outcome=acted").json["data"]
    assert (run["ticket"], [line["text"] for line in run["trace"]][2]) == (ticket.ref, "rescue added")
    paused = lead("POST", f"{one}/pause", {"If-Match": begun.headers["ETag"]})
    assert paused.json["paused_at"] is not None
    resumed = lead("POST", f"{one}/resume", {"If-Match": paused.headers["ETag"]})
    assert resumed.json["paused_at"] is None
    moved = lead("POST", f"{one}/move", {"If-Match": resumed.headers["ETag"]}, json={"to": "down"})
    assert moved.status_code == 200
    assert name in [each["name"] for each in lead("GET", "/rules?limit=100").json["data"]]
    exported = [each for each in lead("GET", "/rules/export").json["rules"] if each["name"] == name]
    imported = lead("POST", "/rules/import", json={"rules": exported})
    assert (imported.status_code, imported.json["data"][0]["draft"]) == (201, begun.json["in_force"])


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"query": "colour:red"}, "/query"),
        ({"actions": [{"kind": "assign", "to": "team"}]}, "/actions/0/team"),
        ({"actions": [{"kind": "explode"}]}, "/content/actions/0/kind"),
        ({"trigger": {"kind": "time", "minutes": 5}}, "/trigger/without"),
        ({"brake": 0}, "/content/brake"),
    ],
)
def test_what_is_wrong_is_pointed_at(lead: Caller, wrong: dict[str, Any], pointer: str) -> None:
    refused = lead("POST", "/rules", json={"name": "Wrong", "content": {**CONTENT, **wrong}})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)


def test_only_who_may_and_sees_the_client(console_app: Any, lead: Caller, acme: Any, birch: Any) -> None:
    made = lead("POST", "/rules", json={"name": world.unique("Rule "), "client_id": str(acme.id), "content": CONTENT})
    one = f"/rules/{made.json['id']}"
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "lead", clients=[birch.id])[1])
    agent = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1])
    for path in (one, f"{one}/runs", f"{one}/dry-run", f"/rules/{uuid4()}"):
        assert limited("GET", path).status_code == 404
    assert limited("POST", "/rules", json={"name": "x", "client_id": str(acme.id), "content": CONTENT}).status_code == 404
    assert limited("POST", "/rules", json={"name": "x", "content": CONTENT}).status_code == 403
    assert agent("GET", one).status_code == 200
    assert agent("POST", "/rules", json={"name": "x", "content": CONTENT}).status_code == 403
    assert agent("GET", f"{one}/dry-run").status_code == 403
