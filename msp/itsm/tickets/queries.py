"""Reads of tickets: each returns only what its actor may see."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVarTuple, cast
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked, memory
from msp.core.errors import Invalid, NotFound
from msp.core.outbox.models import Outbox
from msp.itsm.tickets.models import (
    Attachment,
    BulkItem,
    BulkRun,
    Category,
    Follower,
    Message,
    ReadMarker,
    Refiling,
    Tag,
    Ticket,
    TimelineEntry,
)

READ_COMPANY = "ticket.read_company"
BULK_JOB = "tickets.bulk"
Ts = TypeVarTuple("Ts")


class TicketKey(NamedTuple):
    """The primary key of a ticket."""

    tenant_id: UUID
    id: UUID


class BulkProgress(NamedTuple):
    """How far a bulk run is. `hidden`: named, but not there for its agent; `parked`: jobs that gave up."""

    done: int
    skipped: int
    waiting: int
    hidden: int
    parked: int
    undone_by_id: UUID | None


def visible(statement: sa.Select[*Ts], *, by: Actor) -> sa.Select[*Ts]:
    """The statement over `Ticket` narrowed to what the actor may see.

    An agent: his clients. A manager: his company. A site manager: his sites. Every contact: his own and those he follows.
    """
    if by.tenant_ids is not None:
        statement = statement.where(Ticket.tenant_id.in_(by.tenant_ids))
    if not by.is_contact or by.may(READ_COMPANY):
        return statement
    followed = sa.select(Follower.ticket_id).where(
        Follower.tenant_id == (by.tenant_ids or (None,))[0], Follower.contact_id == by.id
    )
    mine = [Ticket.requester_id == by.id, Ticket.id.in_(followed)]
    if by.site_ids:
        mine.append(Ticket.site_id.in_(by.site_ids))
    return statement.where(sa.or_(*mine))


def visible_ticket(ticket_id: UUID, *, by: Actor, for_update: bool = False) -> Ticket:
    """One ticket; NotFound where it is absent or not this actor's to see.

    Locked, it is as its row stands then, whatever was read of it before.
    """
    key = ("locked", ticket_id, by.id if by.is_contact else by.tenant_ids)
    if for_update and key in memory():
        return cast(Ticket, memory()[key])
    statement = visible(sa.select(Ticket).where(Ticket.id == ticket_id), by=by)
    ticket = db.session.scalar(locked(statement) if for_update else statement)
    if ticket is None:
        raise NotFound
    if for_update:
        memory()[key] = ticket
    return ticket


def visible_ticket_by_ref(ref: str, *, by: Actor) -> Ticket:
    """One ticket by its reference, as ACME-1042."""
    ticket = db.session.scalar(visible(sa.select(Ticket).where(Ticket.ref == ref.upper()), by=by))
    if ticket is None:
        raise NotFound
    return ticket


def visible_ticket_key(ref: str, *, by: Actor) -> TicketKey:
    """The key behind a reference. An act begins with it, so that its service is the first to read the row, locked."""
    statement = sa.select(Ticket.tenant_id, Ticket.id).where(Ticket.ref == ref.upper())
    found = db.session.execute(visible(statement, by=by)).first()
    if found is None:
        raise NotFound
    return TicketKey(*found)


def messages(ticket: Ticket, *, by: Actor, limit: int = 200) -> Sequence[Message]:
    """The conversation, oldest first, the last `limit` of it; notes only for agents (and only agents' policies show them)."""
    statement = sa.select(Message).where(Message.tenant_id == ticket.tenant_id, Message.ticket_id == ticket.id)
    if by.is_contact:
        statement = statement.where(~Message.is_internal)
    newest = statement.order_by(Message.sent_at.desc(), Message.id.desc()).limit(limit)
    return db.session.scalars(newest).all()[::-1]


def first_public_messages(ticket: Ticket, *, limit: int) -> Sequence[Message]:
    """What both sides read, oldest first, the first `limit` of it."""
    statement = sa.select(Message).where(
        Message.tenant_id == ticket.tenant_id, Message.ticket_id == ticket.id, ~Message.is_internal
    )
    return db.session.scalars(statement.order_by(Message.sent_at, Message.id).limit(limit)).all()


def messages_by_id(ticket: Ticket, ids: Iterable[UUID], *, by: Actor) -> Sequence[Message]:
    """These messages of the ticket, oldest first; notes only for agents."""
    statement = sa.select(Message).where(
        Message.tenant_id == ticket.tenant_id, Message.ticket_id == ticket.id, Message.id.in_(set(ids))
    )
    if by.is_contact:
        statement = statement.where(~Message.is_internal)
    return db.session.scalars(statement.order_by(Message.sent_at, Message.id)).all()


def timeline(ticket: Ticket, *, by: Actor, limit: int = 300) -> Sequence[TimelineEntry]:
    """What happened, oldest first, the last `limit` entries."""
    statement = sa.select(TimelineEntry).where(
        TimelineEntry.tenant_id == ticket.tenant_id, TimelineEntry.ticket_id == ticket.id
    )
    if by.is_contact:
        statement = statement.where(~TimelineEntry.is_internal)
    newest = statement.order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc()).limit(limit)
    return db.session.scalars(newest).all()[::-1]


def attachments(ticket: Ticket, *, by: Actor, of: Iterable[Message] | None = None) -> Sequence[Attachment]:
    """Bound files of a ticket, or of these messages of it; those of notes only for agents."""
    statement = sa.select(Attachment).where(
        Attachment.tenant_id == ticket.tenant_id, Attachment.ticket_id == ticket.id, Attachment.state.in_(("bound", "held"))
    )
    if by.is_contact:
        statement = statement.where(~Attachment.is_internal)
    if of is not None:
        statement = statement.where(Attachment.message_id.in_([message.id for message in of]))
    return db.session.scalars(statement.order_by(Attachment.created_at, Attachment.id)).all()


def visible_attachment(attachment_id: UUID, *, by: Actor) -> Attachment:
    """A file that the actor may open: bound to a ticket he sees, or pending and his own."""
    found = db.session.scalar(sa.select(Attachment).where(Attachment.id == attachment_id))
    if found is None or (by.tenant_ids is not None and found.tenant_id not in by.tenant_ids):
        raise NotFound
    if found.state == "pending":
        if found.uploader_id != by.id:
            raise NotFound
        return found
    if found.state == "swept" or found.ticket_id is None or (by.is_contact and found.is_internal):
        raise NotFound
    visible_ticket(found.ticket_id, by=by)
    return found


def pending_files(tenant_id: UUID, attachment_ids: Iterable[UUID], *, by: Actor) -> Sequence[Attachment]:
    """Of these files the actor's own that wait for their message, in the order in which they came."""
    statement = sa.select(Attachment).where(
        Attachment.tenant_id == tenant_id, Attachment.id.in_(set(attachment_ids)), Attachment.state == "pending",
        Attachment.uploader_id == by.id, Attachment.sha256 != "",
    )  # fmt: skip
    return db.session.scalars(statement.order_by(Attachment.created_at, Attachment.id)).all()


def followers(ticket: Ticket) -> Sequence[Follower]:
    """Who is told of public replies beside the requester."""
    return db.session.scalars(
        sa.select(Follower).where(Follower.tenant_id == ticket.tenant_id, Follower.ticket_id == ticket.id).order_by(Follower.name)
    ).all()


def tags(ticket: Ticket) -> list[str]:
    """Words on a ticket; for agents."""
    statement = sa.select(Tag.tag).where(Tag.tenant_id == ticket.tenant_id, Tag.ticket_id == ticket.id).order_by(Tag.tag)
    return list(db.session.scalars(statement))


def refilings(ticket: Ticket) -> Sequence[Refiling]:
    """Where the ticket went to or came from; for agents."""
    return db.session.scalars(
        sa.select(Refiling).where(Refiling.tenant_id == ticket.tenant_id, Refiling.ticket_id == ticket.id).order_by(Refiling.at)
    ).all()


def tickets_by_id(tenant_id: UUID, ids: Iterable[UUID], *, by: Actor) -> dict[UUID, Ticket]:
    """Those tickets of a client that the actor may see."""
    statement = sa.select(Ticket).where(Ticket.tenant_id == tenant_id, Ticket.id.in_(list(ids)))
    return {ticket.id: ticket for ticket in db.session.scalars(visible(statement, by=by))}


def categories(tenant_id: UUID, *, by: Actor, active_only: bool = True) -> Sequence[Category]:
    """The client's category tree in the order of its paths."""
    if by.tenant_ids is not None and tenant_id not in by.tenant_ids:
        raise NotFound
    statement = sa.select(Category).where(Category.tenant_id == tenant_id).order_by(Category.path)
    return db.session.scalars(statement.where(Category.is_active) if active_only else statement).all()


def visible_category(category_id: UUID, *, by: Actor) -> Category:
    """One category; NotFound where it is absent or not this actor's."""
    statement = sa.select(Category).where(Category.id == category_id)
    if by.tenant_ids is not None:
        statement = statement.where(Category.tenant_id.in_(by.tenant_ids))
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def category_in(tenant_id: UUID, category_id: UUID) -> Category:
    """A category of the client to put on a ticket; Invalid otherwise."""
    found = db.session.get(Category, (tenant_id, category_id))
    if found is None or not found.is_active:
        raise Invalid.field("category_id", "There is no such category at this client.", "unknown")
    return found


def category_at(tenant_id: UUID, path: str) -> UUID | None:
    """The category that a path spells, however its letters are; None where the client has none such."""
    if not path:
        return None
    statement = sa.select(Category.id).where(
        Category.tenant_id == tenant_id, Category.is_active, sa.func.lower(Category.path) == path.lower()
    )
    return db.session.scalars(statement.order_by(Category.path).limit(1)).first()


def read_marks(tickets: Iterable[Ticket], *, by: Actor) -> dict[UUID, Any]:
    """When the agent last read each of these tickets."""
    by_client: dict[UUID, list[UUID]] = {}
    for ticket in tickets:
        by_client.setdefault(ticket.tenant_id, []).append(ticket.id)
    if not by_client or not by.is_agent:
        return {}
    statement = sa.select(ReadMarker.ticket_id, ReadMarker.read_at).where(
        ReadMarker.agent_id == by.id,
        ReadMarker.tenant_id.in_(by_client),
        ReadMarker.ticket_id.in_([id for ids in by_client.values() for id in ids]),
    )
    return {row.ticket_id: row.read_at for row in db.session.execute(statement)}


def visible_bulk_run(run_id: UUID, *, by: Actor, for_update: bool = False) -> BulkRun:
    """A bulk run of the actor's own; NotFound otherwise."""
    statement = sa.select(BulkRun).where(BulkRun.id == run_id, BulkRun.agent_id == by.id)
    run = db.session.scalar(locked(statement) if for_update else statement)
    if run is None or not by.is_agent:
        raise NotFound
    return run


def bulk_runs(*, by: Actor, limit: int = 20) -> Sequence[BulkRun]:
    """The actor's own bulk runs, the newest first."""
    statement = sa.select(BulkRun).where(BulkRun.agent_id == by.id)
    return db.session.scalars(statement.order_by(BulkRun.begun_at.desc(), BulkRun.id.desc()).limit(limit)).all()


def bulk_progress(run: BulkRun, *, by: Actor) -> BulkProgress:
    """What became of the tickets of a run so far."""
    return bulk_progress_of([run], by=by)[run.id]


def bulk_progress_of(runs: Sequence[BulkRun], *, by: Actor) -> dict[UUID, BulkProgress]:
    """The same of several runs, with as many statements as of one."""
    ids = [run.id for run in runs]
    counted = _items_of(sa.select(BulkItem.run_id, BulkItem.state, sa.func.count()), ids, by=by)
    states = {(id, state): number for id, state, number in db.session.execute(counted.group_by(BulkItem.run_id, BulkItem.state))}
    run_id = Outbox.args["run_id"].astext
    open_ids = [str(id) for id in ids if (id, "waiting") in states]
    gave_up = sa.select(run_id, sa.func.count()).where(
        Outbox.parked_at.is_not(None), Outbox.done_at.is_(None), Outbox.kind == BULK_JOB, run_id.in_(open_ids)
    )
    parked: dict[str, int] = dict(db.session.execute(gave_up.group_by(run_id)).all()) if open_ids else {}
    undone = dict(db.session.execute(sa.select(BulkRun.undoes_id, BulkRun.id).where(BulkRun.undoes_id.in_(ids))).all())
    made = {}
    for run in runs:
        done, skipped, waiting = (states.get((run.id, state), 0) for state in ("done", "skipped", "waiting"))
        hidden = run.total - done - skipped - waiting
        made[run.id] = BulkProgress(done, skipped, waiting, hidden, parked.get(str(run.id), 0), undone.get(run.id))
    return made


def bulk_skipped(run: BulkRun, *, by: Actor, limit: int) -> Sequence[Any]:
    """Reference, subject and reason of the tickets that a run left as they were."""
    own = sa.and_(Ticket.tenant_id == BulkItem.tenant_id, Ticket.id == BulkItem.ticket_id)
    statement = _items_of(sa.select(Ticket.ref, Ticket.subject, BulkItem.reason).join(BulkItem, own), [run.id], by=by)
    return db.session.execute(statement.where(BulkItem.state == "skipped").order_by(Ticket.id).limit(limit)).all()


def bulk_item(ticket: Ticket, run_id: UUID | None) -> BulkItem:
    """What a run did to a ticket."""
    statement = sa.select(BulkItem).where(
        BulkItem.tenant_id == ticket.tenant_id, BulkItem.run_id == run_id, BulkItem.ticket_id == ticket.id
    )
    return db.session.scalars(statement).one()


def _items_of(statement: sa.Select[*Ts], run_ids: Sequence[UUID], *, by: Actor) -> sa.Select[*Ts]:
    statement = statement.where(BulkItem.run_id.in_(run_ids))
    return statement if by.tenant_ids is None else statement.where(BulkItem.tenant_id.in_(by.tenant_ids))
