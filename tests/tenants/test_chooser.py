"""Moving between one's own companies by a hand-over of thirty seconds."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support import identity
from tests.tenants.test_account import in_both


@pytest.fixture
def both(acme: Any, birch: Any, console_app: Any) -> Any:
    return in_both(console_app, acme, birch)


def move(client: Any, company: Any) -> Any:
    return identity.submit(client, "/companies", company=company.id)


def path_of(response: Any) -> str:
    return urlsplit(response.location)._replace(scheme="", netloc="").geturl()


def arrive(client: Any, response: Any) -> Any:
    path = path_of(response)
    return identity.submit(client, "/arrive", page=path, token=path.partition("token=")[2])


def test_a_person_sees_and_enters_his_own_companies(
    servers: Any, acme: Any, birch: Any, both: Any, door: Any, portal_of: Any
) -> None:
    client = door(acme)
    identity.sign_in(client, both.e_mail)
    page = client.get("/companies")
    assert acme.tenant.name in page.get_data(as_text=True)
    assert birch.tenant.name in page.get_data(as_text=True)
    policy = page.headers["Content-Security-Policy"]
    assert f"http://{birch.host}" in policy.partition("form-action")[2].partition(";")[0]
    assert page.headers["Cache-Control"] == "no-store"

    moved = move(client, birch)

    assert moved.status_code == 303
    assert urlsplit(moved.location).netloc == birch.host
    there = identity.from_own_address(portal_of(birch, None))
    shown = there.get(path_of(moved)).get_data(as_text=True)
    assert both.e_mail in shown
    assert there.get("/account").status_code == 302, "showing spends nothing and opens nothing"
    assert arrive(there, moved).location == "/"
    assert there.get("/account").status_code == 200
    [session] = identity.rows(servers, "SELECT * FROM session WHERE contact_id = %s", birch.people["both"].id)
    [origin] = identity.rows(servers, "SELECT * FROM session WHERE contact_id = %s", both.id)
    assert session["host"] == birch.host
    assert session["expires_at"] == origin["expires_at"], "moving on lengthens nothing"
    assert session["reauthenticated_at"] == origin["reauthenticated_at"]
    assert client.get("/account").status_code == 200, "each company has its own session"


def test_a_hand_over_works_once_on_its_own_host_in_time(
    servers: Any, acme: Any, birch: Any, both: Any, portal_of: Any
) -> None:
    moved = move(portal_of(acme), birch)
    assert portal_of(acme, None).get(path_of(moved)).status_code == 404, "not where it came from"
    assert arrive(portal_of(birch, None), moved).status_code == 303
    late = portal_of(birch, None)
    assert late.get(path_of(moved)).status_code == 404, "not twice"

    moved = move(portal_of(acme), birch)
    [row] = identity.rows(
        servers, "SELECT expires_at - created_at AS life FROM one_time_link WHERE person_id = %s AND spent_at IS NULL",
        both.person_id,
    )  # fmt: skip
    assert row["life"].total_seconds() == 30
    identity.change(servers, "UPDATE one_time_link SET expires_at = now() WHERE person_id = %s", both.person_id)
    assert late.get(path_of(moved)).status_code == 404


def test_it_dies_with_the_session_it_comes_from(servers: Any, acme: Any, birch: Any, both: Any, portal_of: Any) -> None:
    client = portal_of(acme)
    moved = move(client, birch)
    there = portal_of(birch, None)
    token = identity.form_token(there, path_of(moved))
    identity.submit(client, "/sign-out", page="/account")
    data = {"csrf_token": token, "token": moved.location.partition("token=")[2]}
    assert there.post("/arrive", data=data).status_code == 404


def test_asking_without_a_body_spends_nothing(acme: Any, birch: Any, both: Any, portal_of: Any) -> None:
    """A link preview asks with HEAD, and carries no form token."""
    moved = move(portal_of(acme), birch)
    there = portal_of(birch, None)
    assert there.head(path_of(moved)).status_code == 200
    assert there.get("/account").status_code == 302
    assert arrive(there, moved).location == "/"


@pytest.mark.parametrize("company", ["birch", "", "not-an-id", "00000000-0000-0000-0000-000000000000"])
def test_a_foreign_company_is_not_there(acme: Any, birch: Any, portal_of: Any, company: str) -> None:
    client = portal_of(acme)
    wanted = birch.id if company == "birch" else company
    assert identity.submit(client, "/companies", company=wanted).status_code == 404
    assert birch.tenant.name not in client.get("/companies").get_data(as_text=True)


def test_a_second_factor_not_yet_shown_is_asked_for_there(
    servers: Any, acme: Any, birch: Any, both: Any, portal_of: Any
) -> None:
    client = portal_of(acme)
    identity.change(servers, "UPDATE session SET second_factor_at = NULL WHERE contact_id = %s", both.id)
    identity.change(
        servers,
        "INSERT INTO credential (person_id, totp_secret, totp_confirmed_at) VALUES (%s, 'x', now())",
        both.person_id,
    )
    there = portal_of(birch, None)
    assert arrive(there, move(client, birch)).location == "/sign-in"
    assert there.get("/account").status_code == 302


def test_who_is_there_already_just_goes_on(acme: Any, birch: Any, both: Any, portal_of: Any) -> None:
    assert portal_of(birch, "both").get(path_of(move(portal_of(acme), birch))).location == "/"


def test_the_console_has_no_chooser(console: Any) -> None:
    assert console.get("/arrive?token=x").status_code == 404
