"""Reads of pictures: the rows for whoever writes, the bytes for whoever may read the text that shows them."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import NotFound
from msp.core.files import here
from msp.core.files.storage import file_key
from msp.itsm.knowledge import queries, text
from msp.itsm.knowledge.pictures.models import ArticlePicture


def pictures(article_id: UUID, *, by: Actor) -> Sequence[ArticlePicture]:
    """The pictures of an article that the agent sees, in the order in which they came; at most a few."""
    queries.visible_article(article_id, by=by)
    statement = sa.select(ArticlePicture).where(ArticlePicture.article_id == article_id)
    return db.session.scalars(statement.order_by(ArticlePicture.created_at, ArticlePicture.id)).all()


def picture_of(article_id: UUID, picture_id: UUID, *, by: Actor) -> ArticlePicture:
    """One of them."""
    found = next((row for row in pictures(article_id, by=by) if row.id == picture_id), None)
    if found is None:
        raise NotFound
    return found


def content(article_id: UUID, name: str, *, by: Actor) -> Iterator[bytes]:
    """The bytes for an agent who sees the article."""
    if name not in {row.file_name for row in pictures(article_id, by=by)}:
        raise NotFound
    return _bytes(article_id, name)


def content_for_reader(article_id: UUID, name: str, tenant_id: UUID, *, by: Actor) -> Iterator[bytes]:
    """The bytes for a client's person: what he may read of the article now must show the picture."""
    if name not in text.pictures_in(queries.readable(article_id, tenant_id, by=by).body):
        raise NotFound
    return _bytes(article_id, name)


def _bytes(article_id: UUID, name: str) -> Iterator[bytes]:
    id, _, kind = name.partition(".")
    return here.storage().get(file_key(article_id, UUID(id), kind))
