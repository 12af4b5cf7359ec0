"""Entry points of the jobs of rules. They run as the provider over the one client that the event belongs to."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, cron
from msp.core.db import apart, db
from msp.core.errors import NotFound
from msp.core.jobs import Call, job
from msp.core.outbox import services as outbox
from msp.core.outbox.services import Ask
from msp.core.scope import Scope
from msp.itsm.automation import queries
from msp.itsm.automation.models import RuleAct
from msp.itsm.automation.services import running, timers
from msp.itsm.automation.services.running import Happened
from msp.itsm.sla.models import Clock, Escalation
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket
from tenants.permissions import Permission as P

HAPPENED, CLOCKS, FORGET = "automation.happened", "automation.clocks", "automation.forget"
RIGHTS = (
    P.TICKET_READ, P.TICKET_REPLY, P.TICKET_MOVE, P.TICKET_ASSIGN, P.TICKET_TRIAGE, P.NOTE_WRITE, P.CLIENT_READ, P.CONTACT_READ,
    P.RUNBOOK_RUN,
)  # fmt: skip
ACTOR = "Automation"


@job(HAPPENED, runs_as="provider", permissions=RIGHTS, actor=ACTOR)
def happened(call: Call) -> None:
    """Something happened to a ticket: ask the rules, and set the timers that begin with it."""
    args, rules = call.args, queries.in_force(call.tenant_ids[0])
    if not rules:
        return
    told = Happened(
        UUID(args["event_id"]), args["kind"], datetime.fromisoformat(args["at"]), tuple(UUID(id) for id in args.get("chain", ())),
        args.get("depth", 0), args.get("score"),
    )  # fmt: skip
    ticket_id = UUID(args["ticket_id"])
    try:
        ticket = tickets.visible_ticket(ticket_id, by=call.by, for_update=True)
    except NotFound:
        return
    timers.arm(ticket, told, rules)
    running.meet(ticket_id, told, rules, by=call.by)


@job(timers.TIMER, runs_as="provider", permissions=RIGHTS, actor=ACTOR)
def timer(call: Call) -> None:
    """A timer of a rule has run out."""
    since, base = (datetime.fromisoformat(call.args[name]) for name in ("since", "base"))
    timers.ring(UUID(call.args["ticket_id"]), UUID(call.args["version_id"]), since, base, by=call.by)


@job(timers.ARM, queue="bulk", permissions=(P.TICKET_READ,), actor=ACTOR)
def arm(call: Call) -> None:
    """A version of a rule of time begins."""
    timers.arm_everywhere(UUID(call.args["version_id"]), by=call.by)


@job(timers.ARM_CLIENT, queue="bulk", runs_as="provider", permissions=(P.TICKET_READ,), actor=ACTOR)
def arm_client(call: Call) -> None:
    """Set the timers of a client's tickets for a version."""
    after = call.args.get("after")
    timers.arm_client(call.tenant_ids[0], UUID(call.args["version_id"]), UUID(after) if after else None, by=call.by)


@job(CLOCKS, actor=ACTOR)
def clocks(call: Call) -> None:
    """Steps were reached and targets missed: tell it of each ticket whose they are."""
    asks: list[Ask] = []
    for kind, model, ids in (("warned", Escalation, call.args["steps"]), ("breached", Clock, call.args["breached"])):
        found: Any = sa.select(model.id, model.tenant_id, model.subject_id).where(model.id.in_([UUID(id) for id in ids]))
        own = found.join(Ticket, sa.and_(Ticket.tenant_id == model.tenant_id, Ticket.id == model.subject_id))
        asks += [
            Ask({"event_id": str(id), "kind": kind, "ticket_id": str(ticket_id), "at": call.args["at"]}, tenant_id)
            for id, tenant_id, ticket_id in (db.session.execute(own).all() if ids else ())
        ]
    told = queries.listening({ask.tenant_id for ask in asks if ask.tenant_id})
    outbox.enqueue_each(HAPPENED, [ask for ask in asks if ask.tenant_id in told])


@job(FORGET, queue="bulk")
def forget(call: Call) -> None:
    """What the brake no longer counts; when each rule last chose each agent is kept."""
    newest = sa.select(sa.func.max(RuleAct.at)).where(RuleAct.agent_id.is_not(None)).group_by(RuleAct.rule_id, RuleAct.agent_id)
    old = sa.delete(RuleAct).where(RuleAct.at < clock.now() - timedelta(days=2), RuleAct.at.not_in(newest))
    db.session.execute(old, execution_options={"synchronize_session": False})


def ask_to_forget() -> None:
    """It may be much, so the loop only asks for it."""
    with apart(Scope.staff()):
        outbox.enqueue(FORGET, {})


cron.schedule(cron.Schedule(FORGET, timedelta(days=1), ask_to_forget))
