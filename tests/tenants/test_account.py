"""One's own account: confirmation of old sessions, password, name, look, sessions."""

import re
from typing import Any

import pytest

from msp.core.errors import Forbidden, NotFound
from tenants.identity import sessions
from tests.support import identity, world

GOOD = {"password": "violet otter ladder 9", "again": "violet otter ladder 9"}
OLD = "UPDATE session SET reauthenticated_at = now() - interval '601 seconds' WHERE contact_id = %s"


@pytest.fixture
def stale(servers: Any, acme: Any, door: Any) -> Any:
    """A requester who signed in more than ten minutes ago."""
    client = door(acme)
    identity.sign_in(client, acme.people["requester"].e_mail)
    identity.change(servers, OLD, acme.people["requester"].id)
    return client


def test_an_old_session_is_asked_again_and_comes_back(acme: Any, stale: Any) -> None:
    response = stale.get("/account/password")
    assert (response.status_code, response.location) == (303, "/confirm?next=/account/password")
    before = identity.cookie_of(stale)

    assert identity.submit(stale, response.location, password="wrong", next="/account/password").status_code == 422
    confirmed = identity.submit(stale, response.location, password=world.PASSWORD, next="/account/password")

    assert (confirmed.status_code, confirmed.location) == (303, "/account/password")
    assert identity.cookie_of(stale) != before
    assert stale.get("/account/password").status_code == 200
    stale.set_cookie("msp", before, domain=acme.host)
    assert stale.get("/account").status_code == 302


def test_what_was_typed_is_not_lost(servers: Any, acme: Any, stale: Any) -> None:
    form = {
        "name": "Reporting <script>",
        "scopes": ["tickets:read", "tickets:write"],
        "days": "30",
        "password": "hunter2hunter2",
    }
    asked = stale.post("/account/tokens", data={"csrf_token": identity.form_token(stale, "/account"), **form})
    page = asked.get_data(as_text=True)
    assert asked.status_code == 403
    assert "hunter2" not in page, "what is secret is not echoed"
    carried = re.findall(r'<input type="hidden" name="(carried\.\w+|next|post)" value="([^"]*)"', page)
    assert ("carried.name", "Reporting &lt;script&gt;") in carried

    data = {"csrf_token": token_in(page), "password": world.PASSWORD, "next": "/account/tokens", "post": "1"}
    data |= {f"carried.{name}": value for name, value in form.items() if name != "password"}
    confirmed = stale.post("/confirm", data=data).get_data(as_text=True)

    assert 'action="/account/tokens"' in confirmed
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', confirmed)
    again: dict[str, Any] = {name: [value for each, value in fields if each == name] for name, _ in fields}
    again["name"] = "Reporting"
    made = stale.post("/account/tokens", data=again)
    assert made.status_code == 200
    [token] = identity.rows(servers, "SELECT * FROM api_token WHERE contact_id = %s", acme.people["requester"].id)
    assert (token["name"], token["scopes"]) == ("Reporting", ["tickets:read", "tickets:write"])


def token_in(page: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found
    return found.group(1)


def test_a_fragment_is_sent_to_the_page_of_confirmation(stale: Any) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://any.example/account/tokens?a=b"}
    token = identity.form_token(stale, "/account")
    response = stale.post("/account/tokens", data={"csrf_token": token}, headers=headers)
    assert response.status_code == 403
    assert response.headers["HX-Redirect"] == "/confirm?next=/account/tokens?a%3Db"


def test_a_new_password_ends_every_other_session(servers: Any, acme: Any, door: Any, portal_of: Any) -> None:
    client, contact, elsewhere = door(acme), acme.people["requester"], portal_of(acme)
    identity.sign_in(client, contact.e_mail)
    stolen = identity.cookie_of(client)

    weak = identity.submit(client, "/account/password", password="password123", again="password123")
    assert weak.status_code == 422
    assert "very common" in weak.get_data(as_text=True)
    done = identity.submit(client, "/account/password", **GOOD)

    assert done.location == "/account/password?saved=1"
    assert client.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    client.set_cookie("msp", stolen, domain=acme.host)
    assert client.get("/account").status_code == 302, "the old token of this session is worth nothing either"
    assert identity.sign_in(door(acme, None), contact.e_mail, GOOD["password"]).status_code == 303
    [entry] = identity.rows(
        servers, "SELECT * FROM audit_entry WHERE actor_id = %s AND subject = 'credential'", contact.id
    )
    assert entry["changes"] == {"password": "(not shown)"}
    [mail] = identity.mails(servers, contact.e_mail, "sign_in_alert")
    assert mail["change"] == "Your password was changed"


def test_a_password_changes_everywhere_at_once(
    servers: Any, acme: Any, birch: Any, door: Any, portal_of: Any, console_app: Any
) -> None:
    """One person, two companies: his sessions of both end."""
    both = in_both(console_app, acme, birch)
    client, elsewhere = door(acme), portal_of(birch, "both")
    identity.sign_in(client, both.e_mail)
    assert elsewhere.get("/account").status_code == 200
    identity.submit(client, "/account/password", **GOOD)
    assert elsewhere.get("/account").status_code == 302


def in_both(app: Any, acme: Any, birch: Any) -> Any:
    """The requester of Acme is a contact of Birch too."""
    from tenants.services import people

    first = acme.people["requester"]
    with world.as_staff(app) as by:
        birch.people["both"] = people.add_contact(birch.id, first.name, e_mail=first.e_mail, by=by)
    assert birch.people["both"].person_id == first.person_id
    return first


def test_an_agent_limited_to_clients_is_told_too(servers: Any, acme: Any, console_app: Any, console_door: Any) -> None:
    agent, _ = world.agent(console_app, "agent", clients=[acme.id])
    identity.give_password(console_app, agent.person_id)
    identity.sign_in(console_door, agent.e_mail)
    assert identity.submit(console_door, "/account/password", **GOOD).status_code == 303
    [mail] = identity.mails(servers, agent.e_mail, "sign_in_alert")
    assert mail["action"]["url"] == "http://console.localhost/forgotten"


def test_name_and_look(servers: Any, acme: Any, portal_of: Any, console_of: Any, console_app: Any) -> None:
    portal, contact = portal_of(acme), acme.people["requester"]
    assert identity.submit(portal, "/account", name="  Maria   Lindqvist ").location == "/account?saved=name"
    assert identity.rows(servers, "SELECT name FROM contact WHERE id = %s", contact.id)[0]["name"] == "Maria Lindqvist"
    refused = identity.submit(portal, "/account", name=" ")
    assert refused.status_code == 422
    assert "1 to 100 characters" in refused.get_data(as_text=True)
    assert (
        identity.submit(portal, "/account/preferences", page="/account", theme="dark", density="compact").status_code
        == 404
    )

    agent, actor = world.agent(console_app, "agent")
    console = console_of(actor)
    look = {"theme": "dark", "density": "comfortable"}
    assert identity.submit(console, "/account/preferences", page="/account", **look).status_code == 303
    saved = identity.rows(servers, "SELECT preferences FROM agent WHERE id = %s", agent.id)[0]["preferences"]
    assert saved == look | {"has_keys": False}
    assert (
        identity.submit(console, "/account/preferences", page="/account", theme="pink", density="x").status_code == 422
    )


def test_sessions_are_listed_and_ended(servers: Any, acme: Any, portal_of: Any) -> None:
    here, there, third = portal_of(acme), portal_of(acme), portal_of(acme)
    there.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux) Gecko Firefox/150.0"
    alive = "SELECT id FROM session WHERE contact_id = %s AND ended_at IS NULL ORDER BY created_at, id"
    ids = [row["id"] for row in identity.rows(servers, alive, acme.people["requester"].id)]
    identity.change(
        servers, "UPDATE session SET user_agent = %s WHERE id = %s", there.environ_base["HTTP_USER_AGENT"], ids[1]
    )
    page = here.get("/account/sessions").get_data(as_text=True)
    assert page.count("Sign out</span>") == 2
    assert "Firefox on Linux" in page

    identity.submit(here, f"/account/sessions/{ids[1]}/end", page="/account/sessions")
    assert there.get("/account").status_code == 302
    assert third.get("/account").status_code == 200
    identity.submit(here, "/account/sessions/end-others", page="/account/sessions")
    assert third.get("/account").status_code == 302
    assert here.get("/account").status_code == 200


def test_nobody_ends_somebody_elses_session(servers: Any, acme: Any, birch: Any, portal_of: Any) -> None:
    mine, colleague, stranger = portal_of(acme), portal_of(acme, "manager"), portal_of(birch)
    answers = []
    for person in (acme.people["manager"], birch.people["requester"]):
        [row] = identity.rows(servers, "SELECT id FROM session WHERE contact_id = %s", person.id)
        answers.append(
            identity.submit(mine, f"/account/sessions/{row['id']}/end", page="/account/sessions").status_code
        )
    assert answers == [404, 404]
    assert colleague.get("/account").status_code == stranger.get("/account").status_code == 200


def test_an_administrator_signs_others_out(
    acme: Any, birch: Any, portal_of: Any, console_of: Any, console_app: Any, portal_app: Any
) -> None:
    in_both(console_app, acme, birch)
    here, elsewhere = portal_of(acme), portal_of(birch, "both")
    with world.acting(portal_app, acme.actor("admin")) as by:
        assert sessions.end_sessions_of_contact(acme.people["requester"].id, by=by) == 1
    assert here.get("/account").status_code == 302
    assert elsewhere.get("/account").status_code == 200, "a client's administrator reaches no further than his company"

    agent, actor = world.agent(console_app, "agent")
    console = console_of(actor)
    with world.as_staff(console_app) as by:
        assert sessions.end_sessions_of_agent(agent.id, by=by) == 1
    assert console.get("/account").status_code == 302


def test_signing_others_out_needs_the_right(acme: Any, birch: Any, portal_app: Any, console_app: Any) -> None:
    with pytest.raises(Forbidden), world.acting(portal_app, acme.actor("manager")) as by:
        sessions.end_sessions_of_contact(acme.people["requester"].id, by=by)
    with pytest.raises(NotFound), world.acting(portal_app, acme.actor("admin")) as by:
        sessions.end_sessions_of_contact(birch.people["requester"].id, by=by)
    _, actor = world.agent(console_app, "agent")
    with pytest.raises(Forbidden), world.acting(console_app, actor) as by:
        sessions.end_sessions_of_agent(actor.id, by=by)


def test_what_an_actor_may_not_do_is_kept(servers: Any, console_app: Any, console_of: Any) -> None:
    _, actor = world.agent(console_app, "agent")
    client = identity.from_own_address(console_of(actor))
    assert client.get("/companies").status_code == 403
    [row] = identity.refusals(servers, "forbidden", identity.address_of(client))
    assert (row["actor_id"], row["request"], row["host"]) == (actor.id, "GET /companies", "console.localhost")
