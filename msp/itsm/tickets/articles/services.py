"""What articles do on tickets: kept out of what their client may not read, counted where they are sent, said to have solved."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from msp.core import clock
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import current_scope, db
from msp.core.errors import Conflict, Invalid
from msp.core.ids import new_id
from msp.itsm.knowledge import for_client, links, text
from msp.itsm.knowledge import services as knowledge
from msp.itsm.knowledge.models import Article
from msp.itsm.knowledge.words import LANGUAGES
from msp.itsm.tickets import queries
from msp.itsm.tickets.articles.models import ArticleUse
from msp.itsm.tickets.models import Ticket
from tenants import queries as tenants
from tenants.hosts import url_of, url_on
from tenants.permissions import Permission


def require_sendable(said: str, tenant_id: UUID, *, by: Actor, field: str = "body") -> None:
    """Invalid where our words for a client name an article that not everybody there may read; part of writing them."""
    if not _is_ours(by):
        return
    held_back = for_client.withheld(said, tenant_id, by=by)
    if not held_back:
        return
    seen = for_client.offers([row.id for row in held_back], tenant_id, by=by)
    named = next((f"“{seen[row.id].title}”" for row in held_back if row.id in seen), "An article in it")
    client = tenants.visible_client(tenant_id, by=by)
    raise Invalid.field(field, f"{named} is not for everybody at {client.name}: take its address out, or write a note.", "article_withheld")


def note_uses(ticket: Ticket, said: str, *, by: Actor) -> None:
    """Count the articles whose addresses a message of ours carries; part of writing it."""
    if not _is_ours(by):
        return
    for article_id in for_client.offers(links.ids_in(said), ticket.tenant_id, by=by):
        _keep(ticket, article_id, by=by)


def say_solved(ticket_id: UUID, article_id: UUID, is_solution: bool, *, by: Actor) -> None:
    """Say by hand that an article solved the ticket, or take that back; it counts as used either way."""
    by.require(Permission.NOTE_WRITE)
    ticket = queries.visible_ticket(ticket_id, by=by)
    for_client.handed(article_id, ticket.tenant_id, by=by)
    _keep(ticket, article_id, is_solution=is_solution, by=by)


def write_article_from(ticket_id: UUID, title: str, body: str, *, by: Actor, language: str = "en") -> Article:
    """A draft for agents made of what a ticket taught; it counts as what solved that ticket."""
    by.require(Permission.ARTICLE_MANAGE)
    ticket = queries.visible_ticket(ticket_id, by=by)
    made = knowledge.write_article(title, body, language=language if language in LANGUAGES else "other", by=by)
    _keep(ticket, made.id, is_solution=True, by=by)
    return made


def message_text(ticket: Ticket, article_id: UUID, *, is_public: bool, with_text: bool, by: Actor) -> str:
    """What goes into a message: the link, after the text where that is asked for. Conflict where this client may not read it."""
    by.require(Permission.TICKET_REPLY if is_public else Permission.NOTE_WRITE)
    article = for_client.handed(article_id, ticket.tenant_id, by=by)
    if is_public and not article.is_for_client:
        raise Conflict("Not everybody at this client may read this article; put it into an internal note.")
    url = url_of(ticket.tenant_id, f"/help/{article.id}") if is_public else _console_url(article.id)
    link = links.markdown(article.title, url)
    return f"{text.without_pictures(article.body)}\n\n{link}" if with_text else link


def _console_url(article_id: UUID) -> str:
    return url_on(settings().console_host.partition(":")[0], f"/articles/{article_id}")


def _is_ours(by: Actor) -> bool:
    """Whether one of us writes; what a contact sends is his own, and what acts in his scope reads no article of ours."""
    return not by.is_contact and current_scope().role != "msp_tenant"


def _keep(ticket: Ticket, article_id: UUID, *, by: Actor, is_solution: bool | None = None) -> None:
    said: dict[str, bool] = {} if is_solution is None else {"is_solution": is_solution}
    row = insert(ArticleUse).values(
        tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, article_id=article_id, agent_name=by.name, used_at=clock.now(), **said
    )
    keys = ["tenant_id", "ticket_id", "article_id"]
    known = row.on_conflict_do_update(index_elements=keys, set_=said) if said else row.on_conflict_do_nothing(index_elements=keys)
    db.session.execute(known)
