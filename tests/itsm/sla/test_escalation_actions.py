"""What steps do, and whom they tell: duty, absence, on-call, and what is left when there is nobody."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from redis import Redis

from msp.core import clock, outbound
from msp.core.db import db, transaction
from msp.core.outbox import services as outbox
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.core.scope import Scope
from msp.itsm.sla import jobs as sla_jobs
from msp.itsm.sla.roster import Roster
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Message
from msp.itsm.tickets.services import moves, triage
from tenants.availability import services as availability
from tenants.services import people
from tests.itsm.sla import passing
from tests.itsm.sla.passing import MINUTE, incident, notify, pass_time, promise, step, warned
from tests.support import world

NIGHT = datetime(2027, 3, 2, 2, 0, tzinfo=UTC)  # a Tuesday
WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


class Crew:
    """A team with a lead and two agents who work by day."""

    def __init__(self, app: Any) -> None:
        self.app = app
        (_, self.lead), (_, self.ada), (_, self.ben) = (world.agent(app, role) for role in ("lead", "agent", "agent"))
        with world.as_staff(app) as by:
            self.team = people.add_team(world.unique("Team "), by=by)
            people.set_members(self.team.id, {self.lead.id: True, self.ada.id: False, self.ben.id: False}, by=by)
            for agent in (self.ada, self.ben):
                availability.set_week(agent.id, WEEK, time_zone="UTC", by=by)

    def ticket(self, company: Any, at: datetime, assignee: Any = None) -> Any:
        """A ticket of the team's, whose first step is due 50 minutes later."""
        made = incident(self.app, company, at)
        with passing.at(self.app, at, self.lead):
            triage.assign(made.id, by=self.lead, team_id=self.team.id, assignee_id=assignee.id if assignee else None)
        return made

    def on_call(self, *agents: Any) -> None:
        with world.as_staff(self.app) as by:
            availability.set_rota(self.team.id, [agent.id for agent in agents], starts_on=date(2027, 3, 1), time_zone="UTC", by=by)


@pytest.fixture
def crew(console_app: Any) -> Crew:
    return Crew(console_app)


def said(app: Any, ticket: Any) -> str:
    return str(passing.entries(app, ticket)[-1].data["text"])


def test_by_day_the_assignee_is_told(console_app: Any, acme: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, notify()))
    ticket = crew.ticket(acme, NIGHT.replace(hour=10), crew.ada)
    pass_time(console_app, NIGHT.replace(hour=10) + 50 * MINUTE)
    assert warned(console_app, ticket) == [crew.ada.id]


def test_by_night_the_on_call_is_told_instead(console_app: Any, acme: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, notify()))
    crew.on_call(crew.ben)
    ticket = crew.ticket(acme, NIGHT, crew.ada)
    pass_time(console_app, NIGHT + 50 * MINUTE)
    assert warned(console_app, ticket) == [crew.ben.id]
    assert f"{crew.ben.name} told (on call for {crew.ada.name})" in said(console_app, ticket)


def test_or_the_word_waits_until_he_is_back(console_app: Any, acme: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, notify(off_duty="wait")), minutes=1000)
    with world.as_staff(console_app) as by:
        availability.add_absence(crew.ada.id, NIGHT, NIGHT.replace(hour=11), by=by, reason="dentist")
    ticket = crew.ticket(acme, NIGHT - 490 * MINUTE, crew.ada)
    pass_time(console_app, NIGHT + 10 * MINUTE)
    assert warned(console_app, ticket) == []
    assert said(console_app, ticket).endswith(f"{crew.ada.name} will be told today 11:00")
    passing.work(console_app, NIGHT.replace(hour=10, minute=59))
    assert warned(console_app, ticket) == []
    passing.work(console_app, NIGHT.replace(hour=11))
    assert warned(console_app, ticket) == [crew.ada.id]


def test_the_word_that_waited_is_dropped_when_nothing_is_left_to_say(console_app: Any, acme: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, notify(off_duty="wait")))
    ticket = crew.ticket(acme, NIGHT, crew.ada)
    pass_time(console_app, NIGHT + 50 * MINUTE)
    with passing.at(console_app, NIGHT + 60 * MINUTE, crew.lead):
        moves.move(ticket.id, "resolved", by=crew.lead)
    passing.work(console_app, NIGHT.replace(hour=12))
    assert warned(console_app, ticket) == []


def test_with_nobody_to_tell_it_is_the_lead_then_the_administrators(console_app: Any, acme: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, notify()))
    _, admin = world.agent(console_app, "admin")
    of_a_team = crew.ticket(acme, NIGHT)
    of_nobody = incident(console_app, acme, NIGHT)
    pass_time(console_app, NIGHT + 50 * MINUTE)
    assert warned(console_app, of_a_team) == [crew.lead.id]
    assert said(console_app, of_a_team).endswith(f"{crew.lead.name} told (nobody else to tell)")
    assert admin.id in warned(console_app, of_nobody)
    assert crew.ada.id not in warned(console_app, of_nobody)


def test_who_may_not_see_the_client_is_not_told(console_app: Any, acme: Any, birch: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, notify("account_manager")))
    _, ours = world.agent(console_app, "account_manager", clients=[acme.id])
    _, theirs = world.agent(console_app, "account_manager", clients=[birch.id])
    ticket = crew.ticket(acme, NIGHT)
    pass_time(console_app, NIGHT + 50 * MINUTE)
    assert warned(console_app, ticket) == [ours.id]
    assert theirs.id not in warned(console_app, ticket)


def test_a_team_is_told_as_far_as_it_works(console_app: Any, acme: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, notify(str(crew.team.id))))
    ticket = crew.ticket(acme, NIGHT)
    with world.as_staff(console_app) as by:
        availability.set_available_until(crew.ben.id, NIGHT + timedelta(hours=2), by=by)
    pass_time(console_app, NIGHT + 50 * MINUTE)
    assert set(warned(console_app, ticket)) == {crew.lead.id, crew.ben.id}, "the lead keeps no hours, Ben said that he is there"


def test_whoever_is_meant_twice_is_told_once_of_a_step(console_app: Any, acme: Any, crew: Crew) -> None:
    """The lead is the assignee, and stands in for an account manager who does not exist."""
    promise(console_app, acme, step(50, notify("lead"), notify(), notify(str(crew.team.id))), step(80, notify("lead")))
    ticket = crew.ticket(acme, NIGHT.replace(hour=10), crew.lead)
    pass_time(console_app, NIGHT.replace(hour=10) + 50 * MINUTE)
    assert sorted(warned(console_app, ticket), key=str) == sorted([crew.lead.id, crew.ada.id, crew.ben.id], key=str)
    assert said(console_app, ticket).count(crew.lead.name) == 1
    with world.as_staff(console_app):
        mails = db.session.scalars(sa.select(Outbox.args).where(Outbox.queue == "mail", Outbox.done_at.is_(None))).all()
    assert str(mails).count(f"{ticket.id}.{crew.lead.id}") == 1
    pass_time(console_app, NIGHT.replace(hour=10) + 80 * MINUTE)
    assert warned(console_app, ticket).count(crew.lead.id) == 2, "another step is another word"


def test_who_will_be_told_later_is_not_told_again(console_app: Any, acme: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, notify(off_duty="wait"), notify(str(crew.team.id), "wait")))
    ticket = crew.ticket(acme, NIGHT, crew.ada)
    pass_time(console_app, NIGHT + 50 * MINUTE)
    assert said(console_app, ticket).count(crew.ada.name) == 1
    passing.work(console_app, NIGHT.replace(hour=9))
    assert warned(console_app, ticket).count(crew.ada.id) == 1


def test_a_step_gives_the_ticket_to_another_team_and_raises_it(console_app: Any, acme: Any, crew: Crew) -> None:
    other = Crew(console_app)
    actions = {"reassign": str(other.team.id), "raise_priority": "", "note": "Call them."}
    promise(console_app, acme, step(50, *({"kind": kind, "to": to} for kind, to in actions.items())))
    ticket = crew.ticket(acme, NIGHT, crew.ada)
    pass_time(console_app, NIGHT + 50 * MINUTE)
    found = passing.fresh(console_app, ticket)
    assert (found.team_id, found.assignee_id, found.priority) == (other.team.id, None, 2)
    with world.acting(console_app, crew.lead):
        notes = [m.body for m in queries.messages(found, by=crew.lead) if m.is_internal]
    assert notes == ["Call them."]
    with world.acting(console_app, acme.actor()):
        assert db.session.scalars(sa.select(Message.body).where(Message.ticket_id == ticket.id)).all() == []
    [assigned] = passing.entries(console_app, ticket, "assigned")[1:]
    assert (assigned.actor_kind, assigned.actor_name) == ("system", "Escalation")
    facts = [entry.kind for entry in passing.entries(console_app, ticket, "classified")]
    assert facts == ["classified"]


def test_a_web_hook_goes_out_as_a_job_and_not_into_our_own_network(console_app: Any, acme: Any, crew: Crew) -> None:
    promise(console_app, acme, step(50, {"kind": "web_hook", "to": "https://localhost/hook"}))
    ticket = crew.ticket(acme, NIGHT)
    now = NIGHT + 50 * MINUTE
    passing.sweep(console_app, now)
    with clock.at(now), world.as_staff(console_app):
        fired = db.session.scalars(sa.select(Outbox.id).where(Outbox.kind == "tickets.steps_fired", Outbox.done_at.is_(None))).all()
    with clock.at(now), console_app.app_context():
        assert {worker.do(id) for id in fired} == {"done"}
        hook = _hook(ticket)
        assert hook.args["body"]["ticket"] == ticket.ref
        assert worker.do(hook.id) == "parked"


def _hook(ticket: Any) -> Outbox:
    with transaction(Scope.staff()):
        return db.session.scalars(sa.select(Outbox).where(Outbox.kind == "sla.web_hook", Outbox.tenant_ids == [ticket.tenant_id])).one()


@pytest.mark.parametrize(
    ("hours", "absent", "until", "expected"),
    [
        (None, None, None, NIGHT),
        (WEEK, None, None, NIGHT.replace(hour=9)),
        (WEEK, (NIGHT, NIGHT.replace(day=3)), None, NIGHT.replace(day=3, hour=9)),
        (WEEK, (NIGHT, NIGHT.replace(day=4, hour=16)), None, NIGHT.replace(day=4, hour=16)),
        (None, (NIGHT, NIGHT.replace(hour=6)), None, NIGHT.replace(hour=6)),
        (WEEK, (NIGHT, NIGHT.replace(day=3)), NIGHT.replace(hour=3), NIGHT),
        ({}, None, None, None),
    ],
)
def test_when_somebody_is_next_on_duty(console_app: Any, hours: Any, absent: Any, until: Any, expected: Any) -> None:
    agent = world.agent(console_app)[1]
    with world.as_staff(console_app) as by:
        availability.set_week(agent.id, hours, time_zone="UTC", by=by)
        if absent:
            availability.add_absence(agent.id, *absent, by=by)
        availability.set_available_until(agent.id, until, by=by)
        roster = Roster([agent.id], [], NIGHT)
        assert roster.next_on_duty(agent.id) == expected
        assert roster.is_on_duty(agent.id) is (expected == NIGHT)


def test_an_on_call_who_is_away_is_not_called(console_app: Any, crew: Crew) -> None:
    crew.on_call(crew.ben)
    with world.as_staff(console_app) as by:
        assert Roster([], [crew.team.id], NIGHT).on_call(crew.team.id) == crew.ben.id
        availability.add_absence(crew.ben.id, NIGHT, NIGHT + timedelta(days=1), by=by)
        assert Roster([], [crew.team.id], NIGHT).on_call(crew.team.id) is None
        assert Roster([], [UUID(int=1)], NIGHT).on_call(UUID(int=1)) is None


@pytest.mark.parametrize(("status", "outcome"), [(204, "done"), (500, "failed")])
def test_the_other_side_of_a_web_hook_says_whether_it_took_it(
    console_app: Any, acme: Any, monkeypatch: pytest.MonkeyPatch, status: int, outcome: str
) -> None:
    sent: list[tuple[str, str, dict[str, str]]] = []

    def fetch(method: str, url: str, *, headers: dict[str, str], body: bytes) -> outbound.Response:
        sent.append((method, url, headers))
        return outbound.Response(status, {}, b"")

    monkeypatch.setattr(outbound, "fetch", fetch)
    with world.as_staff(console_app):
        id = outbox.enqueue("sla.web_hook", {"url": "https://hooks.example/x", "body": {"a": 1}}, tenant_id=acme.id)
    with console_app.app_context():
        assert worker.do(id) == outcome
    [(method, url, headers)] = sent
    assert (method, url, headers["webhook-id"]) == ("POST", "https://hooks.example/x", str(id))


def test_without_redis_the_loop_sweeps_and_does_what_follows(
    console_app: Any, acme: Any, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(console_app, acme, step(50, notify()))
    ticket = crew.ticket(acme, NIGHT.replace(hour=10), crew.ada)
    passing.pass_time(console_app, NIGHT.replace(hour=10) + 49 * MINUTE)  # the loop's time is short: what others left is done before
    assert warned(console_app, ticket) == []
    monkeypatch.setitem(console_app.extensions, "msp.redis", Redis.from_url("redis://127.0.0.1:1/0"))
    with clock.at(NIGHT.replace(hour=10) + 50 * MINUTE), console_app.app_context():
        sla_jobs.sweep_alone()
    assert warned(console_app, ticket) == [crew.ada.id]
