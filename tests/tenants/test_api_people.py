"""Sites, agents, teams and new clients over the API: done, refused, foreign, malformed, stale."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support import identity, world
from tests.support.caller import Caller


class Browser:
    """The API in a signed-in agent's browser: the sign-in is fresh, so it may do what a token may not."""

    def __init__(self, client: Any) -> None:
        self.client, self.csrf = client, world.csrf(client)

    def __call__(self, method: str, path: str, headers: Any = None, **options: Any) -> Any:
        return self.client.open(f"/api/v1{path}", method=method, headers={"X-CSRFToken": self.csrf, **(headers or {})}, **options)


@pytest.fixture
def admin(console_app: Any) -> Any:
    return world.agent(console_app, "admin")[1]


@pytest.fixture
def token(console_app: Any, admin: Any) -> Caller:
    return Caller(console_app, "console.localhost", admin, "people:write")


@pytest.fixture
def browser(console_of: Any, admin: Any) -> Browser:
    return Browser(console_of(admin))


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json.get("errors", ())]


def test_a_client_is_created_with_its_portal_and_service_levels(console_app: Any, token: Caller, portal_app: Any) -> None:
    key = world.unique("N")[:10].upper()
    sent = {"key": key, "name": f"New {key}", "time_zone": "Europe/Berlin"}
    made = token("POST", "/tenants", {"Idempotency-Key": key}, json=sent)
    assert made.status_code == 201, made.json
    again = token("POST", "/tenants", {"Idempotency-Key": key}, json=sent)
    assert (again.json["id"], again.headers["Idempotency-Replayed"]) == (made.json["id"], "true")
    assert made.headers["Location"] == f"/api/v1/tenants/{made.json['id']}"
    assert portal_app.test_client().get("/sign-in", base_url=f"http://{key.lower()}.localhost/").status_code == 200

    assert codes(token("POST", "/tenants", json={**sent, "key": "1", "time_zone": "Nowhere"})) == [
        ("/time_zone", "unknown"), ("/key", "format"),
    ]  # fmt: skip
    assert codes(token("POST", "/tenants", json=sent)) == [("/key", "taken")]
    assert codes(token("POST", "/tenants", json={**sent, "colour": "red"}))[0][0] in ("/colour", "/key")
    admin_of_it = world.agent(console_app, "admin", clients=[UUID(made.json["id"])])[1]
    limited = Caller(console_app, "console.localhost", admin_of_it, "people:write")
    lead = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1], "people:write")
    for caller in (limited, lead):
        assert caller("POST", "/tenants", json={**sent, "key": "ZZ"}).status_code == 403


def test_sites_are_added_changed_listed_and_kept_apart(console_app: Any, portal_app: Any, acme: Any, birch: Any) -> None:
    lead = Caller(console_app, "console.localhost", world.agent(console_app, "lead")[1], "people:write")
    path = f"/tenants/{acme.id}/sites"
    made = [lead("POST", path, json={"name": f"Site {number}", "address": "1 Quay"}) for number in (1, 2, 3)]
    assert [answer.status_code for answer in made] == [201] * 3
    first = lead("GET", f"{path}?limit=2")
    second = lead("GET", f"{path}?limit=2&cursor={first.json['next']}")
    assert [row["name"] for row in first.json["data"] + second.json["data"]] == ["Site 1", "Site 2", "Site 3"]
    assert second.json["next"] is None
    assert lead("GET", f"{path}?sort=size").status_code == 422
    assert codes(lead("POST", path, json={"name": "Site 1"})) == [("/name", "taken")]

    one, tag = f"/sites/{made[0].json['id']}", made[0].headers["ETag"]
    assert lead("PATCH", one, json={"name": "Quay"}).status_code == 428
    changed = lead("PATCH", one, {"If-Match": tag}, json={"name": "Quay"})
    assert (changed.json["name"], changed.json["address"]) == ("Quay", "1 Quay"), "what is not named stays"
    assert lead("PATCH", one, {"If-Match": tag}, json={"name": "Pier"}).status_code == 412

    own = Caller(portal_app, acme.host, acme.actor(), "tickets:read")
    assert own("GET", one).json["name"] == "Quay"
    assert own("PATCH", one, {"If-Match": "*"}, json={"name": "X"}).status_code == 403
    stranger = Caller(portal_app, birch.host, birch.actor("admin"), "people:write")
    for call in (("GET", one), ("GET", path)):
        assert stranger(*call).status_code == 404
    foreign = stranger("PATCH", one, {"If-Match": "*"}, json={"name": "X"})
    nowhere = stranger("PATCH", f"/sites/{uuid4()}", {"If-Match": "*"}, json={"name": "X"})
    assert {**foreign.json, "request_id": 0} == {**nowhere.json, "request_id": 0}


def test_rights_are_given_after_a_sign_in_and_never_by_a_token(
    servers: Any, acme: Any, birch: Any, token: Caller, browser: Browser
) -> None:
    sent = {"name": "Nia New", "e_mail": f"{world.unique('nia')}@provider.example", "roles": ["agent"], "client_ids": [str(acme.id)]}
    refused = token("POST", "/agents", json=sent)
    assert (refused.status_code, refused.json["code"]) == (403, "reauthentication_required")
    assert refused.mimetype == "application/problem+json"
    made = browser("POST", "/agents", json=sent)
    assert made.status_code == 201, made.json
    assert (made.json["is_limited"], made.json["client_ids"], made.json["roles"]) == (True, [str(acme.id)], ["agent"])
    one = f"/agents/{made.json['id']}"

    for change in ({"roles": ["admin"]}, {"client_ids": None}):
        assert token("PATCH", one, {"If-Match": "*"}, json=change).json["code"] == "reauthentication_required"
    assert token("POST", f"{one}/invitations").json["code"] == "reauthentication_required"
    wider = browser("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"client_ids": [str(acme.id), str(birch.id)], "roles": ["lead"]})
    assert (sorted(wider.json["client_ids"]), wider.json["roles"]) == (sorted([str(acme.id), str(birch.id)]), ["lead"])
    assert browser("PATCH", one, {"If-Match": made.headers["ETag"]}, json={"name": "X"}).status_code == 412
    assert browser("PATCH", one, json={"name": "X"}).status_code == 428
    assert codes(browser("PATCH", one, {"If-Match": "*"}, json={"client_ids": [str(uuid4())]})) == [("/client_ids/0", "unknown")]
    assert codes(browser("PATCH", one, {"If-Match": "*"}, json={"roles": ["king"]})) == [("/roles", "unknown")]
    invited = browser("POST", f"{one}/invitations")
    assert (invited.status_code, invited.json["e_mail"]) == (202, sent["e_mail"])
    assert len(identity.mails(servers, sent["e_mail"], "invitation")) == 1
    assert b"/invitation/" not in invited.data, "the link is for its reader alone"

    gone = token("PATCH", one, {"If-Match": "*"}, json={"is_active": False})
    assert gone.json["is_active"] is False, "to take access away a token is enough"
    assert token("PATCH", one, {"If-Match": "*"}, json={"is_active": True}).json["code"] == "reauthentication_required"
    names = [row["name"] for row in token("GET", "/agents?words=nia%20new&with_former=true").json["data"]]
    assert "Nia New" in names
    assert token("GET", one).status_code == 200
    assert token("GET", f"{one}?x=1").status_code == 422
    assert token("GET", "/agents?sort=age").status_code == 422


def test_a_limited_reader_is_told_of_no_other_client(console_app: Any, acme: Any, birch: Any) -> None:
    both, _ = world.agent(console_app, "agent", clients=[acme.id, birch.id])
    reader = Caller(console_app, "console.localhost", world.agent(console_app, "agent", clients=[acme.id])[1], "people:read")
    assert reader("GET", f"/agents/{both.id}").json["client_ids"] == [str(acme.id)]
    assert reader("PATCH", f"/agents/{both.id}", {"If-Match": "*"}, json={"name": "X"}).status_code == 403


def test_a_limited_administrator_has_no_say_over_who_sees_more(
    console_app: Any, console_of: Any, acme: Any, birch: Any, token: Caller
) -> None:
    both, _ = world.agent(console_app, "agent", clients=[acme.id, birch.id])
    his, _ = world.agent(console_app, "agent", clients=[acme.id])
    limited = Browser(console_of(world.agent(console_app, "admin", clients=[acme.id])[1]))
    for change in ({"client_ids": []}, {"is_active": False}, {"roles": ["read_only"]}, {"name": "X"}):
        assert limited("PATCH", f"/agents/{both.id}", {"If-Match": "*"}, json=change).status_code == 403, change
    assert limited("POST", f"/agents/{both.id}/invitations").status_code == 403
    assert set(token("GET", f"/agents/{both.id}").json["client_ids"]) == {str(acme.id), str(birch.id)}
    one = f"/agents/{his.id}"
    assert limited("PATCH", one, {"If-Match": "*"}, json={"client_ids": []}).json["client_ids"] == []
    assert limited("PATCH", one, {"If-Match": "*"}, json={"client_ids": None}).status_code == 403
    assert codes(limited("PATCH", one, {"If-Match": "*"}, json={"client_ids": [str(birch.id)]})) == [("/client_ids/0", "unknown")]


def test_contacts_get_roles_after_a_sign_in(servers: Any, acme: Any, birch: Any, token: Caller, browser: Browser) -> None:
    path = f"/tenants/{acme.id}/contacts"
    sent = {"name": "Bo", "e_mail": f"{world.unique('bo')}@acme.example"}
    assert token("POST", path, json={**sent, "roles": ["manager"]}).json["code"] == "reauthentication_required"
    made = token("POST", path, json=sent)
    one, site = f"/contacts/{made.json['id']}", browser("POST", f"/tenants/{acme.id}/sites", json={"name": "Dock"}).json["id"]
    assert token("PATCH", one, {"If-Match": "*"}, json={"roles": ["manager"]}).json["code"] == "reauthentication_required"
    placed = token("PATCH", one, {"If-Match": "*"}, json={"site_id": site})
    assert placed.json["site_id"] == site
    assert token("PATCH", one, {"If-Match": "*"}, json={"phone": "1"}).json["site_id"] == site, "what is not named stays"
    assert token("PATCH", one, {"If-Match": "*"}, json={"site_id": None}).json["site_id"] is None
    assert codes(token("PATCH", one, {"If-Match": "*"}, json={"site_id": str(uuid4())})) == [("/site_id", "unknown")]
    raised = browser("PATCH", one, {"If-Match": "*"}, json={"roles": ["manager", "requester"], "managed_site_ids": [site]})
    assert raised.json["roles"] == ["manager", "requester"]
    assert browser("POST", f"{one}/invitations").status_code == 202
    assert len(identity.mails(servers, sent["e_mail"], "invitation")) == 1
    assert token("PATCH", one, {"If-Match": "*"}, json={"is_active": False}).json["is_active"] is False
    assert token("PATCH", one, {"If-Match": "*"}, json={"is_active": True}).json["code"] == "reauthentication_required"


def test_teams_and_their_members(console_app: Any, portal_app: Any, acme: Any, token: Caller) -> None:
    name = world.unique("Desk ")
    made = token("POST", "/teams", json={"name": name, "e_mail": "Desk@provider.example"})
    assert (made.status_code, made.json["e_mail"]) == (201, "desk@provider.example")
    one, lead = f"/teams/{made.json['id']}", world.agent(console_app, "lead")[0]
    assert codes(token("POST", "/teams", json={"name": name})) == [("/name", "taken")]
    assert codes(token("POST", "/teams", json={"name": "Y", "e_mail": "nobody"})) == [("/e_mail", "format")]

    read = token("GET", f"{one}/members")
    sent = {"members": [{"agent_id": str(lead.id), "is_lead": True}]}
    assert token("PUT", f"{one}/members", json=sent).status_code == 428
    saved = token("PUT", f"{one}/members", {"If-Match": read.headers["ETag"]}, json=sent)
    assert [(row["agent_id"], row["is_lead"]) for row in saved.json["members"]] == [(str(lead.id), True)]
    assert token("PUT", f"{one}/members", {"If-Match": read.headers["ETag"]}, json={"members": []}).status_code == 412
    wrong = {"members": [{"agent_id": str(lead.id)}, {"agent_id": str(uuid4())}]}
    assert codes(token("PUT", f"{one}/members", {"If-Match": "*"}, json=wrong)) == [("/members/1/agent_id", "unknown")]
    assert token("GET", f"/agents/{lead.id}").json["team_ids"] == [made.json["id"]]

    closed = token("PATCH", one, {"If-Match": saved.headers["ETag"]}, json={"is_active": False})
    assert (closed.json["is_active"], closed.json["e_mail"]) == (False, "desk@provider.example")
    assert made.json["id"] not in [row["id"] for row in token("GET", "/teams?limit=200").json["data"]]
    assert made.json["id"] in [row["id"] for row in token("GET", "/teams?limit=200&with_former=true").json["data"]]
    agent = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "people:read")
    assert agent("PATCH", one, {"If-Match": "*"}, json={"name": "X"}).status_code == 403
    contact = Caller(portal_app, acme.host, acme.actor("admin"), "people:write")
    for path in (one, f"{one}/members"):
        assert contact("GET", path).status_code == 403


def test_new_clients_get_colours_that_no_other_has_while_there_are_some(console_app: Any) -> None:
    from tenants import queries

    hues = [world.company(console_app, "Hue").tenant.hue for _ in range(3)]
    assert len(set(hues)) == 3
    assert set(hues) <= set(queries.SPREAD_HUES)
