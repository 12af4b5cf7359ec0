"""Tasks over the API: what comes in and what goes out."""

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Instant, PageQuery, Strict, line
from msp.itsm.tasks.doers import INPUT_LENGTH, MOST_INPUTS
from msp.itsm.tasks.models import STATES
from msp.itsm.tasks.services import DETAIL_LENGTH, LONGEST_MINUTES, MOST, REASON_LENGTH, TITLE_LENGTH

_INPUTS = {"description": "What the runbook is told in place of what its own inputs are mapped to"}
_MINUTES = {"description": "Working minutes from its start, by the client's calendar"}


class TaskOut(Schema):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    ticket_id = fields.UUID(required=True)
    plan_id = fields.UUID(required=True, allow_none=True, metadata={"description": "Tasks that were planned together"})
    title = fields.String(required=True)
    detail = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": ", ".join(STATES)})
    after = fields.List(fields.UUID(), required=True)
    team_id = fields.UUID(required=True, allow_none=True)
    team_name = fields.String(required=True, allow_none=True)
    assignee_id = fields.UUID(required=True, allow_none=True)
    assignee_name = fields.String(required=True, allow_none=True)
    runbook_id = fields.UUID(required=True, allow_none=True, metadata={"description": "The runbook that does it once it starts"})
    runbook_name = fields.String(required=True, allow_none=True)
    runbook_inputs = fields.Dict(keys=fields.String(), values=fields.String(), required=True, metadata=_INPUTS)
    due_minutes = fields.Integer(required=True, allow_none=True, metadata=_MINUTES)
    due_at = Instant(required=True, allow_none=True)
    started_at = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class TasksOut(Schema):
    data = fields.List(fields.Nested(TaskOut), required=True)


class DraftIn(Strict):
    title = line(TITLE_LENGTH, required=True)
    key = fields.String(validate=validate.Length(max=60), metadata={"description": "What others of this plan name it by in `after`"})
    detail = fields.String(validate=validate.Length(max=DETAIL_LENGTH))
    after = fields.List(fields.String(validate=validate.Length(1, 60)), validate=validate.Length(max=MOST))
    team_id = fields.UUID(allow_none=True)
    assignee_id = fields.UUID(allow_none=True)
    runbook_id = fields.UUID(allow_none=True, metadata={"description": "The runbook that does it once it starts"})
    runbook_inputs = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 40)), values=fields.String(validate=validate.Length(max=INPUT_LENGTH)),
        validate=validate.Length(max=MOST_INPUTS), metadata={**_INPUTS, "example": {}},
    )  # fmt: skip
    due_minutes = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, LONGEST_MINUTES), metadata=_MINUTES)


class PlanIn(Strict):
    tasks = fields.List(fields.Nested(DraftIn), required=True, validate=validate.Length(1, MOST))


class TaskChange(Strict):
    title = line(TITLE_LENGTH)
    detail = fields.String(validate=validate.Length(max=DETAIL_LENGTH))
    team_id = fields.UUID(allow_none=True)
    assignee_id = fields.UUID(allow_none=True)
    due_at = Instant(allow_none=True)


class TaskEndIn(Strict):
    state = fields.String(
        required=True, validate=validate.OneOf(("done", "skipped", "failed", "open")), metadata={"description": "`open` opens it again"}
    )
    reason = fields.String(load_default="", validate=validate.Length(max=REASON_LENGTH))


class TaskQuery(PageQuery):
    whose = fields.String(load_default="mine", validate=validate.OneOf(("mine", "teams", "nobodys", "all")))
