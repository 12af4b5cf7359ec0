"""Files of tickets: a row first, then bytes, bound to a message when that is saved."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Invalid
from msp.itsm.tickets.models import Attachment, Message, Ticket

PER_MESSAGE = 20


def bind(attachment_ids: Sequence[UUID], ticket: Ticket, message: Message, *, by: Actor) -> None:
    """Hang the writer's own pending files on his message; part of writing it, no service of its own."""
    wanted = set(attachment_ids)
    if not wanted:
        return
    if len(wanted) > PER_MESSAGE:
        raise Invalid.field("attachment_ids", f"At most {PER_MESSAGE} files in one message.", "too_many")
    rows = db.session.scalars(
        sa.select(Attachment).where(
            Attachment.tenant_id == ticket.tenant_id, Attachment.id.in_(wanted), Attachment.state == "pending",
            Attachment.uploader_id == by.id,
        )
    ).all()  # fmt: skip
    if len(rows) != len(wanted):
        raise Invalid.field("attachment_ids", "A file is missing; please add it again.", "unknown")
    for row in rows:
        row.ticket_id, row.message_id, row.is_internal, row.state = ticket.id, message.id, message.is_internal, "bound"
    db.session.flush()
