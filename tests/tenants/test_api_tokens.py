"""API tokens: shown once, bound to their host, and never worth more than their owner is now."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask import g

from msp.core.errors import Forbidden, Invalid, NotFound, ReauthenticationRequired
from tenants import access
from tenants.identity import api_tokens
from tenants.identity.api_tokens import ALWAYS, AREAS, NEVER
from tenants.permissions import Permission
from tenants.services import people
from tests.support import identity, world


def admitted(app: Any, host: str, token: str, path: str = "/api/v1/tickets") -> Any:
    """The actor that a request with this token has; an error where it is refused."""
    headers = {"Authorization": f"Bearer {token}"}
    with app.test_request_context(path, base_url=f"http://{host}/", headers=headers):
        access.admit()
        return g.actor


def token_of(app: Any, by: Any, *scopes: str, **options: Any) -> str:
    with world.acting(app, by) as actor:
        return api_tokens.create("Test", scopes or ["tickets:read"], days=30, by=actor, **options)


def asked(app: Any, host: str, token: str) -> Any:
    client = identity.from_own_address(app.test_client())
    return client.get("/api/v1/nothing-here", base_url=f"http://{host}/", headers={"Authorization": f"Bearer {token}"})


def test_one_is_made_on_the_page_and_shown_once(servers: Any, acme: Any, portal_of: Any, portal_app: Any) -> None:
    client, contact = portal_of(acme), acme.people["requester"]
    made = identity.submit(client, "/account/tokens", name="Reports", scopes=["tickets:read"], days="90")
    found = re.search(r'class="secret">(msp_[\w-]{43})<', made.get_data(as_text=True))
    assert found
    token = found.group(1)
    listed = client.get("/account/tokens").get_data(as_text=True)
    assert token not in listed
    assert token[:10] in listed
    [row] = identity.rows(
        servers, "SELECT *, expires_at - created_at AS life FROM api_token WHERE contact_id = %s", contact.id
    )
    assert row["life"].days in (89, 90)
    assert row["hash"] != token
    [entry] = identity.rows(servers, "SELECT * FROM audit_entry WHERE subject_id = %s", row["id"])
    assert entry["changes"] == {"name": "Reports", "scopes": ["tickets:read"]}

    actor = admitted(portal_app, acme.host, token)
    assert (actor.id, actor.token_id, actor.session_id) == (contact.id, row["id"], None)
    assert actor.permissions == {Permission.TICKET_READ, Permission.APPROVAL_READ, Permission.PORTAL_USE}
    assert asked(portal_app, acme.host, token).status_code == 404, "admitted, but there is nothing"
    [row] = identity.rows(servers, "SELECT last_used_at FROM api_token WHERE id = %s", row["id"])
    assert row["last_used_at"] is not None

    identity.submit(client, f"/account/tokens/{actor.token_id}/revoke", page="/account/tokens")
    assert asked(portal_app, acme.host, token).status_code == 401


def test_a_worthless_token_is_told_no_reason(
    servers: Any, acme: Any, birch: Any, portal_app: Any, console_app: Any
) -> None:
    mine = token_of(portal_app, acme.actor())
    _, agent = world.agent(console_app, "agent")
    agents = token_of(console_app, agent)
    expired = token_of(portal_app, acme.actor("manager"))
    identity.change(servers, "UPDATE api_token SET expires_at = now() WHERE contact_id = %s", acme.people["manager"].id)
    left = token_of(portal_app, acme.actor("admin"))
    contact = acme.people["admin"]
    with world.as_staff(console_app) as by:
        people.change_contact(contact.id, version=contact.version, is_active=False, by=by)

    answers = [
        asked(portal_app, birch.host, mine),
        asked(console_app, "console.localhost", mine),
        asked(portal_app, acme.host, agents),
        asked(portal_app, acme.host, expired),
        asked(portal_app, acme.host, left),
        asked(portal_app, acme.host, "msp_" + "x" * 43),
        asked(portal_app, acme.host, ""),
        asked(portal_app, acme.host, mine + "x"),
    ]

    assert [answer.status_code for answer in answers] == [401] * 8
    bodies = [{k: v for k, v in answer.json.items() if k != "request_id"} for answer in answers]
    assert bodies == [bodies[0]] * 8
    assert answers[0].mimetype == "application/problem+json"
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")
    assert asked(portal_app, acme.host, mine).status_code == 404, "the positive control"
    refused = identity.rows(
        servers, "SELECT count(*) FROM access_refusal WHERE reason = 'token' AND host = %s", acme.host
    )
    assert refused[0]["count"] == 6


def test_a_suspended_clients_tokens_are_refused(acme: Any, portal_app: Any, console_app: Any) -> None:
    from tenants.services import clients

    token = token_of(portal_app, acme.actor())
    with world.as_staff(console_app) as by:
        clients.change_client(acme.id, version=acme.tenant.version, status="suspended", by=by)
    assert asked(portal_app, acme.host, token).status_code == 401


def test_it_has_no_more_than_its_owner_has_now(acme: Any, portal_app: Any, console_app: Any) -> None:
    contact = acme.people["admin"]
    token = token_of(portal_app, acme.actor("admin"), "people:write", "tickets:read")
    assert Permission.CONTACT_MANAGE in admitted(portal_app, acme.host, token).permissions
    with world.as_staff(console_app) as by:
        people.change_contact(contact.id, version=contact.version, roles=["requester"], by=by)
    assert admitted(portal_app, acme.host, token).permissions == {Permission.TICKET_READ, Permission.APPROVAL_READ, Permission.PORTAL_USE}


def test_clients_are_narrowed_by_token_and_owner(acme: Any, birch: Any, console_app: Any) -> None:
    agent, actor = world.agent(console_app, "lead")
    wide, narrow = token_of(console_app, actor), token_of(console_app, actor, client_ids=[acme.id])
    assert admitted(console_app, "console.localhost", wide).tenant_ids is None
    assert admitted(console_app, "console.localhost", narrow).tenant_ids == (acme.id,)
    with world.as_staff(console_app) as by:
        people.change_agent(agent.id, version=agent.version, is_limited=True, client_ids=[birch.id], by=by)
    assert admitted(console_app, "console.localhost", wide).tenant_ids == (birch.id,)
    assert admitted(console_app, "console.localhost", narrow).tenant_ids == ()


def test_a_limited_agents_token_names_only_his_clients(acme: Any, birch: Any, console_app: Any) -> None:
    _, actor = world.agent(console_app, "agent", clients=[acme.id])
    token = token_of(console_app, actor, client_ids=[acme.id])
    assert admitted(console_app, "console.localhost", token).tenant_ids == (acme.id,)
    with pytest.raises(NotFound):
        token_of(console_app, actor, client_ids=[birch.id])


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["people:write"]},  # a requester may not, so his token cannot
        {"name": " "},
        {"name": "x" * 81},
        {"days": 0},
        {"days": 367},
    ],
)
def test_bad_wishes_are_refused(acme: Any, portal_app: Any, wrong: dict[str, Any]) -> None:
    wish: dict[str, Any] = {"name": "Test", "scopes": ["tickets:read"], "days": 30} | wrong
    with pytest.raises(Invalid), world.acting(portal_app, acme.actor()) as by:
        api_tokens.create(wish.pop("name"), by=by, **wish)


def test_making_one_needs_the_right(console_app: Any) -> None:
    _, reader = world.agent(console_app, "read_only")
    with pytest.raises(Forbidden):
        token_of(console_app, reader)


def test_nobody_revokes_somebody_elses(servers: Any, acme: Any, birch: Any, portal_app: Any) -> None:
    token = token_of(portal_app, acme.actor())
    [row] = identity.rows(servers, "SELECT id FROM api_token WHERE contact_id = %s", acme.people["requester"].id)
    for actor in (acme.actor("admin"), birch.actor()):
        with pytest.raises(NotFound), world.acting(portal_app, actor) as by:
            api_tokens.revoke(row["id"], by=by)
    with pytest.raises(NotFound), world.acting(portal_app, acme.actor()) as by:
        api_tokens.revoke(uuid4(), by=by)
    assert asked(portal_app, acme.host, token).status_code == 404


def test_a_token_opens_no_page_and_confirms_nothing(acme: Any, portal_app: Any) -> None:
    token = token_of(portal_app, acme.actor())
    client = portal_app.test_client()
    response = client.get("/account", base_url=f"http://{acme.host}/", headers={"Authorization": f"Bearer {token}"})
    assert response.location.startswith("/sign-in")
    headers = {"Authorization": f"bearer {token}"}
    with portal_app.test_request_context("/api/v1/x", base_url=f"http://{acme.host}/", headers=headers):
        access.admit()
        with pytest.raises(ReauthenticationRequired):
            access.require_recent_sign_in()


def test_every_permission_lies_in_one_scope_or_in_none_on_purpose() -> None:
    parts = [ALWAYS, NEVER, *(part for area in AREAS.values() for part in (area.read, area.write))]
    listed = [permission for part in parts for permission in part]
    assert sorted(listed) == sorted(Permission), "a new permission belongs to a scope, to ALWAYS or to NEVER"
