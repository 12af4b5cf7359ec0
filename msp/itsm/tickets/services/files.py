"""Files of tickets: a row first, then the bytes; bound to a message when that is saved, swept when it never is."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import IO
from uuid import UUID

import sqlalchemy as sa
import structlog

from msp.core import clock
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import apart, current_scope, db, locked
from msp.core.errors import Invalid
from msp.core.files import here, images, inspect
from msp.core.files.names import safe_name
from msp.core.files.storage import CHUNK_BYTES, FileMissing, file_key
from msp.core.ids import new_id
from msp.core.web.formats import file_size
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Attachment, Message, Ticket
from tenants import queries as tenants
from tenants.permissions import Permission

PENDING_FOR = timedelta(hours=24)
BATCH = 500
QUOTA_LOCK = 7_226_005
PREVIEWS = {"image/png": "png", "image/jpeg": "jpeg"}
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
log = structlog.get_logger(__name__)


class FileNotTaken(Invalid):
    """Empty, harmful by the scanner's word, or past what the client may store."""

    code, title = "file_not_taken", "This file was not taken"


def upload(tenant_id: UUID, name: str, content: IO[bytes], *, by: Actor, declared: str | None = None) -> Attachment:
    """Take a file in as pending, seen by nobody but whoever sends it.

    Its row is committed before the first byte is stored: what a crash leaves behind, the sweep finds.
    """
    by.require_any(Permission.TICKET_OPEN, Permission.TICKET_REPLY)
    client = tenants.visible_client(tenant_id, by=by)
    head = content.read(inspect.HEAD_BYTES)
    if not head:
        raise FileNotTaken("This file is empty.")
    found = inspect.inspect(head, name=name, declared=declared)
    id = new_id()
    with apart(current_scope()) as session:
        session.add(_announced(client.id, id, name, found.content_type, by=by))
    stored = here.storage().put(
        file_key(client.id, id), chain([head], _chunks(content)), max_bytes=settings().max_file_bytes
    )
    row = db.session.scalars(sa.select(Attachment).where(Attachment.tenant_id == client.id, Attachment.id == id)).one()
    row.size, row.sha256 = stored.size, stored.sha256
    _scan(row)
    _require_room(client.id)
    return row


def bind(attachment_ids: Sequence[UUID], ticket: Ticket, message: Message, *, by: Actor) -> None:
    """Hang the writer's own pending files on his message; part of writing it, no service of its own."""
    wanted = set(attachment_ids)
    if not wanted:
        return
    most = settings().max_files_per_message
    if len(wanted) > most:
        raise Invalid.field("attachment_ids", f"At most {most} files in one message.", "too_many")
    rows = queries.pending_files(ticket.tenant_id, wanted, by=by)
    if len(rows) != len(wanted):
        raise Invalid.field("attachment_ids", "A file is missing; add it again.", "unknown")
    for row in rows:
        row.ticket_id, row.message_id, row.is_internal = ticket.id, message.id, message.is_internal
        row.state = "held" if row.held_reason else "bound"
    db.session.flush()


def copy_to(rows: Sequence[Attachment], message: Message, *, by: Actor) -> None:
    """Copies of bound public files under another message, at its client.

    As with an upload, each row is committed as pending before its first byte: should the re-filing fail, the sweep finds both.
    """
    by.require(Permission.TICKET_REFILE)
    for row in rows:
        id, storage = new_id(), here.storage()
        with apart(current_scope()) as session:
            session.add(_announced(message.tenant_id, id, row.name, row.content_type, by=by))
        copied = db.session.scalars(sa.select(Attachment).where(Attachment.tenant_id == message.tenant_id, Attachment.id == id)).one()
        # Read to the end first: the store's own stream cannot be read from inside a write.
        storage.put(copied.storage_key, list(storage.get(row.storage_key)), max_bytes=settings().max_file_bytes)
        copied.ticket_id, copied.message_id, copied.is_internal = message.ticket_id, message.id, False
        copied.uploader_kind, copied.uploader_id = message.author_kind, message.author_id
        copied.size, copied.sha256, copied.state, copied.created_at = row.size, row.sha256, "bound", row.created_at
        if row.preview_key is not None and row.content_type in PICTURES:
            _draw_preview(copied)
    if rows:
        _require_room(message.tenant_id)


def sweep() -> int:
    """Remove files that found no message within a day, and look again at those that are held; how many were removed."""
    forgotten = sa.select(Attachment).where(
        Attachment.state == "pending", Attachment.created_at < clock.now() - PENDING_FOR
    )
    held = sa.select(Attachment).where(Attachment.state == "held")
    swept = 0
    for row in db.session.scalars(locked(forgotten.limit(BATCH), skip_locked=True)):
        _remove(row)
        swept += 1
    for row in db.session.scalars(locked(held.limit(BATCH), skip_locked=True)):
        _look_again(row)
    db.session.flush()
    return swept


def _announced(tenant_id: UUID, id: UUID, name: str, content_type: str, *, by: Actor) -> Attachment:
    """The row before its bytes. What an agent sends may become part of a note, so it is hidden until it is bound."""
    return Attachment(
        tenant_id=tenant_id, id=id, is_internal=not by.is_contact, uploader_kind=by.kind, uploader_id=by.id,
        name=safe_name(name), content_type=content_type, size=0, sha256="", storage_key=file_key(tenant_id, id),
        created_at=clock.now(),
    )  # fmt: skip


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(CHUNK_BYTES):
        yield piece


def _require_room(tenant_id: UUID) -> None:
    """Hold the client's files, the new one among them, to their limit; uploads of one client pass here in turn."""
    db.session.flush()
    db.session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(tenant_id), QUOTA_LOCK)))
    )
    used = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(Attachment.size), 0)).where(
            Attachment.tenant_id == tenant_id, Attachment.state != "swept"
        )
    )
    if int(used or 0) > settings().max_client_file_bytes:
        limit = file_size(settings().max_client_file_bytes)
        raise FileNotTaken(f"There is no room left: the files of one client are limited to {limit}.")


def _scan(row: Attachment) -> None:
    """Ask the scanner; what it holds stays out of sight, what it finds harmful is not taken."""
    verdict = here.scanner().scan(
        here.storage().get(row.storage_key), name=row.name, size=row.size, sha256=row.sha256
    )
    if verdict.outcome == "refused":
        here.storage().delete(row.storage_key)
        log.warning("file_refused", attachment_id=str(row.id), reason=verdict.reason)
        raise FileNotTaken("The check for harmful software refused this file.")
    row.held_reason = (verdict.reason or "not scanned yet") if verdict.outcome == "held" else None
    if row.held_reason is None and row.content_type in PICTURES:
        _draw_preview(row)


def _draw_preview(row: Attachment) -> None:
    """A picture that may be shown in a page, written by us; one that cannot be read is offered for download only."""
    try:
        picture = images.reencode(b"".join(here.storage().get(row.storage_key)))
    except images.ImageRefused:
        return
    key = file_key(row.tenant_id, row.id, PREVIEWS[picture.content_type])
    here.storage().put(key, [picture.data], max_bytes=len(picture.data))
    row.preview_key = key


def _look_again(row: Attachment) -> None:
    try:
        _scan(row)
    except (FileNotTaken, FileMissing):
        _remove(row)
        return
    if row.held_reason is None:
        row.state = "bound"


def _remove(row: Attachment) -> None:
    # Also the preview that a copy had drawn before its re-filing failed, which the row then does not know.
    drawn = PREVIEWS.get(row.content_type)
    unknown = file_key(row.tenant_id, row.id, drawn) if drawn and row.preview_key is None else None
    for key in (row.storage_key, row.preview_key, unknown):
        if key is not None:
            here.storage().delete(key)
    row.state, row.preview_key = "swept", None
