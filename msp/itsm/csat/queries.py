"""Reads of surveys."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.itsm.csat.models import Survey
from msp.itsm.tickets.models import Ticket


def visible_survey(survey_id: UUID, *, by: Actor, for_update: bool = False) -> Survey:
    """One survey; a contact sees those put to him."""
    statement = sa.select(Survey).where(Survey.id == survey_id)
    if by.tenant_ids is not None:
        statement = statement.where(Survey.tenant_id.in_(by.tenant_ids))
    if by.is_contact:
        statement = statement.where(Survey.contact_id == by.id)
    found = db.session.scalar(locked(statement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def latest_survey(ticket: Ticket, *, by: Actor) -> Survey | None:
    """The last question about a ticket that was put to this contact, or, for an agent, to anybody."""
    statement = sa.select(Survey).where(Survey.tenant_id == ticket.tenant_id, Survey.ticket_id == ticket.id)
    if by.is_contact:
        statement = statement.where(Survey.contact_id == by.id)
    return db.session.scalar(statement.order_by(Survey.asked_at.desc(), Survey.id.desc()).limit(1))


def answers(ticket: Ticket) -> Sequence[Survey]:
    """What was answered about a ticket, oldest first; for agents."""
    return db.session.scalars(
        sa.select(Survey)
        .where(Survey.tenant_id == ticket.tenant_id, Survey.ticket_id == ticket.id, Survey.answered_at.is_not(None))
        .order_by(Survey.answered_at)
    ).all()
