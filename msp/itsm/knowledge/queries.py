"""Reads of articles: the originals for agents, and what a client's people read of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.knowledge import matching
from msp.itsm.knowledge.models import Article, ArticleDeflection, ArticleEdition, ArticleFeedback, ClientArticle, PublishedArticle
from msp.itsm.knowledge.words import READERS

PAGE, MOST_FOUND = 50, 20


@dataclass(frozen=True, slots=True)
class Read:
    """An article as a client's person reads it, whichever table it lies in; `id` is the original's."""

    id: UUID
    title: str
    body: str
    language: str
    topic: str
    published_at: datetime
    related: list[UUID]


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: people who found it useful and who did not, and reports that it made needless."""

    useful: int = 0
    not_useful: int = 0
    solved: int = 0


# --- What clients read ------------------------------------------------------------------------------------------------


def read_page(tenant_id: UUID, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[Any]:
    """One page of what this person may read, by topic and title; rows have the fields of `Read`."""
    found = _readable(tenant_id, by=by).subquery()
    keyset = Keyset([Order(found.c.topic), Order(found.c.title)], found.c.id, bound_to=str(tenant_id))
    statement = sa.select(*(found.c[name] for name in Read.__slots__))
    page = paging.page_of_rows(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))
    return Page([Read(*row[: len(Read.__slots__)]) for row in page.rows], page.next, page.previous)


def reads_any(tenant_id: UUID, *, by: Actor) -> bool:
    """Whether there is an article for this person."""
    return bool(db.session.scalar(sa.select(_readable(tenant_id, by=by).exists())))


def readable(article_id: UUID, tenant_id: UUID, *, by: Actor) -> Read:
    """One article that this person may read."""
    found = db.session.execute(_readable(tenant_id, article_id, by=by)).mappings().first()
    if found is None:
        raise NotFound
    return Read(**found)


def related_to(read: Read, tenant_id: UUID, *, by: Actor) -> list[Read]:
    """The related articles that this person may read as well, in the order in which they were put."""
    if not read.related:
        return []
    found = _readable(tenant_id, by=by).subquery()
    statement = sa.select(found).where(found.c.id.in_(read.related))
    rows = [Read(**row) for row in db.session.execute(statement).mappings()]
    return sorted(rows, key=lambda row: read.related.index(row.id))


def without_unreadable(rows: Sequence[Read], tenant_id: UUID, *, by: Actor) -> list[Read]:
    """The same, of what each is related to only what this person may read as well."""
    ids = {id for row in rows for id in row.related}
    found = _readable(tenant_id, by=by).subquery()
    known = set(db.session.scalars(sa.select(found.c.id).where(found.c.id.in_(ids)))) if ids else set()
    return [replace(row, related=[id for id in row.related if id in known]) for row in rows]


def newest(tenant_id: UUID, *, by: Actor, limit: int = PAGE) -> list[Read]:
    """What this person may read, the last published first."""
    found = _readable(tenant_id, by=by).subquery()
    statement = sa.select(*(found.c[name] for name in Read.__slots__)).order_by(found.c.published_at.desc(), found.c.id).limit(limit)
    return [Read(**row) for row in db.session.execute(statement).mappings()]


def search(words: str, tenant_id: UUID, *, by: Actor, loosely: bool = False, limit: int = MOST_FOUND) -> list[Read]:
    """The best matches among what this person may read; `loosely`: one word in common is enough, as for a suggestion."""
    words = words.replace("\0", "").strip()[:200]
    if not words:
        return []
    parts = [
        _columns(model, tenant_id, by=by).add_columns(matching.rank(model, words).label("rank")).where(
            matching.matches(model, words, loosely=loosely)
        )
        for model in (PublishedArticle, ClientArticle)
    ]  # fmt: skip
    found = sa.union_all(*parts).subquery()
    statement = sa.select(*(found.c[name] for name in Read.__slots__)).order_by(found.c.rank.desc(), found.c.id).limit(limit)
    return [Read(**row) for row in db.session.execute(statement).mappings()]


def opinion(article_id: UUID, tenant_id: UUID, *, by: Actor) -> ArticleFeedback | None:
    """What this person has said about it."""
    by.must_reach(tenant_id)
    statement = sa.select(ArticleFeedback).where(
        ArticleFeedback.tenant_id == tenant_id, ArticleFeedback.article_id == article_id, ArticleFeedback.contact_id == by.id
    )
    return db.session.scalars(statement).one_or_none()


def _readable(tenant_id: UUID, article_id: UUID | None = None, *, by: Actor) -> sa.CompoundSelect[Any]:
    parts = []
    for model in (PublishedArticle, ClientArticle):
        part = _columns(model, tenant_id, by=by)
        parts.append(part if article_id is None else part.where(model.article_id == article_id))
    return sa.union_all(*parts)


def _columns(model: type[PublishedArticle] | type[ClientArticle], tenant_id: UUID, *, by: Actor) -> sa.Select[Any]:
    by.must_reach(tenant_id)
    columns: list[Any] = [
        model.article_id.label("id"), model.title, model.body, model.language, model.topic, model.published_at, model.related
    ]  # fmt: skip
    statement = sa.select(*columns).where(model.published_at.is_not(None))
    if by.is_contact:
        statement = statement.where(model.readers.in_(reader for reader, right in READERS.items() if right is None or by.may(right)))
    return statement.where(model.tenant_id == tenant_id) if model is ClientArticle else statement


# --- The originals ----------------------------------------------------------------------------------------------------


def visible_article(article_id: UUID, *, by: Actor, for_update: bool = False) -> Article:
    """One original; a limited agent sees those that are internal, for all, or for one of his clients."""
    statement = _visible(sa.select(Article).where(Article.id == article_id), by=by)
    found: Article | None = db.session.scalar(locked(statement, of=Article) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def article_page(
    *, by: Actor, state: str | None = None, audience: str | None = None, language: str | None = None, client_id: UUID | None = None,
    overdue_on: date | None = None, words: str = "", cursor: str | None = None, limit: int = PAGE,
) -> Page[Article]:  # fmt: skip
    """One page of the originals, last changed first. `client_id`: what this client may read; `overdue_on`: due for review by then."""
    statement = _visible(sa.select(Article), by=by)
    for column, value in ((Article.state, state), (Article.audience, audience), (Article.language, language)):
        if value:
            statement = statement.where(column == value)
    if client_id is not None:
        by.must_reach(client_id)
        chosen = sa.select(ClientArticle.article_id).where(ClientArticle.tenant_id == client_id)
        statement = statement.where(sa.or_(Article.audience == "all", Article.id.in_(chosen)))
    if overdue_on is not None:
        statement = statement.where(Article.state == "published", Article.review_on <= overdue_on)
    words = words.replace("\0", "").strip()[:200]
    if words:
        statement = statement.where(matching.matches(Article, words))
    bound = f"{state}:{audience}:{language}:{client_id}:{overdue_on}:{words}"
    keyset = Keyset([Order(Article.updated_at, is_descending=True)], Article.id, bound_to=bound)
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def titles(article_ids: Sequence[UUID], *, by: Actor) -> dict[UUID, str]:
    """Titles of those of the ids that are articles which the agent sees."""
    if not article_ids:
        return {}
    columns: list[Any] = [Article.id, Article.title]
    statement = _visible(sa.select(*columns).where(Article.id.in_(article_ids)), by=by)
    return {row.id: row.title for row in db.session.execute(statement)}


def known(article_ids: Sequence[UUID], *, by: Actor) -> set[UUID]:
    """Those of the ids that are articles which the agent sees."""
    return set(db.session.scalars(_visible(sa.select(Article.id).where(Article.id.in_(article_ids)), by=by)))


def copies(article_id: UUID, *, by: Actor) -> Sequence[ClientArticle]:
    """The chosen clients' copies, as far as the agent sees these clients."""
    statement = sa.select(ClientArticle).where(ClientArticle.article_id == article_id)
    if by.tenant_ids is not None:
        statement = statement.where(ClientArticle.tenant_id.in_(by.tenant_ids))
    return db.session.scalars(statement.order_by(ClientArticle.tenant_id)).all()


def clients_chosen(article_ids: Sequence[UUID], *, by: Actor) -> dict[UUID, list[UUID]]:
    """For each original its chosen clients, as far as the agent sees them; with one statement."""
    chosen = sa.select(ClientArticle.article_id, ClientArticle.tenant_id).where(ClientArticle.article_id.in_(article_ids))
    if by.tenant_ids is not None:
        chosen = chosen.where(ClientArticle.tenant_id.in_(by.tenant_ids))
    found: dict[UUID, list[UUID]] = {id: [] for id in article_ids}
    for article_id, tenant_id in db.session.execute(chosen.order_by(ClientArticle.tenant_id)) if article_ids else ():
        found[article_id].append(tenant_id)
    return found


def edition_page(article_id: UUID, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[ArticleEdition]:
    """One page of the versions, newest first."""
    visible_article(article_id, by=by)
    statement = sa.select(ArticleEdition).where(ArticleEdition.article_id == article_id)
    keyset = Keyset([Order(ArticleEdition.number, is_descending=True)], ArticleEdition.id, bound_to=str(article_id))
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def edition(article_id: UUID, number: int, *, by: Actor) -> ArticleEdition:
    """One version."""
    visible_article(article_id, by=by)
    statement = sa.select(ArticleEdition).where(ArticleEdition.article_id == article_id, ArticleEdition.number == number)
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound
    return found


def response(article_id: UUID, *, by: Actor) -> Response:
    """How it was received, among the clients that the agent sees."""
    visible_article(article_id, by=by)
    said = sa.select(
        sa.func.count().filter(ArticleFeedback.is_useful), sa.func.count().filter(~ArticleFeedback.is_useful)
    ).where(ArticleFeedback.article_id == article_id)
    solved = sa.select(sa.func.count()).select_from(ArticleDeflection).where(ArticleDeflection.article_id == article_id)
    if by.tenant_ids is not None:
        said = said.where(ArticleFeedback.tenant_id.in_(by.tenant_ids))
        solved = solved.where(ArticleDeflection.tenant_id.in_(by.tenant_ids))
    useful, not_useful = db.session.execute(said).one()
    return Response(useful, not_useful, db.session.scalar(solved) or 0)


def _visible(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    if by.is_contact:
        raise NotFound
    if by.tenant_ids is None:
        return statement
    mine = sa.select(ClientArticle.article_id).where(ClientArticle.tenant_id.in_(by.tenant_ids))
    return statement.where(sa.or_(Article.audience.in_(("internal", "all")), Article.id.in_(mine)))
