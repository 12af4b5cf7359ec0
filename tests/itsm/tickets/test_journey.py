"""The main journey through the services: what the ticket shows and what its clocks say at each step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.core.errors import Conflict, Invalid, NotFound
from msp.itsm.sla import queries as sla
from msp.itsm.tickets import queries
from msp.itsm.tickets.services import conversation, moves, opening
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # London keeps UTC in winter; the calendar is Mon-Fri 09:00-17:00


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    """An incident of medium impact and urgency, opened by a requester on Monday at nine."""
    requester = acme.actor("requester")
    with clock.at(MONDAY), world.acting(console_app, requester):
        return opening.open_ticket(acme.id, "Printer on fire", body="It smells.", by=requester)


def clocks_of(app: Any, ticket: Any, by: Any) -> dict[str, Any]:
    with world.acting(app, by):
        return {row.kind: row for row in sla.clocks(ticket.tenant_id, [ticket.id])}


def test_a_ticket_gets_reference_priority_and_running_clocks(console_app: Any, acme: Any, ticket: Any) -> None:
    assert ticket.ref == f"{acme.tenant.key}-1"
    assert (ticket.priority, ticket.status, ticket.source) == (3, "new", "portal")
    found = clocks_of(console_app, ticket, acme.actor())
    assert found["response"].due_at == MONDAY + timedelta(hours=4)
    assert found["resolution"].due_at == MONDAY.replace(day=3) + timedelta(hours=8)  # 24 h of 8-hour days, at closing time
    assert ticket.sla_due_at == MONDAY + timedelta(hours=4), "the list shows what is due first"


def test_the_first_reply_meets_the_response_and_waiting_pauses_the_resolution(console_app: Any, acme: Any, ticket: Any) -> None:
    _, agent = world.agent(console_app)
    with clock.at(MONDAY + timedelta(hours=1)), world.acting(console_app, agent):
        conversation.reply(
            ticket.id, "Which printer?", by=agent, then="waiting_for_client", reason="Asked which printer it is"
        )
    found = clocks_of(console_app, ticket, agent)
    assert (found["response"].outcome, found["response"].elapsed_seconds) == ("met", 3600)
    assert (found["resolution"].standing, found["resolution"].due_at) == ("paused", None)
    requester = acme.actor()
    with clock.at(MONDAY + timedelta(hours=5)), world.acting(console_app, requester):
        conversation.reply(ticket.id, "The one that burns.", by=requester)
        again = queries.visible_ticket(ticket.id, by=requester)
        assert again.status == "open"
    found = clocks_of(console_app, ticket, agent)
    assert found["resolution"].due_at == datetime(2027, 3, 4, 13, tzinfo=UTC), "four working hours were given back"
    with clock.at(MONDAY + timedelta(hours=6)), world.acting(console_app, agent):
        moves.move(ticket.id, "resolved", by=agent)
    done = clocks_of(console_app, ticket, agent)["resolution"]
    assert (done.outcome, done.elapsed_seconds) == ("met", 2 * 3600)


def test_a_note_is_invisible_to_the_client(console_app: Any, acme: Any, ticket: Any) -> None:
    _, agent = world.agent(console_app)
    with clock.at(MONDAY + timedelta(minutes=5)), world.acting(console_app, agent):
        conversation.add_note(ticket.id, "They set it on fire themselves.", by=agent)
    for person in ("requester", "manager", "admin"):
        actor = acme.actor(person)
        with world.acting(console_app, actor):
            seen = queries.visible_ticket(ticket.id, by=actor)
            assert [m.body for m in queries.messages(seen, by=actor)] == ["It smells."]
            assert all(entry.kind != "noted" for entry in queries.timeline(seen, by=actor))
    with world.acting(console_app, agent):
        seen = queries.visible_ticket(ticket.id, by=agent)
        assert [m.body for m in queries.messages(seen, by=agent)] == ["It smells.", "They set it on fire themselves."]


def test_nobody_else_sees_the_ticket(console_app: Any, acme: Any, birch: Any, ticket: Any) -> None:
    _, limited = world.agent(console_app, clients=[birch.id])
    for actor in (birch.actor("admin"), limited):
        with world.acting(console_app, actor), pytest.raises(NotFound):
            queries.visible_ticket(ticket.id, by=actor)


def test_bad_input_is_refused_in_words(console_app: Any, acme: Any, ticket: Any) -> None:
    requester = acme.actor()
    with pytest.raises(Invalid, match="few words"), world.acting(console_app, requester):
        opening.open_ticket(acme.id, "  ", by=requester)
    _, agent = world.agent(console_app)
    with pytest.raises(Invalid, match="waits for"), world.acting(console_app, agent):
        moves.move(ticket.id, "waiting_for_client", by=agent)
    with world.acting(console_app, agent):
        moves.move(ticket.id, "resolved", by=agent)
    with pytest.raises(Conflict, match="cannot go"), world.acting(console_app, agent):
        moves.move(ticket.id, "waiting_for_client", by=agent, reason="x")
