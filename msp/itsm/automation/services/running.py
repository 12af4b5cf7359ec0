"""Letting rules act on what happened to a ticket: in their order, once for an event, with a trace of why.

The run is written in the transaction of its acts under a key of version and event, so that a job that is done again
finds it and does nothing. An error of one action undoes that action alone, ends the rule and is told in its trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db, savepoint
from msp.core.errors import MspError
from msp.core.ids import new_id
from msp.core.notify import services as notify
from msp.core.notify.services import News
from msp.core.query.errors import QueryError
from msp.itsm.automation import matching, queries
from msp.itsm.automation.engine import guard, trace
from msp.itsm.automation.engine.actions import KINDS
from msp.itsm.automation.engine.definition import AfterTime, Definition
from msp.itsm.automation.engine.trace import Line, Outcome
from msp.itsm.automation.events import caused_by
from msp.itsm.automation.models import Rule, RuleAct, Run
from msp.itsm.automation.queries import InForce
from msp.itsm.automation.services.acts import ACTS, Acting
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import timeline
from msp.itsm.tickets.services.recipients import Directory
from tenants.models import Tenant
from tenants.permissions import Permission

TIME = "time"


@dataclass(frozen=True)
class Happened:
    """What happened to a ticket. `chain`: the rules that led to it, over `depth` events of theirs.

    `words`: how a trace begins, where not by the trigger.
    """

    id: UUID
    kind: str
    at: datetime
    chain: tuple[UUID, ...] = ()
    depth: int = 0
    score: int | None = None
    words: str = ""


@dataclass
class _Told:
    """What a run has come to so far."""

    lines: list[Line] = field(default_factory=list)
    outcome: Outcome = "skipped"
    turn: UUID | None = None

    @property
    def has_acted(self) -> bool:
        return any(line.kind == "did" for line in self.lines)


def answers(found: Definition, happened: Happened) -> bool:
    """Whether a rule listens to what happened."""
    trigger = found.trigger
    if isinstance(trigger, AfterTime):
        return happened.kind == TIME
    return trigger.event == happened.kind and (trigger.at_most is None or (happened.score or 9) <= trigger.at_most)


def meet(ticket_id: UUID, happened: Happened, rules: Sequence[InForce], *, by: Actor) -> list[Run]:
    """Ask these rules in their order about what happened; the runs of those whose condition held, or could not be read."""
    by.require(Permission.TICKET_READ)
    listening = [each for each in rules if answers(each.definition, happened)]
    if not listening:
        return []
    ticket = tickets.visible_ticket(ticket_id, by=by, for_update=True)
    met = queries.met(ticket, happened.id)
    waiting = [each for each in listening if each.version.id not in met]
    runs: list[Run] = []
    before: list[UUID] = []  # rules that acted on this event: what follows saw what they did
    zone = ZoneInfo(db.session.get_one(Tenant, ticket.tenant_id).time_zone)
    conditions = matching.Conditions(by=by, now=clock.now(), tz=zone)
    asked = {each.version.id: _asked(each, conditions) for each in waiting}
    holds = matching.holding(ticket, {key: terms for key, terms in asked.items() if not isinstance(terms, QueryError)})
    for number, each in enumerate(waiting):
        terms = asked[each.version.id]
        if isinstance(terms, QueryError):
            told = _Told([_begin(each, happened), Line("failed", "if", f"the condition cannot be read: {terms.message}")], "failed")
            runs.append(_record(ticket, each, happened, told, by))
            continue
        if not all(holds[each.version.id]):
            continue
        told = _run(ticket, each, happened, before, [term.words for term in terms], by)
        runs.append(_record(ticket, each, happened, told, by))
        if told.has_acted:
            before.append(each.rule.id)
            if each.definition.stops:
                break
            later = [other.version.id for other in waiting[number + 1 :]]
            again = {key: found for key in later if not isinstance(found := asked[key], QueryError)}
            holds = matching.holding(ticket, again)
    return runs


def _asked(each: InForce, conditions: matching.Conditions) -> list[matching.Term] | QueryError:
    try:
        return conditions.terms(each.definition.query)
    except QueryError as error:
        return error


def _run(ticket: Ticket, each: InForce, happened: Happened, before: Sequence[UUID], terms: list[str], by: Actor) -> _Told:
    told = _Told([_begin(each, happened), trace.matched(terms)])
    if refused := guard.refusal(each.rule.id, happened.chain, happened.depth, queries.names_of(happened.chain)):
        told.outcome = "skipped" if happened.chain[-1:] == (each.rule.id,) else "stopped"
        told.lines.append(Line(told.outcome, told.outcome, refused))
    elif why := _done_before(ticket, each):
        told.lines.append(trace.skipped(why))
    elif queries.acted_since([each.rule.id], clock.now() - queries.HOUR).get(each.rule.id, 0) >= each.definition.brake:
        told.outcome = "stopped"
        told.lines.append(Line("stopped", "brake", _brake(ticket, each)))
    else:
        _act(ticket, each, happened, before, told, by)
    return told


def _begin(each: InForce, happened: Happened) -> Line:
    return trace.started(happened.at, happened.words or each.definition.trigger.words)


def _done_before(ticket: Ticket, each: InForce) -> str | None:
    """Why a rule that acts once for a ticket does not act again."""
    once = each.definition.once
    acted_at = queries.last_acted(ticket, each.rule.id) if once else None
    if acted_at is None:
        return None
    if once == "ticket":
        return "it has acted on this ticket already"
    answered_at = queries.last_reply(ticket, "agent", "contact")
    return None if answered_at and answered_at > acted_at else "it has acted, and nobody has answered since"


def _brake(ticket: Ticket, each: InForce) -> str:
    """Pause the rule and tell its owner."""
    words = f"it acted {each.definition.brake} times within an hour, so it is paused"
    paused = sa.update(Rule).where(Rule.id == each.rule.id, Rule.paused_at.is_(None))
    reason = f"It acted {each.definition.brake} times within an hour."
    changed = db.session.execute(
        paused.values(paused_at=clock.now(), paused_reason=reason, version=Rule.version + 1).returning(Rule.id),
        execution_options={"synchronize_session": False},
    ).all()
    if changed:
        directory = Directory(clock.now())
        people = list(directory.reaching(ticket.tenant_id, [each.rule.owner_id]))
        people = people or [agent for agent, _ in directory.on_call_for(ticket)]
        text = f"The rule “{each.rule.name}” is paused: {reason.lower()}"
        notify.tell(News(ticket.tenant_id, agent.id, "automation", "ticket", ticket.id, ticket.ref, text) for agent in people)
    return words


def _act(ticket: Ticket, each: InForce, happened: Happened, before: Sequence[UUID], told: _Told, by: Actor) -> None:
    """Do the steps in their order; the first error ends them."""
    acting = Acting(ticket, each.rule, replace(by, name=f"Rule “{each.rule.name}”"))
    for number, action in enumerate(each.definition.actions, 1):
        label = f"{number} {KINDS[action.kind].label.lower()}"
        try:
            with savepoint(), caused_by(*happened.chain, *before, each.rule.id, depth=happened.depth + 1):
                did = ACTS[action.kind](acting, action.values)
        except MspError as error:
            told.outcome = "failed"
            told.lines.append(Line("failed", label, error.message, "what was done before it stays; what follows was not done"))
            break
        told.lines.append(Line("did" if did.is_done else "skipped", label, did.text, did.sub))
        if did.is_done:
            told.outcome = "acted"
    told.turn = acting.turn
    if each.definition.stops and told.outcome == "acted":
        told.lines.append(Line("end", "end", "no further rules are asked about this"))


def _record(ticket: Ticket, each: InForce, happened: Happened, told: _Told, by: Actor) -> Run:
    now = clock.now()
    stored: list[Any] = [line.dump() for line in told.lines]
    run = Run(
        tenant_id=ticket.tenant_id, id=new_id(), rule_id=each.rule.id, version_id=each.version.id, event_id=happened.id,
        ticket_id=ticket.id, at=now, outcome=told.outcome, trace=stored,
    )  # fmt: skip
    db.session.add(run)
    if told.has_acted:
        db.session.add(RuleAct(id=new_id(), tenant_id=each.rule.tenant_id, rule_id=each.rule.id, at=now, agent_id=told.turn))
    if told.outcome != "skipped":
        data = {"rule": str(each.rule.id), "run": str(run.id), "text": trace.summary(told.lines)}
        timeline.note(ticket, "automated", data, by=replace(by, name=f"Rule “{each.rule.name}”"), is_internal=True)
    db.session.flush()
    return run
