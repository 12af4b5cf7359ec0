"""Sending through a real SMTP server on loopback, with every kind of answer."""

import io
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from msp.core.mail.message import Address, Message, MessageInvalid, message_id
from msp.core.mail.transport import (
    ConsoleTransport,
    Delivery,
    MailDeferred,
    MailRefused,
    NullTransport,
    Refusal,
    SmtpTransport,
    transport_from_url,
)
from tests.support import certificates

AMELIA, SAMIR = "amelia@northwind.example", "samir@northwind.example"


class Mailbox:
    """A server that answers as told and keeps what it accepted."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.accepted: list[Envelope] = []
        self.logins: list[str] = []

    async def handle_MAIL(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: Any) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.accepted.append(envelope)
        return answer

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"s3cret pass:word", handled=False)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def serve(mailbox: Mailbox) -> Iterator[Callable[..., int]]:
    """Start a server and give its port."""
    controllers: list[Controller] = []

    def start(**options: Any) -> int:
        port = free_port()
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        controllers.append(controller)
        return port

    yield start
    for controller in controllers:
        controller.stop()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    folder: Path = tmp_path_factory.mktemp("tls")
    return certificates.contexts(folder, "127.0.0.1")


def plain(port: int, **options: Any) -> SmtpTransport:
    return SmtpTransport(host="127.0.0.1", port=port, security="none", helo_name="x", timeout_seconds=5, **options)


def message(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "sender": Address("it@northwind.example", "Priya Nair"),
        "to": (Address(AMELIA), Address(SAMIR)),
        "subject": "Grüße [NWD-1042]",
        "text": "lunch works\n.\nnot the end",
        "html": "<p>lunch works</p>",
        "message_id": message_id(UUID(int=7), "mail.meridian.example"),
        "at": datetime(2027, 3, 31, 9, 46, tzinfo=UTC),
    }
    return Message(**(values | changes))


def test_a_mail_arrives(serve: Callable[..., int], mailbox: Mailbox) -> None:
    delivery = plain(serve()).send(message(bounces_to=Address("bounces@meridian.example")))
    assert delivery == Delivery((AMELIA, SAMIR))
    [envelope] = mailbox.accepted
    assert envelope.mail_from == "bounces@meridian.example"
    assert envelope.rcpt_tos == [AMELIA, SAMIR]
    content = envelope.content
    assert isinstance(content, bytes)
    assert b"Message-ID: <00000000-0000-0000-0000-000000000007@mail.meridian.example>\r\n" in content
    assert b"\r\n.\r\nnot the end" in content
    assert b"Bcc" not in content


@pytest.mark.parametrize(
    ("where", "answer", "expected"),
    [
        ("MAIL", "451 4.3.0 try later", MailDeferred),
        ("MAIL", "550 5.7.1 not from you", MailRefused),
        ("DATA", "452 4.3.1 no space", MailDeferred),
        ("DATA", "554 5.6.0 looks like spam", MailRefused),
        (AMELIA, "450 4.2.1 greylisted", MailDeferred),
        (AMELIA, "550 5.1.1 no such user", MailRefused),
    ],
)
def test_what_the_server_refuses(
    serve: Callable[..., int], mailbox: Mailbox, where: str, answer: str, expected: type[MailDeferred | MailRefused]
) -> None:
    mailbox.answers[where] = answer
    with pytest.raises(expected) as caught:
        plain(serve()).send(message(to=(Address(AMELIA),)))
    assert answer[:3] in caught.value.message
    assert answer[4:] in caught.value.message
    assert mailbox.accepted == []


def test_one_recipient_is_refused(serve: Callable[..., int], mailbox: Mailbox) -> None:
    mailbox.answers[AMELIA] = "550 5.1.1 no such user"
    mailbox.answers["third@northwind.example"] = "451 4.2.1 later"
    delivery = plain(serve()).send(message(cc=(Address("third@northwind.example"),)))
    assert delivery.accepted == (SAMIR,)
    assert delivery.refused == (
        Refusal(AMELIA, 550, "5.1.1 no such user"), Refusal("third@northwind.example", 451, "4.2.1 later")
    )
    assert [refusal.is_permanent for refusal in delivery.refused] == [True, False]
    assert mailbox.accepted[0].rcpt_tos == [SAMIR]


def test_all_refused_for_different_reasons_is_worth_another_try(serve: Callable[..., int], mailbox: Mailbox) -> None:
    mailbox.answers |= {AMELIA: "550 5.1.1 no such user", SAMIR: "451 4.2.1 later"}
    with pytest.raises(MailDeferred) as caught:
        plain(serve()).send(message())
    assert len(caught.value.details["refusals"]) == 2


def test_nobody_listens() -> None:
    port = free_port()
    with pytest.raises(MailDeferred, match=f"127.0.0.1:{port}"):
        plain(port).send(message())


@pytest.mark.parametrize("greeting", [b"554 5.7.1 no\r\n", b"421 busy\r\n", b"220 hello\r\n", b"nonsense\r\n", b""])
def test_a_server_that_breaks_off_defers(greeting: bytes) -> None:
    """What happens before a message is offered says nothing about the message, not even a 5xx."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(MailDeferred):
            plain(listener.getsockname()[1]).send(message())
        thread.join(5)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        transport = SmtpTransport(
            host="127.0.0.1", port=listener.getsockname()[1], security="none", helo_name="x", timeout_seconds=0.2
        )
        with pytest.raises(MailDeferred):
            transport.send(message())


def test_starttls_and_sign_in(
    serve: Callable[..., int], mailbox: Mailbox, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, client = tls
    port = serve(tls_context=server, require_starttls=True, authenticator=mailbox.authenticate, auth_required=True)
    options: dict[str, Any] = {"host": "127.0.0.1", "port": port, "helo_name": "x", "tls": client, "user": "msp"}
    assert SmtpTransport(**options, password="s3cret pass:word").send(message()).accepted == (AMELIA, SAMIR)
    assert mailbox.logins
    wrong = SmtpTransport(**options, password="wrong")
    with pytest.raises(MailDeferred, match="535"):
        wrong.send(message())
    assert "wrong" not in repr(wrong)


def test_tls_from_the_start(serve: Callable[..., int], tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, client = tls
    port = serve(ssl_context=server)
    transport = SmtpTransport(host="127.0.0.1", port=port, security="ssl", helo_name="x", tls=client)
    assert transport.send(message()).accepted == (AMELIA, SAMIR)


def test_a_certificate_that_nobody_vouches_for(
    serve: Callable[..., int], mailbox: Mailbox, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    port = serve(tls_context=tls[0])
    with pytest.raises(MailDeferred, match="certificate"):
        SmtpTransport(host="127.0.0.1", port=port, helo_name="x").send(message())
    assert mailbox.accepted == []


def test_starttls_never_falls_back_to_plain(serve: Callable[..., int], mailbox: Mailbox) -> None:
    with pytest.raises(MailDeferred, match="STARTTLS"):
        SmtpTransport(host="127.0.0.1", port=serve(), helo_name="x").send(message())
    assert mailbox.accepted == []


def test_plain_smtp_is_for_this_machine() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        SmtpTransport(host=host, port=25, security="none")
    for host in ("mail.example", "192.0.2.1", "localhost.example"):
        with pytest.raises(ValueError, match="loopback"):
            SmtpTransport(host=host, port=25, security="none")


def test_the_console_shows_what_would_be_sent() -> None:
    out = io.StringIO()
    assert ConsoleTransport(out).send(message()).accepted == (AMELIA, SAMIR)
    shown = out.getvalue()
    for part in ("Priya Nair <it@northwind.example>", f"{AMELIA}, {SAMIR}", "Grüße [NWD-1042]", "lunch works"):
        assert part in shown


def test_null_counts() -> None:
    transport = NullTransport()
    for _ in range(3):
        assert transport.send(message()).accepted == (AMELIA, SAMIR)
    assert transport.sent == 3


def test_every_transport_refuses_what_smtp_would() -> None:
    for transport in (NullTransport(), ConsoleTransport(io.StringIO()), plain(1)):
        with pytest.raises(MessageInvalid):
            transport.send(message(message_id="none"))


def test_settings_name_a_transport() -> None:
    assert isinstance(transport_from_url("null:"), NullTransport)
    assert isinstance(transport_from_url("console:"), ConsoleTransport)
    assert transport_from_url("smtp+starttls://it%40x:p%3Aw@mail.example") == SmtpTransport(
        host="mail.example", port=587, security="starttls", user="it@x", password="p:w"
    )
    assert transport_from_url("smtps://mail.example") == SmtpTransport(host="mail.example", port=465, security="ssl")
    assert transport_from_url("smtp://localhost:1025") == SmtpTransport(host="localhost", port=1025, security="none")
    for bad in ("", "mail.example", "http://x", "smtps:", "smtp://user:hunter2@mail.example"):
        with pytest.raises(ValueError, match=r"mail") as caught:
            transport_from_url(bad)
        assert "hunter2" not in str(caught.value)
