"""What the steps of an escalation do to tickets: everything of one batch is written set-wise.

Runs after the sweep has marked the steps fired: as a job of ours across clients, or, in a replay of the past, at once.
A replay tells nobody and changes nothing but the timeline: what then happened stands in what is being replayed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from msp.core import clock
from msp.core.db import db, locked
from msp.core.ids import new_id
from msp.core.live import publish as live
from msp.core.notify import services as notify
from msp.core.notify.services import News
from msp.core.outbox import services as outbox
from msp.core.outbox.services import Ask
from msp.core.web.formats import target_words, when_words
from msp.itsm.sla.content import BREACH
from msp.itsm.sla.models import Clock, Escalation
from msp.itsm.sla.services.hooks import WEB_HOOK
from msp.itsm.tickets.models import Message, Ticket, TimelineEntry
from msp.itsm.tickets.services import letters
from msp.itsm.tickets.services.recipients import Directory
from tenants.models import Agent, Tenant

ACTOR = "Escalation"
REASSIGN, RAISE, REMIND = "tickets.reassign", "tickets.raise_priority", "tickets.remind"
WORDS = {
    "response": "response",
    "update": "next update",
    "resolution": "resolution",
    "ola": "internal target",
    "underpinning": "supplier’s target",
}

# The keys that steps of a policy get when nobody names them.
_SHARE, _OFFSET = re.compile(r"[0-9.]+"), re.compile(r"([-+])([0-9.]+)m")


@dataclass
class _Step:
    """A fired step with its ticket, and what has become of it."""

    row: Any
    ticket: Ticket
    told: list[str] = field(default_factory=list)
    reached: set[UUID] = field(default_factory=set)

    @property
    def words(self) -> str:
        """`75 % of the resolution time is used`, `30 min before the resolution target`."""
        key, clock_name = self.row.step, WORDS[self.row.kind]
        if key == BREACH:
            return f"The {clock_name} target is missed"
        if offset := _OFFSET.fullmatch(key):
            side = "before" if offset[1] == "-" else "after"
            return f"{target_words(float(offset[2]) * 60)} {side} the {clock_name} target"
        if _SHARE.fullmatch(key):
            return f"{key} % of the {clock_name} time is used"
        return f"The {clock_name} reached “{key}”"

    def due(self, now: datetime, zone: str) -> str:
        if self.row.due_at is None:
            return ""
        return f"{'was due' if self.row.due_at <= now else 'due'} {when_words(self.row.due_at, now, ZoneInfo(zone))}"


@dataclass
class _Effects:
    """What a batch writes, gathered before anything is written."""

    news: list[News] = field(default_factory=list)
    letters: list[tuple[Agent, Ticket, dict[str, Any]]] = field(default_factory=list)
    asks: dict[str, list[Ask]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)


def take_effect(step_ids: Sequence[UUID], clock_ids: Sequence[UUID], *, provider_id: UUID | None, is_replay: bool = False) -> None:
    """Let fired steps act on their tickets and show breached clocks there; subjects of other kinds are not ours."""
    rows, breached = _fired(step_ids), _breached(clock_ids)
    tickets = _locked({row.subject_id for row in (*rows, *breached)})
    _show_breaches(tickets, breached)
    steps = [_Step(row, tickets[row.subject_id]) for row in rows if row.subject_id in tickets]
    effects = _Effects()
    if steps and not is_replay:
        _gather(steps, effects)
    _write(steps, effects, provider_id)
    late = {row.subject_id for row in breached if not row.is_internal}
    live.publish_many(_messages(tickets.values(), late))


def remind(ticket: Ticket, agent_id: UUID, step: Mapping[str, Any], *, provider_id: UUID) -> None:
    """Tell somebody who was off duty when a step fired and is back now, if he still works for the client."""
    for agent in Directory(clock.now()).reaching(ticket.tenant_id, [agent_id]):
        notify.tell([News(ticket.tenant_id, agent.id, "escalation", "ticket", ticket.id, ticket.ref, step["text"])])
        letters.to_agents("escalation", [(agent, ticket, step["context"])], provider_id=provider_id)


def _fired(step_ids: Sequence[UUID]) -> Sequence[Any]:
    statement = (
        sa.select(
            Escalation.id,
            Escalation.subject_id,
            Escalation.step,
            Escalation.actions,
            Escalation.settled_at,
            Clock.kind,
            Clock.id.label("clock_id"),
            Clock.due_at,
        )
        .join(Clock, sa.and_(Clock.tenant_id == Escalation.tenant_id, Clock.id == Escalation.clock_id))
        .where(Escalation.id.in_(step_ids))
        .order_by(Escalation.fire_at, Escalation.position, Escalation.id)
    )
    return db.session.execute(statement).all() if step_ids else []


def _breached(clock_ids: Sequence[UUID]) -> Sequence[Any]:
    statement = sa.select(Clock.subject_id, Clock.kind, Clock.is_internal).where(Clock.id.in_(clock_ids))
    return db.session.execute(statement).all() if clock_ids else []


def _locked(ids: Iterable[UUID]) -> dict[UUID, Ticket]:
    """The tickets, in the one order in which everybody locks several."""
    statement = sa.select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id)
    return {ticket.id: ticket for ticket in db.session.scalars(locked(statement, key_share=True))}


def _show_breaches(tickets: Mapping[UUID, Ticket], breached: Sequence[Any]) -> None:
    """Copy the outcome to the tickets whose telling clock it is; it follows from other rows, so it is not audited."""
    found = ((tickets.get(row.subject_id), row.kind) for row in breached)
    late = [ticket for ticket, kind in found if ticket is not None and ticket.sla_clock == kind]
    if not late:
        return
    outcome = sa.update(Ticket).where(Ticket.id.in_([ticket.id for ticket in late])).values(sla_outcome="breached")
    db.session.execute(outcome, execution_options={"synchronize_session": False})
    for ticket in late:
        set_committed_value(ticket, "sla_outcome", "breached")


def _gather(steps: Sequence[_Step], effects: _Effects) -> None:
    now = clock.now()
    directory = Directory(now)
    clients = _client_names(steps)
    for step in steps:
        for action in step.row.actions:
            if action["kind"] == "notify":
                _notify(step, action, directory, clients[step.ticket.tenant_id], effects, now)
            else:
                _act(step, action, effects, now)


def _notify(step: _Step, action: dict[str, str], directory: Directory, client: str, effects: _Effects, now: datetime) -> None:
    ticket, plan = step.ticket, directory.plan(step.ticket, action.get("to", ""), action.get("off_duty", "on_call"))
    for agent, why in plan.now:
        if agent.id in step.reached:
            continue  # an administrator may be the lead as well: one word of one step
        step.reached.add(agent.id)
        said = _said(step, agent, client, why, now)
        effects.news.append(News(ticket.tenant_id, agent.id, "escalation", "ticket", ticket.id, ticket.ref, said["text"]))
        effects.letters.append((agent, ticket, said["context"]))
        step.told.append(f"{agent.name} told ({why})" if why else f"{agent.name} told")
    for agent, at in plan.later:
        if agent.id in step.reached:
            continue
        step.reached.add(agent.id)
        args = {
            "ticket_id": str(ticket.id),
            "agent_id": str(agent.id),
            "clock_id": str(step.row.clock_id),
            "step": _said(step, agent, client, "", now),
        }
        effects.asks.setdefault(REMIND, []).append(Ask(args, ticket.tenant_id, at))
        step.told.append(f"{agent.name} will be told {when_words(at, now, ZoneInfo(agent.time_zone))}")


def _said(step: _Step, agent: Agent, client: str, why: str, now: datetime) -> dict[str, Any]:
    """The words for one person: of a notification and of a mail."""
    due, ticket = step.due(now, agent.time_zone), step.ticket
    sentences = [f"{step.words}, {due}." if due else f"{step.words}."]
    if why:
        sentences.append(f"You are told because: {why}.")
    return {
        "text": ", ".join(filter(None, [step.words, due])) + f": {ticket.subject}",
        "context": {
            "subject": f"[{ticket.ref}] {step.words}",
            "heading": step.words,
            "sentences": sentences,
            "facts": letters.console_facts(ticket, client),
        },
    }


def _act(step: _Step, action: dict[str, str], effects: _Effects, now: datetime) -> None:
    ticket, to = step.ticket, action.get("to", "")
    args = {"ticket_id": str(ticket.id), "to": to}
    match action["kind"]:
        case "reassign":
            effects.asks.setdefault(REASSIGN, []).append(Ask(args, ticket.tenant_id))
            step.told.append("reassigned")
        case "raise_priority":
            effects.asks.setdefault(RAISE, []).append(Ask(args, ticket.tenant_id))
            step.told.append("priority raised")
        case "note":
            effects.notes.append(_note(ticket, to, now))
            step.told.append("note added")
        case "web_hook":
            effects.asks.setdefault(WEB_HOOK, []).append(Ask({"url": to, "body": _hook_body(step)}, ticket.tenant_id))
            step.told.append("web-hook called")


def _hook_body(step: _Step) -> dict[str, Any]:
    row = step.row
    return {
        "type": "sla.step_fired",
        "ticket": step.ticket.ref,
        "ticket_id": str(step.ticket.id),
        "clock": row.kind,
        "step": row.step,
        "fired_at": row.settled_at.isoformat(),
        "due_at": row.due_at.isoformat() if row.due_at else None,
    }


def _note(ticket: Ticket, text: str, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": ticket.tenant_id,
        "id": new_id(),
        "ticket_id": ticket.id,
        "is_internal": True,
        "author_kind": "system",
        "author_name": ACTOR,
        "body": text,
        "via": "console",
        "sent_at": now,
    }


def _write(steps: Sequence[_Step], effects: _Effects, provider_id: UUID | None) -> None:
    if effects.notes:
        db.session.execute(sa.insert(Message).inline(), effects.notes)
    if steps:
        db.session.execute(sa.insert(TimelineEntry).inline(), [_entry(step) for step in steps])
    notify.tell(effects.news)
    if effects.letters and provider_id is not None:
        letters.to_agents("escalation", effects.letters, provider_id=provider_id)
    for kind, asks in effects.asks.items():
        outbox.enqueue_each(kind, asks)


def _entry(step: _Step) -> dict[str, Any]:
    """`text` says all of it for people; the rest is for programs."""
    row, ticket = step.row, step.ticket
    return {
        "tenant_id": ticket.tenant_id,
        "id": new_id(),
        "ticket_id": ticket.id,
        "at": row.settled_at,
        "kind": "escalated",
        "is_internal": True,
        "actor_kind": "system",
        "actor_name": ACTOR,
        "data": {
            "clock": row.kind,
            "step": row.step,
            "due_at": row.due_at.isoformat() if row.due_at else None,
            "told": step.told,
            "text": "; ".join([step.words, *step.told]),
        },
    }


def _messages(tickets: Iterable[Ticket], late: set[UUID]) -> Iterator[live.Message]:
    """One message a channel. A timeline entry shows to agents only; a breach shows in the portal too."""
    found: dict[str, list[UUID]] = {}
    for ticket in tickets:
        channels = [live.STAFF, live.internal(ticket.tenant_id)]
        if ticket.id in late:
            channels.append(live.public(ticket.tenant_id))
        for channel in channels:
            found.setdefault(channel, []).append(ticket.id)
    for channel, ids in found.items():
        yield live.Message((channel,), "ticket", records=tuple(ids))


def _client_names(steps: Sequence[_Step]) -> dict[UUID, str]:
    wanted = {step.ticket.tenant_id for step in steps}
    names = db.session.execute(sa.select(Tenant.id, Tenant.name).where(Tenant.id.in_(wanted)))
    return {row.id: row.name for row in names}
