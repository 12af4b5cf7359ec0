"""Reads of rules, their versions and their runs; for agents, each as far as his clients go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.paging import Cursors, Keyset, Order, Page
from msp.itsm.automation.engine import definition
from msp.itsm.automation.engine.definition import Definition, DefinitionError
from msp.itsm.automation.models import Rule, RuleAct, RuleVersion, Run
from msp.itsm.tickets.models import Message, Ticket
from tenants.models import Tenant

PAGE = 50
HOUR = timedelta(hours=1)
# What acts: the version in force of a rule that is not paused.
ACTING = sa.and_(RuleVersion.ended_at.is_(None), Rule.paused_at.is_(None))
_read: dict[UUID, Definition | None] = {}
_KEPT = 1000


@dataclass(frozen=True)
class InForce:
    """A version that acts, with its rule."""

    rule: Rule
    version: RuleVersion
    definition: Definition


@dataclass(frozen=True)
class Ran:
    """A run with what a list shows of its ticket."""

    run: Run
    ref: str
    subject: str
    client: Tenant


def visible_rule(rule_id: UUID, *, by: Actor, for_update: bool = False) -> Rule:
    """One rule: for all clients, or for one that the agent sees."""
    statement = _visible(sa.select(Rule).where(Rule.id == rule_id), by=by)
    found: Rule | None = db.session.scalar(locked(statement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def rule_page(*, by: Actor, cursor: str | None = None, limit: int = PAGE) -> Page[Rule]:
    """Rules in the order in which they are asked."""
    keyset = Keyset([Order(Rule.position)], Rule.id, bound_to="rules")
    statement = _visible(sa.select(Rule), by=by)
    return paging.page(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))


def place_of(rule: Rule, *, by: Actor) -> tuple[int, int]:
    """Which of how many rules it is, among those that the agent sees."""
    before = sa.func.count().filter(sa.tuple_(Rule.position, Rule.id) <= sa.tuple_(sa.literal(rule.position), sa.literal(rule.id)))
    counts: Any = sa.select(before, sa.func.count()).select_from(Rule)
    row = db.session.execute(_visible(counts, by=by)).one()
    return row[0], row[1]


def versions(rule: Rule, *, by: Actor) -> Sequence[RuleVersion]:
    """What the rule said, the newest first; whoever sees the rule sees them."""
    visible_rule(rule.id, by=by)
    statement = sa.select(RuleVersion).where(RuleVersion.rule_id == rule.id)
    return db.session.scalars(statement.order_by(RuleVersion.number.desc()).limit(100)).all()


def versions_in_force(rule_ids: Iterable[UUID]) -> dict[UUID, RuleVersion]:
    """The version that acts of each of these rules that has one."""
    statement = sa.select(RuleVersion).where(RuleVersion.rule_id.in_(list(rule_ids)), RuleVersion.ended_at.is_(None))
    return {row.rule_id: row for row in db.session.scalars(statement)}


def acted_since(rule_ids: Sequence[UUID], since: datetime) -> dict[UUID, int]:
    """How often each rule acted since then, over all clients."""
    statement = sa.select(RuleAct.rule_id, sa.func.count()).where(RuleAct.rule_id.in_(rule_ids), RuleAct.at > since)
    return dict(db.session.execute(statement.group_by(RuleAct.rule_id)).all()) if rule_ids else {}


def run_page(rule: Rule, *, by: Actor, outcome: str | None = None, cursor: str | None = None, limit: int = PAGE) -> Page[Ran]:
    """What a rule did, the newest first, at the clients that the agent sees."""
    visible_rule(rule.id, by=by)
    statement: Any = (
        sa.select(Run, Ticket.ref, Ticket.subject, Tenant)
        .join(Ticket, sa.and_(Ticket.tenant_id == Run.tenant_id, Ticket.id == Run.ticket_id))
        .join(Tenant, Tenant.id == Run.tenant_id)
        .where(Run.rule_id == rule.id)
    )
    if by.tenant_ids is not None:
        statement = statement.where(Run.tenant_id.in_(by.tenant_ids))
    if outcome is not None:
        statement = statement.where(Run.outcome == outcome)
    keyset = Keyset([Order(Run.at, is_descending=True)], Run.id, bound_to=f"{rule.id} runs {outcome}")
    found = paging.page_of_rows(db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys))
    return Page([Ran(*row[:4]) for row in found.rows], found.next, found.previous)


# --- What running asks for -------------------------------------------------------------------------------------------


def in_force(tenant_id: UUID) -> list[InForce]:
    """The rules that act for a client, in their order; what cannot be read any more does not act, and its page says so."""
    statement = (
        sa.select(Rule, RuleVersion)
        .join(RuleVersion, RuleVersion.rule_id == Rule.id)
        .where(
            ACTING,
            sa.or_(Rule.client_id.is_(None), Rule.client_id == tenant_id),
        )
        .order_by(Rule.position, Rule.id)
    )  # fmt: skip
    rows = db.session.execute(statement).all()
    return [InForce(rule, version, said) for rule, version in rows if (said := definition_of(version)) is not None]


def listening(tenant_ids: Iterable[UUID]) -> set[UUID]:
    """Of these clients those for which any rule is in force: of the others nothing need be told."""
    statement = sa.select(Rule.client_id).join(RuleVersion, RuleVersion.rule_id == Rule.id)
    acting = set(db.session.scalars(statement.where(ACTING).distinct()))
    return {id for id in tenant_ids if None in acting or id in acting}


def names_of(rule_ids: Sequence[UUID]) -> list[str]:
    """Names of rules in the order of their ids."""
    found = dict(db.session.execute(sa.select(Rule.id, Rule.name).where(Rule.id.in_(rule_ids))).all()) if rule_ids else {}
    return [f"“{found[id]}”" if id in found else "a rule that is gone" for id in rule_ids]


def met(ticket: Ticket, event_id: UUID) -> set[UUID]:
    """The versions that have met this event already."""
    statement = sa.select(Run.version_id).where(Run.tenant_id == ticket.tenant_id, Run.ticket_id == ticket.id, Run.event_id == event_id)
    return set(db.session.scalars(statement))


def last_acted(ticket: Ticket, rule_id: UUID) -> datetime | None:
    """When the rule last did anything to the ticket, in whatever version: a step that failed does not undo those before it."""
    did = Run.trace.contains([{"kind": "did"}])
    statement = sa.select(sa.func.max(Run.at)).where(
        Run.tenant_id == ticket.tenant_id, Run.ticket_id == ticket.id, Run.rule_id == rule_id, did
    )
    return db.session.scalar(statement)


def last_reply(ticket: Ticket, *kinds: str) -> datetime | None:
    """When somebody of these kinds last wrote what both sides read."""
    statement = sa.select(sa.func.max(Message.sent_at)).where(
        Message.tenant_id == ticket.tenant_id, Message.ticket_id == ticket.id, ~Message.is_internal, Message.author_kind.in_(kinds)
    )
    return db.session.scalar(statement)


def last_turn(rule_id: UUID) -> UUID | None:
    """Whom the rule last gave a ticket by turns."""
    statement = sa.select(RuleAct.agent_id).where(RuleAct.rule_id == rule_id, RuleAct.agent_id.is_not(None))
    return db.session.scalar(statement.order_by(RuleAct.at.desc(), RuleAct.id.desc()).limit(1))


def last_chosen(rule_id: UUID) -> dict[UUID, datetime]:
    """When the rule last gave a ticket to each agent of its choosing."""
    statement: Any = sa.select(RuleAct.agent_id, sa.func.max(RuleAct.at)).where(RuleAct.rule_id == rule_id, RuleAct.agent_id.is_not(None))
    return dict(db.session.execute(statement.group_by(RuleAct.agent_id)).all())


def definition_of(version: RuleVersion) -> Definition | None:
    """What a version says, read once as its content never changes; None where it holds what is no longer known."""
    if version.id not in _read:
        if len(_read) >= _KEPT:
            _read.clear()
        _read[version.id] = readable(version.content)
    return _read[version.id]


def readable(content: Mapping[str, Any] | None) -> Definition | None:
    """What stored content says; None where there is none, or where it holds what is no longer known."""
    try:
        return definition.read(content) if content is not None else None
    except DefinitionError:
        return None


def forget(version_id: UUID) -> None:
    """Read a version anew when it is next asked for."""
    _read.pop(version_id, None)


def _visible(statement: sa.Select[Any], *, by: Actor) -> sa.Select[Any]:
    if by.is_contact:
        raise NotFound
    if by.tenant_ids is None:
        return statement
    return statement.where(sa.or_(Rule.client_id.is_(None), Rule.client_id.in_(by.tenant_ids)))
