"""Clients and people over the API."""

from typing import Any
from uuid import uuid4

from tests.support import world
from tests.support.caller import Caller


def test_contacts_are_added_changed_and_kept_apart(console_app: Any, portal_app: Any, acme: Any, birch: Any) -> None:
    lead = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1], "people:write")
    path = f"/tenants/{acme.id}/contacts"
    made = lead("POST", path, json={"name": "Ada Acme", "e_mail": f"ada@{acme.tenant.name.lower()}.example"})
    assert made.status_code == 201, made.json
    one = f"/contacts/{made.json['id']}"
    assert lead("PATCH", one, json={"phone": "1"}).status_code == 428
    assert lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"phone": "1"}).json["phone"] == "1"
    assert lead("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"phone": "2"}).status_code == 412
    assert lead("POST", path, json={"name": "X", "site_id": str(uuid4())}).status_code == 422
    assert lead("POST", path, json={"name": " "}).status_code == 422

    assert "Ada Acme" in [row["name"] for row in lead("GET", path).json["data"]]
    own = Caller(portal_app, acme.host, acme.actor("manager"), "people:read")
    assert own("GET", one).json["phone"] == "1"
    assert own("PATCH", one, {"If-Match": "*"}, json={"phone": "3"}).status_code == 403
    stranger = Caller(portal_app, birch.host, birch.actor("manager"), "people:read")
    limited = Caller(console_app, "console.localhost", world.agent(console_app, "lead", clients=[birch.id])[1], "people:write")
    for caller in (stranger, limited):
        assert caller("GET", one).status_code == caller("GET", path).status_code == 404


def test_agents_read_clients_agents_and_teams_and_contacts_do_not(console_app: Any, portal_app: Any, acme: Any) -> None:
    agent = Caller(console_app, "console.localhost", world.agent(console_app, "agent", clients=[acme.id])[1], "people:read")
    contact = Caller(portal_app, acme.host, acme.actor("admin"), "people:read")
    assert [row["id"] for row in agent("GET", "/tenants").json["data"]] == [str(acme.id)]
    assert agent("PATCH", f"/tenants/{acme.id}", {"If-Match": "*"}, json={"name": "X"}).status_code == 403
    for path in ("/tenants", "/agents", "/teams"):
        assert agent("GET", path).status_code == 200
        assert contact("GET", path).status_code == 403
        assert agent("GET", f"{path}/{uuid4()}").status_code == 404
