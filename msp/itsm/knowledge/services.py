"""Writing articles, moving them from draft to published and on, and what readers say about them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import call, db, locked
from msp.core.errors import Conflict, FieldError, Forbidden, Invalid
from msp.core.ids import new_id
from msp.core.notify import services as notify
from msp.itsm.knowledge import queries
from msp.itsm.knowledge.models import Article, ArticleDeflection, ArticleEdition, ArticleFeedback, ClientArticle, PublishedArticle
from msp.itsm.knowledge.words import AUDIENCES, LANGUAGES, MOVES, READERS
from tenants import queries as tenants
from tenants.models import Agent
from tenants.permissions import Permission
from tenants.queries import check_version

TITLE_LENGTH, TOPIC_LENGTH, BODY_LENGTH, WORDS_LENGTH, MOST_RELATED = 200, 60, 50_000, 1000, 20
_TEXT = ("title", "body", "language")
_FIELDS = (*_TEXT, "topic", "audience", "readers", "owner_id", "review_on", "asks_review", "related")


def write_article(
    title: str, body: str, *, by: Actor, language: str = "en", topic: str = "", audience: str = "internal", readers: str = "everyone",
    client_ids: Sequence[UUID] = (), owner_id: UUID | None = None, review_on: date | None = None, asks_review: bool = False,
    related: Sequence[UUID] = (),
) -> Article:  # fmt: skip
    """A draft; nobody but agents reads it before it is published. The writer owns it unless another owner is named."""
    by.require(Permission.ARTICLE_MANAGE)
    fields = {
        "title": title, "body": body, "language": language, "topic": topic, "audience": audience, "readers": readers,
        "owner_id": owner_id or (by.id if by.is_agent else None), "review_on": review_on, "asks_review": asks_review, "related": related,
    }  # fmt: skip
    fields = _checked(fields, None, by=by)
    clients, now = _clients(audience, client_ids, by=by), clock.now()
    row = Article(
        id=new_id(), tenant_id=by.provider_id or call("provider")[0]["id"], state="draft", edition=1, copies=0, author_id=by.id,
        author_name=by.name, created_at=now, updated_at=now, **fields,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    _keep_edition(row)
    _choose(row, clients, by=by)
    db.session.flush()
    return row


def change_article(
    article_id: UUID, *, version: int, by: Actor, client_ids: Sequence[UUID] | None = None, **changes: Any
) -> Article:
    """Change it. Another text is a new version, which readers get when it is published; all else takes effect at once."""
    by.require(Permission.ARTICLE_MANAGE)
    row = _own(article_id, version, by=by)
    if unknown := set(changes) - set(_FIELDS):
        raise TypeError(f"An article has no {', '.join(sorted(unknown))}")
    fields = _checked({name: changes.get(name, getattr(row, name)) for name in _FIELDS}, row, by=by)
    chosen = [copy.tenant_id for copy in queries.copies(row.id, by=by)] if client_ids is None else client_ids
    clients = _clients(fields["audience"], chosen, by=by)
    is_new_text = any(fields[name] != getattr(row, name) for name in _TEXT)
    if fields["review_on"] != row.review_on:
        row.reminded_on = None
    for name, value in fields.items():
        setattr(row, name, value)
    row.updated_at = clock.now()
    if is_new_text:
        row.edition, row.author_id, row.author_name = row.edition + 1, by.id, by.name
        _keep_edition(row)
    _choose(row, clients, by=by)
    _spread(row, by=by)
    return row


def move_article(article_id: UUID, to: str, *, version: int, by: Actor) -> Article:
    """Move it to another state, by the table of moves.

    Where a review was asked for, whoever wrote the newest version cannot publish it himself.
    """
    by.require(Permission.ARTICLE_MANAGE)
    row = _own(article_id, version, by=by)
    if to not in MOVES:
        raise Invalid.field("state", f"One of {', '.join(MOVES)}.", "unknown")
    if to not in MOVES[row.state]:
        raise Conflict(f"It cannot go from {row.state.replace('_', ' ')} to {to.replace('_', ' ')}.")
    if to == "published":
        if row.asks_review and row.author_id is not None and row.author_id == by.id:
            raise Forbidden("A review was asked for: somebody else publishes what you wrote.")
        row.published_edition, row.published_at = row.edition, clock.now()
    row.state, row.updated_at = to, clock.now()
    _spread(row, by=by)
    return row


def remind_owners(today: date, *, by: Actor) -> int:
    """Tell the owners of published articles whose review is due, once for each date of review; how many articles it were."""
    by.require(Permission.ARTICLE_MANAGE)
    due = sa.select(Article).where(
        Article.state == "published", Article.review_on <= today, Article.owner_id.is_not(None), Article.reminded_on.is_(None)
    )
    rows = db.session.scalars(locked(due.order_by(Article.id), skip_locked=True)).all()
    news = [
        notify.News(row.tenant_id, row.owner_id, "article_review", "article", row.id, "", f"“{row.title}” is due for a review.")
        for row in rows if row.owner_id is not None
    ]  # fmt: skip
    for row in rows:
        row.reminded_on = today
    db.session.flush()
    notify.tell(news)
    return len(rows)


def say_useful(article_id: UUID, tenant_id: UUID, is_useful: bool, *, by: Actor, words: str = "") -> None:
    """Keep what this person says about an article; one opinion a person, the last one counts."""
    by.require(Permission.PORTAL_USE)
    queries.readable(article_id, tenant_id, by=by)
    words = words.replace("\0", "").strip()
    if len(words) > WORDS_LENGTH:
        raise Invalid.field("words", f"At most {WORDS_LENGTH} characters.", "length")
    said = {"is_useful": is_useful, "words": words, "said_at": clock.now()}
    row = insert(ArticleFeedback).values(id=new_id(), tenant_id=tenant_id, article_id=article_id, contact_id=by.id, **said)
    keys = ["tenant_id", "article_id", "contact_id"]
    db.session.execute(row.on_conflict_do_update(index_elements=keys, set_=said))


def note_solved(article_id: UUID, tenant_id: UUID, subject: str, *, by: Actor) -> None:
    """Count that the article solved what this person was about to report; nothing is opened."""
    by.require(Permission.PORTAL_USE)
    queries.readable(article_id, tenant_id, by=by)
    row = ArticleDeflection(
        tenant_id=tenant_id, id=new_id(), article_id=article_id, contact_id=by.id, subject=subject.replace("\0", "").strip()[:200],
        solved_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()


def _own(article_id: UUID, version: int, *, by: Actor) -> Article:
    """An original that the actor may change: he sees every client that it speaks to."""
    row = queries.visible_article(article_id, by=by, for_update=True)
    check_version(row, version)
    _must_speak_to_all(row.audience, by=by)
    if len(queries.copies(row.id, by=by)) != row.copies:
        raise Forbidden("It speaks to clients that you do not see.")
    return row


def _must_speak_to_all(audience: str, *, by: Actor) -> None:
    if audience == "all" and by.tenant_ids is not None:
        raise Forbidden("Only who sees every client can speak to all of them.")


def _keep_edition(row: Article) -> None:
    db.session.add(
        ArticleEdition(
            id=new_id(), tenant_id=row.tenant_id, article_id=row.id, number=row.edition, title=row.title, body=row.body,
            language=row.language, author_name=row.author_name, created_at=row.updated_at,
        )
    )  # fmt: skip


def _choose(row: Article, clients: Sequence[UUID], *, by: Actor) -> None:
    """Let just these clients have a copy; a new one is empty until the article is published."""
    present = {copy.tenant_id: copy for copy in queries.copies(row.id, by=by)}
    for tenant_id in present.keys() - set(clients):
        db.session.delete(present[tenant_id])
    db.session.add_all(
        ClientArticle(
            tenant_id=tenant_id, id=new_id(), article_id=row.id, title="", body="", language=row.language, topic="",
            readers=row.readers, related=[], published_at=None,
        )
        for tenant_id in clients if tenant_id not in present
    )  # fmt: skip
    row.copies = len(clients)
    db.session.flush()


def _spread(row: Article, *, by: Actor) -> None:
    """Let the copies be what may be read now: the published version, or nothing."""
    db.session.flush()
    fields: dict[str, Any] = {"title": "", "body": "", "topic": "", "related": [], "published_at": None}
    if row.state == "published" and row.published_edition is not None:
        text = queries.edition(row.id, row.published_edition, by=by)
        fields = {name: getattr(text, name) for name in _TEXT}
        fields |= {name: getattr(row, name) for name in ("topic", "related", "readers", "published_at")}
    for copy in queries.copies(row.id, by=by):
        for name, value in fields.items():
            setattr(copy, name, value)
    for_all = db.session.scalars(sa.select(PublishedArticle).where(PublishedArticle.article_id == row.id)).one_or_none()
    if row.state == "published" and row.audience == "all":
        if for_all is None:
            for_all = PublishedArticle(id=new_id(), tenant_id=row.tenant_id, article_id=row.id, audience="all")
            db.session.add(for_all)
        for name, value in fields.items():
            setattr(for_all, name, value)
    elif for_all is not None:
        db.session.delete(for_all)
    db.session.flush()


def _clients(audience: str, client_ids: Sequence[UUID], *, by: Actor) -> list[UUID]:
    _must_speak_to_all(audience, by=by)
    if audience != "chosen":
        return []
    found = tenants.clients_by_id(list(client_ids), by=by)
    if not found or any(id not in found or found[id].is_provider for id in client_ids):
        raise Invalid.field("client_ids", "Choose clients that you may see.", "unknown")
    return sorted(found)


def _checked(fields: dict[str, Any], row: Article | None, *, by: Actor) -> dict[str, Any]:
    """The fields, trimmed; Invalid says all that is wrong with them."""
    fields = dict(fields)
    for name in ("title", "topic", "body"):
        fields[name] = str(fields[name]).replace("\0", "").strip()
    fields["related"] = list(dict.fromkeys(fields["related"]))
    wrong = [
        FieldError(f"/{name}", "length", f"{'Say it in 1 to' if least else 'At most'} {most} characters.")
        for name, least, most in (("title", 1, TITLE_LENGTH), ("topic", 0, TOPIC_LENGTH), ("body", 1, BODY_LENGTH))
        if not least <= len(fields[name]) <= most
    ]
    wrong += [
        FieldError(f"/{name}", "unknown", f"One of {', '.join(words)}.")
        for name, words in (("language", LANGUAGES), ("audience", AUDIENCES), ("readers", READERS))
        if fields[name] not in words
    ]
    if fields["owner_id"] is not None and (row is None or fields["owner_id"] != row.owner_id) and fields["owner_id"] != by.id:
        wrong += _wrong_owner(fields["owner_id"])
    wrong += _wrong_related(fields["related"], row, by=by)
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong)
    return fields


def _wrong_owner(owner_id: UUID) -> list[FieldError]:
    known = db.session.scalar(sa.select(Agent.id).where(Agent.id == owner_id))
    return [] if known else [FieldError("/owner_id", "unknown", "Choose one of the agents.")]


def _wrong_related(related: list[UUID], row: Article | None, *, by: Actor) -> list[FieldError]:
    if len(related) > MOST_RELATED:
        return [FieldError("/related", "length", f"At most {MOST_RELATED} articles.")]
    if not related or (row is not None and related == row.related):
        return []
    known = queries.known(related, by=by)
    if (row is not None and row.id in related) or set(related) - known:
        return [FieldError("/related", "unknown", "Choose other articles that you may see.")]
    return []
