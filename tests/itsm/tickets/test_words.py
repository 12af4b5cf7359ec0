"""Words of a ticket's state."""

from msp.itsm.tickets.states import STATES
from msp.itsm.tickets.words import status_words


def test_every_state_of_a_ticket_has_words() -> None:
    assert {status_words(state).word for state in STATES} >= {
        "New",
        "In progress",
        "Waiting for client",
        "Resolved",
    }
    assert status_words("waiting_for_client", portal=True).word == "Waiting for you"
    assert status_words("resolved", portal=True).word == "Fixed"
    assert status_words("resolved", portal=True, kind="request").word == "Done"
    assert status_words("scheduled", change="CHG-318").word == "Waiting for CHG-318"
