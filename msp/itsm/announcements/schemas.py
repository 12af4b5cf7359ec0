"""Announcements over the API: what comes in and what goes out."""

from typing import Any

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Instant, PageQuery, Strict, line
from msp.itsm.announcements.models import LEVELS
from msp.itsm.announcements.queries import STATES
from msp.itsm.announcements.services import BODY_LENGTH, TITLE_LENGTH


def _body(**options: Any) -> fields.String:
    return fields.String(validate=validate.Length(max=BODY_LENGTH), **options)


def _level(**options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(LEVELS), **options)


class AnnouncementOut(Schema):
    id = fields.UUID(required=True)
    audience = fields.String(required=True, metadata={"description": "`all` or `chosen`"})
    client_ids = fields.List(fields.UUID(), required=True, metadata={"description": "The chosen clients, as far as you see them"})
    level = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(allow_none=True, required=True)
    withdrawn_at = Instant(allow_none=True, required=True)
    state = fields.String(required=True, metadata={"description": "`planned`, `current` or `past`"})
    author_name = fields.String(required=True)
    created_at = Instant(required=True)
    version = fields.Integer(required=True)


class AnnouncementIn(Strict):
    title = line(TITLE_LENGTH, required=True)
    body = _body(load_default="")
    level = _level(load_default="news")
    client_ids = fields.List(
        fields.UUID(), load_default=None, allow_none=True, validate=validate.Length(1, 1000),
        metadata={"description": "Whom it is for; every client where it is left out"},
    )  # fmt: skip
    starts_at = Instant(load_default=None, allow_none=True, metadata={"description": "Now where it is left out"})
    ends_at = Instant(load_default=None, allow_none=True)


class AnnouncementChange(Strict):
    title = line(TITLE_LENGTH)
    body = _body()
    level = _level()
    starts_at = Instant()
    ends_at = Instant(allow_none=True)


class AnnouncementQuery(PageQuery):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    client_id = fields.UUID(load_default=None, metadata={"description": "What this client reads"})
