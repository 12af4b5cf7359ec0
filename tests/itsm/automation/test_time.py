"""Rules of time: when so many minutes of the client's calendar have passed without something."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from msp.core.db import db
from msp.itsm.automation.models import Rule
from msp.itsm.automation.services import rules
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import conversation, moves, triage
from tests.itsm.automation.making import MONDAY, after, rule, runs, said, tag, tags
from tests.itsm.sla.passing import at, fresh, incident, work
from tests.support import world

MINUTE = timedelta(minutes=1)


def test_a_timer_rings_after_working_minutes_without_a_reply_of_ours(console_app: Any, acme: Any) -> None:
    made = rule(console_app, after(30, "public_reply"), tag("rescue"), company=acme, query="kind:incident")
    ticket = incident(console_app, acme, MONDAY + timedelta(hours=7, minutes=50))  # ten minutes before the day ends
    work(console_app, MONDAY + timedelta(hours=9))
    assert runs(console_app, made) == []
    tuesday = MONDAY + timedelta(days=1, minutes=20)
    work(console_app, tuesday - timedelta(seconds=1))
    assert runs(console_app, made) == []
    work(console_app, tuesday)
    (run,) = runs(console_app, made)
    assert (run.outcome, tags(console_app, ticket)) == ("acted", ["rescue"])
    assert run.trace[0]["text"] == "After 30 working minutes without a public reply by one of us"
    assert said(run) == ["matched: because kind:incident", "1 tag: rescue added"]


def test_a_reply_takes_the_timer_back_and_the_client_s_answer_begins_anew(console_app: Any, acme: Any) -> None:
    made = rule(console_app, after(30, "public_reply"), tag("late"), company=acme)
    ticket, requester = incident(console_app, acme, MONDAY), acme.actor()
    work(console_app, MONDAY)
    _, agent = world.agent(console_app)
    with at(console_app, MONDAY + 10 * MINUTE, agent):
        conversation.reply(ticket.id, "We look.", by=agent)
    work(console_app, MONDAY + 60 * MINUTE)
    assert runs(console_app, made) == []
    for minutes in (60, 70):  # he waits since the first of the two
        with at(console_app, MONDAY + minutes * MINUTE, requester):
            conversation.reply(ticket.id, "And?", by=requester)
        work(console_app, MONDAY + minutes * MINUTE)
    work(console_app, MONDAY + 89 * MINUTE)
    assert runs(console_app, made) == []
    work(console_app, MONDAY + 105 * MINUTE)
    assert [run.outcome for run in runs(console_app, made)] == ["acted"]


def test_it_repeats_until_the_state_changes(console_app: Any, acme: Any) -> None:
    made = rule(console_app, after(60, "move", calendar="always", repeats=True), {"kind": "note", "body": "Still here."}, company=acme)
    ticket = incident(console_app, acme, MONDAY)
    for hours in range(4):
        work(console_app, MONDAY + timedelta(hours=hours))
    assert [run.outcome for run in runs(console_app, made)] == ["acted"] * 3
    _, agent = world.agent(console_app)
    with at(console_app, MONDAY + timedelta(hours=3, minutes=30), agent):
        moves.move(ticket.id, "open", by=agent)
    work(console_app, MONDAY + timedelta(hours=4))
    assert len(runs(console_app, made)) == 3
    work(console_app, MONDAY + timedelta(hours=4, minutes=30))
    assert len(runs(console_app, made)) == 4


def test_resolved_tickets_are_closed_after_a_warning(console_app: Any, acme: Any) -> None:
    warning, closing = {"kind": "note", "body": "Closes soon."}, {"kind": "status", "to": "closed"}
    rule(console_app, after(600, "move", calendar="always"), warning, company=acme, query="status:resolved")
    rule(console_app, after(900, "move", calendar="always"), closing, company=acme, query="status:resolved")
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, MONDAY)
    _, agent = world.agent(console_app)
    with at(console_app, MONDAY, agent):
        conversation.reply(ticket.id, "Done.", by=agent, then="resolved")
    for hours in (1, 10, 14, 15):
        work(console_app, MONDAY + timedelta(hours=hours))
        assert fresh(console_app, ticket).status == ("closed" if hours == 15 else "resolved")


def test_open_tickets_come_under_a_rule_that_begins(console_app: Any, acme: Any) -> None:
    old, new = incident(console_app, acme, MONDAY - timedelta(days=3)), incident(console_app, acme, MONDAY - 10 * MINUTE)
    work(console_app, MONDAY)
    made = rule(console_app, after(30, "assignment", calendar="always"), tag("alone"), company=acme)
    work(console_app, MONDAY + 30 * MINUTE)
    assert [run.ticket_id for run in runs(console_app, made)] == [new.id]  # for the other it was past already
    assert tags(console_app, old) == []


def test_a_paused_rule_sleeps_and_wakes(console_app: Any, acme: Any) -> None:
    made = rule(console_app, after(30, "assignment", calendar="always"), tag("alone"), company=acme)
    incident(console_app, acme, MONDAY)
    work(console_app, MONDAY)
    with world.as_staff(console_app) as by:
        rules.pause(made.id, version=db.session.get_one(Rule, made.id).version, by=by)
    work(console_app, MONDAY + 40 * MINUTE)
    assert runs(console_app, made) == []
    second = incident(console_app, acme, MONDAY + 40 * MINUTE)
    work(console_app, MONDAY + 41 * MINUTE)
    with at(console_app, MONDAY + 45 * MINUTE, world.system()) as by:
        rules.resume(made.id, version=db.session.get_one(Rule, made.id).version, by=by)
    work(console_app, MONDAY + 45 * MINUTE)
    work(console_app, MONDAY + 71 * MINUTE)
    assert [run.ticket_id for run in runs(console_app, made)] == [second.id]


def test_an_assignment_takes_it_back(console_app: Any, acme: Any) -> None:
    made = rule(console_app, after(30, "assignment", calendar="always"), tag("alone"), company=acme)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, MONDAY)
    agent, by = world.agent(console_app)
    with at(console_app, MONDAY + 20 * MINUTE, by):
        triage.assign(ticket.id, assignee_id=agent.id, by=by)
    work(console_app, MONDAY + 31 * MINUTE)
    assert runs(console_app, made) == []
    with world.as_staff(console_app):
        assert db.session.scalar(sa.select(Ticket.assignee_id).where(Ticket.id == ticket.id)) == agent.id
