"""How much of what is open is at risk or late, client by client."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.query.kinds import Context
from msp.itsm.tickets import queries
from msp.itsm.tickets.fields import SLA_FLAGS
from msp.itsm.tickets.models import Ticket


@dataclass(frozen=True)
class Workload:
    """Open tickets of a client; what is late is not at risk any more."""

    open: int = 0
    at_risk: int = 0
    overdue: int = 0


def workloads(tenant_ids: Iterable[UUID], *, by: Actor, now: datetime) -> dict[UUID, Workload]:
    """The workload of each client that has any, in one statement."""
    context = Context(now, UTC, None)
    number = sa.func.count()
    statement = queries.visible(
        sa.select(
            Ticket.tenant_id,
            number,
            number.filter(SLA_FLAGS["at_risk"](context)),
            number.filter(SLA_FLAGS["breached"](context)),
        ).where(Ticket.is_open, Ticket.tenant_id.in_(list(tenant_ids))),
        by=by,
    )
    rows = db.session.execute(statement.group_by(Ticket.tenant_id))
    return {tenant_id: Workload(*counts) for tenant_id, *counts in rows}
