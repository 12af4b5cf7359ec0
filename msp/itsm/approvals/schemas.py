"""Approvals over the API: what comes in and what goes out."""

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, PageQuery, Strict, line
from msp.itsm.approvals.models import STATES
from msp.itsm.approvals.queries import WHICH
from msp.itsm.approvals.services.answering import REASON_LENGTH


class ShownLine(Schema):
    label = fields.String(required=True)
    text = fields.String(required=True)


class Money(Schema):
    amount = fields.String(required=True)
    currency = fields.String(allow_none=True, required=True)


class SeatOut(Schema):
    id = fields.UUID(required=True)
    stage = fields.Integer(required=True, metadata={"description": "Number of the stage in the chain, from 1"})
    person_name = fields.String(required=True)
    holder_name = fields.String(required=True, metadata={"description": "Who decides: the person, or whoever it was passed on to"})
    is_open = fields.Boolean(required=True)
    decision = fields.String(allow_none=True, required=True, metadata={"description": "`approved` or `rejected`"})
    reason = fields.String(allow_none=True, required=True)
    decided_at = Instant(allow_none=True, required=True)


class ApprovalRow(Schema):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.UUID(required=True)
    title = fields.String(required=True)
    reference = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": f"One of {', '.join(STATES)}"})
    stage_name = fields.String(allow_none=True, required=True)
    requester_name = fields.String(required=True)
    due_at = Instant(allow_none=True, required=True)
    created_at = Instant(required=True)
    ended_at = Instant(allow_none=True, required=True)


class ApprovalOut(ApprovalRow):
    lines = fields.List(fields.Nested(ShownLine), required=True)
    once = fields.Nested(Money, allow_none=True, required=True)
    monthly = fields.Nested(Money, allow_none=True, required=True)
    shown_hash = fields.String(required=True, metadata={"description": "SHA-256 of what was shown; another content asks again"})
    note = fields.String(allow_none=True, required=True)
    replaces_id = fields.UUID(allow_none=True, required=True)
    seats = fields.List(fields.Nested(SeatOut), required=True)
    version = fields.Integer(required=True)


class ApprovalQuery(PageQuery):
    which = fields.String(
        load_default="all", validate=validate.OneOf(WHICH),
        metadata={"description": "`waiting` for you, `asked` by you, `decided` by you, or `all` that you see"},
    )  # fmt: skip
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    client_id = fields.UUID(load_default=None)


class DecisionIn(Strict):
    is_approved = Flag(required=True)
    reason = fields.String(load_default="", validate=validate.Length(max=REASON_LENGTH), metadata={"description": "Needed to decline"})


class DelegationIn(Strict):
    e_mail = line(254, required=True, metadata={"description": "Address of a colleague"})


class ReassignmentIn(Strict):
    seat_id = fields.UUID(required=True, metadata={"description": "An open seat"})
    e_mail = line(254, required=True, metadata={"description": "Address of somebody of the client, or of an agent who works for it"})
