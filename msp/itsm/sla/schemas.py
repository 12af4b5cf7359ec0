"""Service levels over the API: what comes in and what goes out.

A content's outer form stands here; what is in it is judged by `checks`, as in the console's editor.
"""

from functools import cache

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, PageQuery, Strict, line
from msp.itsm.sla.models import KINDS


class VersionOut(Schema):
    number = fields.Integer(required=True)
    effective_at = Instant(allow_none=True, metadata={"description": "Holds from then on; null: from the beginning"})
    note = fields.String(allow_none=True)
    author_name = fields.String()
    created_at = Instant()


class VersionDetailOut(VersionOut):
    content = fields.Dict(required=True)


class DefinitionOut(Schema):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    is_default = fields.Boolean()
    template_id = fields.UUID(allow_none=True)
    template_number = fields.Integer(allow_none=True)
    number = fields.Integer(required=True, metadata={"description": "The version in force"})
    version = fields.Integer(required=True, metadata={"description": "Counts every change; the ETag of If-Match"})


class DefinitionDetailOut(DefinitionOut):
    content = fields.Dict(required=True, metadata={"description": "Of the version in force"})
    versions = fields.List(fields.Nested(VersionOut), required=True, metadata={"description": "The oldest first; a contact reads one"})


class CalendarContent(Strict):
    tz = fields.String(required=True)
    hours = fields.Dict(required=True, metadata={"example": {"mon": [["09:00", "12:30"], ["13:15", "17:00"]]}})
    holidays = fields.List(fields.Dict(), metadata={"example": [{"on": "2027-12-27", "name": "Substitute day"}]})
    yearly = fields.List(fields.Dict(), metadata={"example": [{"on": "12-25", "name": "Christmas Day"}]})
    overrides = fields.Dict(metadata={"example": {"2027-12-24": [["09:00", "12:00"]]}})


class PolicyContent(Strict):
    conditions = fields.Dict(metadata={"description": "service, ci_class, kind, channel; none: everything"})
    targets = fields.Dict(required=True, metadata={"example": {"P1": {"resolution": {"minutes": 240, "calendar_id": "…"}}}})
    steps = fields.Dict(metadata={"example": {"resolution": [{"percent": 75, "actions": [{"kind": "notify", "to": "assignee"}]}]}})
    pause_states = fields.List(fields.String())
    pauses_response = Flag()
    phone_counts_as_answer = Flag()
    reopening = fields.String(metadata={"description": "continue or new_cycle"})
    at_risk_percent = fields.Raw(metadata={"type": "number"})
    ends_at = fields.String()


class MatrixContent(Strict):
    cells = fields.Dict(required=True, metadata={"description": "Impact before urgency", "example": {"1": {"1": 1, "2": 2, "3": 3}}})


CONTENTS: dict[str, type[Strict]] = {"calendar": CalendarContent, "policy": PolicyContent, "matrix": MatrixContent}


class _Decided(Strict):
    """What is saved says what becomes of open tickets: nothing moves by accident."""

    effective_at = Instant(load_default=None)
    note = line(200, load_default=None)
    moves_open = Flag(required=True, metadata={"description": "Whether open tickets come under it too"})


@cache
def body(kind: str, act: str) -> type[Schema]:
    """The body of an act on a definition of this kind: `Definition`, `Version` or `Preview`."""
    word = f"{kind.title()}{act}"
    content = {"content": fields.Nested(CONTENTS[kind], required=True)}
    if act == "Preview":
        return type(f"{word}In", (Strict,), content)
    more = {"name": line(80, required=True)} if act == "Definition" else {"template_number": fields.Integer(strict=True, load_default=None)}
    return type(f"{word}In", (_Decided,), {**more, **content})


class NameIn(Strict):
    name = line(80, required=True)


class EndIn(Strict):
    ends_at = Instant(required=True)


class CopyIn(Strict):
    tenant_id = fields.UUID(required=True)
    name = line(80, load_default=None)
    conditions = fields.Dict(keys=fields.String(), values=fields.String(), load_default=None)
    moves_open = Flag(required=True, metadata={"description": "Whether open tickets come under it too"})


class MoveOut(Schema):
    subject_id = fields.UUID(required=True, metadata={"description": "The ticket"})
    clock = fields.String(required=True)
    priority = fields.String(allow_none=True)
    due_before = Instant(allow_none=True)
    due_after = Instant(allow_none=True)
    direction = fields.String(required=True)
    is_breach = fields.Boolean(required=True)
    shift_seconds = fields.Integer(allow_none=True)


class EffectOut(Schema):
    open_count = fields.Integer(required=True)
    moved = fields.Integer(required=True)
    earlier = fields.Integer(required=True)
    later = fields.Integer(required=True)
    newly_breached = fields.Integer(required=True)
    is_capped = fields.Boolean(required=True, metadata={"description": "More tickets are open than were looked at"})
    moves = fields.List(fields.Nested(MoveOut), required=True, metadata={"description": "The first 200, breaches before others"})


class DifferenceOut(Schema):
    field = fields.String(required=True)
    template = fields.String(required=True)
    client = fields.String(required=True)


class ComparedOut(Schema):
    template_id = fields.UUID(required=True)
    template_name = fields.String(required=True)
    template_number = fields.Integer(required=True)
    copied_number = fields.Integer(allow_none=True)
    differences = fields.List(fields.Nested(DifferenceOut), required=True)


class TemplateOut(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    number = fields.Integer(required=True)
    is_default = fields.Boolean()


class TemplateDetailOut(TemplateOut):
    content = fields.Dict(required=True)


class TemplateQuery(PageQuery):
    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
