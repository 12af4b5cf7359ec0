"""A request's page names one place, in the bar and in its way back: my requests, what is shared with me, or the company's."""

import re
from typing import Any

import pytest

from msp.itsm.tickets.services import opening, triage
from tenants.services import people
from tests.support import world


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    requester = acme.actor()
    with world.acting(console_app, requester):
        return opening.open_ticket(acme.id, "Printer on fire", by=requester)


def places(client: Any, ticket: Any) -> tuple[str, str, str]:
    """What is marked in the bar, and where the way back leads."""
    page = client.get(f"/requests/{ticket.ref}").get_data(as_text=True)
    [marked] = set(re.findall(r'<a [^>]*aria-current="page"[^>]*>(?:<svg.*?</svg>)?([^<]+)</a>', page.split("<main")[0]))
    href, label = re.findall(r'<a class="back" href="([^"]+)">.*?</svg>([^<]+)</a>', page, re.S)[0]
    return marked, label, href


def test_ones_own_request_is_among_mine(portal_of: Any, acme: Any, ticket: Any) -> None:
    assert places(portal_of(acme), ticket) == ("My requests", "My requests", "/requests")


def test_a_colleagues_request_is_the_companys_for_a_manager(portal_of: Any, acme: Any, ticket: Any) -> None:
    assert places(portal_of(acme, "manager"), ticket) == ("Company", "Company", "/company")


def test_a_colleagues_request_is_shared_with_whoever_follows(console_app: Any, portal_of: Any, ticket: Any, acme: Any) -> None:
    requester = acme.actor()
    with world.as_staff(console_app) as by:
        friend = people.add_contact(acme.id, "Friend", e_mail=f"{world.unique('friend')}@acme.example", roles=("requester",), by=by)
        acme.people["friend"] = friend
    with world.acting(console_app, requester):
        triage.add_follower(ticket.id, contact_id=friend.id, by=requester)
    assert places(portal_of(acme, "friend"), ticket) == ("My requests", "Shared with me", "/requests?show=shared")
