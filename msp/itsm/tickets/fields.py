"""What lists of tickets can be asked for: the fields of the query language."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.paging import Order
from msp.core.query.ast import SortKey
from msp.core.query.fields import Field, Registry
from msp.core.query.kinds import Choice, Condition, Context, Flag, Instant, Number, Person, Reference, Suggestion, Text
from msp.itsm.tickets.models import Attachment, Category, Tag, Ticket
from msp.itsm.tickets.states import KINDS, SOURCES, STATES, WAITING, WORDS
from tenants.models import Agent, Site, Team, Tenant

OFFERED = 12

STATUS_WORDS: dict[str, str | Sequence[str]] = {
    **{state: state for state in STATES},
    "approval": "waiting_for_approval",
    "client": "waiting_for_client",
    "supplier": "waiting_for_supplier",
    "waiting": WAITING,
}


def ticket_fields(*, by: Actor) -> Registry:
    """The fields that this actor may ask for: a contact asks for what the portal shows him."""
    fields = [*_what(by), *_when()]
    return Registry(fields if by.is_contact else [*_who(by), *fields], default_sort=[SortKey("due")])


def _who(by: Actor) -> list[Field]:
    """Where a ticket belongs and who works on it: for agents."""
    client = Reference(Ticket.tenant_id, partial(clients_named, by=by), offer=partial(_offered_clients, by=by))
    assignee = Person(Ticket.assignee_id, agents_named, offer=_offered_agents, is_nullable=True)
    team = Reference(Ticket.team_id, teams_named, offer=_offered_teams, is_nullable=True)
    return [
        Field("client", client, "Client, by key or name"),
        Field("assignee", assignee, "Who works on it"),
        Field("team", team, "Team"),
        Field("tag", Text(Tag.tag, is_nullable=True, through=_tagged, fold=str.lower), "Tag"),
    ]


def _what(by: Actor) -> list[Field]:
    site = Reference(Ticket.site_id, partial(sites_named, by=by), is_nullable=True)
    category = Reference(Ticket.category_id, partial(categories_named, by=by), is_nullable=True)
    return [
        Field("ref", Text(Ticket.ref, fold=str.upper), "Reference, as ACME-1042 or ACME-*"),
        Field("kind", Choice(Ticket.kind, {kind: kind for kind in KINDS}), "Incident or request"),
        Field("status", Choice(Ticket.status, STATUS_WORDS, _status_labels()), "Status", aliases=("state",)),
        Field("sla", Flag(SLA_FLAGS, SLA_LABELS), "Service level"),
        Field("is", Flag(IS_FLAGS, IS_LABELS), "State of the ticket"),
        Field("has", Flag({"attachment": _has_file}), "What hangs on it"),
        Field("priority", Number(Ticket.priority), "Priority, 1 to 4", aliases=("p",), sort=(Order(Ticket.priority),)),
        Field("impact", Number(Ticket.impact), "Impact, 1 is high"),
        Field("urgency", Number(Ticket.urgency), "Urgency, 1 is high"),
        Field("requester", Text(Ticket.requester_name), "Who needs help, by full name or Anna*"),
        Field("site", site, "Site"),
        Field("category", category, "Category and what lies under it"),
        Field("source", Choice(Ticket.source, {source: source for source in SOURCES}), "How it came in"),
        Field("service", Text(Ticket.service, is_nullable=True), "Service"),
        Field("ci", Text(Ticket.ci_name, is_nullable=True), "Configuration item"),
    ]


def _when() -> list[Field]:
    due = Order(Ticket.sla_due_at, is_nullable=True)
    return [
        Field("due", Instant(Ticket.sla_due_at, is_nullable=True), "Next due", sort=(due,)),
        Field("created", Instant(Ticket.created_at), "Opened", aliases=("opened",), sort=(Order(Ticket.created_at),)),
        Field("updated", Instant(Ticket.updated_at), "Last change", sort=(Order(Ticket.updated_at),)),
        Field("resolved", Instant(Ticket.resolved_at, is_nullable=True), "Resolved"),
        Field("closed", Instant(Ticket.closed_at, is_nullable=True), "Closed"),
    ]


# --- Words with a condition of their own -----------------------------------------------------------------------------

_RUNNING = Ticket.sla_standing == "running"
_STOPPED = Ticket.sla_standing == "stopped"


def _late(context: Context) -> Condition:
    return sa.or_(
        sa.and_(_RUNNING, Ticket.sla_breaches_at < context.now), sa.and_(_STOPPED, Ticket.sla_outcome == "breached")
    )


def _in_time(context: Context) -> Condition:
    return sa.and_(_RUNNING, sa.or_(Ticket.sla_breaches_at.is_(None), Ticket.sla_breaches_at >= context.now))


def _at_risk(context: Context) -> Condition:
    return sa.and_(_in_time(context), Ticket.sla_risk_at <= context.now)


def _on_track(context: Context) -> Condition:
    return sa.and_(_in_time(context), sa.or_(Ticket.sla_risk_at.is_(None), Ticket.sla_risk_at > context.now))


Words = Mapping[str, Callable[[Context], Condition]]

SLA_FLAGS: Words = {
    "ok": _on_track,
    "on_track": _on_track,
    "risk": _at_risk,
    "at_risk": _at_risk,
    "breached": _late,
    "overdue": _late,
    "paused": lambda _: Ticket.sla_standing == "paused",
    "met": lambda _: sa.and_(_STOPPED, Ticket.sla_outcome == "met"),
    "none": lambda _: Ticket.sla_standing == "none",
}
SLA_LABELS = {
    "ok": "in time", "risk": "soon due", "breached": "overdue, or ended late", "paused": "the clock stands still",
    "met": "ended in time", "none": "nothing is promised",
}  # fmt: skip
IS_FLAGS: Words = {
    # The bare column: PostgreSQL does not see that `is_open IS true` is what the partial indexes of open tickets hold.
    "open": lambda _: cast(Condition, Ticket.is_open),
    "ended": lambda _: sa.not_(Ticket.is_open),
    "answered": lambda _: Ticket.answered_at.is_not(None),
    "reopened": lambda _: Ticket.reopened_count > 0,
}
IS_LABELS = {"open": "not resolved, closed or withdrawn", "answered": "we have replied", "reopened": "at least once"}


def _status_labels() -> dict[str, str]:
    labels = {state: word.console for state, word in WORDS.items()}
    return labels | {"waiting": "for anybody", "approval": "waits for approval", "client": "waits for the client"}


def _tagged(condition: Condition) -> Condition:
    return sa.exists().where(Tag.tenant_id == Ticket.tenant_id, Tag.ticket_id == Ticket.id, condition)


def _has_file(_: Context) -> Condition:
    return sa.exists().where(
        Attachment.tenant_id == Ticket.tenant_id, Attachment.ticket_id == Ticket.id, Attachment.state == "bound"
    )


# --- Names of other rows ---------------------------------------------------------------------------------------------

Names = Mapping[str, Sequence[UUID]]
Rows = sa.Select[*tuple[Any, ...]]


def clients_named(names: Sequence[str], *, by: Actor) -> Names:
    """Clients by key, or by name or its beginning."""
    called = sa.or_(Tenant.key.in_([name.upper() for name in names]), _begins(Tenant.name, names))
    clients = sa.select(Tenant.id, Tenant.name, Tenant.key).where(Tenant.kind == "client", _reached(Tenant.id, by))
    return _found(clients.where(called), names)


def agents_named(names: Sequence[str]) -> Names:
    """Agents by name or its beginning, those who left too: their tickets stay theirs."""
    return _found(sa.select(Agent.id, Agent.name).where(_begins(Agent.name, names)), names)


def teams_named(names: Sequence[str]) -> Names:
    """Teams by name or its beginning."""
    return _found(sa.select(Team.id, Team.name).where(_begins(Team.name, names)), names)


def sites_named(names: Sequence[str], *, by: Actor) -> Names:
    """Sites by name, at every client that the actor may see."""
    return _found(sa.select(Site.id, Site.name).where(_reached(Site.tenant_id, by), _begins(Site.name, names)), names)


def categories_named(names: Sequence[str], *, by: Actor) -> Names:
    """Categories by path, with everything under them."""
    called = sa.and_(_reached(Category.tenant_id, by), _begins(Category.path, names))
    return _found(sa.select(Category.id, Category.path).where(called), names, exact_only=False)


def _reached(column: Any, by: Actor) -> Condition:
    """The rows of the actor's clients: the policy is the guarantee, this is the speed."""
    return sa.true() if by.tenant_ids is None else cast(Condition, column.in_(by.tenant_ids))


def _begins(column: Any, names: Sequence[str]) -> Condition:
    return sa.or_(*(sa.func.starts_with(sa.func.lower(column), name.lower()) for name in names))


def _found(statement: Rows, names: Sequence[str], *, exact_only: bool = True) -> Names:
    """Ids by the name that was asked for: those called just so, else those whose name begins so."""
    rows = [(row[0], [text.lower() for text in row[1:]]) for row in db.session.execute(statement)]
    found: dict[str, list[UUID]] = {}
    for name in names:
        wanted = name.lower()
        exact = [id for id, texts in rows if wanted in texts]
        begun = [id for id, texts in rows if any(text.startswith(wanted) for text in texts)]
        found[name] = exact if exact and exact_only else begun
    return found


def _offered_clients(prefix: str, *, by: Actor) -> list[Suggestion]:
    statement = sa.select(Tenant.key, Tenant.name).where(Tenant.kind == "client", _reached(Tenant.id, by))
    if prefix:
        matches = sa.or_(sa.func.starts_with(Tenant.key, prefix.upper()), _begins(Tenant.name, [prefix]))
        statement = statement.where(matches)
    rows = db.session.execute(statement.order_by(Tenant.name).limit(OFFERED))
    return [Suggestion(key.lower(), name) for key, name in rows]


def _offered_agents(prefix: str) -> list[Suggestion]:
    return _offered(sa.select(Agent.name).where(Agent.is_active, _begins(Agent.name, [prefix])).order_by(Agent.name))


def _offered_teams(prefix: str) -> list[Suggestion]:
    return _offered(sa.select(Team.name).where(Team.is_active, _begins(Team.name, [prefix])).order_by(Team.name))


def _offered(statement: sa.Select[str]) -> list[Suggestion]:
    return [Suggestion(name) for name in db.session.scalars(statement.limit(OFFERED))]
