"""Exempting a ticket from its service level: who may, what it does to clocks, outcomes and steps, who reads why."""

from datetime import timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.sla import library
from msp.itsm.sla import queries as sla
from msp.itsm.sla.services import definitions
from msp.itsm.tickets import queries
from msp.itsm.tickets.services import conversation, exemptions, moves, triage
from tenants.services import people
from tests.agent_console.conftest import MONDAY, TEN, Desk
from tests.itsm.sla import passing
from tests.itsm.sla.passing import MINUTE, at, incident, notify, promise, step
from tests.support import world
from tests.support.caller import Caller
from tests.support.pages import words

WHY = "You asked us to wait for your move"


@pytest.fixture
def lead(console_app: Any) -> Any:
    return world.agent(console_app, "lead")[1]


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    return incident(console_app, acme, MONDAY)


def clocks(app: Any, ticket: Any) -> dict[str, Any]:
    with world.as_staff(app):
        return {row.kind: row for row in sla.clocks(ticket.tenant_id, [ticket.id])}


def exempt(app: Any, ticket: Any, by: Any, when: Any = TEN, **options: Any) -> None:
    with at(app, when, by):
        exemptions.exempt(ticket.id, f" {WHY} ", by=by, **options)


def test_its_clocks_stop_and_the_timeline_says_why(console_app: Any, ticket: Any, lead: Any) -> None:
    exempt(console_app, ticket, lead)
    found = clocks(console_app, ticket)
    assert {(row.standing, row.outcome, row.is_exempted, row.breaches_at) for row in found.values()} == {("stopped", None, True, None)}
    assert found["resolution"].stopped_at == TEN
    [entry] = passing.entries(console_app, ticket, "exempted")
    assert (entry.actor_name, entry.data, entry.is_internal) == (lead.name, {"reason": WHY}, False)
    assert passing.fresh(console_app, ticket).sla_standing == "stopped"
    with at(console_app, MONDAY + timedelta(days=9), lead):
        reading, steps = sla.explanation(ticket.tenant_id, ticket.id, "resolution", now=clock.now())
    assert (reading.state, reading.current.outcome) == ("stopped", None)
    [told] = [each.text for each in steps if each.kind == "exemption"]
    assert told == f"Exempted by {lead.name}: “{WHY}”. It counts neither as met nor as breached"


def test_an_outcome_is_withdrawn_and_no_step_fires_any_more(console_app: Any, acme: Any, lead: Any) -> None:
    assignee, by = world.agent(console_app, "agent")
    promise(console_app, acme, step(50, notify()), step(150, notify()))
    late = incident(console_app, acme, MONDAY)
    with at(console_app, MONDAY, lead):
        triage.assign(late.id, by=lead, assignee_id=assignee.id)
    passing.pass_time(console_app, MONDAY + 110 * MINUTE)
    assert passing.outcomes(console_app, late) == ["breached"]
    warned = len(passing.warned(console_app, late))
    assert warned == 1

    exempt(console_app, late, lead, MONDAY + 120 * MINUTE)
    assert passing.outcomes(console_app, late) == ["breached", "withdrawn"]
    row = passing.the_clock(console_app, late)
    assert (row.outcome, row.breached_at, row.standing) == (None, None, "stopped")
    passing.pass_time(console_app, MONDAY + 300 * MINUTE)
    assert len(passing.warned(console_app, late)) == warned, "150 % came and nobody was told"
    assert [(row.state, row.fire_at) for row in passing.steps(console_app, late).values() if row.state != "fired"] == [("armed", None)]

    with at(console_app, MONDAY + 310 * MINUTE, by):
        moves.move(late.id, "resolved", by=by)
        moves.move(late.id, "open", by=by)
    assert passing.the_clock(console_app, late).is_exempted, "reopened it does not count again"
    assert passing.outcomes(console_app, late) == ["breached", "withdrawn"]


def test_one_clock_of_several(console_app: Any, ticket: Any, lead: Any) -> None:
    exempt(console_app, ticket, lead, clock="response")
    found = clocks(console_app, ticket)
    assert (found["response"].is_exempted, found["resolution"].is_exempted) == (True, False)
    assert found["resolution"].standing == "running"
    with at(console_app, TEN + MINUTE, lead):
        conversation.reply(ticket.id, "We look.", by=lead)
    assert clocks(console_app, ticket)["response"].outcome is None
    with pytest.raises(Conflict):
        exempt(console_app, ticket, lead, TEN + 2 * MINUTE, clock="response")
    exempt(console_app, ticket, lead, TEN + 3 * MINUTE)
    assert all(row.is_exempted for row in clocks(console_app, ticket).values())
    with pytest.raises(Conflict):
        exempt(console_app, ticket, lead, TEN + 4 * MINUTE)


def test_who_may_not_and_what_is_refused(console_app: Any, acme: Any, birch: Any, ticket: Any, lead: Any) -> None:
    agent = world.agent(console_app, "agent")[1]
    elsewhere = world.agent(console_app, "lead", clients=[birch.id])[1]
    with pytest.raises(Forbidden):
        exempt(console_app, ticket, agent)
    with pytest.raises(Forbidden):
        exempt(console_app, ticket, acme.actor("admin"))
    with pytest.raises(NotFound):
        exempt(console_app, ticket, elsewhere)
    with pytest.raises(StaleVersion):
        exempt(console_app, ticket, lead, version=99)
    with pytest.raises(Invalid):
        exempt(console_app, ticket, lead, clock="lunch")
    for reason in (" ", "x" * 501):
        with pytest.raises(Invalid), at(console_app, TEN, lead):
            exemptions.exempt(ticket.id, reason, by=lead)
    with at(console_app, TEN, lead):
        moves.move(ticket.id, "cancelled", by=lead, reason="Twice")
    with pytest.raises(Conflict):
        exempt(console_app, ticket, lead)
    assert passing.entries(console_app, ticket, "exempted") == []
    assert not any(row.is_exempted for row in clocks(console_app, ticket).values())


def test_the_console_offers_it_to_who_may(console_app: Any, console_of: Any, ticket: Any, lead: Any) -> None:
    agent = world.agent(console_app, "agent")[1]
    theirs, desk = Desk(console_app, console_of(agent), agent), Desk(console_app, console_of(lead), lead)
    path = f"/tickets/{ticket.ref}"
    assert 'data-dialog="exempt"' not in theirs.get(path).text
    assert theirs.post(f"{path}/exempt", reason=WHY).status_code == 403
    assert 'data-dialog="exempt"' in desk.get(path).text
    refused = desk.post(f"{path}/exempt", dialog="exempt", of="response", reason=" ")
    assert refused.status_code == 422
    assert "Say why it does not count" in words(refused)
    assert '<option value="response" selected' in refused.text, "what was chosen stays"
    long = desk.post(f"{path}/exempt", dialog="exempt", of="response", reason="y" * 501)
    assert (long.status_code, "y" * 501 in long.text) == (422, True)
    assert desk.post(f"{path}/exempt", dialog="exempt", of="", reason=WHY).status_code == 303
    shown = desk.get(path)
    assert "Exempt" in words(shown)
    assert f"“{WHY}”, approved by {lead.name}" in words(shown)
    assert f"{lead.name} exempted the ticket from its service level: “{WHY}”" in words(shown)
    assert 'data-dialog="exempt"' not in shown.text, "once is enough"


def test_the_client_reads_it_in_plain_words(console_app: Any, portal_app: Any, portal_of: Any, acme: Any, ticket: Any, lead: Any) -> None:
    exempt(console_app, ticket, lead)
    contact = acme.actor()
    page = words(portal_of(acme, "requester").get(f"/requests/{ticket.ref}"))
    assert "This does not count towards what we promised" in page
    assert f"“{WHY}”, approved by {lead.name}." in page
    caller = Caller(portal_app, acme.host, contact, "tickets:read")
    told = caller("GET", f"/tickets/{ticket.ref}/timeline").json["data"]
    assert told[-1]["text"] == f"This does not count towards what we promised: “{WHY}”, approved by {lead.name}"
    explained = caller("GET", f"/tickets/{ticket.ref}/clocks/resolution").json
    assert [each["text"] for each in explained["steps"] if each["kind"] == "exemption"] == [
        f"This does not count towards what we promised: “{WHY}”, approved by {lead.name}."
    ]


def test_what_is_exempted_of_a_promise_is_named(console_app: Any, portal_app: Any, acme: Any, ticket: Any, lead: Any) -> None:
    exempt(console_app, ticket, lead, clock="response")
    told = Caller(portal_app, acme.host, acme.actor(), "tickets:read")("GET", f"/tickets/{ticket.ref}/timeline").json["data"]
    assert told[-1]["text"] == f"Our first answer does not count towards what we promised: “{WHY}”, approved by {lead.name}"


def test_what_is_exempted_between_us_stays_between_us(console_app: Any, portal_of: Any, acme: Any, lead: Any) -> None:
    with world.as_staff(console_app) as by:
        target = {"minutes": 100, "calendar_id": str(library.calendar_ids(acme.id)["Around the clock"])}
        content = {"conditions": {"kind": "incident"}, "targets": {"P3": {"resolution": target, "ola": target}}}
        definitions.add_definition(acme.id, "policy", "With the team", content, by=by)
        team = people.add_team(world.unique("Network "), by=by)
    ticket = incident(console_app, acme, MONDAY)
    with at(console_app, MONDAY, lead):
        triage.assign(ticket.id, by=lead, team_id=team.id)
    exempt(console_app, ticket, lead, clock="ola")
    found = clocks(console_app, ticket)
    assert (found["ola"].is_exempted, found["resolution"].is_exempted) == (True, False)
    [entry] = passing.entries(console_app, ticket, "exempted")
    assert entry.is_internal
    assert WHY not in portal_of(acme, "requester").get(f"/requests/{ticket.ref}").text


def test_over_the_api(console_app: Any, portal_app: Any, acme: Any, ticket: Any, lead: Any) -> None:
    caller = Caller(console_app, "console.localhost", lead, "tickets:read", "sla:write")
    one = f"/tickets/{ticket.ref}"
    with clock.at(TEN):
        tag = {"If-Match": caller("GET", one).headers["ETag"]}
        assert caller("POST", f"{one}/exemption", json={"reason": WHY}).status_code == 428
        for body, pointer in (({}, "/reason"), ({"reason": WHY, "clock": "lunch"}, "/clock"), ({"reason": WHY, "until": 1}, "/until")):
            wrong = caller("POST", f"{one}/exemption", tag, json=body)
            assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, pointer)
        assert caller("POST", f"{one}/exemption", {"If-Match": '"99"'}, json={"reason": WHY}).status_code == 412
        assert caller("POST", f"{one}/exemption", tag, json={"reason": WHY}).status_code == 200
        assert {row["is_exempted"] for row in caller("GET", f"{one}/clocks").json["data"]} == {True}
        assert caller("POST", f"{one}/exemption", {"If-Match": "*"}, json={"reason": WHY}).status_code == 409
    reader = Caller(console_app, "console.localhost", lead, "tickets:write")
    assert reader("POST", f"{one}/exemption", {"If-Match": "*"}, json={"reason": WHY}).status_code == 403
    contact = Caller(portal_app, acme.host, acme.actor("admin"), "tickets:write")
    assert contact("POST", f"{one}/exemption", {"If-Match": "*"}, json={"reason": WHY}).status_code in (403, 404)
    with world.acting(console_app, lead):
        assert queries.visible_ticket(ticket.id, by=lead).status == "new"
