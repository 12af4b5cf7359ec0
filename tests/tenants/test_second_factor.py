"""The second factor: set up, asked for at sign-in, replayed, recovered, removed."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from msp.core import clock
from tests.support import identity


@pytest.fixture
def equipped(servers: Any, acme: Any, door: Any) -> Any:
    """A signed-in requester who has just switched his second factor on."""
    client = door(acme)
    identity.sign_in(client, acme.people["requester"].e_mail)
    identity.submit(client, "/account/second-factor/begin", page="/account/second-factor")
    secret = shown_secret(client)
    response = identity.submit(
        client, "/account/second-factor/confirm", page="/account/second-factor", code=pyotp.TOTP(secret).now()
    )
    codes = re.findall(r"<li>((?:\w{4}-){3}\w{4})</li>", response.get_data(as_text=True))
    return client, secret, codes


def shown_secret(client: Any) -> str:
    page = client.get("/account/second-factor").get_data(as_text=True)
    assert "<svg" in page
    found = re.search(r'class="secret">([A-Z2-7]+)<', page)
    assert found
    return found.group(1)


def next_code(secret: str) -> str:
    """The code of the next half minute: the present one was used to switch the factor on."""
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30))


def test_setting_it_up(servers: Any, acme: Any, door: Any, portal_of: Any) -> None:
    contact, client, elsewhere = acme.people["requester"], door(acme), portal_of(acme)
    identity.sign_in(client, contact.e_mail)
    page = "/account/second-factor"
    identity.submit(client, f"{page}/begin", page=page)
    secret, before = shown_secret(client), identity.cookie_of(client)

    wrong = identity.submit(client, f"{page}/confirm", page=page, code="000000")
    assert wrong.status_code == 422
    right = identity.submit(client, f"{page}/confirm", page=page, code=pyotp.TOTP(secret).now())

    codes = re.findall(r"<li>((?:\w{4}-){3}\w{4})</li>", right.get_data(as_text=True))
    assert len(set(codes)) == 10
    [row] = identity.rows(servers, "SELECT * FROM credential WHERE person_id = %s", contact.person_id)
    assert secret not in row["totp_secret"], "encrypted at rest"
    assert row["totp_confirmed_at"] is not None
    stored = identity.rows(servers, "SELECT code_hash FROM recovery_code WHERE person_id = %s", contact.person_id)
    assert len(stored) == 10
    assert not {code["code_hash"] for code in stored} & set(codes)
    assert identity.cookie_of(client) != before, "the session goes on under a new token"
    assert client.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302, "sessions that never showed it end"
    assert codes[0] not in client.get(page).get_data(as_text=True), "shown once"
    [mail] = identity.mails(servers, contact.e_mail, "sign_in_alert")
    assert mail["change"] == "A second factor now protects your account"
    assert acme.host in mail["action"]["url"]


def test_it_is_asked_for_at_sign_in(servers: Any, acme: Any, door: Any, equipped: Any) -> None:
    _, secret, _ = equipped
    client, contact = door(acme, None), acme.people["requester"]

    first = identity.sign_in(client, contact.e_mail, next="/account")

    assert first.location == "/sign-in/code?next=/account"
    half_way = identity.cookie_of(client)
    assert client.get("/account").status_code == 302, "the password alone opens nothing"
    second = identity.submit(client, first.location, code=next_code(secret), next="/account")
    assert (second.status_code, second.location) == (303, "/account")
    assert identity.cookie_of(client) != half_way
    assert client.get("/account").status_code == 200
    [session] = identity.rows(
        servers, "SELECT * FROM session WHERE contact_id = %s AND ended_at IS NULL AND address = %s", contact.id,
        identity.address_of(client),
    )  # fmt: skip
    assert session["second_factor_at"] is not None

    client.set_cookie("msp", half_way, domain=acme.host)
    assert client.get("/sign-in/code").location == "/sign-in?next=/", "the step is over"


def test_a_code_passes_once_even_at_the_same_moment(acme: Any, door: Any, equipped: Any) -> None:
    _, secret, _ = equipped
    code, clients = next_code(secret), [door(acme, None) for _ in range(4)]
    tokens = []
    for client in clients:
        identity.sign_in(client, acme.people["requester"].e_mail)
        tokens.append(identity.form_token(client, "/sign-in/code"))

    def send(client: Any, token: str) -> int:
        return client.post("/sign-in/code", data={"csrf_token": token, "code": code}).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(send, clients, tokens))

    assert answers == [303, 422, 422, 422]
    again = door(acme, None)
    identity.sign_in(again, acme.people["requester"].e_mail)
    assert identity.submit(again, "/sign-in/code", code=code).status_code == 422


def test_a_recovery_code_stands_in_once(servers: Any, acme: Any, door: Any, equipped: Any) -> None:
    _, _, codes = equipped
    client, contact = door(acme, None), acme.people["requester"]
    identity.sign_in(client, contact.e_mail)
    typed = codes[3].upper().replace("-", " ")
    assert identity.submit(client, "/sign-in/code?recovery=1", code=typed, recovery="1").status_code == 303
    assert "9 codes left" in " ".join(client.get("/account/second-factor").get_data(as_text=True).split())

    again = door(acme, None)
    identity.sign_in(again, contact.e_mail)
    refused = identity.submit(again, "/sign-in/code?recovery=1", code=typed, recovery="1")
    assert refused.status_code == 422
    assert "Type one of the recovery codes" in refused.get_data(as_text=True), "the page stays what it was"
    assert len(identity.refusals(servers, "wrong_code", identity.address_of(again))) == 1


def test_guessing_codes_is_throttled(acme: Any, door: Any, equipped: Any) -> None:
    client = door(acme, None)
    identity.sign_in(client, acme.people["requester"].e_mail)
    answers = [identity.submit(client, "/sign-in/code", code=f"{number:06}").status_code for number in range(6)]
    assert answers == [422] * 5 + [429]


def test_without_a_password_there_is_no_second_step(acme: Any, door: Any) -> None:
    client = door(acme)
    assert client.get("/sign-in/code?next=/account").location == "/sign-in?next=/account"
    response = identity.submit(client, "/sign-in/code", page="/sign-in", code="123456")
    assert response.location == "/sign-in?next=/"


def test_new_recovery_codes_make_the_old_ones_worthless(servers: Any, acme: Any, door: Any, equipped: Any) -> None:
    client, _, old = equipped
    response = identity.submit(client, "/account/second-factor/codes", page="/account/second-factor")
    new = re.findall(r"<li>((?:\w{4}-){3}\w{4})</li>", response.get_data(as_text=True))
    assert len(new) == 10
    other = door(acme, None)
    identity.sign_in(other, acme.people["requester"].e_mail)
    assert identity.submit(other, "/sign-in/code", code=old[0]).status_code == 422
    assert identity.submit(other, "/sign-in/code", code=new[0]).status_code == 303


def test_removing_it_needs_a_fresh_sign_in_and_is_told(servers: Any, acme: Any, equipped: Any) -> None:
    client, _, _ = equipped
    contact = acme.people["requester"]
    old = "UPDATE session SET reauthenticated_at = now() - interval '11 minutes' WHERE contact_id = %s"
    token = identity.form_token(client, "/account")
    identity.change(servers, old, contact.id)
    refused = client.post("/account/second-factor/remove", data={"csrf_token": token})
    assert refused.status_code == 403
    assert "Code of your authenticator" in refused.get_data(as_text=True)
    has = "SELECT totp_confirmed_at FROM credential WHERE person_id = %s"
    assert identity.rows(servers, has, contact.person_id)[0]["totp_confirmed_at"] is not None

    identity.change(servers, "UPDATE session SET reauthenticated_at = now() WHERE contact_id = %s", contact.id)
    done = identity.submit(client, "/account/second-factor/remove", page="/account/second-factor")

    assert done.location == "/account/second-factor?saved=removed"
    assert identity.rows(servers, has, contact.person_id)[0]["totp_confirmed_at"] is None
    left = identity.rows(servers, "SELECT count(*) FROM recovery_code WHERE person_id = %s", contact.person_id)
    assert left[0]["count"] == 0
    assert identity.mails(servers, contact.e_mail, "sign_in_alert")[-1]["change"].endswith("was removed")
    noted = identity.rows(
        servers,
        "SELECT action FROM audit_entry WHERE actor_id = %s AND subject = 'second_factor' ORDER BY id",
        contact.id,
    )
    assert [row["action"] for row in noted] == ["began", "confirmed", "removed"]


def test_one_in_use_is_not_replaced_unseen(servers: Any, acme: Any, equipped: Any) -> None:
    client, _, _ = equipped
    before = "SELECT totp_secret FROM credential WHERE person_id = %s"
    secret = identity.rows(servers, before, acme.people["requester"].person_id)
    response = identity.submit(client, "/account/second-factor/begin", page="/account/second-factor")
    assert response.status_code == 409
    assert identity.rows(servers, before, acme.people["requester"].person_id) == secret
