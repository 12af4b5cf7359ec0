"""Steps fire when their instant has come, once, and only while their clock runs."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from msp.core import clock, heartbeats
from msp.core.db import db
from msp.core.outbox import services as outbox
from msp.itsm.sla.models import Clock, Escalation
from msp.itsm.sla.services import escalation, replaying
from msp.itsm.tickets.services import conversation, moves, triage
from tests.itsm.sla import passing
from tests.itsm.sla.passing import MINUTE, incident, notify, pass_time, promise, step, steps, sweep, told, warned
from tests.support import due, world

START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def lead(console_app: Any) -> Any:
    return world.agent(console_app, "lead")[1]


@pytest.fixture
def ticket(console_app: Any, acme: Any, lead: Any) -> Any:
    """An incident of the lead's: 100 minutes to resolve it, warnings at 50 and 75 %, a word at the breach."""
    promise(console_app, acme, step(50, notify()), step(75, notify()), step(None, notify()))
    made = incident(console_app, acme, START)
    with passing.at(console_app, START, lead):
        triage.assign(made.id, by=lead, assignee_id=lead.id)
    return made


@pytest.fixture
def many(servers: Any, acme: Any, lead: Any) -> Iterator[Callable[..., None]]:
    """Make many due steps at a company; they are gone after the test."""
    url = servers.url("msp_owner")
    yield lambda count, at: due.many(url, acme, count, at, agent_id=lead.id)
    due.forget(url, acme)


def test_each_step_fires_at_its_instant_and_once(console_app: Any, ticket: Any, lead: Any) -> None:
    pass_time(console_app, START + 50 * MINUTE - timedelta(seconds=1))
    assert warned(console_app, ticket) == []
    for _ in range(2):
        pass_time(console_app, START + 50 * MINUTE)
    assert warned(console_app, ticket) == [lead.id]
    [entry] = passing.entries(console_app, ticket)
    assert entry.is_internal
    assert entry.data["text"] == f"50 % of the resolution time is used; {lead.name} told"
    assert steps(console_app, ticket)["50"].settled_at == START + 50 * MINUTE
    text = told(console_app, ticket)[-1][2]
    assert text == "50 % of the resolution time is used, due today 10:40: Printer on fire"


def test_the_breach_is_noted_a_second_after_the_due_instant(console_app: Any, ticket: Any) -> None:
    due_at = START + 100 * MINUTE
    pass_time(console_app, due_at + timedelta(milliseconds=900))
    assert passing.the_clock(console_app, ticket).outcome is None, "exactly the target is used, not more"
    assert steps(console_app, ticket)["breach"].state == "armed"
    pass_time(console_app, due_at + timedelta(seconds=1))
    found = passing.the_clock(console_app, ticket)
    assert (found.outcome, found.breached_at, found.outcome_at) == ("breached", due_at, due_at)
    assert passing.outcomes(console_app, ticket) == ["breached"]
    assert passing.fresh(console_app, ticket).sla_outcome == "breached"
    assert [entry.data["step"] for entry in passing.entries(console_app, ticket)] == ["50", "75", "breach"]


def test_what_the_sweep_noted_is_what_the_engine_says(console_app: Any, ticket: Any, lead: Any) -> None:
    later = START + 100 * MINUTE + timedelta(seconds=1)
    pass_time(console_app, later)
    with passing.at(console_app, later, lead):
        triage.set_tags(ticket.id, ["read-anew"], by=lead)
        moves.move(ticket.id, "resolved", by=lead)
    assert passing.outcomes(console_app, ticket) == ["breached"], "neither taken back nor said twice"


def test_a_stopped_or_paused_clock_fires_nothing(console_app: Any, ticket: Any, lead: Any) -> None:
    """Due at ten to ten, but the ticket waits since then: the step rests, and comes when the clock runs again."""
    with passing.at(console_app, START + 50 * MINUTE + timedelta(seconds=0.4), lead):
        conversation.reply(ticket.id, "Which one?", by=lead, then="waiting_for_client", reason="Asked which")
    pass_time(console_app, START + 50 * MINUTE + timedelta(seconds=1))
    assert warned(console_app, ticket) == []
    assert (steps(console_app, ticket)["50"].state, steps(console_app, ticket)["50"].fire_at) == ("armed", None)
    with passing.at(console_app, START + 300 * MINUTE, lead):
        moves.move(ticket.id, "open", by=lead)
    pass_time(console_app, START + 300 * MINUTE)
    assert warned(console_app, ticket) == [lead.id]
    with passing.at(console_app, START + 310 * MINUTE, lead):
        moves.move(ticket.id, "resolved", by=lead)
    pass_time(console_app, START + 1000 * MINUTE)
    assert warned(console_app, ticket) == [lead.id]
    assert passing.outcomes(console_app, ticket) == ["met"]


def test_of_several_that_a_change_puts_into_the_past_the_latest_fires(console_app: Any, acme: Any, ticket: Any, lead: Any) -> None:
    with passing.at(console_app, START + 10 * MINUTE, lead):
        conversation.reply(ticket.id, "Waiting", by=lead, then="waiting_for_client", reason="Asked")
    with passing.at(console_app, START + 11 * MINUTE, lead):
        moves.move(ticket.id, "open", by=lead)
    with world.as_staff(console_app):
        db.session.execute(
            sa.update(Escalation).where(Escalation.subject_id == ticket.id, Escalation.step != "breach").values(fire_at=None)
        )
    with passing.at(console_app, START + 90 * MINUTE, lead):  # the facts are read anew, both steps lie back
        moves.move(ticket.id, "waiting_for_supplier", by=lead, reason="Ordered")
    found = steps(console_app, ticket)
    assert (found["50"].state, found["75"].state) == ("skipped", "armed")
    pass_time(console_app, START + 90 * MINUTE)
    assert warned(console_app, ticket) == [lead.id]


def test_a_second_breach_in_a_cycle_is_noted_though_its_step_has_fired(console_app: Any, ticket: Any, lead: Any) -> None:
    pass_time(console_app, START + 101 * MINUTE)
    assert passing.outcomes(console_app, ticket) == ["breached"]
    with world.as_staff(console_app):  # as if the promise had been moved out: taken back, due again in an hour
        moved = {"breached_at": None, "outcome": None, "outcome_at": None, "breaches_at": START + 200 * MINUTE}
        db.session.execute(sa.update(Clock).where(Clock.subject_id == ticket.id, Clock.kind == "resolution").values(moved))
    before = warned(console_app, ticket)
    pass_time(console_app, START + 201 * MINUTE)
    assert passing.the_clock(console_app, ticket).breached_at == START + 200 * MINUTE
    assert passing.outcomes(console_app, ticket) == ["breached", "breached"]
    assert warned(console_app, ticket) == before


def test_the_live_sweep_leaves_a_replay_alone_and_the_replay_fires_its_own(console_app: Any, acme: Any) -> None:
    promise(console_app, acme, step(50, notify()), step(75, notify()), step(None, notify()))
    agent = world.agent(console_app)[1]
    with outbox.suppressed(), replaying.replay():
        made = incident(console_app, acme, START)
    pass_time(console_app, START + 60 * MINUTE)
    assert steps(console_app, made)["50"].state == "armed"
    event_at = START + 110 * MINUTE
    with outbox.suppressed(), replaying.replay(), clock.at(event_at), world.as_staff(console_app):
        assert escalation.fire_due(acme.id, made.id, event_at) == 3
        assert escalation.fire_due(acme.id, made.id, event_at) == 0
    found = steps(console_app, made)
    assert [found[key].settled_at for key in ("50", "75", "breach")] == [START + m * MINUTE for m in (50, 75, 100)]
    assert [entry.at for entry in passing.entries(console_app, made)] == [START + m * MINUTE for m in (50, 75, 100)]
    assert passing.outcomes(console_app, made) == ["breached"]
    assert passing.fresh(console_app, made).sla_outcome == "breached"
    assert told(console_app, made) == [], "nobody is told of the past"
    with passing.at(console_app, event_at + MINUTE, agent):
        moves.move(made.id, "resolved", by=agent)
    assert passing.outcomes(console_app, made) == ["breached"], "the present reads what the replay has written"


def test_the_present_brings_a_replayed_subject_to_life_but_not_its_past(console_app: Any, acme: Any) -> None:
    promise(console_app, acme, step(50, notify("lead")), step(75, notify("lead")))
    agent = world.agent(console_app)[1]
    with outbox.suppressed(), replaying.replay():
        made = incident(console_app, acme, START)
    with passing.at(console_app, START + 60 * MINUTE, agent):
        conversation.reply(made.id, "We go on with this here.", by=agent)
    found = steps(console_app, made)
    assert (found["50"].state, found["75"].state, found["75"].is_replayed) == ("skipped", "armed", False)
    pass_time(console_app, START + 76 * MINUTE)
    assert [entry.data["step"] for entry in passing.entries(console_app, made)] == ["75"]


def test_two_sweeps_at_once_share_the_work(console_app: Any, acme: Any, servers: Any, many: Any) -> None:
    at = clock.now().replace(microsecond=0) - timedelta(seconds=5)
    many(1200, at)
    fired: list[int] = []

    def run() -> None:
        with console_app.app_context():
            fired.append(escalation.sweep(clock.now()))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fired) >= 1200
    with psycopg.connect(servers.url("msp_owner")) as connection:
        counted = connection.execute(
            "SELECT count(*), count(DISTINCT clock_id) FROM sla_outcome WHERE tenant_id = %s", (acme.id,)
        ).fetchone()
        asked = connection.execute(
            "SELECT count(*), count(DISTINCT e.id)"
            " FROM (SELECT jsonb_array_elements_text(args->'steps') AS id FROM outbox"
            " WHERE kind = 'tickets.steps_fired') s"
            " JOIN sla_escalation e ON e.id = s.id::uuid WHERE e.tenant_id = %s",
            (acme.id,),
        ).fetchone()
    assert counted == (1200, 1200)
    assert asked == (1200, 1200)
    with console_app.app_context():
        assert heartbeats.seconds_since(escalation.SWEEP) < 5


def test_the_sweep_waits_for_nobody(console_app: Any, acme: Any, servers: Any, ticket: Any) -> None:
    """A request that holds the clock finishes first; its step comes a sweep later."""
    now = START + 50 * MINUTE
    with psycopg.connect(servers.url("msp_owner")) as request:
        request.execute("SELECT 1 FROM sla_clock WHERE subject_id = %s FOR UPDATE", (ticket.id,))
        began = time.monotonic()
        sweep(console_app, now)
        assert time.monotonic() - began < 2
        assert steps(console_app, ticket)["50"].state == "armed"
        request.rollback()
    sweep(console_app, now)
    assert steps(console_app, ticket)["50"].state == "fired"


def test_the_sweep_reads_its_own_indexes(console_app: Any, many: Any) -> None:
    many(3000, START + timedelta(days=900))
    now = clock.now()
    with world.as_staff(console_app):
        for statement, index in (
            (escalation.due_steps(now).where(~Escalation.is_replayed), "ix_sla_escalation_due"),
            (escalation.due_clocks(now).where(~Clock.is_replayed), "ix_sla_clock_breaching"),
        ):
            text = statement.limit(500).compile(db.engine, compile_kwargs={"literal_binds": True})
            plan = "\n".join(db.session.scalars(sa.text(f"EXPLAIN {text}")))
            assert index in plan, plan
