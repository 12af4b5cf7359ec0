"""Rules on events: what they do, once, why, and what stops them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db, transaction
from msp.core.errors import Forbidden, Invalid, NotFound
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.core.query.errors import QueryError
from msp.core.scope import Scope
from msp.itsm.automation import queries
from msp.itsm.automation.models import Rule
from msp.itsm.automation.services import rules
from msp.itsm.macros import services as macros
from msp.itsm.tickets.models import Message, Ticket
from msp.itsm.tickets.services import conversation, triage
from tenants.models import Agent
from tenants.services import people
from tests.itsm.automation.making import MONDAY, event, rule, runs, said, stop, tag, tags
from tests.itsm.sla.passing import at, entries, fresh, incident, told, work
from tests.support import world

LATER = MONDAY + timedelta(minutes=5)


def team_of(app: Any, *members: Any) -> Any:
    with world.as_staff(app) as by:
        team = people.add_team(world.unique("Team "), by=by)
        people.set_members(team.id, {member.id: False for member in members}, by=by)
    return team


def test_a_rule_acts_on_what_it_matches_and_says_why(console_app: Any, acme: Any) -> None:
    made = rule(
        console_app, event("opened"), {"kind": "priority", "to": "1"}, tag("rescue vip"), {"kind": "note", "body": "Look at once."},
        company=acme, query="kind:incident -status:waiting",
    )  # fmt: skip
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    after = fresh(console_app, ticket)
    assert (after.priority, after.is_priority_set, tags(console_app, ticket)) == (1, True, ["rescue", "vip"])
    (run,) = runs(console_app, made)
    assert (run.outcome, run.ticket_id) == ("acted", ticket.id)
    assert run.trace[0]["text"] == "When a ticket is opened"
    assert said(run) == [
        "matched: because kind:incident and -status:waiting", "1 priority: P1", "2 tag: rescue, vip added", "3 note: “Look at once.”",
    ]  # fmt: skip
    (entry,) = entries(console_app, ticket, "automated")
    assert (entry.is_internal, entry.actor_name) == (True, f"Rule “{made.name}”")
    assert "P1; rescue, vip added" in entry.data["text"]
    with world.as_staff(console_app):
        note = db.session.scalars(sa.select(Message).where(Message.ticket_id == ticket.id, Message.is_internal)).one()
        assert (note.body, note.author_kind, note.author_name) == ("Look at once.", "system", f"Rule “{made.name}”")


def test_what_does_not_match_leaves_nothing(console_app: Any, acme: Any) -> None:
    made = rule(console_app, event("opened"), tag("no"), company=acme, query="priority:1")
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    assert (runs(console_app, made), tags(console_app, ticket)) == ([], [])


def test_rules_are_asked_in_their_order_and_one_may_end_it(console_app: Any, acme: Any) -> None:
    first = rule(console_app, event("opened"), {"kind": "priority", "to": "2"}, company=acme)
    second = rule(console_app, event("opened"), tag("urgent"), company=acme, query="priority:2", stops=True)
    third = rule(console_app, event("opened"), tag("never"), company=acme)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    assert [len(runs(console_app, each)) for each in (first, second, third)] == [1, 1, 0]
    assert tags(console_app, ticket) == ["urgent"]  # the second saw what the first had done
    with world.as_staff(console_app) as by:
        rules.move(third.id, up=True, version=db.session.get_one(Rule, third.id).version, by=by)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    assert tags(console_app, ticket) == ["never", "urgent"]


def test_a_job_that_is_done_again_does_nothing(console_app: Any, acme: Any) -> None:
    made = rule(console_app, event("opened"), {"kind": "note", "body": "Once."}, company=acme)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    with console_app.app_context(), transaction(Scope.staff()):
        row = db.session.scalars(
            sa.select(Outbox).where(Outbox.kind == "automation.happened", Outbox.args["ticket_id"].astext == str(ticket.id)).limit(1)
        ).one()
        row.done_at, row.claim, row.claimed_until = None, None, None
        id = row.id
    with clock.at(LATER), console_app.app_context():
        assert worker.do(id) == "done"
    assert len(runs(console_app, made)) == 1
    with world.as_staff(console_app):
        notes = sa.select(sa.func.count()).where(Message.ticket_id == ticket.id, Message.is_internal)
        assert db.session.scalar(notes) == 1


def test_a_client_s_rule_never_touches_another_client_s_ticket(console_app: Any, acme: Any, birch: Any) -> None:
    made = rule(console_app, event("opened"), tag("ours"), company=acme)
    theirs, ours = incident(console_app, birch, MONDAY), incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    assert (tags(console_app, theirs), tags(console_app, ours)) == ([], ["ours"])
    assert [run.tenant_id for run in runs(console_app, made)] == [acme.id]


def test_a_rule_for_all_may_name_clients_that_others_do_not_see(console_app: Any, acme: Any, birch: Any) -> None:
    made = rule(console_app, event("opened"), tag("named"), query=f"client:{acme.tenant.key.lower()}")
    theirs, ours = incident(console_app, birch, MONDAY), incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    stop(console_app, made)
    assert (tags(console_app, theirs), tags(console_app, ours)) == ([], ["named"])
    assert [run.outcome for run in runs(console_app, made)] == ["acted"]


def test_a_looping_pair_is_stopped_and_explained(console_app: Any, acme: Any) -> None:
    up = rule(console_app, event("reprioritised"), {"kind": "priority", "to": "1"}, company=acme, name="Up", query="priority:2,3,4")
    down = rule(console_app, event("reprioritised"), {"kind": "priority", "to": "2"}, company=acme, name="Down", query="priority:1")
    ticket = incident(console_app, acme, MONDAY)
    _, agent = world.agent(console_app)
    with at(console_app, MONDAY, agent):
        triage.classify(ticket.id, {"priority": 4}, by=agent)
    work(console_app, LATER)  # it ends
    assert sorted(run.outcome for run in runs(console_app, up)) == ["acted", "skipped", "stopped"]
    assert [run.outcome for run in runs(console_app, down)] == ["acted"]
    (stopped,) = [run for run in runs(console_app, up) if run.outcome == "stopped"]
    assert said(stopped)[-1] == "stopped: these rules start each other in a loop: “Up” → “Down” → “Up”"
    assert fresh(console_app, ticket).priority == 2
    assert any("in a loop" in entry.data["text"] for entry in entries(console_app, ticket, "automated"))


def test_its_own_acts_never_start_it(console_app: Any, acme: Any) -> None:
    made = rule(console_app, event("reprioritised"), {"kind": "priority", "to": "1"}, company=acme)
    ticket = incident(console_app, acme, MONDAY)
    _, agent = world.agent(console_app)
    with at(console_app, MONDAY, agent):
        triage.classify(ticket.id, {"priority": 4}, by=agent)
    work(console_app, LATER)
    acted, own = sorted(runs(console_app, made), key=lambda run: run.outcome)
    assert (acted.outcome, own.outcome, said(own)[-1]) == ("acted", "skipped", "skipped: its own acts never start it")


def test_once_for_a_ticket_or_until_someone_answers(console_app: Any, acme: Any) -> None:
    once = rule(console_app, event("reprioritised"), tag("once"), company=acme, once="ticket")
    until = rule(console_app, event("reprioritised"), {"kind": "note", "body": "Again."}, company=acme, once="until_reply")
    ticket = incident(console_app, acme, MONDAY)
    _, agent = world.agent(console_app)
    for minutes, reply in ((1, False), (2, True), (4, False)):
        now = MONDAY + timedelta(minutes=minutes)
        with at(console_app, now, agent):
            triage.classify(ticket.id, {"priority": minutes}, by=agent)
        work(console_app, now)
        if reply:
            with at(console_app, now + timedelta(seconds=30), agent):
                conversation.reply(ticket.id, "We are on it.", by=agent)
    assert [run.outcome for run in runs(console_app, once)] == ["acted", "skipped", "skipped"]
    assert said(runs(console_app, once)[1])[-1] == "skipped: it has acted on this ticket already"
    assert [run.outcome for run in runs(console_app, until)] == ["acted", "skipped", "acted"]


def test_once_for_a_ticket_holds_where_a_later_step_failed(console_app: Any, acme: Any) -> None:
    steps = {"kind": "note", "body": "Only once."}, {"kind": "category", "to": "No such category"}
    made = rule(console_app, event("reprioritised"), *steps, company=acme, once="ticket")
    failing = rule(console_app, event("reprioritised"), steps[1], company=acme, once="ticket")
    ticket = incident(console_app, acme, MONDAY)
    _, agent = world.agent(console_app)
    for minutes in (1, 2):
        with at(console_app, MONDAY + timedelta(minutes=minutes), agent):
            triage.classify(ticket.id, {"priority": minutes}, by=agent)
        work(console_app, MONDAY + timedelta(minutes=minutes))
    assert [run.outcome for run in runs(console_app, made)] == ["failed", "skipped"]
    assert [run.outcome for run in runs(console_app, failing)] == ["failed", "failed"]  # it has done nothing yet


def test_the_brake_pauses_the_rule_and_tells_its_owner(console_app: Any, acme: Any) -> None:
    owner, by = world.agent(console_app, "admin")
    made = rule(console_app, event("opened"), tag("many"), company=acme, brake=2, by=by)
    found = [incident(console_app, acme, MONDAY, f"Number {n}") for n in range(4)]
    work(console_app, LATER)
    assert [tags(console_app, each) for each in found] == [["many"], ["many"], [], []]
    *_, last = runs(console_app, made)
    assert (last.outcome, said(last)[-1]) == ("stopped", "brake: it acted 2 times within an hour, so it is paused")
    with world.as_staff(console_app):
        assert db.session.get_one(Rule, made.id).paused_reason == "It acted 2 times within an hour."
    assert [(agent, text) for agent, kind, text in told(console_app, found[2]) if kind == "automation"] == [
        (owner.id, f"The rule “{made.name}” is paused: it acted 2 times within an hour.")
    ]


def test_an_error_ends_the_rule_with_a_clear_trace_and_nothing_is_lost(console_app: Any, acme: Any) -> None:
    gone, _ = world.agent(console_app)
    made = rule(
        console_app, event("opened"), tag("before"), {"kind": "assign", "to": "agent", "agent": str(gone.id)}, tag("after"), company=acme,
    )  # fmt: skip
    other = rule(console_app, event("opened"), tag("other"), company=acme)
    with world.as_staff(console_app):
        db.session.get_one(Agent, gone.id).is_active = False
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    (run,) = runs(console_app, made)
    assert run.outcome == "failed"
    assert said(run)[1:] == ["1 tag: before added", "2 assign: This agent cannot work for this client."]
    assert tags(console_app, ticket) == ["before", "other"]
    assert [each.outcome for each in runs(console_app, other)] == ["acted"]


def test_a_condition_that_cannot_be_read_any_more_is_told(console_app: Any, acme: Any) -> None:
    made = rule(console_app, event("opened"), tag("x"), company=acme, query="priority:1")
    with world.as_staff(console_app):
        version = queries.versions_in_force([made.id])[made.id]
        version.content = {**version.content, "query": "colour:red"}
        queries.forget(version.id)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    (run,) = runs(console_app, made)
    assert (run.outcome, run.ticket_id) == ("failed", ticket.id)
    assert "There is no field “colour”" in said(run)[0]


def test_assigning_by_turns_and_by_load_takes_who_is_present(console_app: Any, acme: Any, birch: Any) -> None:
    agents = [world.agent(console_app)[0] for _ in range(3)]
    stranger, _ = world.agent(console_app, clients=[birch.id])
    team = team_of(console_app, *agents, stranger)
    by_turns = {"kind": "assign", "to": "round_robin", "team": str(team.id)}
    made = rule(console_app, event("opened"), by_turns, company=acme, query="source:portal")
    found = []
    for number in range(4):
        ticket = incident(console_app, acme, MONDAY + timedelta(minutes=number))
        work(console_app, MONDAY + timedelta(minutes=number, seconds=30))
        found.append(fresh(console_app, ticket).assignee_id)
    assert set(found) == {agent.id for agent in agents}
    assert found[0] == found[3]
    stop(console_app, made)
    rule(console_app, event("opened"), {"kind": "assign", "to": "least_load", "team": str(team.id)}, company=acme)
    ticket = incident(console_app, acme, LATER)
    work(console_app, LATER)
    busy = found[0]
    assert fresh(console_app, ticket).assignee_id in {agent.id for agent in agents} - {busy}


def test_a_canned_reply_and_notifications_go_out(console_app: Any, acme: Any) -> None:
    agent, by = world.agent(console_app, "lead")
    with world.as_staff(console_app) as staff:
        macro = macros.add_macro(world.unique("Hello "), "Hello {requester.first_name}, we have {ticket.ref}.", by=staff)
    rule(console_app, event("opened"), {"kind": "reply", "macro": str(macro.id)}, company=acme)
    made = rule(console_app, event("assigned"), {"kind": "notify", "to": "assignee"}, company=acme, name=world.unique("Watch "))
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, LATER)
    after = fresh(console_app, ticket)
    assert (after.status, after.answered_at, after.message_count) == ("new", None, 1)  # a rule's reply answers nobody's clock
    with at(console_app, LATER, by):
        triage.assign(ticket.id, assignee_id=agent.id, by=by)
    work(console_app, LATER)
    assert (agent.id, "automation", f"{made.name}: Printer on fire") in told(console_app, ticket)


def test_who_may_write_rules_and_for_whom(console_app: Any, acme: Any, birch: Any) -> None:
    content = {"trigger": event("opened"), "actions": [tag("x")]}
    _, agent = world.agent(console_app)
    _, limited = world.agent(console_app, "lead", clients=[acme.id])
    theirs, everyones = rule(console_app, event("opened"), tag("x"), company=birch), rule(console_app, event("rated"), tag("x"))
    with world.acting(console_app, agent), pytest.raises(Forbidden):
        rules.add_rule("No", content, by=agent)
    with world.acting(console_app, limited):
        mine = rules.add_rule("Mine", content, client_id=acme.id, by=limited)
        with pytest.raises(NotFound):
            rules.add_rule("Theirs", content, client_id=birch.id, by=limited)
        with pytest.raises(Forbidden, match="every client"):
            rules.add_rule("Everyone’s", content, by=limited)
        with pytest.raises(Forbidden, match="every client"):
            rules.pause(everyones.id, version=2, by=limited)
        for unseen in (theirs.id, uuid4()):
            with pytest.raises(NotFound):
                queries.visible_rule(unseen, by=limited)
        seen = {each.id for each in queries.rule_page(by=limited, limit=100).rows}
        assert {mine.id, everyones.id} <= seen
        assert theirs.id not in seen
    requester = acme.actor()
    with world.acting(console_app, requester), pytest.raises(NotFound):
        queries.visible_rule(everyones.id, by=requester)
    stop(console_app, everyones)


def test_a_condition_is_refused_at_its_character(console_app: Any, acme: Any) -> None:
    content = {"trigger": event("opened"), "actions": [tag("x")]}
    with world.as_staff(console_app) as by:
        for query, position in (("priority:1 colour:red", 11), ("printer", 0), ("status:open sort:due", 17), ("assignee:me", 9)):
            with pytest.raises(QueryError) as refused:
                rules.add_rule("No", {**content, "query": query}, client_id=acme.id, by=by)
            assert refused.value.position == position
        with pytest.raises(Invalid):
            rules.add_rule(" ", content, by=by)


def test_rules_are_exported_and_imported(console_app: Any, acme: Any) -> None:
    made = rule(console_app, event("opened"), tag("x"), company=acme, query="priority:1")
    with world.as_staff(console_app) as by:
        (told_of,) = [each for each in rules.export_rules(by=by) if each["name"] == made.name]
        (again,) = rules.import_rules([{**told_of, "client_id": UUID(told_of["client_id"])}], by=by)
        assert (again.draft, again.number, again.client_id) == (told_of["content"], 0, acme.id)
        assert queries.versions_in_force([again.id]) == {}


def test_a_ticket_without_rules_costs_one_look(console_app: Any, acme: Any) -> None:
    ticket = incident(console_app, acme, MONDAY)
    assert work(console_app, LATER).count("automation.happened") == 1
    with world.as_staff(console_app):
        assert db.session.get_one(Ticket, (acme.id, ticket.id)).status == "new"
