"""What the pages show in these tests: a client with long words, tickets in several states, and one thing of everything that has a page."""

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.app import MspFlask
from msp.core.db import db
from msp.core.ids import new_id
from msp.itsm.announcements import services as announcements
from msp.itsm.approvals.services import asking
from msp.itsm.approvals.shown import Shown
from msp.itsm.automation.services import rules
from msp.itsm.catalog.services import items, keeping, orders, templates
from msp.itsm.knowledge import services as knowledge
from msp.itsm.knowledge.pictures import services as pictures
from msp.itsm.macros import services as macros
from msp.itsm.recurring import services as recurring
from msp.itsm.runbooks.results import Result
from msp.itsm.runbooks.services import books, running
from msp.itsm.sla.models import Template
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.articles import services as articles
from msp.itsm.tickets.custom import services as custom
from msp.itsm.tickets.services import bulk, conversation, moves, opening
from tenants.services import clients, people
from tests.itsm.test_pictures import png
from tests.support import world

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@dataclass(frozen=True)
class Stage:
    """The client, the agent who may do everything, and the tickets with most to show; `ordered` came with orders that wait."""

    company: world.Company
    agent: Actor
    waiting: str
    resolved: str
    ordered: tuple[str, ...]


def build(app: MspFlask) -> Stage:
    company = world.company(app, "Grenzgaenger")
    _, agent = world.agent(app, "admin", "lead", "agent", "account_manager")
    requester = company.actor()
    with world.as_staff(app) as by:
        clients.add_site(company.id, f"Lager {LONG}", by=by)
        people.add_team(world.unique("Arbeitsplatzrechner "), by=by)
        macros.add_macro(world.unique("Greeting "), "Hello {requester.first_name}", by=by)
        custom.add_field(company.id, "incident", "Inventarnummer", "text", hint="On the sticker", by=by)
        announcements.announce("The print server restarts at noon", body="For ten minutes.", level="maintenance", by=by)
        announcements.announce("Labels are printed late", level="disruption", client_ids=[company.id], by=by)
        assert db.session.scalars(sa.select(Template)).first(), "the provider's templates come with the installation"
    ordered = _catalogue(app, company)
    article_id = _approval_and_article(app, company)
    with world.acting(app, requester):
        waiting = opening.open_ticket(company.id, f"{LONG} druckt nicht", body=f"Seit heute: {LONG}", impact=1, urgency=1, by=requester)
        resolved = opening.open_ticket(company.id, "The second screen stays black", body="Since Monday.", by=requester)
    with world.acting(app, agent):
        conversation.reply(waiting.id, "**Which** printer is it?", by=agent)
        conversation.add_note(waiting.id, "The driver is old.", by=agent)
        moves.move(waiting.id, "waiting_for_client", reason="Asked which printer it is", by=agent)
        conversation.reply(resolved.id, "The cable was loose.", by=agent, then="resolved")
        _runbook(company, waiting.id, agent)
        articles.say_solved(resolved.id, article_id, True, by=agent)
        bulk.begin("tag", {"add": ["screen"]}, [waiting.id, resolved.id], by=agent)
    return Stage(company, agent, waiting.ref, resolved.ref, ordered)


def _approval_and_article(app: MspFlask, company: world.Company) -> UUID:
    """An approval that waits for the administrator, an article with a picture for the company, and a ticket that recurs."""
    chain = {"stages": [{"name": "Administrator", "approvers": [{"contact": str(company.people["admin"].id)}]}]}
    with world.acting(app, company.actor()) as by:
        asking.start(company.id, "purchase", new_id(), Shown(f"{LONG} for the front desk"), chain, by=by)
    chosen = {"audience": "chosen", "client_ids": [company.id]}
    with world.as_staff(app) as by:
        draft = recurring.Draft(f"{LONG} pruefen", "FREQ=WEEKLY;BYDAY=MO", date(2027, 1, 1), company.people["admin"].id)
        recurring.plan_recurring(company.id, draft, by=by)
        text = f"## First\n\nIs the cable in? {LONG}\n\n1. Switch it off.\n2. Switch it on."
        other = knowledge.write_article("Cables and plugs", "Push until it clicks.", by=by, **chosen)
        knowledge.move_article(other.id, "published", version=other.version, by=by)
        article = knowledge.write_article("A screen stays black", text, related=[other.id], by=by, **chosen)
        picture = pictures.add_picture(article.id, f"{LONG}.png", BytesIO(png(1500, 200)), by=by)
        text = f"{text}\n\n{pictures.markdown(picture)}"
        article = knowledge.change_article(article.id, version=article.version, body=text, by=by)
        return knowledge.move_article(article.id, "published", version=article.version, by=by).id


def _runbook(company: world.Company, ticket_id: UUID, agent: Actor) -> None:
    """A runbook of the company with an input of each look, a run that failed, and a rule that would call it."""
    inputs = [{"name": "person", "from": "requester.name"}, {"name": "site", "from": "fixed", "value": LONG, "required": False}]
    content = {"url": f"https://runbooks.example/{LONG.encode('ascii', 'ignore').decode()}", "inputs": inputs}
    book = books.add_runbook(world.unique("Joiner "), content, client_id=company.id, by=agent)
    run = running.start_run(book.id, ticket_id, by=agent)
    running.take_result(run.id, Result("failed", f"No licence: {LONG}", {"account": LONG}), by=agent)
    says = {"trigger": {"kind": "event", "event": "rated"}, "query": "", "actions": [{"kind": "runbook", "runbook": str(book.id)}]}
    rule = rules.add_rule(world.unique("Rated "), says, client_id=company.id, by=agent)
    rules.put_in_force(rule.id, version=rule.version, by=agent)


def _catalogue(app: MspFlask, company: world.Company) -> tuple[str, ...]:
    """An item from a template with form, chain and tasks, once ordered and once in the administrator's basket; one that is quoted."""
    parts = [
        {"name": "section", "kind": "section", "label": "What you need"},
        {"name": "note", "kind": "note", "label": "Note", "text": "Cables come along."},
        {"name": "size", "kind": "choice", "label": "Size", "options": [{"value": "big", "label": LONG, "price": "180.00"}]},
        {"name": "kit", "kind": "multi_choice", "label": "With it", "options": [{"value": "bag", "label": "Bag"}]},
        {"name": "where", "kind": "site", "label": "Where"},
        {"name": "day", "kind": "date", "label": "From when", "show_if": {"field": "size", "filled": True}},
    ]
    content: dict[str, Any] = {
        "name": world.unique("Laptop "), "summary": LONG, "category": "Equipment", "icon": "device-laptop", "price_once": "980",
        "price_monthly": "12.50", "form": {"parts": parts},
        "chain": {"stages": [{"name": LONG, "approvers": [{"role": "manager"}, {"role": "approver"}], "needed": 1}]},
        "tasks": [{"key": "one", "title": LONG, "detail": LONG}, {"key": "two", "title": "Send it", "after": ["one"], "due_minutes": 60}],
    }  # fmt: skip
    with world.as_staff(app) as by:
        inputs = [{"name": "size", "from": "task.detail"}, {"name": "for", "from": "client.key"}]
        told = {"size": {"from": "order.answer", "value": "size"}, "for": {"from": "fixed", "value": LONG}}
        book = books.add_runbook(world.unique("Laptop "), {"url": "https://runbooks.example/laptop", "inputs": inputs}, by=by)
        content["tasks"][0] |= {"runbook_id": str(book.id), "inputs": told}
        template = templates.add_template(content, by=by)
        item = items.take_template(template.id, company.id, by=by)
        templates.change_template(
            template.id, {**content, "price_once": "1100", "chain": None}, version=template.version, by=by
        )
        room = items.add_item(company.id, {"name": f"Room {LONG[:60]}", "is_quoted": True}, by=by)
    admin = company.actor("admin")
    with world.acting(app, admin):
        keeping.keep(item.id, True, by=admin)
        keeping.put_in(item.id, number=1, answers={"size": "big"}, note=LONG, by=admin)
        made = (orders.order(item.id, number=1, answers={"kit": ["bag"]}, by=admin), orders.order(room.id, number=1, by=admin))
        return tuple(tickets.visible_ticket(each.ticket_id, by=admin).ref for each in made)
