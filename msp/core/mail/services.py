"""Outgoing mail: asked for by whoever writes, composed and sent by a job after the commit.

The caller gives names, texts and addresses of pages; which client's brand and sender it carries follows from
`tenant_id`. The Message-ID is the outbox row's id, so a second delivery of the same row is recognised as one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask, current_app

from msp.core import clock
from msp.core.app import this_app
from msp.core.jobs import GiveUp
from msp.core.mail.message import (
    AUTO_GENERATED,
    AUTO_REPLIED,
    Address,
    Message,
    MessageInvalid,
    message_id,
)
from msp.core.mail.render import Brand, render
from msp.core.mail.transport import MailRefused, Transport, transport_from_url
from msp.core.outbox import services as outbox
from msp.core.secrets import Keyring

SEND = "mail.send"
# What stands in the subject line; other templates bring it as `subject` in their context.
SUBJECTS = {
    "invitation": "Your invitation to {brand}",
    "password_reset": "A new password for {brand}",
    "sign_in_alert": "{change}",
}
# A person wrote it, so automata may answer; everything else says that it is one itself.
PERSONAL = frozenset({"reply"})
# Whoever reads one of these can enter as its reader: what comes back undelivered goes to the host, not to a chosen sender.
SECRET = frozenset({"invitation", "password_reset"})


@dataclass(frozen=True)
class Sender:
    """Whose mail it is: brand and address; `is_refused` says that nothing goes out for this client now.

    `host` is the address at the tenant's own host, which nobody chooses by changing a brand.
    """

    brand: Brand
    address: Address
    is_refused: bool = False
    host: Address | None = None

    @property
    def domain(self) -> str:
        return self.address.email.rpartition("@")[2]


@dataclass(frozen=True)
class Letter:
    """One mail to one address. `thread` names the conversation that it belongs to at its reader."""

    to: str
    context: Mapping[str, Any]
    name: str = ""
    thread: str = ""


def set_sender(app: Flask, look_up: Callable[[UUID], Sender]) -> None:
    """Name the function that knows a client's sender, called by the job under the row's own scope."""
    app.extensions["msp.mail_sender"] = look_up


def sealed(text: str) -> dict[str, str]:
    """A value of the context that nobody reads in the outbox: an address that carries a secret."""
    return {"sealed": _keyring().encrypt(text, context=SEND)}


def send(
    template: str,
    *,
    to: str,
    context: Mapping[str, Any],
    tenant_id: UUID | None,
    reply_headers: Mapping[str, str] | None = None,
) -> UUID:
    """Ask for one mail in the running transaction; the id of its outbox row.

    `context` is what the template names, as JSON. `reply_headers`: `In-Reply-To`, `References`. Without a client it is
    the provider's mail.
    """
    args = {"template": template, "to": to, "context": dict(context), "headers": dict(reply_headers or {})}
    return outbox.enqueue(SEND, args, tenant_id=tenant_id)


def send_many(template: str, letters: Iterable[Letter], *, tenant_id: UUID) -> list[UUID]:
    """Ask for several mails with one statement."""
    calls = [
        {
            "template": template, "to": letter.to, "name": letter.name, "context": dict(letter.context),
            "thread": letter.thread,
        }
        for letter in letters
    ]  # fmt: skip
    return outbox.enqueue_many(SEND, calls, tenant_id=tenant_id)


def deliver(row_id: UUID, args: Mapping[str, Any], *, tenant_id: UUID) -> None:
    """Compose the mail of an outbox row and hand it to the transport.

    GiveUp where another try would not help; MailDeferred where it may.
    """
    sender: Sender = current_app.extensions["msp.mail_sender"](tenant_id)
    if sender.is_refused:
        raise GiveUp("Nothing is sent for a suspended client.")
    try:
        transport().send(compose(row_id, args, sender))
    except (MailRefused, MessageInvalid) as error:
        raise GiveUp(error.message) from error


def compose(row_id: UUID, args: Mapping[str, Any], sender: Sender) -> Message:
    """The mail of an outbox row as it leaves."""
    template, context = args["template"], _opened(args["context"])
    rendered = render(template, context, brand=sender.brand)
    headers = args.get("headers") or {}
    references = tuple(headers.get("References", "").split())
    if args.get("thread"):
        references = (f"<{args['thread']}@{sender.domain}>", *references)
    return Message(
        sender=sender.address,
        to=(Address(args["to"], args.get("name", "")),),
        subject=_subject(template, context, sender.brand),
        text=rendered.text,
        html=rendered.html,
        message_id=message_id(row_id, sender.domain),
        bounces_to=sender.host if template in SECRET else None,
        at=clock.now(),
        in_reply_to=headers.get("In-Reply-To"),
        references=references,
        headers={} if template in PERSONAL else AUTO_REPLIED if template == "received" else AUTO_GENERATED,
    )


def transport() -> Transport:
    """The application's way out, made once from `MSP_MAIL_URL`."""
    known: Transport | None = current_app.extensions.get("msp.mail_transport")
    if known is None:
        known = current_app.extensions["msp.mail_transport"] = transport_from_url(this_app().settings.mail_url)
    return known


def _opened(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _open(value) for name, value in context.items()}


def _open(value: Any) -> Any:
    """The value with what was sealed in it, however deep, opened."""
    if isinstance(value, Mapping):
        if value.keys() == {"sealed"}:
            return _keyring().decrypt(value["sealed"], context=SEND)
        return {name: _open(part) for name, part in value.items()}
    return [_open(part) for part in value] if isinstance(value, list) else value


def _keyring() -> Keyring:
    return Keyring(this_app().settings.secret_keys)


def _subject(template: str, context: Mapping[str, Any], brand: Brand) -> str:
    if "subject" in context:
        return str(context["subject"])
    if template in SUBJECTS:
        return SUBJECTS[template].format(brand=brand.name, change=context.get("change", ""))
    return str(context["heading"])
