"""`msp demo seed`: the demonstration's clients, people and tickets, lived through the services at their own instants."""

import json
import secrets
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa
from flask import Flask

from msp.cli.context import console_app, operator
from msp.cli.demo_content.articles import ARTICLES, ArticleStory
from msp.cli.demo_content.cast import AGENTS, CLIENTS, PROVIDER, TEAMS, ClientStory, policy_content
from msp.cli.demo_content.catalogue import OFFERS, TASK_TEAMS, WAITING_ORDER
from msp.cli.demo_content.recurring import RECURRING, Recurs
from msp.cli.demo_content.runbooks import BOOKS, PLANS, Plan
from msp.cli.demo_content.tickets import STORIES, Act, Story
from msp.core import clock, webhooks
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.auth import passwords
from msp.core.db import call, db, transaction
from msp.core.outbox import services as outbox
from msp.core.scope import Scope, Trail
from msp.itsm.automation import shipped
from msp.itsm.automation.services import rules
from msp.itsm.catalog import queries as catalog
from msp.itsm.catalog.services import items, orders, templates
from msp.itsm.knowledge import services as knowledge
from msp.itsm.macros import services as macros
from msp.itsm.recurring import services as recurring
from msp.itsm.runbooks.calling import secrets_of
from msp.itsm.runbooks.services import books
from msp.itsm.sla.models import Definition
from msp.itsm.sla.services import definitions, escalation
from msp.itsm.tasks import services as tasks
from msp.itsm.tickets.models import Category, Ticket
from msp.itsm.tickets.services import conversation, moves, opening, triage
from tenants.models import Agent, Contact, Tenant
from tenants.permissions import permissions_of
from tenants.queries import sites as client_sites
from tenants.services import clients, people

NOT_EMPTY = 3  # exit status of the command
TRY = (
    "Sign in to a portal as Amelia, report something, and watch it arrive in the console's queue without a reload",
    "Open NWD-1 as Priya, answer it with “waiting for client”, and see the clock pause on both sides and say why",
    "Decide as Amelia on the order that waits under Approvals, then as Grace; see its tasks begin in the console",
    "Change the targets of Northwind Gold as Oliver and look at what would move before you save",
    "Order a “Password reset” in a client’s portal, and watch a runbook do it and the request being resolved",
    "Tick off “Collect the badge” of “Daan Smit leaves on Friday” as Elena, and watch a runbook close his accounts",
    "Ask the clock on the command line: msp sla evaluate --help",
    "Prove that no client sees another: msp prove-isolation",
)


@click.group()
def demo() -> None:
    """Data to try the product with."""


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="print the sign-ins as JSON")
def seed(as_json: bool) -> None:
    """Fill an empty database of the demo environment (MSP_ENVIRONMENT=demo); passwords are made anew each time."""
    app = console_app()
    if app.settings.environment != "demo":
        raise click.UsageError("demo data is only for the demo environment: MSP_ENVIRONMENT=demo")
    try:
        told = Seeder(app).run()
    except NotEmpty as error:
        click.echo(f"msp: {error}", err=True)
        click.get_current_context().exit(NOT_EMPTY)
    if as_json:
        click.echo(json.dumps(told))
        return
    for line in told["sign_ins"]:
        click.echo(f"{line['host']:<24} {line['who']:<40} {line['e_mail']:<40} {line['password']}")


class NotEmpty(RuntimeError):
    """There is data already."""


class Seeder:
    """Makes the demonstration; one transaction for each step, so that each ticket is lived on its own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.by = operator()
        self.now = clock.now()
        self.tenants: dict[str, UUID] = {}
        self.agents: dict[str, Actor] = {}
        self.teams: dict[str, UUID] = {}
        self.contacts: dict[tuple[str, str], Actor] = {}
        self.categories: dict[tuple[str, str], UUID] = {}
        self.sign_ins: list[dict[str, str]] = []
        self.credentials: list[tuple[UUID | None, str]] = []
        self.books: dict[str, UUID] = {}
        self.secrets: dict[str, str] = {}

    def run(self) -> dict[str, Any]:
        """Everything in order; NotEmpty when the database is not empty."""
        with self.app.app_context(), outbox.suppressed():
            self._staff(self._install)
            for client in CLIENTS:
                self._staff(lambda client=client: self._client(client))
            self._staff(self._provider_people)
            self._live(self.agents["Oliver"], self.now, self._books)
            self._staff(self._catalogue)
            with transaction(Scope.signin()):
                for person_id, hashed in self.credentials:
                    call("set_credential", p_person=person_id, p_password_hash=hashed)
            for recurs in RECURRING:
                self._staff(lambda recurs=recurs: self._recurs(recurs))
            for story in sorted(STORIES, key=lambda s: -s.hours):
                self._ticket(story)
            for number, article in enumerate(ARTICLES):
                self._article(article, hours=24 * (len(ARTICLES) - number))
        with self.app.app_context():  # what begins here is done by the workers
            self._live(self.agents["Oliver"], self.now, self._rules)
            self._live(self.agents["Oliver"], self.now, self._plans)
            self._order()  # whoever is asked is mailed
        return {"sign_ins": self.sign_ins, "try": list(TRY), "runbooks": self.secrets}

    def _staff(self, work: Any) -> Any:
        with transaction(Scope.staff(trail=Trail(actor_name=self.by.name))):
            return work()

    def _install(self) -> None:
        if db.session.scalar(sa.select(sa.func.count()).select_from(Tenant)):
            raise NotEmpty("the database is not empty: demo data is only for an empty one")
        key, name, zone = PROVIDER
        host = self.app.settings.console_host  # type: ignore[attr-defined]  # our own application class
        clients.install(name, key=key, environment="demo", console_host=host, time_zone=zone, by=self.by)

    def _provider_people(self) -> None:
        for name in TEAMS:
            self.teams[name] = people.add_team(name, by=self.by).id
        members: dict[str, dict[UUID, bool]] = {name: {} for name in TEAMS}
        for someone in AGENTS:
            only = [self.tenants[key] for key in someone.only] if someone.only else None
            e_mail = f"{someone.local_part}@meridian-it.example"
            agent = people.add_agent(
                someone.name, e_mail, roles=someone.roles, client_ids=only, time_zone="Europe/London", skills=someone.skills,
                by=self.by,
            )  # fmt: skip
            members[someone.team][agent.id] = someone.leads
            self.agents[someone.name.split()[0]] = _agent_actor(agent)
            words = ", ".join(someone.roles).replace("_", " ") + (f", only {', '.join(someone.only)}" if only else "")
            self._give_password(agent.person_id, e_mail, f"{someone.name} ({words})", "console")
        for name, team in members.items():
            people.set_members(self.teams[name], team, by=self.by)

    def _client(self, story: ClientStory) -> None:
        host = f"{story.key.lower()}.localhost"
        client = clients.create_client(
            story.key, story.name, time_zone=story.time_zone, host=host, colour=story.colour, support_phone=story.phone,
            welcome=story.welcome, by=self.by,
        )  # fmt: skip
        self.tenants[story.key] = client.id
        self._promise(client.id, story)
        sites = {name: clients.add_site(client.id, name, by=self.by).id for name in story.sites}
        for name in story.categories:
            category = Category(tenant_id=client.id, name=name, path=name)
            db.session.add(category)
            db.session.flush()
            self.categories[story.key, name] = category.id
        for someone in story.people:
            contact = people.add_contact(
                client.id, someone.name, e_mail=f"{someone.local_part}@{story.domain}", roles=someone.roles,
                site_id=sites.get(someone.site), job_title=someone.title, managed_site_ids=[sites[name] for name in someone.manages],
                by=self.by,
            )  # fmt: skip
            self.contacts[story.key, someone.name] = _contact_actor(contact)
            words = ", ".join(someone.roles).replace("_", " ")
            self._give_password(contact.person_id, contact.e_mail or "", f"{someone.name} ({words})", host)

    def _promise(self, tenant_id: UUID, story: ClientStory) -> None:
        """The client's own hours and policy, beside the copies that every client starts with."""
        content = {"tz": story.time_zone, "hours": story.hours, "holidays": []}
        calendar = definitions.add_definition(tenant_id, "calendar", f"{story.name} hours", content, by=self.by)
        standard = sa.select(Definition).where(
            Definition.tenant_id == tenant_id, Definition.kind == "policy", Definition.is_default
        )
        default = db.session.scalars(standard).one()
        definitions.add_version(
            default.id, policy_content(story.policy, str(calendar.id)), version=default.version,
            effective_at=self.now - timedelta(days=60), by=self.by, note="First agreement",
        )  # fmt: skip
        default.name = story.policy

    def _catalogue(self) -> None:
        """The provider's templates, and a copy of each for the clients that it is meant for."""
        for offer in OFFERS:
            tasks = [self._task(**task) for task in offer.content.get("tasks", ())]
            template = templates.add_template({**offer.content, "tasks": tasks or None}, by=self.by)
            for key in offer.clients:
                items.take_template(template.id, self.tenants[key], by=self.by)

    def _task(self, *, book: str = "", inputs: Any = None, **task: Any) -> dict[str, Any]:
        """A task of an item: done by a runbook where there is one, or else by a team."""
        if book in self.books:
            return {**task, "runbook_id": str(self.books[book]), "inputs": inputs}
        key = task.get("key", "")
        return {**task, "team_id": str(self.teams[TASK_TEAMS[key]]) if key in TASK_TEAMS else None}

    def _order(self) -> None:
        """One of the people orders what his manager has to approve."""
        client, who, name, answers = WAITING_ORDER
        by, tenant_id = self.contacts[client, who], self.tenants[client]

        def place() -> None:
            [entry] = [each for each in catalog.item_page(tenant_id, by=by, words=name).rows if each.item.name == name]
            site = next(site for site in client_sites(tenant_id, by=by) if site.name == answers["site"])
            orders.order(entry.item.id, number=entry.item.number, answers={**answers, "site": str(site.id)}, by=by)

        self._live(by, self.now, place)

    def _give_password(self, person_id: UUID | None, e_mail: str, who: str, host: str) -> None:
        password = "-".join(secrets.token_hex(3) for _ in range(3))
        self.credentials.append((person_id, passwords.hash_password(password)))
        if host == "console":
            host = self.app.settings.console_host.partition(":")[0]  # type: ignore[attr-defined]  # our own application class
        self.sign_ins.append({"host": host, "who": who, "e_mail": e_mail, "password": password})

    def _recurs(self, recurs: Recurs) -> None:
        requester_id = UUID(str(self.contacts[recurs.client, recurs.requester].id))
        draft = recurring.Draft(
            recurs.subject, recurs.rule, self.now.date(), requester_id, body=recurs.body, team_id=self.teams[recurs.team]
        )
        recurring.plan_recurring(self.tenants[recurs.client], draft, by=self.by)

    def _ticket(self, story: Story) -> None:
        requester = self.contacts[story.client, story.requester]
        opener = requester if story.source == "portal" else self.agents["Maya"]
        opened = self._at(story.hours)
        ticket_id = self._live(opener, opened, lambda: self._open(story, opener, requester))
        for act in story.acts:
            who = self.agents[act.who] if act.who else requester
            self._let_steps_fire(story.client, ticket_id, self._at(act.hours))
            self._live(who, self._at(act.hours), lambda act=act, who=who: self._act(ticket_id, act, who))
        self._let_steps_fire(story.client, ticket_id, self.now)
        if story.tags:
            self._live(self.agents["Maya"], self.now, lambda: triage.set_tags(ticket_id, story.tags, by=self.agents["Maya"]))

    def _rules(self) -> None:
        """Rules in force: urgent tickets without an answer, bad ratings, closing what was resolved after a warning."""
        by = self.agents["Oliver"]
        text = "Hello {requester.first_name},\n\n“{ticket.subject}” is done, as far as we know. We close it in two days."
        warning = macros.add_macro("Closes in two days", text, by=by, folder="Rules")
        for start in shipped.STARTS.values():
            actions = [{**each, "macro": str(warning.id)} if each["kind"] == "reply" else each for each in start.content["actions"]]
            made = rules.add_rule(start.name, {**start.content, "actions": actions}, by=by)
            rules.put_in_force(made.id, version=made.version, by=by)
        to = {"kind": "assign", "to": "skill", "skill": "x-ray viewers", "team": str(self.teams["Clinical apps"])}
        said = {"trigger": {"kind": "event", "event": "opened"}, "query": 'category:"X-ray and imaging"', "actions": [to]}
        made = rules.add_rule("X-ray viewers go to who knows them", said, by=by)
        rules.put_in_force(made.id, version=made.version, by=by)

    def _books(self) -> None:
        """Runbooks that call the example endpoint, where it has a port."""
        by, port = self.agents["Oliver"], settings().runbook_loopback_port
        if not port:
            return
        for book in BOOKS:
            said = {"url": f"http://127.0.0.1:{port}{book.path}", "inputs": book.inputs}
            made = books.add_runbook(book.name, said, by=by)
            self.books[book.name] = made.id
            self.secrets[book.path] = webhooks.secret_text(secrets_of(made)[0])

    def _plans(self) -> None:
        """Tickets whose tasks they do."""
        for plan in PLANS if self.books else ():
            self._plan(plan, self.agents["Oliver"])

    def _plan(self, plan: Plan, by: Actor) -> None:
        found = sa.select(Ticket.id).where(Ticket.tenant_id == self.tenants[plan.client], Ticket.subject == plan.subject)
        drafts = [
            tasks.Draft(
                each.title, key=str(number), detail=each.detail, after=[str(number - 1)] if each.after else [],
                runbook_id=self.books[each.book] if each.book else None, team_id=None if each.book else self.teams["Service desk"],
            )
            for number, each in enumerate(plan.tasks)
        ]  # fmt: skip
        tasks.plan_tasks(db.session.scalars(found).one(), drafts, by=by)

    def _let_steps_fire(self, client: str, ticket_id: UUID, at: datetime) -> None:
        """What fell due before the next act, at its own instant."""
        with clock.at(at):
            self._staff(lambda: escalation.fire_due(self.tenants[client], ticket_id, at))

    def _open(self, story: Story, opener: Actor, requester: Actor) -> UUID:
        ticket = opening.open_ticket(
            self.tenants[story.client], story.subject, body=story.body, kind=story.kind, source=story.source, impact=story.impact,
            urgency=story.urgency, ci_name=story.ci or None, by=opener, requester_id=requester.id,
            category_id=self.categories.get((story.client, story.category)),
        )  # fmt: skip
        return ticket.id

    def _act(self, ticket_id: UUID, act: Act, who: Actor) -> None:
        text, _, reason = act.text.partition("|")
        match act.what:
            case "assign":
                triage.assign(ticket_id, assignee_id=who.id, team_id=self.teams[text], by=who)
            case "reply" | "answer":
                conversation.reply(ticket_id, text, by=who)
            case "note":
                conversation.add_note(ticket_id, text, by=who)
            case "wait":
                conversation.reply(ticket_id, text, by=who, then="waiting_for_client", reason=reason)
            case "supplier":
                moves.move(ticket_id, "waiting_for_supplier", by=who, reason=text, supplier=reason)
            case "schedule":
                moves.move(ticket_id, "scheduled", by=who, reason=text)
            case "resolve":
                conversation.reply(ticket_id, text, by=who, then="resolved")
            case _:
                raise ValueError(act.what)

    def _article(self, story: ArticleStory, hours: float) -> None:
        """Written by the team lead, and published an hour later."""
        by, at = self.agents["Maya"], self._at(hours)
        fields = {**story.fields(self.tenants), "review_on": (at + timedelta(days=180)).date()}
        row = self._live(by, at, lambda: knowledge.write_article(story.title, story.body, by=by, **fields))
        later = at + timedelta(hours=1)
        self._live(by, later, lambda: knowledge.move_article(row.id, "published", version=row.version, by=by))

    def _live(self, by: Actor, at: datetime, work: Any) -> Any:
        """One act at its own instant, under the scope of whoever did it."""
        from tenants.access import scope_of

        with ExitStack() as stack:
            stack.enter_context(clock.at(at))
            stack.enter_context(transaction(scope_of(by, Trail(actor_name=by.name, actor_kind=by.kind))))
            return work()

    def _at(self, hours: float) -> datetime:
        return self.now - timedelta(hours=hours)


def _agent_actor(agent: Agent) -> Actor:
    reach = None
    if agent.is_limited:
        from tenants import queries

        reach = tuple(queries.client_ids_of(agent.id))
    return Actor(
        agent.id, "agent", agent.name, permissions_of(agent.roles, agent=True), reach, provider_id=agent.tenant_id,
        person_id=agent.person_id,
    )  # fmt: skip


def _contact_actor(contact: Contact) -> Actor:
    return Actor(
        contact.id, "contact", contact.name, permissions_of(contact.roles, agent=False), (contact.tenant_id,), person_id=contact.person_id
    )


