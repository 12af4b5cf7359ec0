"""Another priority matrix for tickets that are open: their priorities anew, from the impact and urgency that they have.

Priorities set by hand stay. The clocks follow from the fact that each change records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.outbox import services as outbox
from msp.itsm.sla import queries as sla
from msp.itsm.sla.events import Shift
from msp.itsm.sla.models import DefinitionVersion, Rollout
from msp.itsm.sla.services import preview, rollouts
from msp.itsm.sla.services.definitions import MANAGE
from msp.itsm.sla.services.preview import Effect
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import triage
from tenants.permissions import Permission

PLAN = "tickets.plan_reprioritising"
MOVE = "tickets.reprioritise"


def of_matrix(tenant_id: UUID, content: Mapping[str, Any], *, by: Actor) -> Effect:
    """What a matrix would move if it held now for open tickets too."""
    by.require(MANAGE)
    by.must_reach(tenant_id)
    cells, priorities = content["cells"], {}
    for ticket in db.session.scalars(_judged(tenant_id)):
        wanted = cells[str(ticket.impact)][str(ticket.urgency)]
        if wanted != ticket.priority:
            priorities[ticket.id] = f"P{wanted}"
    return preview.of_priorities(tenant_id, priorities, by=by)


def begin(version: DefinitionVersion, *, moves_open: bool, by: Actor) -> Rollout:
    """Decide what becomes of open tickets; jobs classify them anew when the matrix begins."""
    by.require(MANAGE)
    rollout = rollouts.decide(version, moves_open=moves_open, by=by)
    if moves_open:
        args = {"version_id": str(version.id), "author": by.name}
        outbox.enqueue(PLAN, args, tenant_id=version.tenant_id, run_after=rollout.begins_at)
    return rollout


def plan(tenant_id: UUID, version_id: UUID, author: str, *, by: Actor) -> None:
    """Find the tickets whose priority the matrix in force changes."""
    by.require(MANAGE)
    matrix = sla.promises(tenant_id).matrix(clock.now())
    changed = [
        ticket.id
        for ticket in db.session.scalars(_judged(tenant_id))
        if matrix and matrix.priority(str(ticket.impact), str(ticket.urgency)) != f"P{ticket.priority}"
    ]
    rollouts.expect(tenant_id, version_id, len(changed), by=by)
    calls = [{"version_id": str(version_id), "author": author, "ticket_ids": ids} for ids in rollouts.chunks(changed)]
    outbox.enqueue_many(MOVE, calls, tenant_id=tenant_id)


def move(tenant_id: UUID, version_id: UUID, ticket_ids: Sequence[UUID], author: str, *, by: Actor) -> None:
    """Classify these tickets anew, in the name of whoever wrote the matrix; those ended meanwhile are let be."""
    by.require(MANAGE)
    by.require(Permission.TICKET_TRIAGE)
    writer, cause = replace(by, name=author), {"matrix": rollouts.began(tenant_id, version_id, by=by).isoformat()}
    shifts: list[Shift] = []
    for ticket in db.session.scalars(_judged(tenant_id).where(Ticket.id.in_(ticket_ids))).all():
        before = rollouts.targets(tenant_id, ticket.id)
        triage.classify(ticket.id, {"impact": ticket.impact, "urgency": ticket.urgency}, by=writer, cause=cause)
        shifts += rollouts.shifted(ticket.id, before, rollouts.targets(tenant_id, ticket.id))
    rollouts.tell(tenant_id, version_id, shifts, by=by)
    rollouts.advance(tenant_id, version_id, len(ticket_ids), by=by)


def _judged(tenant_id: UUID) -> sa.Select[Ticket]:
    """Open tickets whose priority nobody set by hand."""
    return sa.select(Ticket).where(Ticket.tenant_id == tenant_id, Ticket.is_open, ~Ticket.is_priority_set)
