"""Reads of articles beside tickets; for agents alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.knowledge import for_client
from msp.itsm.knowledge import queries as knowledge
from msp.itsm.tickets import queries
from msp.itsm.tickets.articles.models import ArticleUse
from msp.itsm.tickets.models import Ticket
from tenants import queries as tenants

PAGE = 50


@dataclass(frozen=True, slots=True)
class Beside:
    """An article beside a ticket: one that was used there, or one that fits."""

    id: UUID
    title: str
    language: str
    audience: str
    readers: str
    is_for_client: bool
    is_used: bool
    is_solution: bool


class Used(NamedTuple):
    """A ticket that an article served."""

    ticket_id: UUID
    tenant_id: UUID
    ref: str
    subject: str
    is_solution: bool
    agent_name: str
    used_at: datetime


def beside(ticket: Ticket, *, by: Actor) -> list[Beside]:
    """The articles that were used on the ticket, then those that fit it; as many statements for many as for few."""
    if by.is_contact:
        raise NotFound
    used = {use.article_id: use for use in uses(ticket, by=by)}
    kept = for_client.offers(list(used), ticket.tenant_id, by=by)
    first = queries.first_public_messages(ticket, limit=1)
    client = tenants.visible_client(ticket.tenant_id, by=by)
    fit = for_client.fitting(
        ticket.subject, first[0].body if first else "", ticket.tenant_id, language=client.language, by=by, leave_out=list(used)
    )
    shown = [(kept[id], use) for id, use in used.items() if id in kept]
    made = [*shown, *((offer, None) for offer in fit)]
    return [
        Beside(
            each.id, each.title, each.language, each.audience, each.readers, each.is_for_client, is_used=use is not None,
            is_solution=use is not None and use.is_solution,
        )
        for each, use in made
    ]  # fmt: skip


def uses(ticket: Ticket, *, by: Actor) -> Sequence[ArticleUse]:
    """What was used on a ticket, the newest first."""
    by.must_reach(ticket.tenant_id)
    statement = sa.select(ArticleUse).where(ArticleUse.tenant_id == ticket.tenant_id, ArticleUse.ticket_id == ticket.id)
    return db.session.scalars(statement.order_by(ArticleUse.used_at.desc(), ArticleUse.id)).all()


def tickets_served(article_id: UUID, *, by: Actor) -> int:
    """In how many tickets that the agent reaches an article was used."""
    knowledge.visible_article(article_id, by=by)
    statement = sa.select(sa.func.count()).select_from(ArticleUse).where(ArticleUse.article_id == article_id)
    return db.session.scalar(_reached(statement, by=by)) or 0


def used_page(article_id: UUID, *, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[Used]:
    """One page of these tickets, the newest use first."""
    knowledge.visible_article(article_id, by=by)
    ticket = sa.and_(Ticket.tenant_id == ArticleUse.tenant_id, Ticket.id == ArticleUse.ticket_id)
    columns: list[Any] = [
        Ticket.id, Ticket.tenant_id, Ticket.ref, Ticket.subject, ArticleUse.is_solution, ArticleUse.agent_name, ArticleUse.used_at
    ]  # fmt: skip
    statement = _reached(sa.select(*columns).join(ArticleUse, ticket).where(ArticleUse.article_id == article_id), by=by)
    keyset = Keyset([Order(ArticleUse.used_at, is_descending=True)], ArticleUse.id, bound_to=str(article_id))
    found = paging.page_of_rows(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))
    return Page([Used(*row[: len(Used._fields)]) for row in found.rows], found.next, found.previous)


def _reached(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    return statement if by.tenant_ids is None else statement.where(ArticleUse.tenant_id.in_(by.tenant_ids))
