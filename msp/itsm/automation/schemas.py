"""Rules over the API: what comes in and what goes out."""

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, PageQuery, Strict, line
from msp.itsm.automation.engine.actions import KINDS, MOST_LONG
from msp.itsm.automation.engine.definition import (
    CALENDARS,
    EVENTS,
    MOST_ACTIONS,
    MOST_AN_HOUR,
    MOST_MINUTES,
    MOST_QUERY,
    ONCE,
    USUAL_BRAKE,
    WITHOUT,
)
from msp.itsm.automation.engine.trace import OUTCOMES
from msp.itsm.automation.models import NAME_LENGTH

_EXAMPLE = {
    "trigger": {"kind": "event", "event": "rated", "at_most": 2}, "query": "is:open", "actions": [{"kind": "tag", "tags": "unhappy"}],
}  # fmt: skip


class RuleTrigger(Strict):
    """`event` goes with `at_most` (of a rating); `time` with `minutes`, `without`, `calendar` and `repeats`."""

    kind = fields.String(required=True, validate=validate.OneOf(("event", "time")))
    event = fields.String(validate=validate.OneOf(tuple(EVENTS)))
    at_most = fields.Integer(strict=True, validate=validate.Range(1, 5))
    minutes = fields.Integer(strict=True, validate=validate.Range(1, MOST_MINUTES))
    without = fields.String(validate=validate.OneOf(tuple(WITHOUT)))
    calendar = fields.String(validate=validate.OneOf(tuple(CALENDARS)))
    repeats = Flag()


class RuleAction(Strict):
    """Which of the values belong to which kind, the guide to automation says."""

    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    to = fields.String(validate=validate.Length(max=200))
    agent = fields.String(validate=validate.Length(max=200))
    team = fields.String(validate=validate.Length(max=200))
    skill = fields.String(validate=validate.Length(max=200))
    reason = fields.String(validate=validate.Length(max=200))
    tags = fields.String(validate=validate.Length(max=200))
    macro = fields.String(validate=validate.Length(max=200))
    runbook = fields.String(validate=validate.Length(max=200))
    title = fields.String(validate=validate.Length(max=200))
    detail = fields.String(validate=validate.Length(max=MOST_LONG))
    body = fields.String(validate=validate.Length(max=MOST_LONG))


class RuleContent(Strict):
    trigger = fields.Nested(RuleTrigger, required=True)
    query = fields.String(load_default="", validate=validate.Length(max=MOST_QUERY))
    actions = fields.List(fields.Nested(RuleAction), required=True, validate=validate.Length(1, MOST_ACTIONS))
    stops = Flag(load_default=False)
    once = fields.String(load_default="", validate=validate.OneOf(tuple(ONCE)))
    brake = fields.Integer(strict=True, load_default=USUAL_BRAKE, validate=validate.Range(1, MOST_AN_HOUR))


class RuleIn(Strict):
    name = line(NAME_LENGTH, required=True)
    client_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "All clients where it is left out"})
    content = fields.Nested(RuleContent, required=True, metadata={"example": _EXAMPLE})


class RuleChange(Strict):
    name = line(NAME_LENGTH)
    content = fields.Nested(RuleContent, metadata={"example": _EXAMPLE})


class RuleMove(Strict):
    to = fields.String(required=True, validate=validate.OneOf(("up", "down")))


class RulesIn(Strict):
    rules = fields.List(
        fields.Nested(RuleIn), required=True, validate=validate.Length(1, 100),
        metadata={"example": [{"name": "A bad rating", "content": _EXAMPLE}]},
    )  # fmt: skip


class RuleExport(Schema):
    name = fields.String(required=True)
    client_id = fields.UUID(allow_none=True, required=True)
    content = fields.Nested(RuleContent, required=True)


class RulesExport(Schema):
    rules = fields.List(fields.Nested(RuleExport), required=True)


class RuleOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    client_id = fields.UUID(allow_none=True, required=True)
    position = fields.Integer(required=True, metadata={"description": "Rules are asked from the lowest on"})
    owner_name = fields.String(required=True)
    draft = fields.Nested(RuleContent, allow_none=True, required=True)
    in_force = fields.Nested(RuleContent, allow_none=True, required=True)
    number = fields.Integer(required=True, metadata={"description": "Of the latest version that was put in force; 0 before the first"})
    paused_at = Instant(allow_none=True, required=True)
    paused_reason = fields.String(allow_none=True, required=True)
    updated_at = Instant(required=True)
    version = fields.Integer(required=True)


class RulesOut(Schema):
    data = fields.List(fields.Nested(RuleOut), required=True)


class TraceLine(Schema):
    kind = fields.String(required=True)
    label = fields.String(required=True)
    text = fields.String(required=True)
    sub = fields.String(required=True)


class RuleRunOut(Schema):
    id = fields.UUID(required=True)
    ticket_id = fields.UUID(required=True)
    ticket = fields.String(required=True, metadata={"description": "Reference of the ticket"})
    tenant_id = fields.UUID(required=True)
    at = Instant(required=True)
    outcome = fields.String(required=True, metadata={"description": "`acted`, `skipped`, `stopped` or `failed`"})
    trace = fields.List(fields.Nested(TraceLine), required=True)


class RuleRunQuery(PageQuery):
    outcome = fields.String(load_default=None, validate=validate.OneOf(tuple(OUTCOMES)))


class DryRunItem(Schema):
    ticket = fields.String(required=True)
    tenant_id = fields.UUID(required=True)
    at = Instant(required=True)
    outcome = fields.String(required=True)
    trace = fields.List(fields.Nested(TraceLine), required=True)


class DryRunOut(Schema):
    tickets = fields.Integer(required=True, metadata={"description": "How many were looked at"})
    acted = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
    cut = fields.String(required=True, metadata={"description": "What was left out, if anything was"})
    data = fields.List(fields.Nested(DryRunItem), required=True, metadata={"description": "The latest of them"})
