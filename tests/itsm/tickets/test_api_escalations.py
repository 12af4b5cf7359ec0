"""A ticket's escalation steps over the API: in order, page by page, and for agents alone."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock
from msp.itsm.tickets.services import moves
from tests.itsm.sla.passing import MINUTE, incident, notify, pass_time, promise, step
from tests.support import world
from tests.support.caller import Caller

NOON = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    """Its first step has fired, the others wait: half of 100 minutes, three quarters, and the breach."""
    promise(console_app, acme, step(50, notify("lead")), step(75), step(None, notify("account_manager", "wait")))
    made = incident(console_app, acme, NOON)
    pass_time(console_app, NOON + 50 * MINUTE)
    return made


def caller(app: Any, *scopes: str, clients: Any = None) -> Caller:
    return Caller(app, "console.localhost", world.agent(app, "agent", clients=clients)[1], *scopes)


def test_steps_are_listed_page_by_page(console_app: Any, ticket: Any) -> None:
    agent = caller(console_app)
    with clock.at(NOON + 51 * MINUTE):
        rows = agent("GET", f"/tickets/{ticket.ref}/escalations").json
        assert [(row["step"], row["state"], row["fire_at"]) for row in rows["data"]] == [
            ("50", "fired", "2027-03-02T12:50:00Z"),
            ("75", "armed", "2027-03-02T13:15:00Z"),
            ("breach", "armed", "2027-03-02T13:40:00Z"),
        ]
        first, _, last = rows["data"]
        assert (first["clock"], first["cycle"], first["settled_at"]) == ("resolution", 1, "2027-03-02T12:50:00Z")
        assert last["actions"] == [{"kind": "notify", "to": "account_manager", "off_duty": "wait"}]
        assert rows["next"] is None
        found, cursor = [], ""
        for _ in range(3):
            page = agent("GET", f"/tickets/{ticket.id}/escalations?limit=1{cursor}").json
            found += page["data"]
            cursor = f"&cursor={page['next']}"
        assert (found, page["next"]) == (rows["data"], None)


def test_a_step_that_will_not_fire_comes_last(console_app: Any, ticket: Any) -> None:
    _, lead = world.agent(console_app, "lead")
    with clock.at(NOON + 60 * MINUTE), world.acting(console_app, lead):
        moves.move(ticket.id, "waiting_for_client", reason="Asked", by=lead)
    with clock.at(NOON + 61 * MINUTE):
        agent, rows, cursor = caller(console_app), [], ""
        for _ in range(2):
            page = agent("GET", f"/tickets/{ticket.ref}/escalations?limit=2{cursor}").json
            rows += page["data"]
            cursor = f"&cursor={page['next']}"
    assert (rows[0]["step"], rows[0]["fire_at"]) == ("50", "2027-03-02T12:50:00Z")
    assert {(row["step"], row["fire_at"]) for row in rows[1:]} == {("75", None), ("breach", None)}


def test_no_contact_and_no_stranger_reads_them(console_app: Any, portal_app: Any, acme: Any, birch: Any, ticket: Any) -> None:
    path = f"/tickets/{ticket.ref}/escalations"
    for name in ("requester", "admin"):
        assert Caller(portal_app, acme.host, acme.actor(name))("GET", path).status_code in (403, 404)
    assert caller(console_app, clients=[birch.id])("GET", path).status_code == 404
    assert caller(console_app)("GET", f"/tickets/{uuid4()}/escalations").status_code == 404
    assert caller(console_app)("GET", "/tickets/%20/escalations").status_code == 404
    assert caller(console_app)("GET", f"{path}?limit=0").status_code == 422
    assert caller(console_app)("GET", f"{path}?cursor=x").status_code == 400
    assert caller(console_app, "people:read")("GET", path).status_code == 403
