"""Every imported clock read anew by the engine from its facts, held against what is stored."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from msp.core import clock
from msp.core.db import db, transaction
from msp.core.scope import Scope
from msp.itsm.sla import queries
from msp.itsm.sla.engine import facts as engine_facts
from msp.itsm.sla.engine.clock import reading
from msp.itsm.sla.engine.history import History
from msp.itsm.sla.engine.rules import RULES
from msp.itsm.sla.models import Clock, Fact
from msp.itsm.sla.services.clocks import segment_json
from msp.itsm.tickets.models import Ticket

IMPORTED = Ticket.external_key.like("incident-log:%")


def compare(app: Flask) -> dict[str, Any]:
    """Clocks and segments read, how many differ, and the first few that do."""
    clocks = segments = 0
    different: list[str] = []
    with app.app_context(), transaction(Scope.staff()):
        now = clock.now()
        for tenant_id in db.session.scalars(sa.select(Ticket.tenant_id).where(IMPORTED).distinct()).all():
            for row, facts in _clocks(tenant_id):
                clocks, segments = clocks + 1, segments + len(row.segments)
                if not _is_equal(row, History(facts, queries.promises(tenant_id).definitions), now):
                    different.append(f"{row.kind} {row.cycle} of {row.subject_id}")
            db.session.expunge_all()
    return {"clocks": clocks, "segments": segments, "different": len(different), "first": different[:5]}


def _clocks(tenant_id: UUID) -> Iterator[tuple[Clock, list[engine_facts.Fact]]]:
    imported = sa.select(Ticket.id).where(Ticket.tenant_id == tenant_id, IMPORTED)
    facts: dict[UUID, list[engine_facts.Fact]] = defaultdict(list)
    for fact in db.session.scalars(sa.select(Fact).where(Fact.tenant_id == tenant_id, Fact.subject_id.in_(imported)).order_by(Fact.number)):
        facts[fact.subject_id].append(queries.engine_fact(fact))
    for row in db.session.scalars(sa.select(Clock).where(Clock.tenant_id == tenant_id, Clock.subject_id.in_(imported))):
        yield row, facts[row.subject_id]


def _is_equal(row: Clock, history: History, now: datetime) -> bool:
    """A stopped clock says the same for ever; one that runs is read at the instant at which it was stored."""
    at = now if row.standing == "stopped" else row.computed_at
    cycles = reading(history, RULES[row.kind], now=at).cycles
    if len(cycles) < row.cycle:
        return False
    cycle = cycles[row.cycle - 1]
    stored = (row.outcome, row.outcome_at, row.due_at, row.breached_at, row.stopped_at, row.elapsed_seconds, row.segments)
    return stored == (
        cycle.outcome, cycle.outcome_at, cycle.due_at, cycle.breached_at, cycle.stopped_at, cycle.elapsed_seconds,
        [segment_json(segment) for segment in cycle.segments],
    )  # fmt: skip
