"""Acts that are entered after they happened: the clocks count by when it happened, and not everybody may say so."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from msp.core import clock
from msp.core.errors import Conflict, Forbidden, Invalid
from msp.itsm.sla import queries as sla
from msp.itsm.tickets.services import moves
from tests.agent_console.conftest import MONDAY, TEN, Desk
from tests.itsm.sla import passing
from tests.itsm.sla.passing import MINUTE, at, incident
from tests.support import world
from tests.support.caller import Caller
from tests.support.pages import words

CALLED = MONDAY + 10 * MINUTE
NOON = MONDAY.replace(hour=14)  # the response of four hours was due at 13:00
WHY = "Called her at ten past nine"


@pytest.fixture
def lead(console_app: Any) -> Any:
    return world.agent(console_app, "lead")[1]


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    return incident(console_app, acme, MONDAY)


def response(app: Any, ticket: Any) -> Any:
    with world.as_staff(app):
        return next(row for row in sla.clocks(ticket.tenant_id, [ticket.id]) if row.kind == "response")


def test_an_answer_by_phone_takes_a_breach_back(console_app: Any, ticket: Any, lead: Any) -> None:
    passing.pass_time(console_app, NOON)
    assert response(console_app, ticket).outcome == "breached"
    with at(console_app, NOON, lead):
        moves.acknowledge(ticket.id, by=lead, occurred_at=CALLED, reason=WHY)
    row = response(console_app, ticket)
    assert (row.outcome, row.stopped_at, row.breached_at) == ("met", CALLED, None)
    assert set(passing.outcomes(console_app, ticket)) == {"breached", "withdrawn", "met"}
    now = passing.fresh(console_app, ticket)
    assert (now.answered_at, now.status) == (CALLED, "open")
    [entry] = passing.entries(console_app, ticket, "acknowledged")
    assert (entry.at, entry.data) == (NOON, {"reason": WHY, "occurred_at": CALLED.isoformat()})
    with world.as_staff(console_app):
        fact = next(each for each in sla.facts(ticket.tenant_id, ticket.id) if each.kind == "acknowledged")
        assert (fact.occurred_at, fact.recorded_at, fact.data) == (CALLED, NOON, {"reason": WHY})


def test_an_earlier_answer_counts_and_a_later_one_is_refused(console_app: Any, ticket: Any, lead: Any) -> None:
    with at(console_app, TEN, lead):
        moves.acknowledge(ticket.id, by=lead)
    with at(console_app, NOON, lead):
        moves.acknowledge(ticket.id, by=lead, occurred_at=CALLED, reason=WHY)
        with pytest.raises(Conflict):
            moves.acknowledge(ticket.id, by=lead, occurred_at=CALLED + MINUTE, reason=WHY)
        with pytest.raises(Invalid):
            moves.acknowledge(ticket.id, by=lead, occurred_at=NOON + 9 * MINUTE, reason=WHY)
    assert response(console_app, ticket).stopped_at == CALLED
    assert passing.fresh(console_app, ticket).answered_at == CALLED


def test_a_ticket_was_resolved_and_waited_earlier(console_app: Any, ticket: Any, lead: Any) -> None:
    with at(console_app, TEN, lead):
        moves.move(ticket.id, "waiting_for_supplier", by=lead, occurred_at=CALLED, reason="The part is ordered")
    with at(console_app, NOON, lead):
        moves.move(ticket.id, "resolved", by=lead, occurred_at=TEN + MINUTE, reason="Done on site")
    with world.as_staff(console_app):
        found = {row.kind: row for row in sla.clocks(ticket.tenant_id, [ticket.id])}
        facts = {fact.kind: fact for fact in sla.facts(ticket.tenant_id, ticket.id)}
    assert (found["resolution"].outcome, found["resolution"].stopped_at) == ("met", TEN + MINUTE)
    assert (facts["waiting"].occurred_at, facts["handed_over"].occurred_at) == (CALLED, CALLED)
    assert facts["handed_over"].data == {"supplier": "The part is ordered", "reason": "The part is ordered"}
    assert passing.fresh(console_app, ticket).resolved_at == TEN + MINUTE


def test_who_may_and_how_far(console_app: Any, ticket: Any, lead: Any) -> None:
    agent = world.agent(console_app, "agent")[1]

    def acknowledge(by: Any, when: datetime, reason: str | None = WHY) -> None:
        with at(console_app, TEN, by):
            moves.acknowledge(ticket.id, by=by, occurred_at=when, reason=reason)

    def pointers(by: Any, when: datetime, reason: str | None = WHY, move: bool = False) -> list[str]:
        act = partial(moves.move, to="resolved") if move else moves.acknowledge
        with pytest.raises(Invalid) as refused, at(console_app, TEN, by):
            act(ticket.id, by=by, occurred_at=when, reason=reason)
        return [error.pointer for error in refused.value.errors]

    with pytest.raises(Forbidden):
        acknowledge(agent, CALLED)
    assert pointers(lead, CALLED, None) == pointers(lead, CALLED, " ") == ["/reason"]
    assert pointers(lead, TEN + MINUTE) == pointers(lead, MONDAY - MINUTE) == ["/occurred_at"]
    assert response(console_app, ticket).stopped_at is None
    with at(console_app, TEN - MINUTE, agent):
        moves.move(ticket.id, "waiting_for_client", by=agent, reason="Asked")
    assert pointers(lead, CALLED, move=True) == ["/occurred_at"], "it waited later than that"
    acknowledge(agent, TEN - 4 * MINUTE, None)
    assert response(console_app, ticket).stopped_at == TEN - 4 * MINUTE, "five minutes are anybody's"


def test_the_minute_of_the_opening_is_the_opening(console_app: Any, acme: Any, lead: Any) -> None:
    opened = MONDAY + timedelta(seconds=40)
    ticket = incident(console_app, acme, opened)
    with at(console_app, TEN, lead):
        moves.acknowledge(ticket.id, by=lead, occurred_at=MONDAY, reason=WHY)
    assert response(console_app, ticket).stopped_at == opened


def test_in_the_console(console_app: Any, console_of: Any, ticket: Any, lead: Any) -> None:
    agent = world.agent(console_app, "agent")[1]
    theirs, desk = Desk(console_app, console_of(agent), agent), Desk(console_app, console_of(lead), lead)
    path = f"/tickets/{ticket.ref}"
    assert 'name="occurred_at"' not in theirs.get(path).text
    page = desk.get(path).text
    assert 'data-dialog="acknowledge"' in page
    assert page.count('name="occurred_at"') == 2, "of the acknowledgement and of the status"
    assert theirs.post(f"{path}/acknowledge", occurred_at="2027-03-01T09:10", reason=WHY).status_code == 403
    for sent, said in (
        ({"occurred_at": "2027-03-01T09:10", "reason": ""}, "Say how you know"),
        ({"occurred_at": "2027-03-01T11:00", "reason": WHY}, "That is still to come"),
        ({"occurred_at": "ten past nine", "reason": WHY}, "Say the day and the time"),
    ):
        refused = desk.post(f"{path}/acknowledge", dialog="acknowledge", **sent)
        assert (refused.status_code, said in words(refused)) == (422, True), words(refused)
        assert f'value="{sent["occurred_at"]}"' in refused.text, "what was typed stays"
    assert desk.post(f"{path}/acknowledge", dialog="acknowledge", occurred_at="2027-03-01T09:10", reason=WHY).status_code == 303
    assert response(console_app, ticket).stopped_at == CALLED
    assert f"acknowledged it: “{WHY}”, counted from today 09:10" in words(desk.get(path))
    moved = desk.post(f"{path}/status", dialog="status", status="resolved", occurred_at="2027-03-01T09:30", reason="Done by phone")
    assert moved.status_code == 303
    assert passing.fresh(console_app, ticket).resolved_at == MONDAY.replace(minute=30)


def test_over_the_api(console_app: Any, portal_app: Any, acme: Any, ticket: Any, lead: Any) -> None:
    caller, one = Caller(console_app, "console.localhost", lead), f"/tickets/{ticket.ref}"
    agent = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1])
    sent = {"occurred_at": "2027-03-01T09:10:00Z", "reason": WHY}
    with clock.at(TEN):
        assert agent("POST", f"{one}/acknowledgement", json=sent).status_code == 403
        for body, pointer in (
            ({"occurred_at": sent["occurred_at"]}, "/reason"), ({**sent, "occurred_at": "2027-03-01T12:00:00Z"}, "/occurred_at"),
            ({**sent, "occurred_at": "2027-03-01T09:10:00"}, "/occurred_at"), ({**sent, "since": 1}, "/since"),
        ):  # fmt: skip
            wrong = caller("POST", f"{one}/acknowledgement", json=body)
            assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, pointer), wrong.json
        answer = caller("POST", f"{one}/acknowledgement", json=sent)
        assert (answer.status_code, answer.json["answered_at"]) == (200, "2027-03-01T09:10:00Z")
        assert caller("POST", f"{one}/acknowledgement").status_code == 200, "no body is needed"
        moved = {"to": "resolved", "occurred_at": "2027-03-01T09:30:00Z", "reason": "Done by phone"}
        answer = caller("POST", f"{one}/moves", {"If-Match": "*"}, json=moved)
        assert (answer.status_code, answer.json["resolved_at"]) == (200, "2027-03-01T09:30:00Z")
        told = Caller(portal_app, acme.host, acme.actor(), "tickets:read")("GET", f"{one}/timeline").json["data"]
        assert told[-1]["text"].endswith("said that it is fixed, counted from today 09:30")
