"""How mail leaves: by SMTP, to the console, or not at all."""

import smtplib
import ssl
import sys
import threading
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, Protocol, TextIO
from urllib.parse import unquote, urlsplit

from msp.core.errors import MspError, Unavailable
from msp.core.mail.message import Message, as_email

Security = Literal["starttls", "ssl", "none"]


class MailDeferred(Unavailable):
    """Not sent now: the same message may go later."""

    code, title = "mail_deferred", "The mail could not be sent yet"


class MailRefused(MspError):
    """Not sent, and trying again would not help."""

    code, title = "mail_refused", "The mail was refused"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a server said against one recipient."""

    address: str
    status: int
    reply: str

    @property
    def is_permanent(self) -> bool:
        return 500 <= self.status < 600


@dataclass(frozen=True, slots=True)
class Delivery:
    """The message was accepted for at least one recipient; `refused` lists the others."""

    accepted: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()


class Transport(Protocol):
    """Sends one message; raises MailDeferred, MailRefused or MessageInvalid."""

    def send(self, message: Message) -> Delivery: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTransport:
    """One connection per message. Without TLS only to this machine: a relay beside us, or a test."""

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 20
    helo_name: str | None = None
    """How we introduce ourselves; by default the machine's own name."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError("mail without TLS is for loopback hosts only; use starttls or ssl")

    def send(self, message: Message) -> Delivery:
        mail = as_email(message)
        client = self._connect()
        try:
            refused = client.send_message(mail, message.envelope_sender, message.recipients)
        except smtplib.SMTPRecipientsRefused as error:
            raise _all_refused(_refusals(error.recipients)) from error
        except smtplib.SMTPResponseException as error:
            kind = MailRefused if 500 <= error.smtp_code < 600 else MailDeferred
            raise kind(f"{error.smtp_code} {_text(error.smtp_error)}") from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(str(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailDeferred(str(error)) from error
        finally:
            _hang_up(client)
        return Delivery(
            tuple(address for address in message.recipients if address not in refused), _refusals(refused)
        )

    def _connect(self) -> smtplib.SMTP:
        """A session ready for a message. What fails up to here is our set-up, not the message: always worth a retry."""
        try:
            return self._session()
        except smtplib.SMTPResponseException as error:
            raise MailDeferred(f"{error.smtp_code} {_text(error.smtp_error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailDeferred(f"{self.host}:{self.port}: {error}") from error

    def _session(self) -> smtplib.SMTP:
        tls = self.tls or ssl.create_default_context()
        if self.security == "ssl":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, self.helo_name, timeout=self.timeout_seconds, context=tls
            )
        else:
            client = smtplib.SMTP(self.host, self.port, self.helo_name, timeout=self.timeout_seconds)
        try:
            if self.security == "starttls":
                client.starttls(context=tls)
            if self.user is not None:
                client.login(self.user, self.password or "")
        except BaseException:
            client.close()
            raise
        return client


class ConsoleTransport:
    """Writes each message where a developer reads it."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out
        self._lock = threading.Lock()

    def send(self, message: Message) -> Delivery:
        as_email(message)
        rule = "─" * 72
        lines = [
            rule,
            f"Mail from  {message.sender}",
            f"To         {', '.join(map(str, (*message.to, *message.cc)))}",
            f"Subject    {message.subject}",
            "",
            message.text.rstrip(),
            rule,
            "",
        ]
        out = self._out or sys.stdout
        with self._lock:
            out.write("\n".join(lines))
            out.flush()
        return Delivery(tuple(message.recipients))


class NullTransport:
    """Sends nothing and counts what it did not send."""

    def __init__(self) -> None:
        self.sent = 0
        self._lock = threading.Lock()

    def send(self, message: Message) -> Delivery:
        as_email(message)
        with self._lock:
            self.sent += 1
        return Delivery(tuple(message.recipients))


def transport_from_url(url: str) -> Transport:
    """The transport that a setting names.

    `smtp+starttls://USER:PASSWORD@HOST:587`, `smtps://HOST:465`, `smtp://localhost:1025` (loopback only), `console:`,
    `null:`. ValueError says what is wrong, without the password.
    """
    parts = urlsplit(url)
    if parts.scheme in {"console", "null"}:
        return ConsoleTransport() if parts.scheme == "console" else NullTransport()
    kinds: dict[str, tuple[Security, int]] = {
        "smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("ssl", 465)
    }
    if parts.scheme not in kinds or not parts.hostname:
        raise ValueError("the mail address starts with smtp+starttls://, smtps://, smtp://, console: or null:")
    security, port = kinds[parts.scheme]
    return SmtpTransport(
        host=parts.hostname,
        port=parts.port or port,
        security=security,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _hang_up(client: smtplib.SMTP) -> None:
    """Say goodbye if the server still listens; the message's fate is already known."""
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        client.close()


def _refusals(replies: dict[str, tuple[int, bytes]]) -> tuple[Refusal, ...]:
    return tuple(Refusal(address, status, _text(reply)) for address, (status, reply) in replies.items())


def _all_refused(refusals: tuple[Refusal, ...]) -> MspError:
    reasons = "; ".join(f"{refusal.address}: {refusal.status} {refusal.reply}" for refusal in refusals)
    kind = MailRefused if all(refusal.is_permanent for refusal in refusals) else MailDeferred
    return kind(reasons, refusals=refusals)


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
