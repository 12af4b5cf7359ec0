"""The step `runbook` of a rule: it calls what is for the client, says so, tries nothing, and what comes back is the rule's work."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock, events
from msp.core.causes import chain, depth
from msp.core.db import db
from msp.core.errors import Invalid
from msp.itsm.automation import dry_run
from msp.itsm.automation.services import rules
from msp.itsm.runbooks.models import RunbookRun
from msp.itsm.runbooks.services import books
from msp.itsm.tasks import queries as tasks
from msp.itsm.tasks.events import TaskEnded
from msp.itsm.tasks.services import Draft
from tenants.services import people
from tests.itsm.automation.making import MONDAY, event, rule, said, tag
from tests.itsm.automation.making import runs as rule_runs
from tests.itsm.runbooks.making import listening, plan, runbook, runs, send, states
from tests.itsm.sla.passing import incident, work
from tests.support import world


@pytest.fixture
def other(console_app: Any) -> Any:
    with listening(console_app) as server:
        yield server


def step(book: Any) -> dict[str, str]:
    return {"kind": "runbook", "runbook": str(book.id)}


def test_a_rule_calls_a_runbook_and_says_so(console_app: Any, acme: Any, other: Any) -> None:
    book = runbook(console_app, other.url, {"name": "subject", "from": "ticket.subject"}, company=acme)
    made = rule(console_app, event("opened"), step(book), tag("called"), company=acme)
    ticket = incident(console_app, acme, MONDAY, "Locked out")
    work(console_app, MONDAY)
    [ran] = rule_runs(console_app, made)
    assert said(ran) == ["matched: because it asks for nothing", f"1 runbook: “{book.name}” is called", "2 tag: called added"]
    assert ran.trace[2]["sub"] == "subject: Locked out"
    assert other.got[0][1]["inputs"] == {"subject": "Locked out"}
    [run] = runs(console_app, ticket)
    assert (run.started_by, run.state, run.chain, run.depth) == (f"Rule “{made.name}”", "running", [made.id], 1)


def test_what_comes_back_counts_as_the_work_of_the_rule(
    console_app: Any, acme: Any, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that answers to what its own runbook did would be the first step of a loop: its guard must know of it."""
    book = runbook(console_app, other.url)
    made = rule(console_app, event("opened"), step(book), company=acme)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, MONDAY)
    seen: list[Any] = []
    monkeypatch.setitem(events._handlers, TaskEnded, [lambda _: seen.append((chain(), depth()))])
    agent = world.agent(console_app)[1]
    [task] = plan(console_app, ticket, agent, Draft("Make the account"))
    [run] = runs(console_app, ticket)
    with world.as_staff(console_app):
        db.session.get_one(RunbookRun, (run.tenant_id, run.id)).task_id = task.id
    assert send(console_app, other).status_code == 200
    assert seen == [((made.id,), 2)]


def test_one_that_is_not_for_the_client_is_refused_when_it_is_written_and_when_it_acts(
    console_app: Any, acme: Any, birch: Any, other: Any
) -> None:
    theirs, everyones = runbook(console_app, other.url, company=birch), runbook(console_app, other.url)
    for company, book, fits in ((acme, theirs, False), (None, theirs, False), (birch, theirs, True), (acme, everyones, True)):
        content = {"trigger": event("rated"), "query": "", "actions": [tag("x"), step(book)]}
        with world.as_staff(console_app) as by:
            if fits:
                assert rules.add_rule("Fits", content, client_id=company.id, by=by).draft
                continue
            with pytest.raises(Invalid) as refused:
                rules.add_rule("Does not fit", content, client_id=company.id if company else None, by=by)
            assert [error.pointer for error in refused.value.errors] == ["/actions/1/runbook"]
    for wrong in ("", "x", str(uuid4())):
        content = {"trigger": event("rated"), "query": "", "actions": [{"kind": "runbook", "runbook": wrong}]}
        with world.as_staff(console_app) as by, pytest.raises(Invalid):
            rules.add_rule("Wrong", content, by=by)


def test_one_that_is_switched_off_fails_the_run_and_calls_nobody(console_app: Any, acme: Any, other: Any) -> None:
    book = runbook(console_app, other.url)
    made = rule(console_app, event("opened"), step(book), company=acme)
    with world.as_staff(console_app) as by:
        books.change_runbook(book.id, version=1, is_active=False, by=by)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, MONDAY)
    [ran] = rule_runs(console_app, made)
    assert (ran.outcome, said(ran)[1]) == ("failed", f"1 runbook: The runbook “{book.name}” is switched off.")
    assert (other.got, states(console_app, ticket)) == ([], [])


def test_a_dry_run_calls_nobody_and_says_that_it_would(console_app: Any, acme: Any, other: Any) -> None:
    book = runbook(console_app, other.url)
    ticket = incident(console_app, acme, MONDAY)
    content = {"trigger": event("opened"), "query": "", "actions": [step(book)]}
    with clock.at(MONDAY + timedelta(hours=1)), world.as_staff(console_app) as by:
        made = dry_run.rehearse(rules.check(content, by=by), by=by, now=clock.now(), client_id=acme.id)
    assert [(each.ticket.ref, each.lines[2].text, each.lines[2].sub) for each in made.found] == [(ticket.ref, book.name, "would be called")]
    assert other.got == []


def test_a_rule_adds_a_task_that_a_team_or_a_runbook_does(console_app: Any, acme: Any, birch: Any, other: Any) -> None:
    book, theirs = runbook(console_app, other.url, company=acme), runbook(console_app, other.url, company=birch)
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Field "), by=by)
    steps = (
        {"kind": "task", "title": "Look at the cable", "detail": "Behind the desk.", "team": str(team.id)},
        {"kind": "task", "title": "Make the account", "runbook": str(book.id)},
    )
    made = rule(console_app, event("opened"), *steps, company=acme)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, MONDAY)
    [ran] = rule_runs(console_app, made)
    assert said(ran)[1:] == ["1 task: “Look at the cable” added", "2 task: “Make the account” added"]
    with world.as_staff(console_app) as by:
        found = [(task.title, task.detail, task.team_name, task.runbook_name) for task in tasks.tasks_of(ticket, by=by)]
    assert found == [("Look at the cable", "Behind the desk.", team.name, None), ("Make the account", "", None, book.name)]
    assert [body["task"] for _, body in other.got] == ["Make the account"]
    assert [run.chain for run in runs(console_app, ticket)] == [[made.id]]
    send(console_app, other)
    assert [state for state, _ in states(console_app, ticket)] == ["open", "done"]
    for wrong in ({"title": ""}, {"title": "x", "runbook": str(theirs.id)}, {"title": "x", "team": "y"}):
        content = {"trigger": event("rated"), "query": "", "actions": [{"kind": "task", **wrong}]}
        with world.as_staff(console_app) as by, pytest.raises(Invalid):
            rules.add_rule("Wrong", content, client_id=acme.id, by=by)


def test_a_task_of_a_team_that_is_gone_fails_the_run_with_words(console_app: Any, acme: Any) -> None:
    made = rule(console_app, event("opened"), {"kind": "task", "title": "Look", "team": str(uuid4())}, company=acme)
    ticket = incident(console_app, acme, MONDAY)
    work(console_app, MONDAY)
    [ran] = rule_runs(console_app, made)
    assert (ran.outcome, len(said(ran)[1]) > len("1 task: ")) == ("failed", True)
    assert states(console_app, ticket) == []
