"""The catalogue over the API: done, refused, foreign, malformed."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from msp.core.db import db
from msp.itsm.tickets.models import Ticket
from tests.support import world
from tests.support.caller import Caller


class Program:
    """Calls the API with a token of its own."""

    def __init__(self, app: Any, host: str, by: Any) -> None:
        self.call = Caller(app, host, by, "tickets:write", *(["people:read"] if by.is_agent else []))

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        return self.call("POST", path, json=body)

    def patch(self, path: str, etag: str, **body: Any) -> Any:
        return self.call("PATCH", path, headers={"If-Match": etag}, json=body)


@pytest.fixture
def call(console_app: Any, portal_app: Any) -> Callable[..., Program]:
    def make(by: Any, company: Any = None) -> Program:
        return Program(portal_app, company.host, by) if company else Program(console_app, "console.localhost", by)

    return make


@pytest.fixture
def lead(console_app: Any, call: Callable[..., Program]) -> Program:
    return call(world.agent(console_app, "lead")[1])


def test_an_item_is_made_changed_ordered_and_withdrawn(console_app: Any, acme: Any, lead: Any, call: Any) -> None:
    made = lead.post(f"/tenants/{acme.id}/catalog/items", name="Laptop", price_once="980", synonyms=["Notebook"])
    assert made.status_code == 201, made.text
    item = made.json
    assert (item["number"], item["price_once"], item["synonyms"]) == (1, "980.00", ["notebook"])
    requester = call(acme.actor(), acme)
    listed = requester.get("/catalog/items?words=note").json["data"]
    assert [(each["name"], each["template_id"]) for each in listed] == [("Laptop", None)]
    order = requester.post(f"/catalog/items/{item['id']}/orders", number=1, note="Soon")
    assert order.status_code == 201, order.text
    assert (order.json["item_name"], order.json["price_once"], order.json["status"]) == ("Laptop", "980.00", "new")
    with world.as_staff(console_app):
        assert db.session.query(Ticket).filter_by(tenant_id=acme.id).one().ref == order.json["ticket"]
    assert [each["id"] for each in requester.get("/catalog/orders").json["data"]] == [order.json["id"]]
    path = f"/catalog/items/{item['id']}"
    gone = lead.patch(path, etag=made.headers["ETag"], price_once="1000", is_visible=False)
    assert gone.status_code == 200, gone.text
    assert (gone.json["number"], gone.json["is_visible"]) == (2, False)
    assert lead.patch(path, etag=made.headers["ETag"], price_once="1").status_code == 412
    assert requester.get(path).status_code == 404
    assert requester.get(f"/catalog/orders/{order.json['id']}").json["price_once"] == "980.00"


def test_hidden_prices_are_not_told_to_contacts(acme: Any, lead: Any, call: Any) -> None:
    option = {"value": "long", "label": "Long", "price": "60"}
    form = {"parts": [{"name": "size", "kind": "choice", "label": "Size", "options": [option]}]}
    item = lead.post(f"/tenants/{acme.id}/catalog/items", name="Advice", price_once="120", is_price_shown=False, form=form).json
    assert item["form"] == form
    requester = call(acme.actor(), acme)
    seen = requester.get(f"/catalog/items/{item['id']}").json
    assert seen["price_once"] is None
    assert seen["form"]["parts"][0]["options"] == [{"value": "long", "label": "Long"}]
    assert requester.post(f"/catalog/items/{item['id']}/orders", number=1).json["price_once"] is None
    assert lead.get(f"/catalog/orders?tenant_id={acme.id}").json["data"][0]["price_once"] == "120.00"


def test_answers_are_held_to_days_and_files(acme: Any, lead: Any, call: Any) -> None:
    parts = [
        {"name": "day", "kind": "date", "label": "Day", "minimum": 1}, {"name": "plan", "kind": "file", "label": "Plan"},
        {"name": "note", "kind": "text", "label": "Note"},
    ]  # fmt: skip
    item = lead.post(f"/tenants/{acme.id}/catalog/items", name="Advice", form={"parts": parts}).json
    requester, path = call(acme.actor(), acme), f"/catalog/items/{item['id']}/orders"
    wrong = requester.post(path, number=1, answers={"day": "2020-01-01", "plan": [str(uuid4())], "note": 5})
    assert wrong.status_code == 422
    assert {each["pointer"] for each in wrong.json["errors"]} == {"/answers/day", "/answers/plan", "/answers/note"}
    assert requester.post(path, number=1, answers={"day": "2099-01-01", "note": "Soon"}).status_code == 201


def test_templates_are_written_copied_exported_and_imported(acme: Any, lead: Any) -> None:
    name = world.unique("Laptop")
    made = lead.post("/catalog/templates", name=name, category="Equipment")
    assert made.status_code == 201, made.text
    copy = lead.post(f"/tenants/{acme.id}/catalog/copies", template_id=made.json["id"])
    assert (copy.status_code, copy.json["template_number"]) == (201, 1)
    assert [each["name"] for each in lead.get(f"/tenants/{acme.id}/catalog/categories").json["data"]] == ["Equipment"]
    changed = lead.patch(f"/catalog/templates/{made.json['id']}", etag=made.headers["ETag"], summary="14 inch")
    assert (changed.status_code, changed.json["number"]) == (200, 2)
    document = lead.get("/catalog/templates/export").json
    document["templates"] = [each for each in document["templates"] if each["name"] == name]
    document["templates"][0]["summary"] = "16 inch"
    assert lead.post("/catalog/templates/import", **document).json == {"ids": [made.json["id"]]}
    assert lead.get(f"/catalog/templates/{made.json['id']}").json["number"] == 3
    document["templates"][0]["icon"] = "skull"
    wrong = lead.post("/catalog/templates/import", **document)
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/templates/0/icon")


def test_who_may_not_and_who_may_not_see(console_app: Any, acme: Any, birch: Any, lead: Any, call: Any) -> None:
    item = lead.post(f"/tenants/{acme.id}/catalog/items", name="Laptop").json
    plain = call(world.agent(console_app)[1])
    assert plain.post(f"/tenants/{acme.id}/catalog/items", name="x").status_code == 403
    stranger = call(birch.actor("admin"), birch)
    for id in (item["id"], uuid4()):
        assert stranger.get(f"/catalog/items/{id}").status_code == 404
        assert stranger.post(f"/catalog/items/{id}/orders", number=1).status_code == 404
    assert stranger.get(f"/catalog/items?tenant_id={acme.id}").status_code == 404
    assert stranger.get("/catalog/templates").status_code == 403
    assert lead.get("/catalog/items").json["errors"][0]["pointer"] == "/tenant_id"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": " "}, "/name"), ({"name": "x", "price_once": "-1"}, "/price_once"), ({"name": "x", "colour": "red"}, "/colour"),
        ({"name": "x", "roles": ["king"]}, "/roles/0"), ({"name": "x", "form": {"fields": 1}}, "/form"),
        ({"name": "x", "category_id": str(uuid4())}, "/category_id"),
    ],
)  # fmt: skip
def test_bad_input_is_told_by_pointer(acme: Any, lead: Any, body: dict[str, Any], pointer: str) -> None:
    answer = lead.post(f"/tenants/{acme.id}/catalog/items", **body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"].startswith(pointer)


def test_who_approves_and_who_may_order_is_for_agents(acme: Any, lead: Any, call: Any) -> None:
    chain = {"stages": [{"name": "Manager", "approvers": [{"role": "manager"}]}]}
    made = lead.post(f"/tenants/{acme.id}/catalog/items", name="Laptop", chain=chain, roles=["requester"], impact=1, urgency=3)
    assert made.status_code == 201, made.text
    assert (made.json["chain"]["stages"][0]["approvers"], made.json["roles"]) == ([{"role": "manager"}], ["requester"])
    shown = call(acme.actor(), acme).get(f"/catalog/items/{made.json['id']}").json
    assert (shown["chain"], shown["roles"], shown["site_ids"], shown["impact"], shown["urgency"]) == (None, [], [], 0, 0)
