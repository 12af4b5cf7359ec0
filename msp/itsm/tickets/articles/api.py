"""Articles beside tickets over JSON, for agents."""

from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core.api.blueprint import Resource
from msp.core.api.schemas import PageQuery, listed
from msp.itsm.tickets import found
from msp.itsm.tickets.articles import drafting, queries, schemas, services
from tenants.permissions import Permission as P

beside = Resource("articles_beside", __name__, "Articles beside tickets: which fit, which were used, which solved")
BLUEPRINTS = (beside,)
ALL = "/tickets/<ticket>/articles"
ONE = f"{ALL}/<uuid:article_id>"
SERVED = "/articles/<uuid:article_id>/tickets"
DRAFT = "/tickets/<ticket>/article-draft"


@beside.operation("GET", ALL, schemas.BesideAll, needs=P.TICKET_READ, who="agent")
def list_beside(ticket: str) -> Any:
    """Articles that were used on the ticket, then the few that fit its subject and first message best."""
    return {"data": queries.beside(found.named(ticket, by=g.actor), by=g.actor)}


@beside.operation("GET", f"{ONE}/text", schemas.ArticleTextOut, needs=P.TICKET_READ, who="agent", query=schemas.ArticleTextQuery)
def show_text(asked: dict[str, Any], ticket: str, article_id: UUID) -> Any:
    """What goes into a message; 409 where it would go into a reply and the client may not read it."""
    is_public, with_text = asked["into"] == "reply", asked["carry"] == "text"
    row = found.named(ticket, by=g.actor)
    return {"text": services.message_text(row, article_id, is_public=is_public, with_text=with_text, by=g.actor)}


@beside.operation("PUT", ONE, needs=P.NOTE_WRITE, who="agent", takes=schemas.SolvedIn, status=204)
def say_solved(given: dict[str, Any], ticket: str, article_id: UUID) -> Any:
    """Say that it solved the ticket, or that it was used and did not; a message that carries its link counts by itself."""
    services.say_solved(found.named(ticket, by=g.actor).id, article_id, given["is_solution"], by=g.actor)
    return ""


@beside.operation("GET", SERVED, listed(schemas.ArticleUsedOut), needs=P.TICKET_READ, who="agent", query=PageQuery)
def list_tickets_served(asked: dict[str, Any], article_id: UUID) -> Any:
    """The tickets in which it was used, as far as you see them, newest use first."""
    page = queries.used_page(article_id, by=g.actor, **asked)
    return {"data": page.rows, "next": page.next}


@beside.operation("GET", DRAFT, schemas.ArticleDraftOut, needs=P.ARTICLE_MANAGE, who="agent", query=schemas.ArticleDraftQuery)
def propose_draft(asked: dict[str, Any], ticket: str) -> Any:
    """What an article from this ticket would say: the subject and what solved it, with neutral words for whose it was."""
    return drafting.proposal(found.named(ticket, by=g.actor), with_notes=asked["notes"], by=g.actor)


@beside.operation("POST", DRAFT, schemas.ArticleWrittenOut, needs=P.ARTICLE_MANAGE, who="agent", takes=schemas.ArticleDraftIn, status=201)
def write_draft(given: dict[str, Any], ticket: str) -> Any:
    """Keep it as a draft for agents; it counts as what solved the ticket."""
    row = found.named(ticket, by=g.actor)
    made = services.write_article_from(row.id, given["title"], given["body"], language=given["language"], by=g.actor)
    return made, 201, {"Location": url_for("api_articles.show_article", article_id=made.id)}
