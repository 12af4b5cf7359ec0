"""The article with its versions, what clients read of it, and what they say about it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, ProviderRow, client_key, client_table, provider_table, published_table
from msp.itsm.knowledge.words import AUDIENCES, DICTIONARIES, LANGUAGES, READERS, STATES


def _one_of(column: str, words: Any) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _vector() -> str:
    """The search column: title before text, in the dictionary of the article's own language."""
    cases = " ".join(
        f"WHEN '{code}' THEN setweight(to_tsvector('{name}'::regconfig, title), 'A')"
        f" || to_tsvector('{name}'::regconfig, left(body, 100000))"
        for code, name in DICTIONARIES.items()
    )
    return f"CASE language {cases} ELSE ''::tsvector END"


class Text:
    """What is read: the same columns in the article, its versions and the clients' copies."""

    title: Mapped[str]
    body: Mapped[str]
    language: Mapped[str]


class Searched:
    """A search column kept by the database."""

    @declared_attr
    def search(cls) -> Mapped[Any]:
        return mapped_column(TSVECTOR, sa.Computed(_vector(), persisted=True), deferred=True, info={"derived": True})


class Article(Text, Searched, ProviderRow, Base):
    """What is being written. Clients have no right on it: they read copies of the version that was published.

    `edition` counts the versions, `published_edition` is the one that is read; `copies` counts the chosen clients.
    """

    __tablename__ = "article"
    __isolation__ = provider_table()

    topic: Mapped[str]
    audience: Mapped[str]
    readers: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"), index=True)
    review_on: Mapped[date | None]
    reminded_on: Mapped[date | None]
    asks_review: Mapped[bool] = mapped_column(server_default=sa.false())
    related: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid), server_default="{}")
    edition: Mapped[int] = mapped_column(server_default="1")
    published_edition: Mapped[int | None]
    published_at: Mapped[datetime | None]
    copies: Mapped[int] = mapped_column(server_default="0")
    author_id: Mapped[UUID | None]
    author_name: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (
        sa.CheckConstraint(_one_of("state", STATES), name="state"),
        sa.CheckConstraint(_one_of("audience", AUDIENCES), name="audience"),
        sa.CheckConstraint(_one_of("readers", READERS), name="readers"),
        sa.CheckConstraint(_one_of("language", LANGUAGES), name="language"),
        sa.Index("ix_article_newest", sa.text("updated_at DESC"), sa.text("id DESC")),
    )


class ArticleEdition(Text, ProviderRow, Base):
    """One version of the text; rows are added and never changed."""

    __tablename__ = "article_edition"
    __isolation__ = provider_table("SELECT INSERT")

    article_id: Mapped[UUID] = mapped_column(sa.ForeignKey("article.id"))
    number: Mapped[int]
    author_name: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__: Any = (sa.UniqueConstraint("article_id", "number"),)


class PublishedArticle(Text, Searched, ProviderRow, Base):
    """What every client reads; the row is gone when it is no longer published for all."""

    __tablename__ = "published_article"
    __isolation__ = published_table("SELECT INSERT UPDATE DELETE")

    article_id: Mapped[UUID] = mapped_column(sa.ForeignKey("article.id"), unique=True)
    audience: Mapped[str]
    readers: Mapped[str]
    topic: Mapped[str]
    related: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid), server_default="{}")
    published_at: Mapped[datetime | None]

    __table_args__: Any = (
        sa.CheckConstraint("audience = 'all'", name="audience"),
        sa.CheckConstraint(_one_of("readers", READERS), name="readers"),
        sa.CheckConstraint(_one_of("language", LANGUAGES), name="language"),
    )


class ClientArticle(Text, Searched, ClientRow, Base):
    """A chosen client's copy; it holds no text unless the article is published."""

    __tablename__ = "client_article"
    __isolation__ = client_table("SELECT", "SELECT INSERT UPDATE DELETE")

    article_id: Mapped[UUID] = mapped_column(sa.ForeignKey("article.id"), index=True)
    readers: Mapped[str]
    topic: Mapped[str]
    related: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid), server_default="{}")
    published_at: Mapped[datetime | None]

    __table_args__: Any = (
        sa.CheckConstraint(_one_of("readers", READERS), name="readers"),
        sa.CheckConstraint(_one_of("language", LANGUAGES), name="language"),
        sa.UniqueConstraint("tenant_id", "article_id"),
    )


class ArticleFeedback(ClientRow, Base):
    """Whether it helped one person, and his words."""

    __tablename__ = "article_feedback"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    article_id: Mapped[UUID] = mapped_column(sa.ForeignKey("article.id"), index=True)
    contact_id: Mapped[UUID]
    is_useful: Mapped[bool]
    words: Mapped[str]
    said_at: Mapped[datetime]

    __table_args__: Any = (
        client_key("contact_id", "contact"),
        sa.UniqueConstraint("tenant_id", "article_id", "contact_id"),
    )


class ArticleDeflection(ClientRow, Base):
    """An article that solved what somebody was about to report."""

    __tablename__ = "article_deflection"
    __isolation__ = client_table("SELECT INSERT", "SELECT INSERT")

    article_id: Mapped[UUID] = mapped_column(sa.ForeignKey("article.id"), index=True)
    contact_id: Mapped[UUID]
    subject: Mapped[str]
    solved_at: Mapped[datetime]

    __table_args__: Any = (client_key("contact_id", "contact"), sa.Index(None, "tenant_id", "contact_id"))
