"""Outgoing mail from asking to delivery: the client's brand, a Message-ID that stays, what parks and what waits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from msp.core import clock
from msp.core.db import call, db
from msp.core.mail import services as mail
from msp.core.mail.services import Letter
from msp.core.mail.transport import SmtpTransport
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from tenants import senders
from tenants.services import clients
from tests.support import post, world
from tests.support.post import Post, text_of

INVITATION = {"name": "Amelia", "inviter": "Priya", "url": "https://x.example/i/1", "until": "Friday"}


@pytest.fixture
def office(console_app: Any) -> Iterator[Post]:
    with post.office(console_app) as made:
        yield made


def ask(app: Any, company: Any, to: str = "amelia@acme.example", **options: Any) -> UUID:
    with world.as_staff(app):
        return mail.send("invitation", to=to, context=INVITATION, tenant_id=company.id, **options)


def do(app: Any, id: UUID) -> str:
    with app.app_context():
        return worker.do(id)


def row(app: Any, id: UUID) -> Outbox:
    with world.as_staff(app):
        return db.session.get_one(Outbox, id)


def test_it_carries_the_clients_brand_and_sender(console_app: Any, acme: Any, office: Post) -> None:
    with world.as_staff(console_app) as by:
        clients.change_branding(
            acme.id, version=1, by=by, display_name="Acme Care", support_phone="+44 1", mail_from="care@acme.example"
        )
    assert do(console_app, ask(console_app, acme)) == "done"
    [sent] = office.mails
    assert sent["From"].addresses[0].addr_spec == "care@acme.example"
    assert sent["From"].addresses[0].display_name == "Acme Care"
    assert sent["Subject"] == "Your invitation to Acme Care"
    assert sent["Auto-Submitted"] == "auto-generated"
    said = text_of(sent)
    assert said.count("https://x.example/i/1") == 2, "in text and in HTML"
    assert "Support by Meridian IT, +44 1." in said


def test_what_opens_an_account_never_comes_back_to_a_chosen_sender(console_app: Any, acme: Any) -> None:
    """Whoever chooses the sender must not get the invitation of somebody whose mailbox does not exist yet."""
    with world.as_staff(console_app) as by:
        clients.change_branding(acme.id, version=1, by=by, display_name="Acme Care", mail_from="thief@elsewhere.example")
        sender = senders.sender(acme.id)
        url = {"name": "A", "url": "https://x.example/i/1", "until": "then"}
        contexts = {"invitation": INVITATION, "password_reset": url}
        for template, context in contexts.items():
            args = {"template": template, "to": "a@acme.example", "context": context}
            message = mail.compose(UUID(int=7), args, sender)
            assert (message.sender.email, message.envelope_sender) == ("thief@elsewhere.example", f"support@{acme.host}")


def test_without_a_sender_of_its_own_it_comes_from_the_clients_host(console_app: Any, acme: Any, office: Post) -> None:
    assert do(console_app, ask(console_app, acme)) == "done"
    assert office.mails[0]["From"].addresses[0].addr_spec == f"support@{acme.host}"


def test_the_providers_own_mail(console_app: Any, office: Post) -> None:
    with world.as_staff(console_app):
        provider_id = call("provider")[0]["id"]
        named = mail.send("invitation", to="a@provider.example", context=INVITATION, tenant_id=provider_id)
        unnamed = mail.send("invitation", to="b@provider.example", context=INVITATION, tenant_id=None)
    assert {do(console_app, id) for id in (named, unnamed)} == {"done"}
    assert {m["From"].addresses[0].display_name for m in office.mails} == {"Meridian IT"}


def test_a_second_delivery_carries_the_same_message_id(console_app: Any, acme: Any, office: Post) -> None:
    id = ask(
        console_app, acme, reply_headers={"In-Reply-To": "<a@x.example>", "References": "<a@x.example> <b@x.example>"}
    )
    with world.as_staff(console_app):
        args = db.session.get_one(Outbox, id).args
        for _ in range(2):  # as when the server took it and the worker died before it could say so
            mail.deliver(id, args, tenant_id=acme.id)
    first, second = office.mails
    assert first["Message-ID"] == second["Message-ID"] == f"<{id}@{acme.host}>"
    assert first["In-Reply-To"] == "<a@x.example>"
    assert first["References"] == "<a@x.example> <b@x.example>"


def test_several_letters_keep_their_threads(console_app: Any, acme: Any, office: Post) -> None:
    letters = [
        Letter(f"{name}@acme.example", INVITATION, name.title(), f"thread-{name}") for name in ("amelia", "samir")
    ]
    with world.as_staff(console_app):
        ids = mail.send_many("invitation", letters, tenant_id=acme.id)
    assert {do(console_app, id) for id in ids} == {"done"}
    [found] = office.to("samir@acme.example")
    assert found["References"] == f"<thread-samir@{acme.host}>"
    assert found["To"].addresses[0].display_name == "Samir"


@pytest.mark.parametrize(("answer", "outcome"), [("550 no such user", "parked"), ("451 later please", "failed")])
def test_never_parks_and_later_waits(console_app: Any, acme: Any, office: Post, answer: str, outcome: str) -> None:
    office.answers["amelia@acme.example"] = answer
    id = ask(console_app, acme)
    assert do(console_app, id) == outcome
    assert answer in (row(console_app, id).error or "")
    office.answers.clear()
    with clock.at(clock.now() + timedelta(seconds=6)):
        assert do(console_app, id) == ("done" if outcome == "failed" else "gone")


def test_no_server_at_all_is_waited_for(console_app: Any, acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = SmtpTransport(host="127.0.0.1", port=1, security="none")
    monkeypatch.setitem(console_app.extensions, "msp.mail_transport", nowhere)
    assert do(console_app, ask(console_app, acme)) == "failed"


def test_an_address_that_is_none_is_parked(console_app: Any, acme: Any, office: Post) -> None:
    assert do(console_app, ask(console_app, acme, to="nobody at all")) == "parked"
    assert office.mails == []


def test_nothing_is_sent_for_a_suspended_client(console_app: Any, acme: Any, office: Post) -> None:
    with world.as_staff(console_app) as by:
        clients.change_client(acme.id, version=1, by=by, status="suspended")
    assert do(console_app, ask(console_app, acme)) == "parked"
    assert office.mails == []


def test_a_portals_mail_goes_out_under_its_own_scope(
    console_app: Any, portal_app: Any, acme: Any, office: Post
) -> None:
    requester = acme.actor()
    with world.acting(portal_app, requester):
        id = mail.send("invitation", to="amelia@acme.example", context=INVITATION, tenant_id=acme.id)
    assert row(console_app, id).scope_role == "msp_tenant"
    assert do(console_app, id) == "done"
