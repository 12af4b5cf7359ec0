"""Taking pictures of articles in, and removing them."""

import hashlib
from typing import IO
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.core.files import here, images
from msp.core.files.names import safe_name
from msp.core.files.storage import FileTooLarge, file_key
from msp.core.ids import new_id
from msp.core.web.formats import file_size
from msp.itsm.knowledge import queries as articles
from msp.itsm.knowledge import text
from msp.itsm.knowledge.pictures import queries
from msp.itsm.knowledge.pictures.models import ArticlePicture
from msp.itsm.knowledge.services import own_article
from tenants.permissions import Permission

MOST, LARGEST, WIDEST = 20, 5_000_000, 1600
KINDS = {"image/png": "png", "image/jpeg": "jpeg"}


def add_picture(article_id: UUID, name: str, content: IO[bytes], *, by: Actor) -> ArticlePicture:
    """Take a picture in: decoded and written anew, at most `WIDEST` pixels wide and high."""
    by.require(Permission.ARTICLE_MANAGE)
    article = own_article(article_id, by=by)
    if len(queries.pictures(article_id, by=by)) >= MOST:
        raise Conflict(f"An article has at most {MOST} pictures; remove one first.")
    data = content.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise FileTooLarge(f"At most {file_size(LARGEST)} in one picture.", max_bytes=LARGEST)
    if not data:
        raise Invalid.field("file", "This file is empty.", "required")
    name = safe_name(name)
    verdict = here.scanner().scan([data], name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
    if verdict.outcome != "clean":
        raise Invalid.field("file", "The check for harmful software did not let this picture pass.", "refused")
    picture = images.reencode(data, max_edge=WIDEST)
    row = ArticlePicture(
        id=new_id(), tenant_id=article.tenant_id, article_id=article.id, name=name, kind=KINDS[picture.content_type],
        size=len(picture.data), width=picture.width, height=picture.height, author_name=by.name, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    here.storage().put(file_key(article.id, row.id, row.kind), [picture.data], max_bytes=len(picture.data))
    return row


def remove_picture(article_id: UUID, picture_id: UUID, *, by: Actor) -> None:
    """Remove a picture that neither the newest text nor the one that is read shows; Conflict otherwise."""
    by.require(Permission.ARTICLE_MANAGE)
    article = own_article(article_id, by=by)
    row = queries.picture_of(article_id, picture_id, by=by)
    shown = text.pictures_in(article.body)
    if article.published_edition is not None:
        shown |= text.pictures_in(articles.edition(article_id, article.published_edition, by=by).body)
    if row.file_name in shown:
        raise Conflict("The text shows this picture; take it out and publish that first.")
    db.session.delete(row)
    db.session.flush()
    here.storage().delete(file_key(article_id, row.id, row.kind))


def markdown(row: ArticlePicture) -> str:
    """How a text shows it."""
    alt = row.name.rpartition(".")[0] or row.name
    return f"![{alt.replace('[', '').replace(']', '')}]({text.PICTURE}{row.file_name})"
