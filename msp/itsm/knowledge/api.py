"""Articles over JSON: the originals for agents, and what may be read of them for a client's people."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import PageQuery, listed
from msp.itsm.knowledge import queries, schemas, services
from msp.itsm.knowledge.models import Article
from tenants.permissions import Permission as P

articles = Resource("articles", __name__, "Articles: written, moved, and read by those they are for")
BLUEPRINTS = (articles,)
ONE = "/articles/<uuid:article_id>"
READ = "/help-articles/<uuid:article_id>"
_SHOWN = (
    "id", "title", "body", "language", "topic", "audience", "readers", "state", "owner_id", "review_on", "asks_review", "related",
    "edition", "published_edition", "published_at", "author_name", "created_at", "updated_at", "version",
)  # fmt: skip


@articles.operation("GET", "/articles", listed(schemas.ArticleOut), needs=P.CLIENT_READ, who="agent", query=schemas.ArticleQuery)
def list_articles(asked: dict[str, Any]) -> Any:
    """Articles in any state, last changed first; `words` finds them with typing mistakes as well."""
    page = queries.article_page(by=g.actor, **asked)
    return {"data": _shown(page.rows), "next": page.next}


@articles.operation("POST", "/articles", schemas.ArticleOut, needs=P.ARTICLE_MANAGE, who="agent", takes=schemas.ArticleIn, status=201)
def write_article(given: dict[str, Any]) -> Any:
    """Write a draft."""
    made = services.write_article(given.pop("title"), given.pop("body"), by=g.actor, **given)
    return _shown([made])[0], 201, {"Location": url_for("api_articles.show_article", article_id=made.id)}


@articles.operation("GET", ONE, schemas.ArticleOut, needs=P.CLIENT_READ, who="agent")
def show_article(article_id: UUID) -> Any:
    """One article."""
    return _shown([queries.visible_article(article_id, by=g.actor)])[0]


@articles.operation(
    "PATCH", ONE, schemas.ArticleOut, needs=P.ARTICLE_MANAGE, who="agent", takes=schemas.ArticleChange, changes=True
)
def change_article(changes: dict[str, Any], article_id: UUID) -> Any:
    """Change it; another text is a new version, which is read once it is published."""
    return _shown([services.change_article(article_id, version=_expected(article_id), by=g.actor, **changes)])[0]


@articles.operation(
    "POST", f"{ONE}/move", schemas.ArticleOut, needs=P.ARTICLE_MANAGE, who="agent", takes=schemas.ArticleMove, changes=True
)
def move_article(given: dict[str, Any], article_id: UUID) -> Any:
    """Move it: to review, published, retired, or back to draft."""
    return _shown([services.move_article(article_id, given["state"], version=_expected(article_id), by=g.actor)])[0]


@articles.operation("GET", f"{ONE}/versions", listed(schemas.EditionOut), needs=P.CLIENT_READ, who="agent", query=PageQuery)
def list_versions(asked: dict[str, Any], article_id: UUID) -> Any:
    """Its versions, newest first."""
    page = queries.edition_page(article_id, by=g.actor, **asked)
    return {"data": page.rows, "next": page.next}


@articles.operation("GET", f"{ONE}/feedback", schemas.ResponseOut, needs=P.CLIENT_READ, who="agent")
def show_feedback(article_id: UUID) -> Any:
    """How it was received, among the clients that you see."""
    return asdict(queries.response(article_id, by=g.actor))


@articles.operation("GET", "/help-articles", listed(schemas.HelpOut), needs=P.PORTAL_USE, who="contact", query=PageQuery)
def list_help(asked: dict[str, Any]) -> Any:
    """What you may read, by topic and title."""
    page = queries.read_page(g.host.id, by=g.actor, **asked)
    return {"data": queries.without_unreadable(page.rows, g.host.id, by=g.actor), "next": page.next}


@articles.operation("GET", "/help-articles/search", schemas.HelpFound, needs=P.PORTAL_USE, who="contact", query=schemas.HelpQuery)
def search_help(asked: dict[str, Any]) -> Any:
    """The best matches among what you may read."""
    found = queries.search(asked["words"], g.host.id, by=g.actor, limit=asked["limit"])
    return {"data": queries.without_unreadable(found, g.host.id, by=g.actor)}


@articles.operation("GET", READ, schemas.HelpOut, needs=P.PORTAL_USE, who="contact")
def show_help(article_id: UUID) -> Any:
    """One article that you may read."""
    return queries.without_unreadable([queries.readable(article_id, g.host.id, by=g.actor)], g.host.id, by=g.actor)[0]


@articles.operation("PUT", f"{READ}/opinion", needs=P.PORTAL_USE, who="contact", takes=schemas.OpinionIn, status=204)
def say_useful(given: dict[str, Any], article_id: UUID) -> Any:
    """Say whether it helped; your last word counts."""
    services.say_useful(article_id, g.host.id, given["is_useful"], words=given["words"], by=g.actor)
    return ""


def _expected(article_id: UUID) -> int:
    return expected_version(queries.visible_article(article_id, by=g.actor, for_update=True).version)


def _shown(rows: Sequence[Article]) -> list[dict[str, Any]]:
    """Each with its clients."""
    chosen = queries.clients_chosen([row.id for row in rows], by=g.actor)
    return [{**{name: getattr(row, name) for name in _SHOWN}, "client_ids": chosen[row.id]} for row in rows]
