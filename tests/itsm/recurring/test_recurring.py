"""Recurring tickets: due, opened once whatever happens, paused, and what cannot open."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db, savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from msp.core.outbox import forgotten
from msp.itsm.recurring import jobs, queries, services
from msp.itsm.recurring.models import Recurring, RecurringOpening
from msp.itsm.recurring.services import Draft
from msp.itsm.tickets.models import Ticket
from tenants.services import clients, people
from tests.support import world

MONDAY = datetime(2027, 3, 1, 7, 30, tzinfo=UTC)


@pytest.fixture
def lead(console_app: Any) -> Any:
    return world.agent(console_app, "lead")[1]


@pytest.fixture
def plan(console_app: Any, acme: Any, lead: Any) -> Callable[..., Recurring]:
    """Plan a ticket of Acme's requester on Monday at half past seven; daily at eight unless it says otherwise."""

    def make(rule: str = "FREQ=DAILY", **fields: Any) -> Recurring:
        draft = Draft(**{"subject": "Change the tapes", "starts_on": date(2027, 3, 1), "requester_id": acme.people["requester"].id,
                         "rule": rule, "at": time(8), **fields})  # fmt: skip
        with clock.at(MONDAY), world.acting(console_app, lead) as by:
            return services.plan_recurring(acme.id, draft, by=by)

    return make


def pass_until(app: Any, now: datetime) -> None:
    """Let the loop find what is due, and a worker do it."""
    with clock.at(now), app.app_context():
        jobs.sweep()
    with clock.at(now), app.app_context():
        forgotten.do_due("default", within=timedelta(seconds=20))


def opened(app: Any, row: Recurring) -> list[tuple[str, str, datetime]]:
    """Subject, problem and instant of everything that came due, oldest first."""
    statement = (
        sa.select(sa.func.coalesce(Ticket.subject, ""), RecurringOpening.problem, RecurringOpening.due_at)
        .outerjoin(Ticket, sa.and_(Ticket.tenant_id == RecurringOpening.tenant_id, Ticket.id == RecurringOpening.ticket_id))
        .where(RecurringOpening.recurring_id == row.id)
        .order_by(RecurringOpening.due_at)
    )
    with world.as_staff(app):
        return [tuple(each) for each in db.session.execute(statement)]  # type: ignore[misc]  # three columns


def test_it_opens_at_its_time_for_its_people_and_counts_from_then(console_app: Any, acme: Any, lead: Any, plan: Any) -> None:
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Field "), by=by)
    row = plan(body="Take Monday's tape home.", team_id=team.id, impact=2, urgency=2)
    assert row.next_at == datetime(2027, 3, 1, 8, tzinfo=UTC)
    pass_until(console_app, MONDAY + timedelta(minutes=29))
    assert opened(console_app, row) == []
    pass_until(console_app, MONDAY + timedelta(minutes=31))
    pass_until(console_app, MONDAY + timedelta(minutes=32))
    assert opened(console_app, row) == [("Change the tapes", "", datetime(2027, 3, 1, 8, tzinfo=UTC))]
    with world.as_staff(console_app):
        ticket = db.session.scalars(sa.select(Ticket).where(Ticket.tenant_id == acme.id, Ticket.subject == "Change the tapes")).one()
    assert (ticket.kind, ticket.status, ticket.team_name, ticket.priority) == ("request", "new", team.name, 3)
    assert ticket.requester_id == acme.people["requester"].id
    assert ticket.sla_standing in ("running", "paused")
    with world.acting(console_app, lead) as by:
        assert queries.visible_recurring(row.id, by=by).next_at == datetime(2027, 3, 2, 8, tzinfo=UTC)


def test_what_is_missed_opens_once(console_app: Any, plan: Any) -> None:
    row = plan()
    pass_until(console_app, MONDAY + timedelta(days=3))
    assert [at.day for _, _, at in opened(console_app, row)] == [3]


def test_a_sweep_that_is_repeated_or_dies_opens_nothing_twice(console_app: Any, plan: Any) -> None:
    row = plan()
    with clock.at(MONDAY + timedelta(hours=1)), console_app.app_context():
        jobs.sweep()
        jobs.sweep()
    pass_until(console_app, MONDAY + timedelta(hours=1))
    with world.as_staff(console_app) as by, pytest.raises(sa.exc.IntegrityError), savepoint():
        services.open_due(row.id, datetime(2027, 3, 1, 8, tzinfo=UTC), by=by)
    assert len(opened(console_app, row)) == 1


def test_a_closed_day_waits_for_the_next_open_one(plan: Any) -> None:
    assert plan("FREQ=WEEKLY;BYDAY=SA").next_at == datetime(2027, 3, 8, 8, tzinfo=UTC)
    assert plan("FREQ=WEEKLY;BYDAY=SA", on_closed="open").next_at == datetime(2027, 3, 6, 8, tzinfo=UTC)


def test_its_time_follows_the_clients_clocks(console_app: Any, acme: Any, plan: Any) -> None:
    with world.as_staff(console_app) as by:
        clients.change_client(acme.id, version=acme.tenant.version, time_zone="America/New_York", by=by)
    assert plan().next_at == datetime(2027, 3, 1, 13, tzinfo=UTC)


def test_paused_it_opens_nothing_and_goes_on_without_catching_up(console_app: Any, lead: Any, plan: Any) -> None:
    row = plan()
    with clock.at(MONDAY), world.acting(console_app, lead) as by:
        services.pause(row.id, version=row.version, by=by)
    pass_until(console_app, MONDAY + timedelta(days=2))
    with clock.at(MONDAY + timedelta(days=2, hours=3)), world.acting(console_app, lead) as by:
        row = services.resume(row.id, version=2, by=by)
        assert (row.paused_at, row.next_at) == (None, datetime(2027, 3, 4, 8, tzinfo=UTC))
    pass_until(console_app, MONDAY + timedelta(days=2, hours=4))
    assert opened(console_app, row) == []


def test_a_rule_ends(console_app: Any, lead: Any, plan: Any) -> None:
    row = plan("FREQ=DAILY;COUNT=1")
    pass_until(console_app, MONDAY + timedelta(hours=1))
    with clock.at(MONDAY + timedelta(days=1)), world.acting(console_app, lead) as by:
        row = queries.visible_recurring(row.id, by=by)
        assert row.next_at is None
        with pytest.raises(Conflict):
            services.resume(row.id, version=row.version, by=by)


def test_who_left_stops_the_ticket_and_the_reason_stays(console_app: Any, acme: Any, lead: Any, plan: Any) -> None:
    row, gone = plan(), acme.people["requester"]
    with world.as_staff(console_app) as by:
        people.change_contact(gone.id, version=gone.version, is_active=False, by=by)
    pass_until(console_app, MONDAY + timedelta(hours=1))
    assert opened(console_app, row) == [("", "There is no such contact at this client.", datetime(2027, 3, 1, 8, tzinfo=UTC))]
    with world.acting(console_app, lead) as by:
        assert queries.latest_problems([row]) == {row.id: "There is no such contact at this client."}
        assert queries.visible_recurring(row.id, by=by).next_at == datetime(2027, 3, 2, 8, tzinfo=UTC)


def test_a_change_counts_from_now_and_needs_the_present_version(console_app: Any, lead: Any, plan: Any) -> None:
    row = plan()
    with clock.at(MONDAY), world.acting(console_app, lead) as by:
        with pytest.raises(StaleVersion):
            services.change_recurring(row.id, {"subject": "x"}, version=9, by=by)
        changed = services.change_recurring(row.id, {"rule": "freq=weekly;byday=we", "at": time(9)}, version=1, by=by)
        assert (changed.rule, changed.next_at) == ("FREQ=WEEKLY;BYDAY=WE", datetime(2027, 3, 3, 9, tzinfo=UTC))
        assert changed.subject == "Change the tapes"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"subject": "  "}, "/subject"),
        ({"kind": "wish"}, "/kind"),
        ({"on_closed": "never"}, "/on_closed"),
        ({"impact": 9}, "/impact"),
        ({"rule": "FREQ=HOURLY"}, "/rule"),
        ({"rule": "FREQ=DAILY;UNTIL=20200101"}, "/rule"),
        ({"requester_id": "stranger"}, "/requester_id"),
        ({"site_id": "stranger"}, "/site_id"),
        ({"category_id": "stranger"}, "/category_id"),
        ({"team_id": "stranger"}, "/team_id"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(birch: Any, plan: Any, fields: dict[str, Any], pointer: str) -> None:
    fields = {name: birch.people["requester"].id if value == "stranger" else value for name, value in fields.items()}
    with pytest.raises(Invalid) as refused:
        plan(fields.pop("rule", "FREQ=DAILY"), **fields)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_only_who_may_and_only_at_clients_they_see(console_app: Any, acme: Any, birch: Any, plan: Any) -> None:
    row = plan()
    agent, elsewhere = world.agent(console_app, "agent")[1], world.agent(console_app, "lead", clients=[birch.id])[1]
    with world.acting(console_app, agent) as by:
        assert queries.visible_recurring(row.id, by=by).subject == "Change the tapes"
        with pytest.raises(Forbidden):
            services.pause(row.id, version=1, by=by)
    with world.acting(console_app, elsewhere) as by:
        with pytest.raises(NotFound):
            services.pause(row.id, version=1, by=by)
        with pytest.raises(NotFound):
            queries.recurring_page(acme.id, by=by)
    with world.acting(console_app, acme.actor("manager")) as by, pytest.raises(NotFound):
        queries.recurring_page(acme.id, by=by)
