"""The dry run says what a rule would have done, of states as they were, and changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.core.errors import Forbidden, NotFound
from msp.itsm.automation import dry_run
from msp.itsm.automation.dry_run import Rehearsal
from msp.itsm.automation.engine import definition
from msp.itsm.automation.models import Run
from msp.itsm.tickets.services import conversation, moves, triage
from tests.itsm.automation.making import MONDAY, after, event, tag, tags
from tests.itsm.sla.passing import at, incident, work
from tests.support import world

MINUTE = timedelta(minutes=1)


def rehearse(app: Any, company: Any, trigger: dict[str, Any], query: str = "", **more: Any) -> Rehearsal:
    said = definition.read({"trigger": trigger, "query": query, "actions": [tag("rescue")], **more})
    now = MONDAY + timedelta(days=2)
    with clock.at(now), world.as_staff(app) as by:
        return dry_run.rehearse(said, by=by, now=now, client_id=company.id)


@pytest.fixture
def lived(console_app: Any, acme: Any) -> Any:
    """A ticket: P3, at ten past P2, assigned, answered after 40 minutes, resolved after an hour."""
    ticket = incident(console_app, acme, MONDAY)
    agent, by = world.agent(console_app)
    with at(console_app, MONDAY + 10 * MINUTE, by):
        triage.classify(ticket.id, {"priority": 2}, by=by)
    with at(console_app, MONDAY + 20 * MINUTE, by):
        triage.assign(ticket.id, assignee_id=agent.id, by=by)
    with at(console_app, MONDAY + 40 * MINUTE, by):
        conversation.reply(ticket.id, "We look.", by=by)
    with at(console_app, MONDAY + 60 * MINUTE, by):
        moves.move(ticket.id, "resolved", by=by)
    work(console_app, MONDAY + 61 * MINUTE)
    return ticket


def test_conditions_are_held_against_the_state_of_then(console_app: Any, acme: Any, lived: Any) -> None:
    for trigger, query, minutes in (
        (event("opened"), "status:new priority:3 assignee:none is:open", [0]),
        (event("opened"), "priority:2", []),
        (event("reprioritised"), "priority:2 assignee:none", [10]),
        (event("assigned"), "-assignee:none status:new", [20]),
        (event("agent_replied"), "is:answered", [40]),
        (event("moved"), "status:resolved", [60]),
        (event("moved"), "status:open", [40]),
        (event("moved"), "-is:open", [60]),
        (event("reopened"), "", []),
        (after(30, "public_reply"), "priority:2 -is:answered", [30]),
        (after(50, "public_reply"), "", []),
        (after(15, "assignment"), "", [15, 35]),
        (after(20, "reply", repeats=True), "is:open", [20, ]),
    ):  # fmt: skip
        made = rehearse(console_app, acme, trigger, query)
        found = sorted(int((each.at - MONDAY) / MINUTE) for each in made.found)
        assert found == minutes, (trigger, query)


def test_it_explains_itself_and_changes_nothing(console_app: Any, acme: Any, lived: Any) -> None:
    made = rehearse(console_app, acme, event("moved"), "kind:incident", once="ticket", stops=True)
    assert (made.tickets, made.acted, made.skipped, made.cut) == (1, 1, 1, "")
    later, first = made.found
    assert (later.outcome, later.lines[-1].text) == ("skipped", "it has acted on this ticket already")
    assert [line.text for line in first.lines] == [
        "When its state changes", "because kind:incident", "rescue", "no further rules are asked about this",
    ]  # fmt: skip
    assert made.by_day == {MONDAY.date(): 1}
    assert tags(console_app, lived) == []
    with world.as_staff(console_app):
        assert db.session.scalar(sa.select(sa.func.count()).where(Run.tenant_id == acme.id)) == 0


def test_only_who_may_and_sees_the_client(console_app: Any, acme: Any, birch: Any) -> None:
    said = definition.read({"trigger": event("opened"), "actions": [tag("x")]})
    _, agent = world.agent(console_app)
    _, limited = world.agent(console_app, "lead", clients=[acme.id])
    with world.acting(console_app, agent), pytest.raises(Forbidden):
        dry_run.rehearse(said, by=agent, now=MONDAY)
    incident(console_app, birch, MONDAY - MINUTE)
    with world.acting(console_app, limited):
        with pytest.raises(NotFound):
            dry_run.rehearse(said, by=limited, now=MONDAY, client_id=birch.id)
        seen = dry_run.rehearse(said, by=limited, now=MONDAY)
        assert {each.client.id for each in seen.found} <= {acme.id}


def test_it_is_bounded_and_says_so(console_app: Any, acme: Any, lived: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_run, "MOST_MOMENTS", 1)
    made = rehearse(console_app, acme, event("moved"))
    assert (made.acted, made.cut) == (1, "The latest 1 moments were looked at.")
