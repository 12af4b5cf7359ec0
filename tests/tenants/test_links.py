"""Invitations and password resets: GET shows, POST spends, once, in time, on the right host."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from msp.core.mail import services as mail
from msp.core.mail.message import Address
from msp.core.mail.render import Brand
from msp.core.outbox import worker
from tenants.identity import links
from tests.support import identity, world

GOOD = {"password": "violet otter ladder 9", "again": "violet otter ladder 9"}


@pytest.fixture
def invited(servers: Any, acme: Any, portal_app: Any) -> Any:
    """The path of a manager's invitation, out of the mail that he gets."""
    with world.acting(portal_app, acme.actor("admin")) as by:
        links.invite_contact(acme.people["manager"].id, by=by)
    [mail] = identity.mails(servers, acme.people["manager"].e_mail, "invitation")
    assert mail["inviter"] == acme.people["admin"].name
    address = urlsplit(mail["url"])
    assert (address.netloc, address.scheme) == (acme.host, "http")
    return address.path


def test_an_invitation_is_shown_then_spent(servers: Any, acme: Any, door: Any, invited: str) -> None:
    client, contact = door(acme, None), acme.people["manager"]
    for _ in range(3):
        page = client.get(invited)
        assert page.status_code == 200
    assert contact.e_mail in page.get_data(as_text=True)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"

    response = identity.submit(client, invited, **GOOD)

    assert (response.status_code, response.location) == (303, "/")
    assert client.get("/account").status_code == 200
    actions = identity.rows(servers, "SELECT action FROM audit_entry WHERE actor_id = %s ORDER BY at, id", contact.id)
    assert [row["action"] for row in actions] == ["accepted an invitation", "signed in"]
    assert client.get(invited).status_code == 404
    assert identity.sign_in(door(acme, None), contact.e_mail, GOOD["password"]).status_code == 303


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"password": "short", "again": "short"}, "at least 10 characters"),
        ({"password": "password123", "again": "password123"}, "very common"),
        ({"password": "x" * 129, "again": "x" * 129}, "at most 128"),
        ({"password": GOOD["password"], "again": "something else 12"}, "not the same"),
        ({}, "at least 10 characters"),
    ],
)
def test_a_bad_password_spends_nothing(acme: Any, door: Any, invited: str, form: dict[str, str], message: str) -> None:
    client = door(acme, None)
    response = identity.submit(client, invited, **form)
    assert response.status_code == 422
    assert message in response.get_data(as_text=True)
    assert client.get(invited).status_code == 200


def test_a_password_does_not_name_its_owner_or_company(acme: Any, door: Any, invited: str) -> None:
    for word in (acme.tenant.name, "manager"):
        password = f"{word} likes tea"
        assert identity.submit(door(acme, None), invited, password=password, again=password).status_code == 422


def test_an_invitation_works_once_at_the_same_moment(servers: Any, acme: Any, door: Any, invited: str) -> None:
    clients = [door(acme, None) for _ in range(3)]
    tokens = [identity.form_token(client, invited) for client in clients]

    def accept(client: Any, token: str) -> int:
        return client.post(invited, data={"csrf_token": token, **GOOD}).status_code

    with ThreadPoolExecutor(3) as pool:
        answers = sorted(pool.map(accept, clients, tokens))

    assert answers[0] == 303
    assert set(answers[1:]) <= {404, 409}
    opened = identity.rows(servers, "SELECT count(*) FROM session WHERE contact_id = %s", acme.people["manager"].id)
    assert opened[0]["count"] == 1


def test_a_link_is_worth_nothing_elsewhere_later_or_for_something_else(
    servers: Any, acme: Any, birch: Any, door: Any, invited: str
) -> None:
    answers = [
        door(birch, None).get(invited),
        door(acme, None).get(invited.replace("invitation", "reset")),
        door(acme, None).get("/invitation/" + "x" * 43),
    ]
    identity.change(
        servers, "UPDATE one_time_link SET expires_at = now() WHERE person_id = %s", acme.people["manager"].person_id
    )
    answers.append(door(acme, None).get(invited))
    assert [answer.status_code for answer in answers] == [404] * 4
    assert "not valid, or no longer" in answers[0].get_data(as_text=True)
    assert identity.submit(door(acme, None), invited, page="/sign-in", **GOOD).status_code == 404


def test_no_secret_stands_in_the_outbox_or_among_the_links(servers: Any, acme: Any, invited: str) -> None:
    token, contact = invited.rpartition("/")[2], acme.people["manager"]
    for table in ("outbox", "one_time_link", "audit_entry"):
        found = identity.rows(servers, f"SELECT count(*) FROM {table} x WHERE strpos(x::text, %s) > 0", token)
        assert found[0]["count"] == 0, table
    kept = "SELECT count(*) FROM outbox x WHERE strpos(x::text, %s) > 0"
    assert identity.rows(servers, kept, contact.e_mail)[0]["count"] == 1, "the positive control"


def test_the_mails_say_what_they_should(servers: Any, acme: Any, door: Any, console_app: Any, invited: str) -> None:
    client, contact = door(acme), acme.people["requester"]
    ask_for_reset(servers, console_app, client, contact.e_mail)
    path = urlsplit(identity.mails(servers, contact.e_mail, "password_reset")[0]["url"]).path
    identity.submit(client, path, **GOOD)
    sender = mail.Sender(Brand("Acme", "#1f5f8b", "Help: 123"), Address("help@msp.example"))
    asked = "SELECT id, args FROM outbox WHERE kind = 'mail.send' AND args->>'to' = ANY (%s) ORDER BY id"
    people = [acme.people["manager"].e_mail, contact.e_mail]
    with console_app.app_context():
        made = [mail.compose(row["id"], row["args"], sender) for row in identity.rows(servers, asked, people)]
    assert [message.subject for message in made] == [
        "Your invitation to Acme", "A new password for Acme", "Your password was changed"
    ]  # fmt: skip
    assert f"http://{acme.host}{invited}" in made[0].text
    assert f"http://{acme.host}{path}" in (made[1].html or "")
    assert identity.address_of(client) in made[2].text
    assert f"http://{acme.host}/forgotten" in made[2].text


def test_an_invitation_lasts_72_hours(servers: Any, acme: Any, invited: str) -> None:
    [row] = identity.rows(
        servers, "SELECT expires_at - created_at AS life FROM one_time_link WHERE person_id = %s",
        acme.people["manager"].person_id,
    )  # fmt: skip
    assert row["life"].total_seconds() == 72 * 3600


def test_an_invitation_never_replaces_a_password(
    servers: Any, acme: Any, door: Any, portal_app: Any, invited: str
) -> None:
    """A company invites somebody who signs in elsewhere already: it must not get at his password."""
    contact = acme.people["manager"]
    client = door(acme, None)
    token = identity.form_token(client, invited)
    identity.give_password(portal_app, contact.person_id)
    page = client.get(invited).get_data(as_text=True)
    assert "with the password that you have already" in page
    assert 'name="password"' not in page
    assert client.post(invited, data={"csrf_token": token, **GOOD}).status_code == 409
    assert identity.sign_in(client, contact.e_mail).status_code == 303


def test_who_is_not_of_the_company_cannot_be_invited_there(acme: Any, birch: Any, portal_app: Any) -> None:
    from msp.core.errors import Forbidden, NotFound

    with pytest.raises(NotFound), world.acting(portal_app, acme.actor("admin")) as by:
        links.invite_contact(birch.people["requester"].id, by=by)
    with pytest.raises(Forbidden), world.acting(portal_app, acme.actor("requester")) as by:
        links.invite_contact(acme.people["manager"].id, by=by)


def ask_for_reset(servers: Any, app: Any, client: Any, e_mail: str) -> Any:
    """Fill in the form and let the worker do what it asked for."""
    response = identity.submit(client, "/forgotten", e_mail=e_mail)
    waiting = identity.rows(
        servers,
        "SELECT id FROM outbox WHERE kind = 'identity.send_reset' AND done_at IS NULL AND args->>'e_mail' = %s",
        e_mail,
    )
    for row in waiting:
        with app.app_context():
            assert worker.do(row["id"]) == "done"
    return response


def test_a_forgotten_password_is_replaced_by_mail(
    servers: Any, acme: Any, door: Any, portal_of: Any, console_app: Any
) -> None:
    client, contact, elsewhere = door(acme), acme.people["requester"], portal_of(acme)
    response = ask_for_reset(servers, console_app, client, contact.e_mail)
    assert response.status_code == 200
    [mail] = identity.mails(servers, contact.e_mail, "password_reset")
    path = urlsplit(mail["url"]).path
    assert client.get(path).status_code == 200

    done = identity.submit(client, path, **GOOD)

    assert done.location == "/sign-in?notice=password"
    assert "is changed" in client.get(done.location).get_data(as_text=True)
    assert elsewhere.get("/account").status_code == 302, "every session has ended"
    assert identity.sign_in(client, contact.e_mail).status_code == 422
    assert identity.sign_in(client, contact.e_mail, GOOD["password"]).status_code == 303
    assert client.get(path).status_code == 404
    [told] = identity.mails(servers, contact.e_mail, "sign_in_alert")
    assert told["change"] == "Your password was changed"


def test_an_unknown_address_gets_the_same_answer(
    servers: Any, acme: Any, birch: Any, door: Any, console_app: Any
) -> None:
    client = door(acme)
    e_mails = [acme.people["requester"].e_mail, birch.people["requester"].e_mail, f"nobody@{acme.host}"]
    answers = [ask_for_reset(servers, console_app, client, e_mail) for e_mail in e_mails]
    pages = [identity.text_of(answer).replace(e_mail, "") for answer, e_mail in zip(answers, e_mails, strict=True)]
    assert pages == [pages[0]] * 3
    assert [len(identity.mails(servers, e_mail, "password_reset")) for e_mail in e_mails] == [1, 0, 0]


def test_asking_is_throttled(servers: Any, acme: Any, door: Any) -> None:
    client, e_mail = door(acme, None), f"often@{acme.host}"
    answers = [identity.submit(client, "/forgotten", e_mail=e_mail).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_a_new_password_voids_the_links_asked_for_before(servers: Any, acme: Any, door: Any, console_app: Any) -> None:
    client, contact = door(acme), acme.people["requester"]
    for _ in range(2):
        ask_for_reset(servers, console_app, client, contact.e_mail)
    first, second = (urlsplit(mail["url"]).path for mail in identity.mails(servers, contact.e_mail, "password_reset"))
    assert identity.submit(client, second, **GOOD).status_code == 303
    assert client.get(first).status_code == 404


def test_a_reset_link_lasts_an_hour_and_keeps_the_second_factor(
    servers: Any, acme: Any, door: Any, console_app: Any
) -> None:
    client, contact = door(acme), acme.people["requester"]
    identity.change(
        servers,
        "UPDATE credential SET totp_secret = 'x', totp_confirmed_at = now() WHERE person_id = %s",
        contact.person_id,
    )
    ask_for_reset(servers, console_app, client, contact.e_mail)
    life = "SELECT expires_at - created_at AS life FROM one_time_link WHERE person_id = %s AND purpose = 'reset'"
    assert identity.rows(servers, life, contact.person_id)[0]["life"].total_seconds() == 3600
    [mail] = identity.mails(servers, contact.e_mail, "password_reset")
    identity.submit(client, urlsplit(mail["url"]).path, **GOOD)
    assert identity.sign_in(client, contact.e_mail, GOOD["password"]).location == "/sign-in/code?next=/"
