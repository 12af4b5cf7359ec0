"""Orders on their way, for tests: an item with a chain and tasks, what people answer, and the jobs that follow."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.itsm.approvals.models import Approval
from msp.itsm.approvals.services import answering
from msp.itsm.catalog import underway
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.services import orders
from msp.itsm.tasks import queries as tasks
from msp.itsm.tasks import services as doing
from msp.itsm.tickets.models import Ticket, TimelineEntry
from tests.itsm.sla import passing
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, tzinfo=UTC)
FORM = {"parts": [
    {"name": "why", "kind": "text", "label": "What for", "required": True},
    {"name": "size", "kind": "choice", "label": "Size", "required": True, "options": [
        {"value": "small", "label": "14 inch"}, {"value": "large", "label": "16 inch", "price": "180.00"}]},
]}  # fmt: skip
MANAGER = {"name": "Manager", "approvers": [{"role": "manager"}]}
ADMIN = {"name": "Money", "approvers": [{"role": "client_admin"}], "condition": {"field": "once", "operator": ">", "value": 1000}}
TASKS = [
    {"key": "order", "title": "Order the laptop", "due_minutes": 60},
    {"key": "account", "title": "Make the account"},
    {"key": "set_up", "title": "Set it up", "after": ["order", "account"]},
]  # fmt: skip
LAPTOP: dict[str, Any] = {
    "price_once": "980", "form": FORM, "chain": {"stages": [MANAGER, ADMIN]}, "tasks": TASKS, "service": "Equipment",
}  # fmt: skip
ANSWERS = {"why": "She starts on Monday", "size": "small"}


def order(app: Any, company: Any, item: Any, person: str = "requester", answers: Any = None, number: int = 1, **more: Any) -> Order:
    with clock.at(MONDAY), world.acting(app, company.actor(person)) as by:
        return orders.order(item.id, number=number, answers=ANSWERS if answers is None else answers, by=by, **more)


def work(app: Any, at: datetime = MONDAY) -> list[str]:
    return passing.work(app, at)


def answer(app: Any, company: Any, placed: Order, person: str, is_approved: bool = True, reason: str = "") -> None:
    """Decide on the order's approval, and let what follows happen."""
    approval = approval_of(app, placed)
    with clock.at(MONDAY), world.acting(app, company.actor(person)) as by:
        answering.decide(approval.id, is_approved, reason=reason, by=by)
    work(app)


def approval_of(app: Any, placed: Order) -> Approval:
    with world.as_staff(app):
        found = underway.approval_of(placed)
        assert found is not None
        return found


def ticket_of(app: Any, placed: Order) -> Ticket:
    with world.as_staff(app):
        return db.session.get_one(Ticket, (placed.tenant_id, placed.ticket_id))


def now(app: Any, placed: Order) -> Order:
    """The order as it is now."""
    with world.as_staff(app):
        return db.session.get_one(Order, (placed.tenant_id, placed.id))


def states(app: Any, placed: Order) -> tuple[str, str]:
    """Of the order and of its request."""
    return now(app, placed).state, ticket_of(app, placed).status


def tasks_of(app: Any, placed: Order) -> dict[str, str]:
    """Titles of the tasks with how they stand."""
    with world.as_staff(app) as by:
        return {task.title: task.state for task in tasks.tasks_of(underway.ticket_of(placed), by=by)}


def end_task(app: Any, placed: Order, title: str) -> None:
    _, agent = world.agent(app)
    with clock.at(MONDAY), world.acting(app, agent) as by:
        task = next(each for each in tasks.tasks_of(underway.ticket_of(placed), by=by) if each.title == title)
        doing.end_task(task.id, "done", version=task.version, by=by)
    work(app)


def entries(app: Any, placed: Order) -> list[tuple[str, dict[str, Any]]]:
    with world.as_staff(app):
        rows = sa.select(TimelineEntry).where(TimelineEntry.ticket_id == placed.ticket_id)
        return [(row.kind, row.data) for row in db.session.scalars(rows.order_by(TimelineEntry.at, TimelineEntry.id))]
