"""Articles as agents hand them to one client: those that fit what somebody asks, and whether everybody there may read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import NotFound
from msp.itsm.knowledge import links, matching, queries
from msp.itsm.knowledge.models import Article, ClientArticle, PublishedArticle

MOST = 5
OTHER_LANGUAGE = 0.5  # what an article in another language than the client's weighs beside one in his own


@dataclass(frozen=True, slots=True)
class Offer:
    """An article beside a client's ticket. `is_for_client`: everybody there may read it, so it may be sent to them."""

    id: UUID
    title: str
    language: str
    audience: str
    readers: str
    is_for_client: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """The text that is published, to be put into a message."""

    id: UUID
    title: str
    body: str
    is_for_client: bool


def fitting(
    subject: str, text: str, tenant_id: UUID, *, language: str, by: Actor, limit: int = MOST, leave_out: Sequence[UUID] = ()
) -> list[Offer]:
    """The published articles nearest to what was asked, best first: internal, for all, or for this client."""
    subject, said = subject.replace("\0", "").strip()[:300], f"{subject} {text}".replace("\0", "").strip()[:2000]
    weight = sa.case((Article.language.in_((language, "other")), 1.0), else_=OTHER_LANGUAGE)
    statement = _offers(tenant_id, by=by).where(Article.id.not_in(leave_out), matching.fits(Article, subject, said))
    ranked = statement.order_by((matching.nearness(Article, subject, said) * weight).desc(), Article.id)
    return [Offer(**row) for row in db.session.execute(ranked.limit(limit)).mappings()]


def offers(article_ids: Sequence[UUID], tenant_id: UUID, *, by: Actor) -> dict[UUID, Offer]:
    """Those of the articles that the agent sees and that speak to this client or to agents; with one statement."""
    if not article_ids:
        return {}
    found = db.session.execute(_offers(tenant_id, by=by).where(Article.id.in_(article_ids))).mappings()
    return {row["id"]: Offer(**row) for row in found}


def handed(article_id: UUID, tenant_id: UUID, *, by: Actor) -> Handed:
    """What readers get of an article; NotFound where it is not published or does not concern this client."""
    offer = offers([article_id], tenant_id, by=by).get(article_id)
    if offer is None:
        raise NotFound
    row = queries.visible_article(article_id, by=by)
    text = queries.edition(article_id, row.published_edition or 0, by=by)
    return Handed(article_id, text.title, text.body, offer.is_for_client)


def withheld(text: str, tenant_id: UUID, *, by: Actor) -> list[Article]:
    """The articles that a text names and that not everybody at this client may read. Without ids in it nothing is asked."""
    by.must_reach(tenant_id)
    ids = links.ids_in(text)
    if not ids:
        return []
    statement = sa.select(Article).where(Article.id.in_(ids), ~_everybody_reads(tenant_id))
    return list(db.session.scalars(statement.order_by(Article.id)))


def _offers(tenant_id: UUID, *, by: Actor) -> sa.Select[Any]:
    if by.is_contact:
        raise NotFound
    by.must_reach(tenant_id)
    chosen = sa.select(ClientArticle.article_id).where(ClientArticle.tenant_id == tenant_id)
    columns: list[Any] = [
        Article.id, Article.title, Article.language, Article.audience, Article.readers, _everybody_reads(tenant_id).label("is_for_client")
    ]  # fmt: skip
    concerns = sa.or_(Article.audience.in_(("internal", "all")), Article.id.in_(chosen))
    return sa.select(*columns).where(Article.state == "published", concerns)


def _everybody_reads(tenant_id: UUID) -> sa.ColumnElement[bool]:
    """By what can be read this moment: the row for all, or the client's own copy."""
    for_all = sa.exists().where(PublishedArticle.article_id == Article.id, PublishedArticle.readers == "everyone")
    own = sa.exists().where(
        ClientArticle.tenant_id == tenant_id, ClientArticle.article_id == Article.id, ClientArticle.readers == "everyone",
        ClientArticle.published_at.is_not(None),
    )  # fmt: skip
    return sa.or_(for_all, own)
