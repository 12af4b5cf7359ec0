"""Articles over the API: what comes in and what goes out."""

from typing import Any

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, PageQuery, Strict, Whole, line
from msp.itsm.knowledge.services import BODY_LENGTH, MOST_RELATED, TITLE_LENGTH, TOPIC_LENGTH, WORDS_LENGTH
from msp.itsm.knowledge.words import AUDIENCES, LANGUAGES, READERS, STATES

WHOM = "`internal`: agents alone; `all`: every client; `chosen`: the clients named"
WHO = "Who at a client reads it: `everyone`, or those with the right of this role"


def _word(words: Any, **options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(list(words)), **options)


def _ids(most: int, **options: Any) -> fields.List[Any]:
    return fields.List(fields.UUID(), validate=validate.Length(max=most), **options)


class ArticleOut(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True, metadata={"description": "Markdown"})
    language = fields.String(required=True)
    topic = fields.String(required=True)
    audience = fields.String(required=True, metadata={"description": WHOM})
    client_ids = fields.List(fields.UUID(), required=True, metadata={"description": "The chosen clients, as far as you see them"})
    readers = fields.String(required=True, metadata={"description": WHO})
    state = fields.String(required=True)
    owner_id = fields.UUID(required=True, allow_none=True)
    review_on = fields.Date(required=True, allow_none=True)
    asks_review = fields.Boolean(required=True)
    related = fields.List(fields.UUID(), required=True)
    edition = fields.Integer(required=True, metadata={"description": "The newest version"})
    published_edition = fields.Integer(required=True, allow_none=True, metadata={"description": "The version that is read"})
    published_at = Instant(required=True, allow_none=True)
    author_name = fields.String(required=True)
    created_at = Instant(required=True)
    updated_at = Instant(required=True)
    version = fields.Integer(required=True)


class ArticleIn(Strict):
    title = line(TITLE_LENGTH, required=True)
    body = line(BODY_LENGTH, required=True, metadata={"description": "Markdown"})
    language = _word(LANGUAGES, load_default="en")
    topic = line(TOPIC_LENGTH, least=0, load_default="")
    audience = _word(AUDIENCES, load_default="internal", metadata={"description": WHOM})
    client_ids = _ids(1000, load_default=list)
    readers = _word(READERS, load_default="everyone", metadata={"description": WHO})
    owner_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "You, where it is left out"})
    review_on = fields.Date(load_default=None, allow_none=True)
    asks_review = Flag(load_default=False)
    related = _ids(MOST_RELATED, load_default=list)


class ArticleChange(Strict):
    title = line(TITLE_LENGTH)
    body = line(BODY_LENGTH)
    language = _word(LANGUAGES)
    topic = line(TOPIC_LENGTH, least=0)
    audience = _word(AUDIENCES)
    client_ids = _ids(1000)
    readers = _word(READERS)
    owner_id = fields.UUID(allow_none=True)
    review_on = fields.Date(allow_none=True)
    asks_review = Flag()
    related = _ids(MOST_RELATED)


class ArticleMove(Strict):
    state = _word(STATES, required=True)


class ArticleQuery(PageQuery):
    state = _word(STATES, load_default=None)
    audience = _word(AUDIENCES, load_default=None)
    language = _word(LANGUAGES, load_default=None)
    client_id = fields.UUID(load_default=None, metadata={"description": "What this client may read"})
    overdue_on = fields.Date(load_default=None, metadata={"description": "Published, and due for a review by this day"})
    words = fields.String(load_default="", validate=validate.Length(max=200))


class EditionOut(Schema):
    number = fields.Integer(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    language = fields.String(required=True)
    author_name = fields.String(required=True)
    created_at = Instant(required=True)


class ResponseOut(Schema):
    useful = fields.Integer(required=True)
    not_useful = fields.Integer(required=True)
    solved = fields.Integer(required=True, metadata={"description": "Reports that it made needless"})


class HelpOut(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True, metadata={"description": "Markdown"})
    language = fields.String(required=True)
    topic = fields.String(required=True)
    published_at = Instant(required=True)
    related = fields.List(fields.UUID(), required=True)


class HelpQuery(Strict):
    words = fields.String(required=True, validate=validate.Length(1, 200))
    limit = Whole(load_default=20, validate=validate.Range(1, 20))


class HelpFound(Schema):
    data = fields.List(fields.Nested(HelpOut), required=True, metadata={"description": "The best matches, best first"})


class OpinionIn(Strict):
    is_useful = Flag(required=True)
    words = fields.String(load_default="", validate=validate.Length(max=WORDS_LENGTH))
