"""Opening a ticket: reference, priority, subject of the clocks, first message."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Forbidden, Invalid, NotFound
from msp.core.ids import new_id
from msp.itsm.sla import queries as sla
from msp.itsm.sla.services import facts
from msp.itsm.sla.services.facts import News
from msp.itsm.tickets import queries
from msp.itsm.tickets.articles import services as articles
from msp.itsm.tickets.custom import queries as custom_fields
from msp.itsm.tickets.events import TicketOpened
from msp.itsm.tickets.models import Counter, Message, Ticket
from msp.itsm.tickets.services import files, timeline
from msp.itsm.tickets.states import KINDS, SOURCES
from tenants import queries as tenants
from tenants.models import Contact, Tenant
from tenants.permissions import Permission

SUBJECT_LENGTH = 300
BODY_LENGTH = 100_000


def open_ticket(
    tenant_id: UUID, subject: str, *, by: Actor, kind: str = "incident", body: str = "", source: str | None = None,
    requester_id: UUID | None = None, site_id: UUID | None = None, category_id: UUID | None = None, impact: int = 2,
    urgency: int = 2, service: str | None = None, ci_name: str | None = None, attachment_ids: Sequence[UUID] = (),
    custom: Mapping[str, Any] | None = None, external_key: str | None = None, opened_at: datetime | None = None,
    has_own_form: bool = False,
) -> Ticket:  # fmt: skip
    """A ticket for a contact of the client; its clocks start with it.

    A contact opens for himself. `opened_at` before now needs the permission to backdate. `has_own_form`: it was asked for by
    questions of its own, beside which the client's custom fields had no place; none of them is missed.
    """
    by.require(Permission.TICKET_OPEN)
    client = _client(tenant_id, by=by)
    requester = _requester(tenant_id, requester_id, by=by)
    subject = one_line(subject)
    _check(subject, body, kind, source, impact, urgency)
    articles.require_sendable(f"{subject}\n{body}", tenant_id, by=by)
    now, source = clock.now(), source or _source(by)
    ticket = Ticket(
        tenant_id=tenant_id, id=new_id(), kind=kind, subject=subject, requester_id=requester.id,
        requester_name=requester.name, site_id=_site(tenant_id, site_id, requester, by=by), source=source,
        category_id=queries.category_in(tenant_id, category_id).id if category_id else None, impact=impact, urgency=urgency,
        priority=priority_of(tenant_id, impact, urgency), service=service, ci_name=ci_name,
        custom=custom_fields.for_new_ticket(tenant_id, kind, custom or {}, by=by, source=source, is_asked=not has_own_form),
        external_key=external_key, opened_at=opened_at or now, created_at=now, updated_at=now, status="new",
    )  # fmt: skip
    ticket.number = _next_number(tenant_id)
    ticket.ref = f"{client.key}-{ticket.number}"
    db.session.add(ticket)
    db.session.flush()
    if body.strip() or attachment_ids:
        # Files hang on a message; where nothing but the subject was said, that is what was said.
        message = _first_message(ticket, body.strip() or subject, requester, by=by)
        files.bind(attachment_ids, ticket, message, by=by)
    timeline.note(ticket, "opened", {"source": ticket.source}, by=by)
    _start_clocks(ticket, by=by)
    events.record(TicketOpened(tenant_id, ticket.id))
    return ticket


def one_line(text: str) -> str:
    """A subject as it is kept: line breaks and runs of blanks become one blank."""
    return " ".join(text.split())


def priority_of(tenant_id: UUID, impact: int, urgency: int) -> int:
    """Priority 1 to 4 by the client's matrix in force."""
    matrix = sla.promises(tenant_id).matrix(clock.now())
    return int(matrix.priority(str(impact), str(urgency))[1:]) if matrix else min(4, impact + urgency - 1)


def attributes(ticket: Ticket) -> dict[str, str | None]:
    """What policies match on."""
    return {
        "kind": ticket.kind, "priority": f"P{ticket.priority}", "service": ticket.service, "channel": ticket.source,
        "ci_class": None,
    }  # fmt: skip


def _start_clocks(ticket: Ticket, *, by: Actor) -> None:
    data = attributes(ticket)
    news = News("opened", data, ticket.opened_at)
    if ticket.opened_at < clock.now():
        news = News("opened", {**data, "reason": "opened earlier"}, ticket.opened_at)
    facts.open_subject(ticket.tenant_id, ticket.id, ticket.kind, data, [news], by=by)


def _client(tenant_id: UUID, *, by: Actor) -> Tenant:
    statement = sa.select(Tenant).where(Tenant.id == tenant_id)
    client = db.session.scalar(statement) if by.reaches(tenant_id) else None
    if client is None:
        raise NotFound
    if client.status != "active":
        raise Forbidden("This client is suspended.")
    return client


def _requester(tenant_id: UUID, requester_id: UUID | None, *, by: Actor) -> Contact:
    if by.is_contact:
        if requester_id not in (None, by.id):
            raise Forbidden("You can open a ticket only for yourself.")
        requester_id = by.id
    if requester_id is None:
        raise Invalid.field("requester_id", "Say who needs help.", "required")
    return tenants.contact_in(tenant_id, requester_id)


def _site(tenant_id: UUID, site_id: UUID | None, requester: Contact, *, by: Actor) -> UUID | None:
    if site_id is None:
        return requester.site_id
    try:
        return tenants.visible_site(tenant_id, site_id, by=by).id
    except NotFound:
        raise Invalid.field("site_id", "There is no such site at this client.", "unknown") from None


def _source(by: Actor) -> str:
    if by.token_id is not None:
        return "api"
    return "portal" if by.is_contact else "console"


def _check(subject: str, body: str, kind: str, source: str | None, impact: int, urgency: int) -> None:
    if not subject:
        raise Invalid.field("subject", "Say in a few words what it is about.", "required")
    if len(subject) > SUBJECT_LENGTH:
        raise Invalid.field("subject", f"At most {SUBJECT_LENGTH} characters; the rest belongs into the description.", "too_long")
    if len(body) > BODY_LENGTH:
        raise Invalid.field("body", "This is too long; attach it as a file.", "too_long")
    if kind not in KINDS:
        raise Invalid.field("kind", f"One of {', '.join(KINDS)}.", "unknown")
    if source is not None and source not in SOURCES:
        raise Invalid.field("source", f"One of {', '.join(SOURCES)}.", "unknown")
    for name, value in (("impact", impact), ("urgency", urgency)):
        if value not in (1, 2, 3):
            raise Invalid.field(name, "1 is high, 2 medium, 3 low.", "range")


def _next_number(tenant_id: UUID) -> int:
    """The next reference number; taken last before the insert, because its row stays locked until the commit."""
    statement = (
        insert(Counter)
        .values(tenant_id=tenant_id, id=new_id(), last=1)
        .on_conflict_do_update(index_elements=["tenant_id"], set_={"last": Counter.last + 1})
        .returning(Counter.last)
    )
    number: int = db.session.execute(statement).scalar_one()
    return number


def _first_message(ticket: Ticket, body: str, requester: Contact, *, by: Actor) -> Message:
    """The description, in the requester's name: whoever typed it, it is what he said."""
    message = Message(
        tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, is_internal=False, author_kind="contact",
        author_id=requester.id, author_name=requester.name, body=body, via=ticket.source, sent_at=clock.now(),
    )  # fmt: skip
    db.session.add(message)
    ticket.message_count = 1
    db.session.flush()
    return message
