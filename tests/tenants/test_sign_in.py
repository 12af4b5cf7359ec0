"""Signing in and out: what a right password opens, and that everything else looks and costs the same."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from msp.core.auth import passwords
from msp.core.db import db
from tenants import access
from tenants.views.blueprints import local_path
from tests.support import identity, world


def test_a_right_password_opens_a_session_under_a_new_token(servers: Any, acme: Any, door: Any) -> None:
    client, contact = door(acme), acme.people["requester"]
    planted = (identity.form_token(client), identity.cookie_of(client))[1]

    response = identity.sign_in(client, contact.e_mail, next="/account")

    assert (response.status_code, response.location) == (303, "/account")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("msp=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert identity.cookie_of(client) != planted
    [session] = identity.rows(servers, "SELECT * FROM session WHERE contact_id = %s", contact.id)
    assert (session["tenant_id"], session["host"], session["second_factor_at"]) == (acme.id, acme.host, None)
    assert session["token_hash"] != identity.cookie_of(client)
    [entry] = identity.rows(servers, "SELECT * FROM audit_entry WHERE actor_id = %s", contact.id)
    assert (entry["action"], entry["address"], entry["tenant_id"]) == (
        "signed in",
        identity.address_of(client),
        acme.id,
    )
    assert client.get("/account").status_code == 200

    client.set_cookie("msp", planted, domain=acme.host)
    assert client.get("/account").status_code == 302, "the token planted before is worth nothing"


def test_on_https_the_cookie_is_bound_to_the_host(settings: Any, acme: Any, portal_app: Any) -> None:
    from msp.wsgi import app_of

    app = app_of("portal", dataclasses.replace(settings, scheme="https"))
    response = app.test_client().get("/sign-in", base_url=f"https://{acme.host}")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-msp=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    with app.app_context():
        db.engine.dispose()


def test_every_refusal_looks_and_costs_the_same(
    servers: Any, acme: Any, birch: Any, door: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = door(acme)
    door(birch)
    answers = []
    with counted_work(monkeypatch) as work:
        for e_mail, password in (
            (acme.people["requester"].e_mail, "a wrong password"),
            (acme.people["manager"].e_mail, world.PASSWORD),  # never accepted his invitation
            (birch.people["requester"].e_mail, world.PASSWORD),  # right, but elsewhere
            ("nobody@nowhere.example", world.PASSWORD),
        ):
            token = identity.form_token(client)
            work.clear()
            response = client.post("/sign-in", data={"csrf_token": token, "e_mail": e_mail, "password": password})
            answers.append((response.status_code, identity.text_of(response).replace(e_mail, ""), tuple(work)))

    assert answers[0][0] == 422
    assert answers[0][2].count("verify") == 1
    assert len(answers[0][2]) > 4, "the statements are counted too"
    assert answers == [answers[0]] * 4
    noted = identity.refusals(servers, "wrong_password", identity.address_of(client))
    assert [row["account"] for row in noted][-1] == "nobody@nowhere.example"
    assert {row["request"] for row in noted} == {"POST /sign-in"}
    assert len(noted) == 4, "each is kept, although its own transaction was undone"


@contextmanager
def counted_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Each database statement and each verification of a password, in order."""
    work: list[str] = []
    real = passwords._HASHER

    class Hasher:
        check_needs_rehash = staticmethod(real.check_needs_rehash)

        @staticmethod
        def verify(stored: str, password: bytes) -> bool:
            work.append("verify")
            return real.verify(stored, password)

    def note(*args: Any) -> None:
        work.append(args[2].split("(")[0])

    monkeypatch.setattr(passwords, "_HASHER", Hasher)
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield work
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_a_session_is_nothing_on_another_companys_host(acme: Any, birch: Any, door: Any, portal_of: Any) -> None:
    client = door(acme)
    identity.sign_in(client, acme.people["requester"].e_mail)
    elsewhere = portal_of(birch, None)
    elsewhere.set_cookie("msp", identity.cookie_of(client), domain=birch.host)
    response = elsewhere.get("/account")
    assert (response.status_code, response.location) == (302, "/sign-in?next=/account")


def test_signing_out_ends_the_session(servers: Any, acme: Any, door: Any) -> None:
    client = door(acme)
    identity.sign_in(client, acme.people["requester"].e_mail)
    token = identity.cookie_of(client)
    assert client.get("/sign-out").status_code == 405, "no link ends it"
    assert client.post("/sign-out").status_code == 400, "a form token is needed"

    response = identity.submit(client, "/sign-out", page="/account")

    assert response.location == "/sign-in?notice=signed-out"
    assert identity.cookie_of(client) is None
    client.set_cookie("msp", token, domain=acme.host)
    assert client.get("/account").status_code == 302, "a kept cookie is worth nothing"
    [session] = identity.rows(servers, "SELECT * FROM session WHERE contact_id = %s", acme.people["requester"].id)
    assert session["end_reason"] == "signed out"


def test_signing_in_again_ends_the_old_session(servers: Any, acme: Any, door: Any) -> None:
    client, contact = door(acme), acme.people["requester"]
    identity.sign_in(client, contact.e_mail)
    response = client.get("/sign-in?next=/account/sessions")
    assert response.location == "/account/sessions", "who is signed in is not asked again"
    identity.submit(client, "/sign-in", page="/account", e_mail=contact.e_mail, password=world.PASSWORD)
    alive = "SELECT count(*) FROM session WHERE contact_id = %s AND ended_at IS NULL"
    assert identity.rows(servers, alive, contact.id)[0]["count"] == 1


def test_a_burst_gets_no_more_attempts_than_one_after_another(
    servers: Any, acme: Any, door: Any, portal_of: Any
) -> None:
    first = door(acme)
    address, e_mail = identity.address_of(first), acme.people["requester"].e_mail

    def attempt(_: int) -> Any:
        client = portal_of(acme, None)
        client.environ_base["REMOTE_ADDR"] = address
        return identity.sign_in(client, e_mail, "not the password")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(attempt, range(12)))

    assert sorted(answer.status_code for answer in answers) == [422] * 5 + [429] * 7
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status_code == 429)
    assert identity.sign_in(first, e_mail).status_code == 429, "not even with the right password"
    assert len(identity.refusals(servers, "wrong_password", address)) == 5
    assert len(identity.refusals(servers, "throttled", address)) == 8


def test_a_suspended_client_is_shut(servers: Any, acme: Any, door: Any, console_app: Any) -> None:
    from tenants.services import clients

    client = door(acme)
    identity.sign_in(client, acme.people["requester"].e_mail)
    with world.as_staff(console_app) as by:
        clients.change_client(acme.id, version=acme.tenant.version, status="suspended", by=by)
    assert client.get("/account").status_code == 302, "at once, although the host is remembered for some seconds"
    client.application.extensions.pop("msp.hosts", None)
    response = client.get("/sign-in")
    assert response.status_code == 403
    assert "closed at present" in response.get_data(as_text=True)
    assert identity.refusals(servers, "suspended", identity.address_of(client))
    [session] = identity.rows(servers, "SELECT * FROM session WHERE tenant_id = %s", acme.id)
    assert session["end_reason"] == "client suspended", "open streams are told by this"


def test_who_left_is_out(acme: Any, door: Any, console_app: Any) -> None:
    from tenants.services import people

    client, contact = door(acme), acme.people["requester"]
    identity.sign_in(client, contact.e_mail)
    with world.as_staff(console_app) as by:
        people.change_contact(contact.id, version=contact.version, is_active=False, by=by)
    assert client.get("/account").status_code == 302
    assert identity.sign_in(client, contact.e_mail).status_code == 422


@pytest.mark.parametrize(
    "age",
    [
        "last_seen_at = now() - interval '8 hours 1 second'",
        "expires_at = now() - interval '1 second'",
    ],
)
def test_sessions_end_idle_or_old(servers: Any, acme: Any, portal_of: Any, age: str) -> None:
    client = portal_of(acme)
    assert client.get("/account").status_code == 200
    identity.change(servers, f"UPDATE session SET {age} WHERE contact_id = %s", acme.people["requester"].id)
    assert client.get("/account").status_code == 302


def test_use_keeps_a_session_alive_but_not_for_ever(servers: Any, acme: Any, door: Any) -> None:
    client, contact = door(acme), acme.people["requester"]
    identity.sign_in(client, contact.e_mail)
    identity.change(
        servers, "UPDATE session SET last_seen_at = now() - interval '7 hours' WHERE contact_id = %s", contact.id
    )
    client.get("/account")
    [row] = identity.rows(
        servers,
        "SELECT now() - last_seen_at < interval '1 minute' AS touched, expires_at - created_at AS life FROM session"
        " WHERE contact_id = %s",
        contact.id,
    )
    assert row["touched"]
    assert row["life"].total_seconds() == 24 * 3600


def test_an_old_hash_is_renewed_at_sign_in(servers: Any, acme: Any, door: Any, portal_app: Any) -> None:
    client, contact = door(acme), acme.people["requester"]
    weak = PasswordHasher(1, 8_192, 1).hash(world.PASSWORD)
    identity.change(servers, "UPDATE credential SET password_hash = %s WHERE person_id = %s", weak, contact.person_id)
    assert identity.sign_in(client, contact.e_mail).status_code == 303
    [row] = identity.rows(servers, "SELECT password_hash FROM credential WHERE person_id = %s", contact.person_id)
    assert row["password_hash"] != weak
    assert passwords.verify_password(row["password_hash"], world.PASSWORD) == (True, False)


def test_an_agent_signs_in_on_the_console_and_nobody_else(
    console_app: Any, console_door: Any, acme: Any, door: Any
) -> None:
    agent, _ = world.agent(console_app, "agent")
    identity.give_password(console_app, agent.person_id)
    portal = door(acme)
    assert identity.sign_in(console_door, acme.people["requester"].e_mail).status_code == 422
    assert identity.sign_in(portal, agent.e_mail).status_code == 422
    assert identity.sign_in(console_door, agent.e_mail).status_code == 303
    assert console_door.get("/account").status_code == 200


@pytest.mark.parametrize("host", ["nowhere.localhost", "console.localhost", "acme.localhost.evil.example", "[::1]"])
def test_a_portal_answers_on_no_other_host(portal_app: Any, host: str) -> None:
    response = portal_app.test_client().get("/sign-in", base_url=f"http://{host}/")
    assert response.status_code == 400


def test_the_console_answers_on_no_other_host(console_app: Any, acme: Any) -> None:
    assert console_app.test_client().get("/sign-in", base_url=f"http://{acme.host}/").status_code == 400


@pytest.mark.parametrize(
    "e_mail", ["", "x\0y@acme.example", "a" * 5000 + "@acme.example", "ü@acme.example", "' OR 1=1 --"]
)
def test_odd_input_is_a_wrong_password(acme: Any, door: Any, e_mail: str) -> None:
    client = door(acme, None)
    assert identity.sign_in(client, e_mail, "pass\0word" * 30).status_code == 422


def test_a_form_without_its_token_is_refused(acme: Any, door: Any) -> None:
    client = door(acme)
    form = {"e_mail": acme.people["requester"].e_mail, "password": world.PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 400
    token = identity.form_token(client)
    client.delete_cookie("msp", domain=acme.host)
    assert client.post("/sign-in", data=form | {"csrf_token": token}).status_code == 400


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/account?a=b", "/account?a=b"),
        (None, "/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("account", "/"),
        ("/sign-in/code", "/"),
    ],
)
def test_next_stays_on_this_host(wanted: str | None, target: str) -> None:
    assert local_path(wanted) == target


@pytest.mark.parametrize("surface", ["portal", "console"])
def test_no_signed_in_page_is_kept_anywhere(
    surface: str, portal_app: Any, console_app: Any, portal_of: Any, console_of: Any, acme: Any
) -> None:
    app = portal_app if surface == "portal" else console_app
    client = portal_of(acme, "admin") if surface == "portal" else console_of(world.agent(console_app, "admin")[1])
    asked = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint in access.PUBLIC:
            continue
        values = {name: "1" if name == "number" else "01a20c18-45ce-705e-a241-2e9b46d0fba1" for name in rule.arguments}
        with app.test_request_context(base_url=f"http://{client.host}/"):
            path = app.url_for(rule.endpoint, **{**(rule.defaults or {}), **values})
        response = client.get(path)
        assert response.status_code < 500, path
        assert response.headers.get("Cache-Control") == "no-store", path
        asked += 1
    assert asked > 10
