"""A request's conversation as the client reads it: public messages and turning points, never a note."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from flask import url_for
from markupsafe import Markup

from msp.core.mail.render import prose
from msp.core.web import formats
from msp.core.web.brand import hue_of
from msp.itsm.tickets.models import Attachment, Message, TimelineEntry
from msp.itsm.tickets.told import told_to_client
from portal import words

SHOWN = 6


@dataclass(frozen=True)
class Said:
    """A message. `name` is for the portrait where the author is “You”."""

    id: UUID
    at: datetime
    kind: str
    author: str
    name: str
    hue: int
    tag: str
    body: str | Markup
    when: str
    title: str
    files: Sequence[Mapping[str, Any]]
    is_event: bool = False


@dataclass(frozen=True)
class Happened:
    """A turning point between messages."""

    id: UUID
    at: datetime
    icon: str
    text: str
    when: str
    title: str
    is_event: bool = True


def conversation(
    messages: Iterable[Message], timeline: Iterable[TimelineEntry], files: Iterable[Attachment], *, me: UUID | None,
    kind: str, provider: str, now: datetime, tz: tzinfo,
) -> list[Said | Happened]:  # fmt: skip
    """Everything, newest first."""
    by_message: dict[UUID | None, list[Attachment]] = {}
    for file in files:
        by_message.setdefault(file.message_id, []).append(file)
    items: list[Said | Happened] = [
        _said(message, by_message.get(message.id, ()), me=me, provider=provider, now=now, tz=tz)
        for message in messages
        if not message.is_internal
    ]
    items += [
        Happened(entry.id, entry.at, told.icon, told.text, words.by_words(entry.at, now, tz), formats.moment_words(entry.at, tz))
        for entry in timeline
        if (told := told_to_client(entry, me=me, kind=kind, tz=tz)) is not None
    ]
    return sorted(items, key=lambda item: (item.at, item.is_event, item.id), reverse=True)


def shown_file(row: Attachment) -> dict[str, Any]:
    """A file as the page's macro takes it."""
    is_held = row.state == "held"
    href = url_for("files.download", attachment_id=row.id)
    picture = url_for("files.picture", attachment_id=row.id) if row.preview_key and not is_held else ""
    return {"name": row.name, "size": row.size, "href": href, "pending": is_held, "image_href": picture}


def _said(
    message: Message, files: Sequence[Attachment], *, me: UUID | None, provider: str, now: datetime, tz: tzinfo
) -> Said:
    is_ours = message.author_kind != "contact"
    return Said(
        id=message.id,
        at=message.sent_at,
        kind="public" if is_ours else "client",
        author="You" if message.author_id == me else message.author_name,
        name=message.author_name,
        hue=hue_of(message.author_id or message.author_name),
        tag=provider if is_ours else "",
        # Our people write Markdown, as the mail shows it; what clients write stays as they typed it.
        body=prose(message.body) if is_ours else message.body,
        when=words.by_words(message.sent_at, now, tz),
        title=formats.moment_words(message.sent_at, tz),
        files=[shown_file(file) for file in files],
    )
