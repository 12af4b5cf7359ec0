"""Runbooks over the API: what comes in and what goes out."""

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, PageQuery, Strict, line
from msp.itsm.runbooks.content import (
    MOST_INPUTS,
    MOST_MINUTES,
    MOST_TRIES,
    MOST_URL,
    MOST_VALUE,
    SOURCES,
    USUAL_MINUTES,
    USUAL_TRIES,
)
from msp.itsm.runbooks.models import NAME_LENGTH, STATES
from msp.itsm.runbooks.results import MOST_NAME, MOST_OUTPUTS, MOST_WORDS, OUTCOMES
from msp.itsm.runbooks.results import MOST_VALUE as MOST_OUTPUT

_EXAMPLE = {
    "url": "https://runbooks.example/joiner", "minutes": 60, "tries": 5,
    "inputs": [{"name": "person", "from": "task.detail", "value": "", "required": True}],
}  # fmt: skip
_STATE = {"description": ", ".join(STATES)}


class RunbookInput(Strict):
    """`value` goes with `order.answer` and `custom` (which one) and with `fixed` (the text)."""

    name = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}\Z"))
    source = fields.String(required=True, data_key="from", attribute="from", validate=validate.OneOf(tuple(SOURCES)))
    value = fields.String(load_default="", validate=validate.Length(max=MOST_VALUE))
    required = Flag(load_default=True)


class RunbookContent(Strict):
    url = fields.String(required=True, validate=validate.Length(1, MOST_URL), metadata={"description": "A public address with https"})
    minutes = fields.Integer(
        strict=True, load_default=USUAL_MINUTES, validate=validate.Range(1, MOST_MINUTES),
        metadata={"description": "How long the result may take once the call was taken"},
    )  # fmt: skip
    tries = fields.Integer(strict=True, load_default=USUAL_TRIES, validate=validate.Range(1, MOST_TRIES))
    inputs = fields.List(fields.Nested(RunbookInput), load_default=list, validate=validate.Length(max=MOST_INPUTS))


class RunbookIn(Strict):
    name = line(NAME_LENGTH, required=True)
    client_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "All clients where it is left out"})
    content = fields.Nested(RunbookContent, required=True, metadata={"example": _EXAMPLE})


class RunbookChange(Strict):
    name = line(NAME_LENGTH)
    content = fields.Nested(RunbookContent, metadata={"example": _EXAMPLE})
    is_active = Flag()


class RunbooksIn(Strict):
    runbooks = fields.List(
        fields.Nested(RunbookIn), required=True, validate=validate.Length(1, 100),
        metadata={"example": [{"name": "Joiner", "content": _EXAMPLE}]},
    )  # fmt: skip


class RunbookExport(Schema):
    name = fields.String(required=True)
    client_id = fields.UUID(allow_none=True, required=True)
    content = fields.Nested(RunbookContent, required=True)


class RunbooksExport(Schema):
    runbooks = fields.List(fields.Nested(RunbookExport), required=True)


class RunbookOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    client_id = fields.UUID(allow_none=True, required=True)
    content = fields.Nested(RunbookContent, required=True)
    number = fields.Integer(required=True, metadata={"description": "Of the version that new runs follow"})
    is_active = fields.Boolean(required=True)
    owner_name = fields.String(required=True)
    updated_at = Instant(required=True)
    version = fields.Integer(required=True)


class RunbooksOut(Schema):
    data = fields.List(fields.Nested(RunbookOut), required=True)


class RunbookTestOut(Schema):
    is_taken = fields.Boolean(required=True)
    status = fields.Integer(required=True, allow_none=True)
    milliseconds = fields.Integer(required=True)
    words = fields.String(required=True)


class RunbookAttemptOut(Schema):
    number = fields.Integer(required=True)
    at = Instant(required=True)
    status = fields.Integer(required=True, allow_none=True)
    milliseconds = fields.Integer(required=True)
    words = fields.String(required=True)


class RunbookRunOut(Schema):
    id = fields.UUID(required=True)
    runbook_id = fields.UUID(required=True)
    runbook_name = fields.String(required=True)
    tenant_id = fields.UUID(required=True)
    ticket_id = fields.UUID(required=True)
    task_id = fields.UUID(required=True, allow_none=True)
    state = fields.String(required=True, metadata=_STATE)
    started_by = fields.String(required=True)
    inputs = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    outputs = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    words = fields.String(required=True, metadata={"description": "What the other side said, or what went wrong"})
    created_at = Instant(required=True)
    next_at = Instant(required=True, allow_none=True, metadata={"description": "When it is called, while it waits for that"})
    due_at = Instant(required=True, allow_none=True, metadata={"description": "Until when the result must be there"})
    ended_at = Instant(required=True, allow_none=True)


class RunbookRunsOut(Schema):
    data = fields.List(fields.Nested(RunbookRunOut), required=True)


class RunbookRunWhole(RunbookRunOut):
    attempts = fields.List(fields.Nested(RunbookAttemptOut), required=True)


class RunbookStartIn(Strict):
    runbook_id = fields.UUID(required=True)
    task_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "The open task that it does"})
    inputs = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 40)), values=fields.String(validate=validate.Length(max=MOST_VALUE)),
        load_default=dict, validate=validate.Length(max=MOST_INPUTS), metadata={"description": "In place of what is mapped", "example": {}},
    )  # fmt: skip


class RunbookResultIn(Strict):
    """What a runbook says in the end. `outputs` are read by agents: no secrets."""

    token = fields.String(required=True, validate=validate.Length(1, 1000), metadata={"description": "That of the call"})
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    message = fields.String(load_default="", validate=validate.Length(max=MOST_WORDS))
    outputs = fields.Dict(
        keys=fields.String(validate=validate.Length(1, MOST_NAME)), values=fields.String(validate=validate.Length(max=MOST_OUTPUT)),
        load_default=dict, validate=validate.Length(max=MOST_OUTPUTS), metadata={"example": {"account": "nora.quill"}},
    )  # fmt: skip


class RunbookResultOut(Schema):
    state = fields.String(required=True, metadata=_STATE)


class RunbookRunQuery(PageQuery):
    state = fields.String(load_default=None, validate=validate.OneOf(tuple(STATES)))
