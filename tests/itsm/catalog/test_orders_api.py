"""Chains, tasks, orders on their way and the basket over the API."""

from typing import Any
from uuid import uuid4

import pytest

from tests.itsm.catalog import on_its_way as way
from tests.support import world
from tests.support.caller import Caller


@pytest.fixture
def call(console_app: Any, portal_app: Any) -> Any:
    def make(by: Any, company: Any = None) -> Caller:
        scopes = ("tickets:write", *(["people:read"] if by.is_agent else []))
        return Caller(portal_app, company.host, by, *scopes) if company else Caller(console_app, "console.localhost", by, *scopes)

    return make


@pytest.fixture
def lead(console_app: Any, call: Any) -> Caller:
    return call(world.agent(console_app, "lead")[1])


@pytest.fixture
def item(acme: Any, lead: Caller) -> Any:
    made = lead("POST", f"/tenants/{acme.id}/catalog/items", json={"name": "Laptop", **way.LAPTOP})
    assert made.status_code == 201, made.text
    return made.json


def test_an_item_has_its_chain_and_its_tasks(acme: Any, lead: Caller, call: Any, item: Any) -> None:
    assert [stage["name"] for stage in item["chain"]["stages"]] == ["Manager", "Money"]
    assert [(task["key"], task["after"], task["due_minutes"]) for task in item["tasks"]][::2] == [
        ("order", [], 60), ("set_up", ["order", "account"], None),
    ]  # fmt: skip
    detailed = [{"title": "Wire it", "detail": "The key lies at the desk."}]
    path = f"/catalog/items/{item['id']}"
    etag = lead("GET", path).headers["ETag"]
    changed = lead("PATCH", path, headers={"If-Match": etag}, json={"tasks": detailed, "chain": None})
    assert (changed.json["chain"], changed.json["tasks"][0]["detail"]) == (None, "The key lies at the desk.")
    shown = call(acme.actor(), acme)("GET", path).json
    assert (shown["tasks"][0]["title"], shown["tasks"][0]["detail"]) == ("Wire it", ""), "how it is done is ours"
    wrong = lead("POST", f"/tenants/{acme.id}/catalog/items", json={"name": "X", "chain": {"stages": [{"name": "A"}]}})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/chain/stages/0/approvers")


def test_chain_and_tasks_go_out_and_come_in_with_templates(lead: Caller) -> None:
    name = world.unique("Laptop")
    made = lead("POST", "/catalog/templates", json={"name": name, **way.LAPTOP}).json
    document = lead("GET", "/catalog/templates/export").json
    [one] = [each for each in document["templates"] if each["name"] == name]
    assert (one["chain"], len(one["tasks"])) == (made["chain"], 3)
    copy = {**one, "name": world.unique("Other")}
    ids = lead("POST", "/catalog/templates/import", json={**document, "templates": [copy]}).json["ids"]
    assert lead("GET", f"/catalog/templates/{ids[0]}").json["tasks"] == made["tasks"]
    copy["tasks"][0]["after"] = ["set_up"]
    wrong = lead("POST", "/catalog/templates/import", json={**document, "templates": [copy]})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/templates/0/tasks")


def test_an_order_names_its_approval_and_is_changed(console_app: Any, acme: Any, birch: Any, lead: Caller, call: Any, item: Any) -> None:
    requester = call(acme.actor(), acme)
    order = requester("POST", f"/catalog/items/{item['id']}/orders", json={"number": 1, "answers": way.ANSWERS})
    assert order.status_code == 201, order.text
    assert (order.json["state"], order.json["status"]) == ("asking", "waiting_for_approval")
    approval = requester("GET", f"/approvals/{order.json['approval_id']}").json
    assert (approval["subject_kind"], approval["subject_id"]) == ("order", order.json["id"])
    path = f"/catalog/orders/{order.json['id']}"
    answers = {**way.ANSWERS, "size": "large"}
    etag = requester("GET", path).headers["ETag"]
    changed = requester("PATCH", path, headers={"If-Match": etag}, json={"answers": answers})
    assert (changed.status_code, changed.json["price_once"]) == (200, "1160.00")
    assert changed.json["approval_id"] != order.json["approval_id"], "it is asked anew"
    assert requester("PATCH", path, headers={"If-Match": etag}, json={"answers": answers}).status_code == 412
    wrong = requester("PATCH", path, headers={"If-Match": changed.headers["ETag"]}, json={"answers": {"why": 1}})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/answers/why")
    stranger = call(birch.actor("admin"), birch)
    assert stranger("PATCH", path, headers={"If-Match": etag}, json={"answers": answers}).status_code == 404
    listed = lead("GET", f"/catalog/orders?tenant_id={acme.id}").json["data"]
    assert [each["approval_id"] for each in listed] == [changed.json["approval_id"]]


def test_a_quote_is_said_over_the_api(acme: Any, lead: Caller, call: Any) -> None:
    room = lead("POST", f"/tenants/{acme.id}/catalog/items", json={"name": "Room", "is_quoted": True}).json
    requester = call(acme.actor(), acme)
    order = requester("POST", f"/catalog/items/{room['id']}/orders", json={"number": 1}).json
    path, quote = f"/catalog/orders/{order['id']}", {"once": "700.00", "words": "Wiring"}
    etag = lead("GET", path).headers["ETag"]
    assert requester("POST", f"{path}/quote", headers={"If-Match": etag}, json=quote).status_code == 403
    wrong = lead("POST", f"{path}/quote", headers={"If-Match": etag}, json={"words": "Wiring"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/once")
    said = lead("POST", f"{path}/quote", headers={"If-Match": etag}, json=quote)
    assert (said.status_code, said.json["state"], said.json["price_once"], said.json["quote"]) == (200, "asking", "700.00", "Wiring")


def test_a_basket_is_filled_changed_and_ordered(acme: Any, lead: Caller, call: Any, item: Any) -> None:
    requester, manager = call(acme.actor(), acme), call(acme.actor("manager"), acme)
    body = {"item_id": item["id"], "number": 1, "answers": way.ANSWERS}
    first, second = (requester("POST", "/catalog/basket", json=body) for _ in range(2))
    assert first.status_code == 201, first.text
    assert (first.json["item_name"], first.json["number_now"]) == ("Laptop", 1)
    line = f"/catalog/basket/{first.json['id']}"
    answers = {**way.ANSWERS, "size": "large"}
    changed = requester("PATCH", line, headers={"If-Match": first.headers["ETag"]}, json={"number": 1, "answers": answers, "note": "Soon"})
    assert (changed.status_code, changed.json["note"]) == (200, "Soon"), changed.text
    assert manager("DELETE", line).status_code == 404
    assert requester("DELETE", f"/catalog/basket/{second.json['id']}").status_code == 204
    assert [each["id"] for each in requester("GET", "/catalog/basket").json["data"]] == [first.json["id"]]
    assert manager("GET", "/catalog/basket").json["data"] == []
    assert lead("GET", "/catalog/basket").status_code == 403
    stale = requester("POST", "/catalog/basket/order", json={"lines": [{"line_id": str(uuid4()), "number": 1}]})
    assert stale.status_code == 409
    done = requester("POST", "/catalog/basket/order", json={"lines": [{"line_id": first.json["id"], "number": 1}]})
    assert done.status_code == 201, done.text
    assert [(each["price_once"], each["state"]) for each in done.json["data"]] == [("1160.00", "asking")]
    assert requester("GET", "/catalog/basket").json["data"] == []
