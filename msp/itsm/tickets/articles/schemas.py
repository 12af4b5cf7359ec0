"""Articles beside tickets over the API: what comes in and what goes out."""

from typing import Any

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, Strict, line
from msp.itsm.knowledge.masking import WORDS as KINDS
from msp.itsm.knowledge.services import BODY_LENGTH, TITLE_LENGTH
from msp.itsm.knowledge.words import LANGUAGES

FOR_CLIENT = "Whether everybody at the ticket's client may read it, so that it can be sent to them"


class BesideOut(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    language = fields.String(required=True)
    audience = fields.String(required=True)
    readers = fields.String(required=True)
    is_for_client = fields.Boolean(required=True, metadata={"description": FOR_CLIENT})
    is_used = fields.Boolean(required=True)
    is_solution = fields.Boolean(required=True)


class BesideAll(Schema):
    data = fields.List(fields.Nested(BesideOut), required=True, metadata={"description": "Those used, then those that fit best"})


class SolvedIn(Strict):
    is_solution = Flag(required=True)


class ArticleTextQuery(Strict):
    into = fields.String(load_default="note", validate=validate.OneOf(("reply", "note")))
    carry = fields.String(load_default="link", validate=validate.OneOf(("link", "text")), metadata={"description": "`text`: with its link"})


class ArticleTextOut(Schema):
    text = fields.String(required=True, metadata={"description": "Markdown, to be put into a message"})


class ArticleUsedOut(Schema):
    ticket_id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    ref = fields.String(required=True)
    subject = fields.String(required=True)
    is_solution = fields.Boolean(required=True)
    agent_name = fields.String(required=True)
    used_at = Instant(required=True)


class ArticleDraftQuery(Strict):
    notes = Flag(load_default=False, metadata={"description": "With internal notes"})

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        if isinstance(field_obj, Flag):
            field_obj.is_text = True


class MaskOut(Schema):
    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    kind = fields.String(required=True, metadata={"description": ", ".join(KINDS)})
    was = fields.String(required=True)


class MaskedOut(Schema):
    text = fields.String(required=True)
    masks = fields.List(fields.Nested(MaskOut), required=True, metadata={"description": "Which characters stand for what was there"})


class ArticleDraftOut(Schema):
    title = fields.Nested(MaskedOut, required=True)
    body = fields.Nested(MaskedOut, required=True)
    language = fields.String(required=True)


class ArticleDraftIn(Strict):
    title = line(TITLE_LENGTH, required=True)
    body = line(BODY_LENGTH, required=True, metadata={"description": "Markdown"})
    language = fields.String(load_default="en", validate=validate.OneOf(LANGUAGES))


class ArticleWrittenOut(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True)
