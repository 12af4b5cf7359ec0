"""Recurring tickets over the API: what comes in and what goes out."""

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, Strict, line
from msp.itsm.recurring.schedule import LONGEST_RULE, ON_CLOSED
from msp.itsm.tickets.services.opening import BODY_LENGTH, SUBJECT_LENGTH
from msp.itsm.tickets.states import KINDS

_LEVEL = validate.Range(1, 3)
_RULE = {"description": "A recurrence rule (RFC 5545), as `FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1`"}
_AT = {"description": "The time on the client's clocks, as `08:00:00`"}
_CLOSED = {"description": "On a day without working time: open all the same, later, earlier, or skip it"}


class RecurringOut(Schema):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    subject = fields.String(required=True)
    body = fields.String(required=True)
    kind = fields.String(required=True)
    requester_id = fields.UUID(required=True)
    site_id = fields.UUID(required=True, allow_none=True)
    category_id = fields.UUID(required=True, allow_none=True)
    team_id = fields.UUID(required=True, allow_none=True)
    impact = fields.Integer(required=True)
    urgency = fields.Integer(required=True)
    rule = fields.String(required=True)
    starts_on = fields.Date(required=True)
    at = fields.Time(required=True)
    on_closed = fields.String(required=True)
    next_at = Instant(required=True, allow_none=True, metadata={"description": "Empty where the rule has ended"})
    paused_at = Instant(required=True, allow_none=True)
    created_by = fields.String(required=True)
    version = fields.Integer(required=True)


class _Fields(Strict):
    body = fields.String(validate=validate.Length(max=BODY_LENGTH))
    kind = fields.String(validate=validate.OneOf(KINDS))
    site_id = fields.UUID(allow_none=True)
    category_id = fields.UUID(allow_none=True)
    team_id = fields.UUID(allow_none=True)
    impact = fields.Integer(strict=True, validate=_LEVEL)
    urgency = fields.Integer(strict=True, validate=_LEVEL)
    at = fields.Time(metadata=_AT)
    on_closed = fields.String(validate=validate.OneOf(ON_CLOSED), metadata=_CLOSED)


class RecurringIn(_Fields):
    subject = line(SUBJECT_LENGTH, required=True)
    requester_id = fields.UUID(required=True)
    rule = line(LONGEST_RULE, required=True, metadata=_RULE)
    starts_on = fields.Date(required=True)


class RecurringChange(_Fields):
    subject = line(SUBJECT_LENGTH)
    requester_id = fields.UUID()
    rule = line(LONGEST_RULE, metadata=_RULE)
    starts_on = fields.Date()
    is_paused = Flag(metadata={"description": "Pause it, or let it go on"})


class OpeningOut(Schema):
    id = fields.UUID(required=True)
    due_at = Instant(required=True)
    ticket_id = fields.UUID(required=True, allow_none=True)
    problem = fields.String(required=True, metadata={"description": "Why no ticket could open; else empty"})
