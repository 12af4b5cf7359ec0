"""Changing an order that is not placed yet: answered anew by whoever ordered it, or by us in his place."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.itsm.approvals.services import asking
from msp.itsm.catalog import questions, underway
from msp.itsm.catalog.asking import NOTE_LENGTH
from msp.itsm.catalog.choices import OfClient
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.notice import earliest_for
from msp.itsm.catalog.services import fulfilling
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import files, timeline
from tenants.permissions import Permission
from tenants.queries import check_version

Json = Mapping[str, Any]


def change_order(order_id: UUID, answers: Json, *, version: int, by: Actor, note: str = "") -> Order:
    """Answer the form of the version that it was ordered under anew; what is asked already is asked anew, a quote is written anew.

    An order that was declined is sent again by it. Conflict once it is placed or cancelled.
    """
    by.require(Permission.TICKET_OPEN)
    placed = underway.own_order(order_id, by=by)
    check_version(placed, version)
    if placed.state not in fulfilling.WAITS:
        raise Conflict("This order can no longer be changed; write to us on the request.")
    note = note.replace("\r\n", "\n").replace("\0", "").strip()
    if len(note) > NOTE_LENGTH:
        raise Invalid.field("note", f"At most {NOTE_LENGTH} characters.", "too_long")
    content, ticket = underway.content_of(placed), underway.ticket_of(placed)
    choices = OfClient(placed.tenant_id, by=by, file_ids=questions.file_ids(content["form"], answers), ticket=ticket)
    checked = questions.checked_answers(content["form"], answers, choices, earliest_for(placed.tenant_id, clock.now(), by=by))
    is_same = (checked, note) == (placed.answers, placed.note)
    placed.answers, placed.note, placed.lines = checked, note, questions.lines(content["form"], checked, choices)
    if not content["is_quoted"]:
        cost = questions.cost(content, checked)
        placed.price_once, placed.price_monthly = cost.once, cost.monthly
    if not is_same:
        _bind(questions.file_ids(content["form"], checked), ticket, by=by)
        timeline.note(ticket, "order_changed", by=by)
    if content["is_quoted"] and not is_same:
        _quote_anew(placed)
    elif placed.state != "quoting":
        fulfilling.ask(placed, by=by)
    db.session.flush()
    return placed


def _bind(file_ids: Iterable[UUID], ticket: Ticket, *, by: Actor) -> None:
    """Hang what came with the new answers beside the files that came with the order."""
    waiting = [row.id for row in tickets.pending_files(ticket.tenant_id, file_ids, by=by)]
    if waiting:
        files.bind(waiting, ticket, tickets.first_public_messages(ticket, limit=1)[0], by=by)


def _quote_anew(placed: Order) -> None:
    """What was quoted was for other answers."""
    latest = underway.approval_of(placed)
    if latest is not None and latest.is_waiting:
        asking.void(latest.id, by=fulfilling.clerk(placed.tenant_id))
    placed.state, placed.price_once, placed.price_monthly, placed.quote = "quoting", None, None, ""
    db.session.flush()
    fulfilling.move(underway.ticket_of(placed), "open")
