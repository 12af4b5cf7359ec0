"""The proof's world: two clients with a canary in every text of one of them, and everybody who must not see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask

from msp.core.actor import Actor
from msp.core.auth import tokens
from msp.core.db import apart, call, db, transaction
from msp.core.scope import Scope, Trail
from msp.itsm.announcements import services as announcements
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import conversation, files, opening
from msp.itsm.tickets.views import services as views
from msp.prove.browser import HostClient, browser
from msp.prove.rows import fill, spread_canary
from msp.prove.scratch import Scratch
from tenants.identity import api_tokens
from tenants.models import Contact
from tenants.permissions import AGENT_ROLES, CONTACT_ROLES, Permission, permissions_of
from tenants.services import clients, people

CONSOLE_HOST = "console.localhost"
PROVER = Actor.system("proof", *Permission)


@dataclass
class Side:
    """One client: its host, its people as actors, an id of every kind of row, and the words that nobody else may see."""

    key: str
    canary: str
    tenant_id: UUID
    host: str
    contacts: dict[str, Actor] = field(default_factory=dict)
    agent: Actor | None = None
    ids: dict[str, UUID] = field(default_factory=dict)  # a row of every client table
    private: dict[str, UUID] = field(default_factory=dict)  # rows of other tables that are for its people only
    refs: list[str] = field(default_factory=list)

    @property
    def limited(self) -> Actor:
        """The agent who sees this client only."""
        if self.agent is None:
            raise RuntimeError("the side is not complete yet")
        return self.agent

    @property
    def words(self) -> list[bytes]:
        """What gives this client away: its canary, and its key as it stands in references."""
        return [self.canary.encode(), f"{self.key}-".encode()]


@dataclass
class World:
    """Two applications and two clients; `right` is who looks, `left` who must not be seen."""

    console: Flask
    portal: Flask
    left: Side
    right: Side
    provider_id: UUID
    bare: dict[str, Actor] = field(default_factory=dict)  # an agent and a contact without any role

    @contextmanager
    def as_actor(self, actor: Actor, app: Flask) -> Iterator[None]:
        """A committed transaction under the actor's own scope."""
        from tenants.access import scope_of

        with app.app_context(), transaction(scope_of(actor, Trail(actor_name=actor.name, actor_kind=actor.kind))):
            yield

    def browser(self, actor: Actor | None, side: Side) -> HostClient:
        """A browser of a contact on his portal, or of an agent on the console; of nobody where there is no actor."""
        on_console = actor is None or actor.is_agent
        app, host = (self.console, CONSOLE_HOST) if on_console else (self.portal, side.host)
        token = None
        if actor is not None:
            token = _session(app, actor, self.provider_id if on_console else side.tenant_id, host)
        return browser(app, host, token)


def build(scratch: Scratch, console: Flask, portal: Flask) -> World:
    """Both clients with people, a lived ticket each, and a row with a canary in every client table."""
    for app in (console, portal):
        app.config["API_CALLS_PER_MINUTE"] = 1_000_000  # an answer for want of patience would say nothing
    with console.app_context(), transaction(Scope.staff(trail=Trail(actor_name="proof"))):
        provider = clients.install(
            "Proving Provider", key="PROVER", environment="test", console_host=CONSOLE_HOST, time_zone="UTC", by=PROVER
        )
        people.add_team("Proving team", by=PROVER)
    owner = scratch.owner_url.replace("postgresql+psycopg://", "postgresql://")
    world = World(console, portal, _side(console, "LEFTX", "zebrafinch"), _side(console, "RIGHTX", "kingfisher"), provider.id)
    for side in (world.left, world.right):
        _agent(world, side)
        _ticket(world, side)
        _own_rows(world, side, owner)
        side.ids |= fill(owner, side.tenant_id, side.canary)
        side.ids["tenant"] = side.tenant_id
    _bare(world, owner)
    spread_canary(owner, world.left.tenant_id, world.left.canary)
    return world


def _side(app: Flask, key: str, canary: str) -> Side:
    with app.app_context(), transaction(Scope.staff(trail=Trail(actor_name="proof"))):
        host = f"{key.lower()}.localhost"
        client = clients.create_client(key, f"{canary} company", time_zone="Europe/London", host=host, by=PROVER)
        side = Side(key, canary, client.id, host)
        for role in CONTACT_ROLES:
            contact = people.add_contact(client.id, f"{canary} {role}", e_mail=f"{role}@{canary}.example", roles=[role], by=PROVER)
            side.contacts[role] = _contact_actor(contact)
        everything = people.add_contact(
            client.id, f"{canary} everything", e_mail=f"everything@{canary}.example", roles=list(CONTACT_ROLES), by=PROVER
        )
        side.contacts["everything"] = _contact_actor(everything)
        return side


def _agent(world: World, side: Side) -> None:
    """An agent with every role, limited to this client."""
    with world.console.app_context(), transaction(Scope.staff(trail=Trail(actor_name="proof"))):
        word = side.key.lower()
        made = people.add_agent(
            f"Agent for {word}", f"agent-{word}@prover.example", roles=list(AGENT_ROLES), client_ids=[side.tenant_id], by=PROVER
        )
    side.agent = Actor(
        made.id, "agent", made.name, permissions_of(made.roles, agent=True), (side.tenant_id,), provider_id=world.provider_id,
        person_id=made.person_id,
    )  # fmt: skip


def _bare(world: World, owner_url: str) -> None:
    """People who may sign in and hold no right: their only role is one that nobody knows."""
    with world.console.app_context(), transaction(Scope.staff(trail=Trail(actor_name="proof"))):
        agent = people.add_agent("Agent without roles", "bare@prover.example", roles=["read_only"], by=PROVER)
        contact = people.add_contact(
            world.right.tenant_id, "Contact without roles", e_mail=f"bare@{world.right.canary}.example", roles=["requester"], by=PROVER
        )
        world.bare["agent"] = Actor(agent.id, "agent", agent.name, provider_id=world.provider_id, person_id=agent.person_id)
        world.bare["contact"] = replace(_contact_actor(contact), permissions=frozenset())
    with psycopg.connect(owner_url) as connection:
        for table, actor in world.bare.items():
            connection.execute(f"UPDATE {table} SET roles = '{{none}}' WHERE id = %s", (actor.id,))


def _ticket(world: World, side: Side) -> None:
    """A ticket of a requester with an answer and a note, so that pages have everything to show."""
    requester = side.contacts["requester"]
    with world.as_actor(requester, world.console):
        ticket = opening.open_ticket(side.tenant_id, f"{side.canary} subject", body=f"{side.canary} body", by=requester)
        side.ids["ticket"] = ticket.id
        side.refs.append(ticket.ref)
    assert side.agent is not None  # noqa: S101 - made just before
    with world.as_actor(side.agent, world.console):
        side.ids["attachment"] = _file(side)
        conversation.reply(side.ids["ticket"], f"{side.canary} answer", by=side.agent, attachment_ids=[side.ids["attachment"]])
        conversation.add_note(side.ids["ticket"], f"{side.canary} note", by=side.agent)
    with world.as_actor(side.agent, world.console):
        refs = db.session.scalars(sa.select(Ticket.ref).where(Ticket.tenant_id == side.tenant_id))
        side.refs += [ref for ref in refs if ref not in side.refs]


def _file(side: Side) -> UUID:
    """A file of the agent's, pending until his answer binds it; its bytes hold the canary too."""
    assert side.agent is not None  # noqa: S101 - made just before
    content = BytesIO(f"{side.canary} content".encode())
    return files.upload(side.tenant_id, f"{side.canary}.txt", content, by=side.agent).id


def _own_rows(world: World, side: Side, owner_url: str) -> None:
    """What lies in no client table and is yet for some eyes only: an announcement to this client; views, tokens, sessions."""
    for kind, actor, app in (("", side.limited, world.console), ("contact_", side.contacts["everything"], world.portal)):
        world.browser(actor, side)
        with world.as_actor(actor, app):
            api_tokens.create(f"{side.canary} token", api_tokens.offered_scopes(by=actor), days=30, by=actor)
        with psycopg.connect(owner_url) as connection:
            for id, word in connection.execute("SELECT id, kind FROM sla_definition WHERE tenant_id = %s", (side.tenant_id,)):
                side.private[f"{word}_definition"] = id
            for table in ("session", "api_token"):
                row = connection.execute(f"SELECT id FROM {table} WHERE person_id = %s", (actor.person_id,)).fetchone()
                if row is None:
                    raise RuntimeError(f"{actor.name} was given no {table}")
                side.private[kind + table] = row[0]
    with world.as_actor(side.limited, world.console):
        side.private["announcement"] = announcements.announce(
            f"{side.canary} announcement", body=side.canary, client_ids=[side.tenant_id], by=side.limited
        ).id
        side.private["saved_view"] = views.save_view(f"{side.canary} view", side.canary, by=side.limited).id


def _contact_actor(contact: Contact) -> Actor:
    return Actor(
        contact.id, "contact", contact.name, permissions_of(contact.roles, agent=False), (contact.tenant_id,), person_id=contact.person_id
    )


def _session(app: Flask, actor: Actor, tenant_id: UUID, host: str) -> str:
    token = tokens.new_token()
    with app.app_context(), apart(Scope.signin()):
        call(
            "open_session", p_token_hash=tokens.token_hash(token), p_tenant=tenant_id, p_person=actor.person_id, p_host=host,
            p_address="127.0.0.1", p_user_agent="proof", p_second_factor=True, p_lifetime_seconds=7200,
        )  # fmt: skip
    return token


def fingerprint(scratch: Scratch, side: Side) -> dict[str, str]:
    """A hash over all rows of a client, table by table: what the walk must leave as it was."""
    found = {}
    with psycopg.connect(scratch.owner_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        from msp.prove.rows import client_tables

        for table in client_tables():
            row = connection.execute(
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t.id::text), '')) FROM {table.name} t WHERE tenant_id = %s",
                (side.tenant_id,),
            ).fetchone()
            found[table.name] = row[0] if row else ""
    return found
