"""When `MSP_SECRET_KEY` changes: what is sealed in mails that were not sent yet, written again under the newest key."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.app import this_app
from msp.core.db import db, locked
from msp.core.mail.services import SEND
from msp.core.outbox.models import Outbox
from msp.core.outbox.queries import MANAGE
from msp.core.secrets import CannotDecrypt, Keyring, Seals


def renew(*, by: Actor) -> int:
    """Seal anew what waits, or gave up, in the outbox; how many mails. What no key reads stays as it is."""
    by.require(MANAGE)
    keyring, renewed = _keyring(), 0

    def seal(stored: str) -> str:
        try:
            return stored if keyring.is_current(stored) else keyring.renewed(stored, context=SEND)
        except CannotDecrypt:
            return stored

    for row in db.session.scalars(locked(_unsent(), skip_locked=True)):
        fresh = _with_each(row.args, seal)
        if fresh != row.args:
            row.args, renewed = fresh, renewed + 1
    db.session.flush()
    return renewed


def seals(*, by: Actor) -> Seals:
    """Under which keys the sealed parts of such mails are."""
    by.require(MANAGE)
    found: list[tuple[str, str]] = []

    def note(stored: str) -> str:
        found.append((stored, SEND))
        return stored

    for args in db.session.scalars(_unsent().with_only_columns(Outbox.args)):
        _with_each(args, note)
    return _keyring().seals(found)


def _unsent() -> sa.Select[Any]:
    return sa.select(Outbox).where(Outbox.kind == SEND, Outbox.done_at.is_(None), Outbox.suppressed_at.is_(None))


def _with_each(value: Any, seal: Callable[[str], str]) -> Any:
    """The value with each sealed text in it, however deep, as `seal` makes it."""
    if isinstance(value, Mapping):
        if value.keys() == {"sealed"}:
            return {"sealed": seal(value["sealed"])}
        return {name: _with_each(part, seal) for name, part in value.items()}
    return [_with_each(part, seal) for part in value] if isinstance(value, list) else value


def _keyring() -> Keyring:
    return Keyring(this_app().settings.secret_keys)
