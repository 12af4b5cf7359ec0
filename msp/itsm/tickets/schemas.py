"""Tickets over the API: what comes in and what goes out."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Instant, PageQuery, Strict, line
from msp.itsm.sla.models import CLOCKS
from msp.itsm.tickets.services.opening import BODY_LENGTH
from msp.itsm.tickets.states import KINDS, STATES

LEVEL = validate.Range(1, 3)


def _custom(**options: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), metadata={"description": "Values of the client's own fields, by key"}, **options)


def _files() -> fields.List[UUID]:
    return fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=100))


def _earlier() -> Instant:
    said = "When it happened; more than five minutes back needs `fact.backdate` and a reason"
    return Instant(load_default=None, allow_none=True, metadata={"description": said})


class TicketOut(Schema):
    id = fields.UUID(required=True)
    ref = fields.String(required=True)
    tenant_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True)
    subject = fields.String(required=True)
    requester_id = fields.UUID(required=True)
    requester_name = fields.String(required=True)
    site_id = fields.UUID(allow_none=True)
    category_id = fields.UUID(allow_none=True)
    source = fields.String()
    impact = fields.Integer()
    urgency = fields.Integer()
    priority = fields.Integer()
    service = fields.String(allow_none=True)
    ci_name = fields.String(allow_none=True)
    team_name = fields.String(allow_none=True)
    assignee_name = fields.String(allow_none=True)
    waiting_reason = fields.String(allow_none=True)
    opened_at = Instant()
    updated_at = Instant()
    answered_at = Instant(allow_none=True)
    resolved_at = Instant(allow_none=True)
    closed_at = Instant(allow_none=True)
    due_at = Instant(attribute="sla_due_at", allow_none=True)
    message_count = fields.Integer()
    custom = _custom()
    version = fields.Integer(required=True)


class TicketIn(Strict):
    tenant_id = fields.UUID(load_default=None, metadata={"description": "The client; a contact's own where it is left out"})
    subject = line(300, required=True)
    body = fields.String(load_default="", validate=validate.Length(max=BODY_LENGTH))
    kind = fields.String(load_default="incident", validate=validate.OneOf(KINDS))
    requester_id = fields.UUID(load_default=None)
    site_id = fields.UUID(load_default=None)
    category_id = fields.UUID(load_default=None)
    impact = fields.Integer(strict=True, load_default=2, validate=LEVEL)
    urgency = fields.Integer(strict=True, load_default=2, validate=LEVEL)
    service = line(120, load_default=None)
    ci_name = line(120, load_default=None)
    custom = _custom(load_default=dict)
    attachment_ids = _files()


class TicketChange(Strict):
    subject = line(300)
    requester_id = fields.UUID(metadata={"description": "An active contact of the ticket's client"})
    kind = fields.String(validate=validate.OneOf(KINDS))
    site_id = fields.UUID(allow_none=True)
    category_id = fields.UUID(allow_none=True)
    impact = fields.Integer(strict=True, validate=LEVEL)
    urgency = fields.Integer(strict=True, validate=LEVEL)
    priority = fields.Integer(strict=True, validate=validate.Range(1, 4))
    service = line(120, allow_none=True)
    ci_name = line(120, allow_none=True)
    custom = _custom()


class TicketQuery(PageQuery):
    q = fields.String(load_default="", validate=validate.Length(max=2000), metadata={"description": "The query language, sort: included"})


class MoveIn(Strict):
    to = fields.String(required=True, validate=validate.OneOf(STATES))
    reason = line(500, load_default=None)
    occurred_at = _earlier()


class AcknowledgementIn(Strict):
    reason = line(500, load_default=None)
    occurred_at = _earlier()


class ExemptionIn(Strict):
    reason = line(500, required=True)
    clock = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(CLOCKS),
        metadata={"description": "The one clock; all of them where it is left out"},
    )  # fmt: skip


class AssignmentIn(Strict):
    assignee_id = fields.UUID(load_default=None, allow_none=True)
    team_id = fields.UUID(load_default=None, allow_none=True)


class MessageIn(Strict):
    body = line(BODY_LENGTH, required=True)
    attachment_ids = _files()


class ReplyIn(MessageIn):
    then = fields.String(load_default=None, validate=validate.OneOf(STATES))
    reason = line(500, load_default=None)


class MessageOut(Schema):
    id = fields.UUID(required=True)
    is_internal = fields.Boolean(required=True)
    author_kind = fields.String(required=True)
    author_name = fields.String(required=True)
    body = fields.String(required=True)
    sent_at = Instant(required=True)


class EntryOut(Schema):
    id = fields.UUID(required=True)
    at = Instant(required=True)
    kind = fields.String(required=True)
    actor_kind = fields.String()
    actor_name = fields.String()
    text = fields.String(allow_none=True, metadata={"description": "For contacts, in the portal's words"})
    data = fields.Dict()


class ClockOut(Schema):
    kind = fields.String(required=True)
    cycle = fields.Integer()
    standing = fields.String(required=True)
    outcome = fields.String(allow_none=True)
    started_at = Instant()
    stopped_at = Instant(allow_none=True)
    due_at = Instant(allow_none=True)
    target_seconds = fields.Integer(allow_none=True)
    elapsed_seconds = fields.Integer()
    is_exempted = fields.Boolean()


class StepOut(Schema):
    kind = fields.String(required=True)
    from_at = Instant(required=True)
    to_at = Instant(allow_none=True)
    seconds = fields.Integer(required=True)
    counted = fields.Boolean(required=True)
    text = fields.String(required=True)


class ExplanationOut(Schema):
    kind = fields.String(required=True)
    state = fields.String(required=True)
    due_at = Instant(allow_none=True)
    steps = fields.List(fields.Nested(StepOut), required=True)


class UploadQuery(Strict):
    tenant_id = fields.UUID(load_default=None, metadata={"description": "The client; a contact's own where it is left out"})


class AttachmentOut(Schema):
    id = fields.UUID(required=True)
    ticket_id = fields.UUID(allow_none=True)
    message_id = fields.UUID(allow_none=True)
    is_internal = fields.Boolean(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("pending", "bound", "held")))
    name = fields.String(required=True)
    content_type = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    created_at = Instant(required=True)


class TagsIn(Strict):
    tags = fields.List(line(40), required=True, validate=validate.Length(max=50))


class TagsOut(Schema):
    tags = fields.List(fields.String(), required=True)


class FollowerIn(Strict):
    contact_id = fields.UUID(load_default=None)
    agent_id = fields.UUID(load_default=None, metadata={"description": "For agents alone"})


class FollowerOut(Schema):
    id = fields.UUID(required=True)
    contact_id = fields.UUID(allow_none=True)
    agent_id = fields.UUID(allow_none=True)
    name = fields.String(required=True)


class RefilingIn(Strict):
    tenant_id = fields.UUID(required=True, metadata={"description": "The client that it belongs to"})
    requester_id = fields.UUID(required=True, metadata={"description": "Who needs help there"})
    message_ids = fields.List(
        fields.UUID(), load_default=list, validate=validate.Length(max=200),
        metadata={"description": "Public messages that go along"},
    )  # fmt: skip
    attachment_ids = fields.List(
        fields.UUID(), load_default=list, validate=validate.Length(max=200),
        metadata={"description": "Files of these messages that go along"},
    )  # fmt: skip


class CategoryOut(Schema):
    id = fields.UUID(required=True)
    parent_id = fields.UUID(allow_none=True)
    name = fields.String(required=True)
    path = fields.String(required=True)


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
