"""What a client has after a while of use: a finished ticket and its question, bulk acts, links in mails, passwords.

With these its own people get through where a fresh client's could only be refused, and there is more to be told to others.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.auth import passwords, tokens
from msp.core.db import apart, call, db, transaction
from msp.core.ids import new_id
from msp.core.scope import Scope, Trail
from msp.core.secrets import Keyring
from msp.itsm.approvals import book
from msp.itsm.approvals import links as approval_links
from msp.itsm.approvals.models import Link
from msp.itsm.approvals.services import asking, covering, linking
from msp.itsm.approvals.shown import Shown
from msp.itsm.csat import links
from msp.itsm.csat.models import Survey
from msp.itsm.macros import services as macros
from msp.itsm.sla.models import Definition
from msp.itsm.sla.services import edits
from msp.itsm.tickets.services import bulk, moves, opening
from msp.prove.forms import PASSWORD
from msp.prove.sides import PROVER, Side, World
from tenants.models import Team
from tenants.services import people


def live(world: World, side: Side, owner_url: str) -> None:
    """Give a client with people and a ticket all of it."""
    _finished_ticket(world, side)
    _approval(world, side)
    _policy(world, side)
    _bulk_runs(world, side, owner_url)
    _provider_rows(world, side, owner_url)
    _passwords(world, side)
    side.links = _links(world, side, "invited")
    side.own_links = [*_links(world, side, "invited-too"), *_agents_links(world, side)]


def _finished_ticket(world: World, side: Side) -> None:
    """A ticket that was solved, and the question how it was; answered by whoever holds the link in the mail."""
    contact = side.contacts["everything"]
    with world.as_actor(contact, world.console):
        ticket = opening.open_ticket(side.tenant_id, f"{side.canary} finished", body=f"{side.canary} body", by=contact)
        side.refs.append(ticket.ref)
        ticket_id = ticket.id
    with world.as_actor(side.limited, world.console):
        moves.move(ticket_id, "resolved", by=side.limited)


def _approval(world: World, side: Side) -> None:
    """A question that waits for a contact, who asked it himself and may decide, and for an agent."""
    contact, agent_id = side.contacts["everything"], side.limited.id
    asked = [{"contact": str(contact.id)}, {"agent": str(agent_id)}]
    chain = {"stages": [{"name": f"{side.canary} stage", "approvers": asked, "self_counts": True}]}
    shown = Shown(f"{side.canary} approval", lines=((side.canary, side.canary),))
    with world.as_actor(side.limited, world.console):
        made = asking.start(side.tenant_id, "purchase", new_id(), shown, chain, requester_id=contact.id, by=side.limited)
        seats = [seat.id for seat in book.seats_of(made)]
        linking.ask(side.tenant_id, made.id, seats, provider_id=world.provider_id)
    side.ids["approval"] = made.id
    with world.as_actor(contact, world.portal):
        away = clock.now() + timedelta(days=300)
        covering.set_cover(f"manager@{side.canary}.example", away, away + timedelta(days=1), by=contact)


def _approval_link(world: World, side: Side) -> str:
    """The link that was mailed to the contact who is asked."""
    link = db.session.scalars(sa.select(Link).where(Link.tenant_id == side.tenant_id, Link.spent_at.is_(None))).first()
    if link is None:
        raise RuntimeError("nobody was mailed a link to an approval")
    keys = Keyring(world.portal.settings.secret_keys)  # type: ignore[attr-defined]  # set by create_app
    return approval_links.token_of(link.id, link.contact_id, tenant_id=side.tenant_id, keys=keys)


def _policy(world: World, side: Side) -> None:
    """A policy beside the default one: it alone can be ended."""
    with world.as_actor(side.limited, world.console):
        statement = sa.select(Definition.id).where(Definition.tenant_id == side.tenant_id, Definition.kind == "calendar")
        calendar_id = db.session.scalars(statement.order_by(Definition.id)).first()
        target = {"resolution": {"minutes": 240, "calendar_id": str(calendar_id)}}
        content = {"conditions": {"kind": "request"}, "targets": {"P1": target}}
        edits.add(side.tenant_id, "policy", f"{side.canary} policy", content, moves_open=False, by=side.limited)


def _bulk_runs(world: World, side: Side, owner_url: str) -> None:
    """One bulk act that is done and can be undone, and one that still waits and can be stopped."""
    with world.as_actor(side.limited, world.console):
        done = bulk.begin("tag", {"add": [f"{side.canary}-tag"]}, [side.ids["ticket"]], by=side.limited, query=side.canary).id
    side.private["bulk_run"], side.private["waiting_run"] = done, new_id()
    columns = "tenant_id, agent_id, act, args, query, total, begun_at"
    with psycopg.connect(owner_url) as connection:
        connection.execute(
            f"INSERT INTO bulk_run (id, {columns}) SELECT %s, {columns} FROM bulk_run WHERE id = %s", (side.private["waiting_run"], done)
        )
        connection.execute(
            "INSERT INTO bulk_item (id, run_id, tenant_id, ticket_id, version)"
            " SELECT %s, %s, tenant_id, ticket_id, version FROM bulk_item WHERE run_id = %s",
            (new_id(), side.private["waiting_run"], done),
        )


def _provider_rows(world: World, side: Side, owner_url: str) -> None:
    """Rows of the provider that this side's people may name in what they ask for."""
    with _staff(world):
        side.shared["macro"] = macros.add_macro(f"Macro of {side.key}", "Words.", by=PROVER).id
        side.shared["team"] = db.session.scalars(sa.select(Team.id).limit(1)).one()
    with psycopg.connect(owner_url) as connection:
        row = connection.execute("SELECT id FROM sla_template WHERE kind = 'calendar' LIMIT 1").fetchone()
    if side.limited.id is None or row is None:
        raise RuntimeError("the provider has no template of a calendar")
    side.shared |= {"agent": side.limited.id, "template": row[0]}


def _passwords(world: World, side: Side) -> None:
    side.addresses = {"console": f"agent-{side.key.lower()}@prover.example", "portal": f"everything@{side.canary}.example"}
    for actor in (side.limited, side.contacts["everything"]):
        with world.console.app_context(), apart(Scope.signin()):
            call("set_credential", p_person=actor.person_id, p_password_hash=passwords.hash_password(PASSWORD))


def _links(world: World, side: Side, word: str) -> list[str]:
    """Each kind of link that this client's people are sent by mail: invitation, new password, rating, approval."""
    with _staff(world):
        contact = people.add_contact(
            side.tenant_id, f"{side.canary} {word}", e_mail=f"{word}@{side.canary}.example", roles=["requester"], by=PROVER
        )
        invitation = _invitation(contact.person_id, side.tenant_id)
    with world.as_actor(side.contacts["everything"], world.console):
        survey = db.session.scalars(sa.select(Survey).where(Survey.tenant_id == side.tenant_id)).first()
        if survey is None:
            raise RuntimeError("nobody was asked how it was")
        keys = Keyring(world.portal.settings.secret_keys)  # type: ignore[attr-defined]  # set by create_app
        rating = links.token_of(survey.id, survey.contact_id, tenant_id=side.tenant_id, keys=keys)
        approval = _approval_link(world, side)
    return [invitation, rating, approval, _reset(world, side.contacts["everything"], side.tenant_id)]


def _agents_links(world: World, side: Side) -> list[str]:
    """What agents are sent; whoever holds such a link belongs to the provider, so that it is foreign to nobody on the console."""
    with _staff(world):
        word = side.key.lower()
        agent = people.add_agent(
            f"Invited by {word}", f"invited-{word}@prover.example", roles=["read_only"], client_ids=[side.tenant_id], by=PROVER
        )
        side.shared["new_agent"] = agent.id
        invitation = _invitation(agent.person_id, world.provider_id)
    return [invitation, _reset(world, side.limited, world.provider_id)]


def _invitation(person_id: UUID | None, tenant_id: UUID) -> str:
    if person_id is None:
        raise RuntimeError("somebody without an address cannot be invited")
    return people.invitation_link(person_id, tenant_id, by=PROVER)


@contextmanager
def _staff(world: World) -> Iterator[None]:
    with world.console.app_context(), transaction(Scope.staff(trail=Trail(actor_name="proof"))):
        yield


def _reset(world: World, actor: Actor, tenant_id: UUID) -> str:
    token, lifetime = tokens.new_token(), int(timedelta(hours=1).total_seconds())
    with world.console.app_context(), apart(Scope.signin()):
        call(
            "make_link", p_hash=tokens.token_hash(token), p_purpose="reset", p_person=actor.person_id, p_tenant=tenant_id,
            p_lifetime_seconds=lifetime,
        )  # fmt: skip
    return token
