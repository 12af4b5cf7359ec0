"""What a rule would have done: the tickets of the last thirty days gone through again, changing nothing.

The same words as in a trace. Bounded: the newest tickets and so many moments of them, and it says where it stopped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.itsm.automation import describe, matching, past, timing
from msp.itsm.automation.engine import trace
from msp.itsm.automation.engine.actions import KINDS
from msp.itsm.automation.engine.definition import AfterTime, Definition
from msp.itsm.automation.engine.trace import Line, Outcome
from msp.itsm.automation.past import Moment
from msp.itsm.csat.models import Survey
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.errors import EngineError
from msp.itsm.sla.models import Clock
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Message, Ticket, TimelineEntry
from msp.itsm.tickets.states import ENDED
from tenants.models import Tenant
from tenants.permissions import Permission

DAYS, MOST_TICKETS, MOST_MOMENTS, MOST_SHOWN, MOST_ROUNDS = 30, 1000, 4000, 100, 200
_KINDS = ("moved", "assigned", "classified", "escalated")


@dataclass(frozen=True)
class Would:
    """What would have happened to a ticket, when and why."""

    ticket: Ticket
    client: Tenant
    at: datetime
    outcome: Outcome
    lines: list[Line]


@dataclass
class Rehearsal:
    """`found` are the latest; `cut` says what was left out, where something was."""

    tickets: int = 0
    acted: int = 0
    skipped: int = 0
    found: list[Would] = field(default_factory=list)
    by_day: dict[Any, int] = field(default_factory=dict)
    cut: str = ""


@dataclass
class _Lived:
    """What is known of some tickets."""

    tickets: Sequence[Ticket]
    clients: dict[UUID, Tenant]
    entries: dict[UUID, list[TimelineEntry]] = field(default_factory=dict)
    replies: dict[UUID, list[tuple[datetime, str]]] = field(default_factory=dict)


def rehearse(said: Definition, *, by: Actor, now: datetime, client_id: UUID | None = None) -> Rehearsal:
    """Go through the past with this definition; QueryError where its condition cannot be read."""
    by.require(Permission.AUTOMATE)
    if client_id is not None:
        by.must_reach(client_id)
    lived = _read(client_id, now, by=by)
    terms = matching.Conditions(by=by, now=now, tz=UTC).terms(said.query)
    moments = sorted(_moments(said, lived, now), key=lambda moment: moment.at)
    made = Rehearsal(tickets=len(lived.tickets))
    if len(lived.tickets) == MOST_TICKETS:
        made.cut = f"The newest {MOST_TICKETS:,} tickets were looked at."
    if len(moments) > MOST_MOMENTS:
        moments, made.cut = moments[-MOST_MOMENTS:], f"The latest {MOST_MOMENTS:,} moments were looked at."
    agents, teams = past.names()
    states = [
        (moment.ticket.tenant_id, moment.ticket.id, past.state(moment, lived.entries.get(moment.ticket.id, []), agents, teams))
        for moment in moments
    ]
    holds = past.holding(states, terms)
    _tell(said, [moment for moment, held in zip(moments, holds, strict=True) if held], [term.words for term in terms], lived, made)
    return made


def _read(client_id: UUID | None, now: datetime, *, by: Actor) -> _Lived:
    statement = queries.visible(sa.select(Ticket).where(Ticket.created_at > now - timedelta(days=DAYS), Ticket.created_at <= now), by=by)
    if client_id is not None:
        statement = statement.where(Ticket.tenant_id == client_id)
    tickets = db.session.scalars(statement.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(MOST_TICKETS)).all()
    tenant_ids, ids = {ticket.tenant_id for ticket in tickets}, [ticket.id for ticket in tickets]
    lived = _Lived(tickets, {row.id: row for row in db.session.scalars(sa.select(Tenant).where(Tenant.id.in_(tenant_ids)))})
    entries = sa.select(TimelineEntry).where(
        TimelineEntry.tenant_id.in_(tenant_ids), TimelineEntry.ticket_id.in_(ids), TimelineEntry.kind.in_(_KINDS)
    )
    for entry in db.session.scalars(entries.order_by(TimelineEntry.at, TimelineEntry.id)):
        lived.entries.setdefault(entry.ticket_id, []).append(entry)
    replies = sa.select(Message.ticket_id, Message.sent_at, Message.author_kind).where(
        Message.tenant_id.in_(tenant_ids), Message.ticket_id.in_(ids), ~Message.is_internal, Message.author_kind != "system"
    )
    opened = {ticket.id: ticket.created_at for ticket in tickets}
    for ticket_id, at, kind in db.session.execute(replies.order_by(Message.sent_at)):
        if at > opened[ticket_id]:  # what it was opened with is no reply
            lived.replies.setdefault(ticket_id, []).append((at, kind))
    return lived


# --- When the rule would have been asked -----------------------------------------------------------------------------


def _moments(said: Definition, lived: _Lived, now: datetime) -> Iterator[Moment]:
    trigger = said.trigger
    if isinstance(trigger, AfterTime):
        calendars = timing.calendars(lived.tickets) if trigger.calendar == "client" else {}
        for ticket in lived.tickets:
            yield from (Moment(ticket, at) for at in _rings(trigger, ticket, lived, calendars.get(ticket.id), now))
        return
    outside = _outside(trigger.event, trigger.at_most, lived)
    for ticket in lived.tickets:
        for at in outside.get(ticket.id, []) if outside is not None else _instants(trigger.event, ticket, lived):
            yield Moment(ticket, at)


def _outside(event: str, at_most: int | None, lived: _Lived) -> dict[UUID, list[datetime]] | None:
    """Events that no timeline holds: missed targets and ratings."""
    tenant_ids, ids = {ticket.tenant_id for ticket in lived.tickets}, [ticket.id for ticket in lived.tickets]
    statement: Any
    if event == "breached":
        statement = sa.select(Clock.subject_id, Clock.breached_at).where(Clock.tenant_id.in_(tenant_ids), Clock.subject_id.in_(ids))
        statement = statement.where(Clock.breached_at.is_not(None))
    elif event == "rated":
        statement = sa.select(Survey.ticket_id, Survey.answered_at).where(Survey.tenant_id.in_(tenant_ids), Survey.ticket_id.in_(ids))
        statement = statement.where(Survey.answered_at.is_not(None), Survey.score <= (at_most or 5))
    else:
        return None
    found: dict[UUID, list[datetime]] = {}
    for id, at in db.session.execute(statement):
        found.setdefault(id, []).append(at)
    return found


def _instants(event: str, ticket: Ticket, lived: _Lived) -> Iterator[datetime]:
    if event == "opened":
        yield ticket.created_at
    for at, kind in lived.replies.get(ticket.id, ()):
        if event == ("client_replied" if kind == "contact" else "agent_replied"):
            yield at
    for entry in lived.entries.get(ticket.id, ()):
        if event in _told_by(entry):
            yield entry.at


def _told_by(entry: TimelineEntry) -> tuple[str, ...]:
    if entry.kind == "moved":
        again = entry.data.get("from") in ("resolved", "closed") and entry.data.get("to") not in ENDED
        return ("moved", "reopened") if again else ("moved",)
    if entry.kind == "classified":
        return ("reprioritised",) if "priority" in entry.data.get("changes", {}) else ()
    return {"assigned": ("assigned",), "escalated": ("warned",)}.get(entry.kind, ())


def _rings(trigger: AfterTime, ticket: Ticket, lived: _Lived, calendar: Calendar | None, now: datetime) -> Iterator[datetime]:
    """When the timers of a ticket would have run out."""
    for since, until in _stretches(trigger.without, ticket, lived, now):
        at = since
        for _ in range(MOST_ROUNDS if trigger.repeats else 1):
            try:
                at = timing.due_at(trigger, at, calendar)
            except EngineError:
                return
            if at >= until:
                break
            yield at


def _stretches(without: str, ticket: Ticket, lived: _Lived, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Since when, and until when, it was without it."""
    replies = lived.replies.get(ticket.id, [])
    if without == "public_reply":
        begun: datetime | None = ticket.opened_at
        for at, kind in replies:
            if kind == "agent" and begun is not None:
                yield begun, at
                begun = None
            elif kind == "contact" and begun is None:
                begun = at
        if begun is not None:
            yield begun, now
        return
    told = {"move": "moved", "assignment": "assigned"}.get(without)
    marks = [at for at, _ in replies] if told is None else [each.at for each in lived.entries.get(ticket.id, []) if each.kind == told]
    yield from pairwise([ticket.opened_at, *marks, now])


# --- What it would have said -----------------------------------------------------------------------------------------


def _tell(said: Definition, moments: Sequence[Moment], terms: list[str], lived: _Lived, made: Rehearsal) -> None:
    acted: dict[UUID, datetime] = {}
    steps = [(KINDS[action.kind].label.lower(), describe.action(action, describe.names([said]))) for action in said.actions]
    for moment in moments:
        id = moment.ticket.id
        lines = [trace.started(moment.at, said.trigger.words), trace.matched(terms)]
        why = _done_before(said.once, acted.get(id), moment, lived.replies)
        outcome: Outcome = "skipped" if why else "acted"
        if why:
            made.skipped += 1
            lines.append(trace.skipped(why))
        else:
            made.acted += 1
            acted[id] = moment.at
            made.by_day[moment.at.date()] = made.by_day.get(moment.at.date(), 0) + 1
            lines += [Line("did", f"{number} {label}", text, "would be done") for number, (label, text) in enumerate(steps, 1)]
            if said.stops:
                lines.append(Line("end", "end", "no further rules are asked about this"))
        made.found.append(Would(moment.ticket, lived.clients[moment.ticket.tenant_id], moment.at, outcome, lines))
    made.found = made.found[::-1][:MOST_SHOWN]


def _done_before(
    once: str, acted_at: datetime | None, moment: Moment, replies: Mapping[UUID, Sequence[tuple[datetime, str]]]
) -> str | None:
    if not once or acted_at is None:
        return None
    if once == "ticket":
        return "it has acted on this ticket already"
    answered = any(acted_at < at <= moment.at for at, _ in replies.get(moment.ticket.id, ()))
    return None if answered else "it has acted, and nobody has answered since"
