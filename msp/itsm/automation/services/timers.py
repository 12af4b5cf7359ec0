"""Rules of time: one timer for each stretch of waiting, which finds out when it rings whether that still lasts.

What a rule waits for needs no timer to be taken back: it begins a new stretch, and a timer of an older one does nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import NotFound
from msp.core.outbox import services as outbox
from msp.core.outbox.services import Ask
from msp.itsm.automation import queries, timing
from msp.itsm.automation.engine.definition import AfterTime
from msp.itsm.automation.models import Rule, RuleVersion, Run
from msp.itsm.automation.queries import InForce
from msp.itsm.automation.services import running
from msp.itsm.automation.services.rules import ARM
from msp.itsm.automation.services.running import Happened
from msp.itsm.sla.engine.errors import EngineError
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket
from tenants import queries as tenants
from tenants.permissions import Permission

TIMER, ARM_CLIENT = "automation.timer", "automation.arm_client"
BATCH = 300
_GONE = ("closed", "cancelled", "misfiled")


def arm(ticket: Ticket, happened: Happened, rules: Iterable[InForce]) -> None:
    """Set the timers of those rules for which what happened begins a stretch. Open to the jobs of rules."""
    for each in rules:
        trigger = each.definition.trigger
        if isinstance(trigger, AfterTime) and happened.kind in timing.BEGINS[trigger.without]:
            _set([ticket], each.version, trigger)


def arm_everywhere(version_id: UUID, *, by: Actor) -> None:
    """A version begins: ask for the timers of each client, or of its own."""
    by.require(Permission.TICKET_READ)
    found = _acting(version_id)
    if found is None:
        return
    rule, version = found
    ids = [rule.client_id] if rule.client_id else [client.id for client in tenants.clients(by=by)]
    outbox.enqueue_each(ARM_CLIENT, [Ask({"version_id": str(version.id)}, id) for id in ids])


def arm_client(tenant_id: UUID, version_id: UUID, after: UUID | None, *, by: Actor) -> None:
    """Timers of some tickets of a client, then of the next ones. What is past already when a version begins does not count:
    what repeats begins with the stretch that lasts.
    """
    by.require(Permission.TICKET_READ)
    found = _acting(version_id)
    if found is None:
        return
    version = found[1]
    said = queries.definition_of(version)
    trigger = said.trigger if said else None
    statement = sa.select(Ticket).where(Ticket.tenant_id == tenant_id, Ticket.status.not_in(_GONE)).order_by(Ticket.id).limit(BATCH)
    rows = db.session.scalars(statement if after is None else statement.where(Ticket.id > after)).all()
    if not isinstance(trigger, AfterTime) or not rows:
        return
    _set(rows, version, trigger, only_ahead=True)
    if len(rows) == BATCH:
        outbox.enqueue(ARM_CLIENT, {"version_id": str(version_id), "after": str(rows[-1].id)}, tenant_id=tenant_id)


def ring(ticket_id: UUID, version_id: UUID, since: datetime, base: datetime, *, by: Actor) -> list[Run]:
    """A timer has run out: act, if what the rule waits for has not happened meanwhile."""
    by.require(Permission.TICKET_READ)
    found = _acting(version_id)
    try:
        ticket = tickets.visible_ticket(ticket_id, by=by, for_update=True)
    except NotFound:
        return []
    if found is None or (found[0].client_id not in (None, ticket.tenant_id)):
        return []
    rule, version = found
    definition = queries.definition_of(version)
    trigger = definition.trigger if definition else None
    if definition is None or not isinstance(trigger, AfterTime):
        return []
    if timing.anchors(ticket.tenant_id, [ticket], trigger.without).get(ticket.id) != since:
        return []
    calendar = timing.calendars([ticket])[ticket.id]
    due = timing.due_at(trigger, base, calendar)
    if due > clock.now():  # the calendar says otherwise by now
        _ask([_timer(ticket, version, since, base, due)])
        return []
    happened = Happened(uuid5(version.id, f"{ticket.id} {since.isoformat()} {base.isoformat()}"), running.TIME, due)
    runs = running.meet(ticket.id, happened, [InForce(rule, version, definition)], by=by)
    if trigger.repeats and ticket.status not in _GONE:
        _ask([_timer(ticket, version, since, due, timing.due_at(trigger, due, calendar))])
    return runs


def _set(found: Sequence[Ticket], version: RuleVersion, trigger: AfterTime, *, only_ahead: bool = False) -> None:
    since = timing.anchors(found[0].tenant_id, found, trigger.without)
    calendars = timing.calendars(found) if trigger.calendar == "client" else {}
    now, asks = clock.now(), []
    for ticket in found:
        if ticket.id not in since:
            continue
        base, calendar = since[ticket.id], calendars.get(ticket.id)
        try:
            due = timing.due_at(trigger, base, calendar)
            if only_ahead and due <= now:
                if not trigger.repeats:
                    continue
                base, due = timing.lasting(trigger, base, now, calendar)
        except EngineError:  # a calendar that never opens again
            continue
        asks.append(_timer(ticket, version, since[ticket.id], base, due))
    _ask(asks)


def _timer(ticket: Ticket, version: RuleVersion, since: datetime, base: datetime, due: datetime) -> Ask:
    """Known by what it is for: a rule that sleeps and wakes within a stretch has one timer for it, not two."""
    args: dict[str, Any] = {
        "ticket_id": str(ticket.id), "version_id": str(version.id), "since": since.isoformat(), "base": base.isoformat(),
    }  # fmt: skip
    return Ask(args, ticket.tenant_id, due, uuid5(version.id, " ".join([*map(str, args.values()), due.isoformat()])))


def _ask(asks: Sequence[Ask]) -> None:
    if asks:
        outbox.enqueue_each(TIMER, asks)


def _acting(version_id: UUID) -> tuple[Rule, RuleVersion] | None:
    """A version with its rule, if it acts now."""
    statement = (
        sa.select(Rule, RuleVersion)
        .join(RuleVersion, RuleVersion.rule_id == Rule.id)
        .where(RuleVersion.id == version_id, queries.ACTING)
    )
    row = db.session.execute(statement).one_or_none()
    return (row[0], row[1]) if row else None


__all__ = ["ARM", "ARM_CLIENT", "TIMER", "arm", "arm_client", "arm_everywhere", "ring"]
