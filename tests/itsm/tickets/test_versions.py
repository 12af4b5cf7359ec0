"""A change that is committed between the reading of a ticket and its lock is not written over."""

from typing import Any

import psycopg
import pytest

from msp.core.errors import StaleVersion
from msp.itsm.tickets import queries
from msp.itsm.tickets.services import conversation, opening, triage
from tests.support import world
from tests.support.servers import Servers


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    requester = acme.actor()
    with world.acting(console_app, requester):
        return opening.open_ticket(acme.id, "No mail", body="Since noon.", by=requester)


def meanwhile(servers: Servers, ticket: Any) -> None:
    """What somebody else saved, in a transaction of his own."""
    with psycopg.connect(servers.url("msp_owner")) as connection:
        changed = connection.execute(
            "UPDATE ticket SET version = version + 1, message_count = message_count + 1, urgency = 1 WHERE id = %s", (ticket.id,)
        )
    assert changed.rowcount == 1


def test_a_lock_shows_the_row_as_it_stands(console_app: Any, servers: Servers, ticket: Any) -> None:
    by = world.agent(console_app)[1]
    with world.acting(console_app, by):
        read = queries.visible_ticket_by_ref(ticket.ref, by=by)
        version, said = read.version, read.message_count
        meanwhile(servers, ticket)
        with pytest.raises(StaleVersion):
            triage.classify(ticket.id, {"impact": 1}, by=by, version=version)
        conversation.reply(ticket.id, "We look.", by=by, then="new")
        assert (read.version, read.message_count, read.urgency, read.impact) == (version + 1, said + 2, 1, 2)


def test_what_is_changed_already_stays(console_app: Any, ticket: Any) -> None:
    by = world.agent(console_app)[1]
    with world.acting(console_app, by):
        read = queries.visible_ticket(ticket.id, by=by)
        read.subject = "Not flushed yet"
        assert queries.visible_ticket(ticket.id, by=by, for_update=True).subject == "Not flushed yet"
