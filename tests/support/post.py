"""An SMTP server on loopback that keeps what it is given, and an application that sends there."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from msp.core.mail.transport import SmtpTransport


class _Counter:
    """Takes what arrives. The server reads every attribute of its handler at each connection, so this one has few."""

    def __init__(self, post: "Post") -> None:
        self.envelopes, self.answers = post.envelopes, post.answers

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 OK"


class Post:
    """What arrived, and what the server answers to recipients and to data."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.answers: dict[str, str] = {}

    @property
    def mails(self) -> list[EmailMessage]:
        """Every message, parsed."""
        return [message_from_bytes(bytes(envelope.content), policy=default) for envelope in self.envelopes]  # type: ignore[arg-type,misc]  # bytes, and the policy's class

    def to(self, address: str | None) -> list[EmailMessage]:
        return [mail for mail, envelope in zip(self.mails, self.envelopes, strict=True) if address in envelope.rcpt_tos]


def text_of(mail: EmailMessage) -> str:
    """Everything that a reader of either form could see."""
    return "\n".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")


@contextmanager
def office(app: Any) -> Iterator[Post]:
    """A server, and `app` sending there."""
    post = Post()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    controller = Controller(_Counter(post), hostname="127.0.0.1", port=port)
    controller.start()
    before = app.extensions.get("msp.mail_transport")
    app.extensions["msp.mail_transport"] = SmtpTransport(host="127.0.0.1", port=port, security="none")
    try:
        yield post
    finally:
        app.extensions["msp.mail_transport"] = before
        controller.stop()
