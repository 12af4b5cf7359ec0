"""Letting time pass in a test: what is due fires, and what follows from it is done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db, transaction
from msp.core.notify.models import Notification
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.core.scope import Scope
from msp.itsm.sla import library
from msp.itsm.sla.models import Clock, Escalation, OutcomeRow
from msp.itsm.sla.services import definitions, escalation
from msp.itsm.tickets.models import Ticket, TimelineEntry
from msp.itsm.tickets.services import opening
from tests.support import world


def promise(app: Any, company: Any, *steps: dict[str, Any], minutes: int = 100) -> None:
    """The company's incidents of medium priority are to be resolved in `minutes`, day and night, with these steps."""
    with world.as_staff(app) as by:
        calendar_id = library.calendar_ids(company.id)["Around the clock"]
        target = {"minutes": minutes, "calendar_id": str(calendar_id)}
        content = {"conditions": {"kind": "incident"}, "targets": {"P3": {"resolution": target}}}
        definitions.add_definition(company.id, "policy", "Tried", content | {"steps": {"resolution": list(steps)}}, by=by)


def step(percent: int | None, *actions: dict[str, str]) -> dict[str, Any]:
    """A step at a share of the target, or at the breach."""
    return {"actions": list(actions)} | ({"key": "breach"} if percent is None else {"percent": percent})


def notify(to: str = "assignee", off_duty: str = "on_call") -> dict[str, str]:
    return {"kind": "notify", "to": to, "off_duty": off_duty}


def incident(app: Any, company: Any, at: datetime, subject: str = "Printer on fire") -> Ticket:
    """An incident opened by a requester at an instant."""
    requester = company.actor("requester")
    with clock.at(at), world.acting(app, requester):
        return opening.open_ticket(company.id, subject, by=requester)


@contextmanager
def at(app: Any, instant: datetime, by: Any) -> Iterator[Any]:
    """An act of somebody at an instant."""
    with clock.at(instant), world.acting(app, by):
        yield by


def sweep(app: Any, now: datetime) -> int:
    """The sweep of this instant."""
    with clock.at(now), app.app_context():
        return escalation.sweep(now)


def work(app: Any, now: datetime, *, mail: bool = False) -> list[str]:
    """Do what the outbox asks for until nothing is due; the kinds that were done."""
    done: list[str] = []
    with clock.at(now), app.app_context():
        while due := _due(now, mail):
            for id, kind in due:
                assert worker.do(id) == "done", f"{kind} was not done"
                done.append(kind)
    return done


def _due(now: datetime, mail: bool) -> Sequence[Any]:
    statement = sa.select(Outbox.id, Outbox.kind).where(
        Outbox.done_at.is_(None), Outbox.parked_at.is_(None), Outbox.suppressed_at.is_(None), Outbox.run_after <= now,
        Outbox.claim.is_(None),
        Outbox.attempts == 0, sa.or_(Outbox.queue != "mail", sa.literal(mail)),
    )  # fmt: skip
    with transaction(Scope.staff()):
        return db.session.execute(statement.order_by(Outbox.created_at, Outbox.id)).all()


def pass_time(app: Any, now: datetime) -> None:
    """It is `now`: what is due takes effect."""
    sweep(app, now)
    work(app, now)


def told(app: Any, ticket: Ticket) -> list[tuple[UUID, str, str]]:
    """Who was told what about a ticket."""
    with world.as_staff(app):
        rows = sa.select(Notification).where(Notification.subject_id == ticket.id).order_by(Notification.created_at, Notification.id)
        return [(row.agent_id, row.kind, row.text) for row in db.session.scalars(rows)]


def warned(app: Any, ticket: Ticket) -> list[UUID]:
    """Whom an escalation has told."""
    return [agent_id for agent_id, kind, _ in told(app, ticket) if kind == "escalation"]


def entries(app: Any, ticket: Ticket, kind: str = "escalated") -> list[TimelineEntry]:
    with world.as_staff(app):
        rows = sa.select(TimelineEntry).where(TimelineEntry.ticket_id == ticket.id, TimelineEntry.kind == kind)
        return list(db.session.scalars(rows.order_by(TimelineEntry.at, TimelineEntry.id)))


def steps(app: Any, ticket: Ticket) -> dict[str, Escalation]:
    with world.as_staff(app):
        return {row.step: row for row in db.session.scalars(sa.select(Escalation).where(Escalation.subject_id == ticket.id))}


def the_clock(app: Any, ticket: Ticket) -> Clock:
    with world.as_staff(app):
        return db.session.scalars(sa.select(Clock).where(Clock.subject_id == ticket.id, Clock.kind == "resolution")).one()


def outcomes(app: Any, ticket: Ticket) -> list[str]:
    with world.as_staff(app):
        rows = sa.select(OutcomeRow.outcome).join(Clock, Clock.id == OutcomeRow.clock_id).where(Clock.subject_id == ticket.id)
        return list(db.session.scalars(rows.order_by(OutcomeRow.recorded_at, OutcomeRow.id)))


def fresh(app: Any, ticket: Ticket) -> Ticket:
    with world.as_staff(app):
        return db.session.get_one(Ticket, (ticket.tenant_id, ticket.id))


MINUTE = timedelta(minutes=1)
