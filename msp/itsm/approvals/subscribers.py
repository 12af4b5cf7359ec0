"""Who leaves while he is asked leaves no approval behind: another takes his place, by a job that sees our own people."""

from uuid import UUID

import sqlalchemy as sa

from msp.core import events
from msp.core.db import db
from msp.core.outbox import services as outbox
from msp.itsm.approvals.models import Seat
from msp.itsm.approvals.services import moving
from tenants import queries as tenants
from tenants.events import AgentChanged, ContactChanged
from tenants.models import Agent, Contact


@events.subscribe(ContactChanged)
def contact_left(event: ContactChanged) -> None:
    contact = db.session.get(Contact, (event.tenant_id, event.contact_id))
    if contact is not None and not contact.is_active and _tenants_of(Seat.holder_contact_id == contact.id):
        outbox.enqueue(moving.MOVE, {"kind": "contact", "id": str(contact.id)}, tenant_id=event.tenant_id)


@events.subscribe(AgentChanged)
def agent_left(event: AgentChanged) -> None:
    """He works for us no more, or no more for some of the clients."""
    agent = db.session.get(Agent, event.agent_id)
    if agent is None:
        return
    kept = set(tenants.client_ids_of(agent.id)) if agent.is_active and agent.is_limited else set()
    for tenant_id in _tenants_of(Seat.holder_agent_id == agent.id):
        if not agent.is_active or (agent.is_limited and tenant_id not in kept):
            outbox.enqueue(moving.MOVE, {"kind": "agent", "id": str(agent.id)}, tenant_id=tenant_id)


def _tenants_of(held: sa.ColumnElement[bool]) -> list[UUID]:
    """The clients at which an open seat is held so."""
    return list(db.session.scalars(sa.select(Seat.tenant_id).where(Seat.is_open, held).distinct()))
