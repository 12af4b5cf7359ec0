"""The steps of a ticket's escalations over JSON: for agents alone."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import g
from marshmallow import Schema, fields

from msp.core import paging
from msp.core.api.blueprint import Resource
from msp.core.api.schemas import Instant, PageQuery, listed
from msp.core.app import settings
from msp.core.db import db
from msp.core.paging import Cursors, Keyset, Order
from msp.itsm.sla.models import Clock, Escalation
from msp.itsm.tickets import found
from tenants.permissions import Permission as P

escalations = Resource("escalations", __name__, "Steps of escalations")


class ActionOut(Schema):
    kind = fields.String(required=True, metadata={"description": "notify, reassign, raise_priority, web_hook or note"})
    to = fields.String(required=True)
    off_duty = fields.String(metadata={"description": "on_call or wait, for whom it tells off duty"})


class EscalationOut(Schema):
    id = fields.UUID(required=True)
    clock = fields.String(required=True, metadata={"description": "response, update, resolution, ola or underpinning"})
    cycle = fields.Integer(required=True)
    step = fields.String(required=True, metadata={"description": "75 (per cent), -30m, +120m, breach, or its own key"})
    state = fields.String(required=True, metadata={"description": "armed, fired or skipped"})
    fire_at = Instant(allow_none=True, metadata={"description": "null while its clock stands still, or its policy has no such step"})
    settled_at = Instant(allow_none=True, metadata={"description": "When it fired or was skipped"})
    actions = fields.List(fields.Nested(ActionOut), required=True)


@escalations.operation(
    "GET", "/tickets/<ticket>/escalations", listed(EscalationOut), needs=P.TICKET_READ, who="agent", query=PageQuery
)
def list_escalations(asked: dict[str, Any], ticket: str) -> Any:
    """Every step of the ticket's clocks in the order of their instants; the timeline says whom each one told."""
    row = found.named(ticket, by=g.actor)
    page = _page(row.tenant_id, row.id, **asked)
    return {"data": page.rows, "next": page.next}


def _page(tenant_id: UUID, ticket_id: UUID, *, cursor: str | None, limit: int) -> paging.Page[Any]:
    own = sa.and_(Clock.tenant_id == Escalation.tenant_id, Clock.id == Escalation.clock_id)
    statement = (
        sa.select(
            Escalation.id, Clock.kind.label("clock"), Clock.cycle, Escalation.step, Escalation.state, Escalation.fire_at,
            Escalation.settled_at, Escalation.actions,
        )
        .join(Clock, own)
        .where(Escalation.tenant_id == tenant_id, Escalation.subject_id == ticket_id)
    )  # fmt: skip
    keyset = Keyset([Order(Escalation.fire_at, is_nullable=True)], Escalation.id, bound_to=str(ticket_id))
    return paging.page_of_rows(
        db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )
