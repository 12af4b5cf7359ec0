"""Assigning by skill: who knows it, is there, has least to do and was chosen longest ago."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.core.errors import Invalid
from msp.itsm.automation import dry_run, jobs
from msp.itsm.automation.engine import definition, trace
from msp.itsm.automation.engine.definition import DefinitionError
from msp.itsm.automation.models import RuleAct
from msp.itsm.automation.services import rules
from msp.itsm.tickets.services import triage
from tenants.availability import services as availability
from tenants.models import Agent
from tenants.services import people
from tests.itsm.automation.making import MONDAY, event, rule, runs, said, tag, tags
from tests.itsm.sla.passing import at, fresh, incident, work
from tests.support import world

LATER = MONDAY + timedelta(minutes=5)


def knowing(app: Any, skill: str, number: int, clients: Any = None) -> list[Agent]:
    made = [world.agent(app, clients=clients)[0] for _ in range(number)]
    with world.as_staff(app) as by:
        for each in made:
            people.change_agent(each.id, version=each.version, by=by, skills=[f" {skill.upper()} ", "other"])
    return made


def by_skill(skill: str, **more: str) -> dict[str, str]:
    return {"kind": "assign", "to": "skill", "skill": skill, **more}


def away(app: Any, agent: Agent) -> None:
    with world.as_staff(app) as by:
        availability.add_absence(agent.id, MONDAY - timedelta(days=1), MONDAY + timedelta(days=1), by=by)


def assigned(app: Any, company: Any, minutes: int) -> Any:
    """Whom a ticket of that minute went to."""
    ticket = incident(app, company, MONDAY + timedelta(minutes=minutes))
    work(app, MONDAY + timedelta(minutes=minutes, seconds=30))
    return fresh(app, ticket)


def test_it_goes_to_who_has_the_skill_and_may_work_there(console_app: Any, acme: Any, birch: Any) -> None:
    skill = world.unique("x-ray ")
    (knows,) = knowing(console_app, skill, 1, clients=[acme.id])
    knowing(console_app, skill, 1, clients=[birch.id])
    (gone,) = knowing(console_app, skill, 1)
    with world.as_staff(console_app):
        db.session.get_one(Agent, gone.id).is_active = False
    made = rule(console_app, event("opened"), by_skill(f"  {skill.title()} "), company=acme)
    ticket = assigned(console_app, acme, 0)
    assert (ticket.assignee_id, ticket.team_id) == (knows.id, None)
    (run,) = runs(console_app, made)
    assert (run.outcome, said(run)[1]) == ("acted", f"1 assign: to {knows.name}")
    assert run.trace[2]["sub"] == f"of those with “{skill}”: {knows.name} has 0 open"


def test_present_before_least_loaded_before_longest_ago(console_app: Any, acme: Any) -> None:
    skill = world.unique("phones ")
    absent, busy, first, second = knowing(console_app, skill, 4)
    away(console_app, absent)
    taken = incident(console_app, acme, MONDAY)
    _, by = world.agent(console_app)
    with at(console_app, MONDAY, by):
        triage.assign(taken.id, assignee_id=busy.id, by=by)
    work(console_app, MONDAY)
    rule(console_app, event("opened"), by_skill(skill), company=acme)
    chosen = []
    for minutes in range(1, 5):
        ticket = assigned(console_app, acme, minutes)
        chosen.append(ticket.assignee_id)
        with at(console_app, MONDAY + timedelta(minutes=minutes, seconds=40), by):
            triage.assign(ticket.id, by=by)  # so that nobody's load tells them apart
        work(console_app, MONDAY + timedelta(minutes=minutes, seconds=50))
    assert set(chosen[:2]) == {first.id, second.id}
    assert chosen[2:] == chosen[:2], "equally loaded, it is whom the rule chose longest ago"
    for each in (busy, first, second):
        away(console_app, each)
    assert assigned(console_app, acme, 5).assignee_id in {absent.id, first.id, second.id}, "nobody is there: the least loaded"


def test_a_team_bounds_it_and_nobody_is_no_error(console_app: Any, acme: Any) -> None:
    skill = world.unique("printers ")
    outside, inside = knowing(console_app, skill, 2)
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Team "), by=by)
        people.set_members(team.id, {inside.id: False}, by=by)
    step = by_skill(skill, team=str(team.id))
    made = rule(console_app, event("opened"), step, by_skill(world.unique("unknown ")), tag("after"), company=acme)
    ticket = assigned(console_app, acme, 0)
    assert (ticket.assignee_id, ticket.team_id) == (inside.id, team.id)
    assert outside.name not in runs(console_app, made)[0].trace[2]["sub"]
    nobody = runs(console_app, made)[0].trace[3]
    assert (nobody["kind"], "nobody who may work for this client has the skill" in nobody["text"]) == ("skipped", True)
    assert tags(console_app, ticket) == ["after"]


def test_whom_it_chose_last_is_kept_for_each_agent(console_app: Any, acme: Any) -> None:
    made = rule(console_app, event("opened"), tag("x"), company=acme)
    agents = [world.agent(console_app)[0] for _ in range(2)]
    with world.as_staff(console_app):
        for days, agent in ((9, agents[0]), (8, agents[1]), (7, agents[1]), (6, None)):
            when = datetime(2027, 1, 20, tzinfo=UTC) - timedelta(days=days)
            db.session.add(RuleAct(tenant_id=made.tenant_id, rule_id=made.id, at=when, agent_id=agent.id if agent else None))
    with clock.at(datetime(2027, 1, 20, tzinfo=UTC)), world.as_staff(console_app):
        jobs.forget(None)  # type: ignore[arg-type]  # it asks nothing of the call
    with world.as_staff(console_app):
        left = db.session.execute(sa.select(RuleAct.agent_id, RuleAct.at).where(RuleAct.rule_id == made.id).order_by(RuleAct.at)).all()
    assert [(agent, when.day) for agent, when in left] == [(agents[0].id, 11), (agents[1].id, 13)]


def test_what_it_would_say_and_what_is_no_skill(console_app: Any, acme: Any) -> None:
    content = {"trigger": event("opened"), "query": "", "actions": [by_skill("x-ray")]}
    read = definition.read(content)
    assert definition.read(definition.dump(read)) == read
    incident(console_app, acme, MONDAY)
    with clock.at(LATER), world.as_staff(console_app) as by:
        would = dry_run.rehearse(read, by=by, now=LATER, client_id=acme.id)
        assert [(line.text, line.sub) for line in would.found[0].lines[2:]] == [("whoever has a skill, x-ray", "would be done")]
        assert trace.OUTCOMES[would.found[0].outcome] == "Acted"
        for wrong in ("a, b", "x" * 41):
            with pytest.raises(Invalid) as refused:
                rules.add_rule("No", {**content, "actions": [by_skill(wrong)]}, client_id=acme.id, by=by)
            assert [each.pointer for each in refused.value.errors] == ["/actions/0/skill"]
    with pytest.raises(DefinitionError, match="needs this: skill"):
        definition.read({**content, "actions": [by_skill("")]})
