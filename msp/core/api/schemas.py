"""Fields and schemas that every resource shares."""

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, fields, validate

from msp.core.paging import MAX_LIMIT

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Flag(fields.Boolean):
    """True or false and nothing that looks like it; in a query, where all is text, their words."""

    is_text = False

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if isinstance(value, bool):
            return value
        if self.is_text and value in ("true", "false"):
            return bool(value == "true")
        raise self.make_error("invalid", input=value)


class Whole(fields.Integer):
    """A whole number in a query: digits, not whatever Python reads as a number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, str) and not re.fullmatch("-?[0-9]{1,18}", value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Strict(Schema):
    """What comes in: a field that nobody knows is an error, not a wish unheard."""

    class Meta:
        unknown = RAISE


class Instant(fields.AwareDateTime):
    """An instant by RFC 3339: read with any offset, written in UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", validate=validate.Range(EARLIEST, LATEST), **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def line(most: int = 300, *, least: int = 1, **options: Any) -> fields.String:
    """A text of bounded length, not blank."""
    rules: list[validate.Validator] = [validate.Length(least, most)]
    if least:
        rules.append(validate.Regexp(r"(?s)\s*\S", error="There is nothing in it."))
    return fields.String(validate=rules, **options)


@cache
def listed(item: type[Schema]) -> type[Schema]:
    """One page of a list: `data`, and the cursor of the page after it."""
    name = item.__name__.removesuffix("Out") + "List"
    return Schema.from_dict(
        {
            "data": fields.List(fields.Nested(item), required=True),
            "next": fields.String(allow_none=True, required=True, metadata={"description": "Cursor of the next page"}),
        },
        name=name,
    )


class PageQuery(Strict):
    """Where in a list, and how much of it."""

    cursor = fields.String(load_default=None, validate=validate.Length(max=2000), metadata={"description": "`next` of the page before"})
    limit = Whole(load_default=50, validate=validate.Range(1, MAX_LIMIT))

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        if isinstance(field_obj, Flag):
            field_obj.is_text = True


class WordsQuery(PageQuery):
    """A page of what holds some words."""

    words = fields.String(load_default="", validate=validate.Length(max=200), metadata={"description": "Part of a name or address"})


class FieldProblem(Schema):
    pointer = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class Problem(Schema):
    """An error by RFC 9457; some have members of their own, such as `position` in a query."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(allow_none=True)
    errors = fields.List(fields.Nested(FieldProblem))
