"""The proof's world: two clients with a canary in every text of one of them, and everybody who must not see it."""

from dataclasses import replace
from io import BytesIO
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask

from msp.core.actor import Actor
from msp.core.db import db, transaction
from msp.core.scope import Scope, Trail
from msp.itsm.announcements import services as announcements
from msp.itsm.automation.services import rules
from msp.itsm.knowledge import services as knowledge
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import conversation, files, opening
from msp.itsm.tickets.views import services as views
from msp.prove.lived import live
from msp.prove.rows import fill, spread_canary
from msp.prove.scratch import Scratch
from msp.prove.sides import CONSOLE_HOST, PROVER, Side, World
from tenants.identity import api_tokens
from tenants.models import Contact
from tenants.permissions import AGENT_ROLES, CONTACT_ROLES, permissions_of
from tenants.services import clients, people


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
        live(world, side, owner)
        _own_rows(world, side, owner)
        side.ids |= fill(owner, side.tenant_id, side.canary)
        side.ids["tenant"] = side.tenant_id
        with psycopg.connect(owner) as connection:
            connection.execute(
                "UPDATE notification SET agent_id = %s, kind = 'reply', subject_kind = 'ticket', subject_id = %s WHERE tenant_id = %s",
                (side.limited.id, side.ids["ticket"], side.tenant_id),
            )
    _bare(world, owner)
    _roamer(world)
    world.marked, world.unmarked = spread_canary(owner, world.left.tenant_id, world.left.canary)
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
        spare = clients.create_client(f"{key[:-1]}Z", f"{canary} spare", time_zone="UTC", host=f"{key[:-1].lower()}z.localhost", by=PROVER)
        side.spare_id = spare.id
        for role in ("everything", "requester"):
            elsewhere = people.add_contact(
                spare.id, f"{canary} {role}", e_mail=f"{role}@{canary}.example", roles=list(CONTACT_ROLES), by=PROVER
            )
        side.shared |= {"elsewhere": spare.id, "newcomer": elsewhere.id}
        return side


def _agent(world: World, side: Side) -> None:
    """An agent with every role, limited to this client and its people's other one."""
    with world.console.app_context(), transaction(Scope.staff(trail=Trail(actor_name="proof"))):
        word = side.key.lower()
        made = people.add_agent(
            f"Agent for {word}", f"agent-{word}@prover.example", roles=list(AGENT_ROLES), client_ids=_reach(side), by=PROVER
        )
    side.agent = Actor(
        made.id, "agent", made.name, permissions_of(made.roles, agent=True), _reach(side), provider_id=world.provider_id,
        person_id=made.person_id,
    )  # fmt: skip


def _reach(side: Side) -> tuple[UUID, ...]:
    return (side.tenant_id,) if side.spare_id is None else (side.tenant_id, side.spare_id)


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
    """A ticket of a contact with an answer and a note, so that pages have everything to show."""
    contact = side.contacts["everything"]
    with world.as_actor(contact, world.console):
        ticket = opening.open_ticket(side.tenant_id, f"{side.canary} subject", body=f"{side.canary} body", by=contact)
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
    """What lies in no client table and is yet for some eyes only: an announcement to this client, its rule; views, tokens, sessions."""
    for kind, actor, app in (("", side.limited, world.console), ("contact_", side.contacts["everything"], world.portal)):
        world.browser(actor, side)
        with world.as_actor(actor, app):
            scopes = api_tokens.offered_scopes(by=actor)
            side.tokens[actor.kind] = api_tokens.create(f"{side.canary} token", scopes, days=30, by=actor)
        with psycopg.connect(owner_url) as connection:
            for id, word in connection.execute("SELECT id, kind FROM sla_definition WHERE tenant_id = %s ORDER BY id", (side.tenant_id,)):
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
        says = {"trigger": {"kind": "event", "event": "rated"}, "query": "", "actions": [{"kind": "note", "body": side.canary}]}
        rule = rules.add_rule(f"{side.canary} rule", says, client_id=side.tenant_id, by=side.limited)
        rules.put_in_force(rule.id, version=rule.version, by=side.limited)
        side.private["rule"] = rule.id
        article = knowledge.write_article(
            f"{side.canary} article", side.canary, audience="chosen", client_ids=[side.tenant_id], by=side.limited
        )
        side.private["article"] = article.id
        knowledge.move_article(article.id, "published", version=article.version, by=side.limited)
        side.private["saved_view"] = views.save_view(f"{side.canary} view", side.canary, by=side.limited).id


def _roamer(world: World) -> None:
    """An agent without limits, and a token of his for each client that is good for this client alone."""
    with world.console.app_context(), transaction(Scope.staff(trail=Trail(actor_name="proof"))):
        made = people.add_agent("Roaming agent", "roamer@prover.example", roles=list(AGENT_ROLES), by=PROVER)
    rights = permissions_of(made.roles, agent=True)
    roamer = Actor(made.id, "agent", made.name, rights, None, provider_id=world.provider_id, person_id=made.person_id)
    with world.as_actor(roamer, world.console):
        for side in (world.left, world.right):
            scopes = api_tokens.offered_scopes(by=roamer)
            side.tokens["restricted"] = api_tokens.create(f"For {side.key}", scopes, days=30, by=roamer, client_ids=[side.tenant_id])


def _contact_actor(contact: Contact) -> Actor:
    return Actor(
        contact.id, "contact", contact.name, permissions_of(contact.roles, agent=False), (contact.tenant_id,), person_id=contact.person_id
    )


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
