"""A mail as a value, and its form on the wire."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from msp.core.errors import Invalid

# RFC 3834: other automata must not answer these. The second header says the same to Exchange.
AUTO_GENERATED: Mapping[str, str] = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
AUTO_REPLIED: Mapping[str, str] = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}

MAX_ADDRESS, MAX_NAME, MAX_SUBJECT, MAX_REFERENCES = 254, 100, 400, 20
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_OWN_HEADERS = {
    "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "return-path",
}


class MessageInvalid(Invalid):
    """The message cannot be written down; sending it again would not help."""

    code, title = "message_invalid", "This mail cannot be sent as it is"


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox. The name is anybody's text and is cleaned; the address must be one."""

    email: str
    name: str = ""

    def __post_init__(self) -> None:
        local, _, domain = self.email.rpartition("@")
        domain = _ascii_domain(domain)
        object.__setattr__(self, "name", _one_line(self.name)[:MAX_NAME].strip())
        object.__setattr__(self, "email", f"{local}@{domain}")
        if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(self.email) > MAX_ADDRESS:
            raise MessageInvalid("This is not an e-mail address.", email=self.email)

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One mail to one or few recipients. `message_id` stays the same when sending is tried again."""

    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    message_id: str
    at: datetime
    html: str | None = None
    cc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    bounces_to: Address | None = None
    """The envelope's sender, where it is not the visible one."""
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipients(self) -> list[str]:
        """Every address of the envelope, once."""
        return list(dict.fromkeys(address.email for address in (*self.to, *self.cc)))

    @property
    def envelope_sender(self) -> str:
        return (self.bounces_to or self.sender).email


def message_id(row_id: UUID, domain: str) -> str:
    """The Message-ID of an outbox row: the same at every attempt, so that receivers recognise a second copy."""
    return f"<{row_id}@{_ascii_domain(domain)}>"


def as_email(message: Message) -> EmailMessage:
    """The message in RFC 5322 form; MessageInvalid if it has no such form."""
    if not message.recipients:
        raise MessageInvalid("This mail has no recipient.")
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise MessageInvalid("This is not a Message-ID.", message_id=message.message_id)
    mail = EmailMessage(policy=_WIRE)
    mail["From"] = _header(message.sender)
    mail["To"] = [_header(address) for address in message.to]
    if message.cc:
        mail["Cc"] = [_header(address) for address in message.cc]
    if message.reply_to:
        mail["Reply-To"] = _header(message.reply_to)
    mail["Subject"] = _one_line(message.subject)[:MAX_SUBJECT].strip()
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = message.message_id
    _set_thread(mail, message)
    for name, value in message.headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS or name.lower().startswith("content-"):
            raise MessageInvalid("This header cannot be set.", header=name)
        mail[name] = _one_line(value)
    mail.set_content(_clean(message.text))
    if message.html is not None:
        mail.add_alternative(_clean(message.html), subtype="html")
    return mail


def _set_thread(mail: EmailMessage, message: Message) -> None:
    """In-Reply-To and References. The malformed id of a mail we got is left out: it must not stop the answer."""
    answered = [message.in_reply_to] if message.in_reply_to else []
    known = [reference for reference in dict.fromkeys((*message.references, *answered)) if _is_id(reference)]
    if answered and _is_id(answered[0]):
        mail["In-Reply-To"] = answered[0]
    if known:
        # The first names the thread, the last the place in it (RFC 5537, 3.4.4).
        kept = known if len(known) <= MAX_REFERENCES else [known[0], *known[1 - MAX_REFERENCES :]]
        mail["References"] = " ".join(kept)


def _is_id(text: str) -> bool:
    return len(text) < 900 and bool(_MESSAGE_ID.fullmatch(text))


def _header(address: Address) -> HeaderAddress:
    local, _, domain = address.email.rpartition("@")
    return HeaderAddress(address.name, local, domain)


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        raise MessageInvalid("This is not an e-mail address.", domain=domain) from None


def _one_line(text: str) -> str:
    """Without line breaks and control characters, so that one header cannot become two, nor by an encoded word."""
    return " ".join(_CONTROL.sub(" ", text).split()).replace("=?", "= ?")


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


class _WirePolicy(EmailPolicy):
    """The standard policy with its folding replaced where it does harm.

    On folding it drops the quotes around a long display name (a comma in it then makes two addresses), loses or
    invents spaces between encoded and plain words, and breaks long identifiers into encoded words.
    """

    def fold(self, name: str, value: Any) -> str:
        match name.lower():
            case "from" | "to" | "cc" | "reply-to":
                text = f",{self.linesep} ".join(map(self._mailbox, value.addresses))
            case "message-id" | "in-reply-to" | "references":
                text = f"{self.linesep} ".join(str(value).split())
            case "subject" if not str(value).isascii() or max(map(len, str(value).split()), default=0) > 60:
                text = self._encoded_words(str(value))
            case _:
                return super().fold(name, value)
        return f"{name}: {text}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")

    def _mailbox(self, address: HeaderAddress) -> str:
        name = address.display_name
        if not name:
            return address.addr_spec
        if name.isascii():
            return f'"{name.translate(_QUOTED)}" <{address.addr_spec}>'
        return f"{self._encoded_words(name)}{self.linesep} <{address.addr_spec}>"

    def _encoded_words(self, text: str) -> str:
        return Header(text, "utf-8", maxlinelen=75, header_name="Reply-To").encode(linesep=self.linesep)


_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"'})
# 7bit: nothing is assumed of the servers on the way.
_WIRE = _WirePolicy(linesep="\r\n", cte_type="7bit", raise_on_defect=False)
