"""An agent's browser on the console, and tickets to look at."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from msp.core import clock
from msp.itsm.tickets import queries
from msp.itsm.tickets.services import opening
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # London keeps UTC in winter; the calendar is Mon-Fri 09:00-17:00
TEN = MONDAY.replace(hour=10)


class Desk:
    """A signed-in agent: pages, and forms with their token; on Monday at ten unless it says otherwise."""

    def __init__(self, app: Any, client: Any, actor: Any) -> None:
        self.app, self.client, self.actor = app, client, actor
        self._csrf = ""

    def get(self, path: str, at: datetime | None = None, **headers: str) -> TestResponse:
        with clock.at(at or TEN):
            answer: TestResponse = self.client.get(path, headers=headers)
        return answer

    def post(self, path: str, at: datetime | None = None, hx: bool = False, **fields: Any) -> TestResponse:
        self._csrf = self._csrf or world.csrf(self.client)
        headers = {"HX-Request": "true"} if hx else {}
        with clock.at(at or TEN):
            answer: TestResponse = self.client.post(path, data={"csrf_token": self._csrf, **fields}, headers=headers)
        return answer

    def ticket(self, ticket: Any) -> Any:
        """The ticket as this agent finds it now."""
        with world.acting(self.app, self.actor):
            return queries.visible_ticket(ticket.id, by=self.actor)

    def messages(self, ticket: Any) -> list[tuple[str, bool]]:
        with world.acting(self.app, self.actor):
            return [(m.body, m.is_internal) for m in queries.messages(ticket, by=self.actor)]

    def told(self, ticket: Any) -> list[str]:
        """Kinds of the timeline's entries."""
        with world.acting(self.app, self.actor):
            return [entry.kind for entry in queries.timeline(ticket, by=self.actor)]


@pytest.fixture
def sit(console_app: Any, console_of: Any) -> Callable[..., Desk]:
    """Sit down as a new agent of these roles, limited to these companies where any are named."""

    def make(*companies: Any, roles: tuple[str, ...] = ("agent",)) -> Desk:
        limited = [company.id for company in companies] if companies else None
        actor = world.agent(console_app, *roles, clients=limited)[1]
        return Desk(console_app, console_of(actor), actor)

    return make


@pytest.fixture
def desk(sit: Callable[..., Desk], acme: Any) -> Desk:
    """An agent who works for Acme only."""
    return sit(acme)


@pytest.fixture
def opened(console_app: Any) -> Callable[..., Any]:
    """Open a ticket as a company's requester, on Monday at nine."""

    def make(company: Any, subject: str = "Printer on fire", at: datetime = MONDAY, **options: Any) -> Any:
        requester = company.actor()
        with clock.at(at), world.acting(console_app, requester):
            return opening.open_ticket(company.id, subject, by=requester, **{"body": "It smells.", **options})

    return make


@pytest.fixture
def ticket(opened: Callable[..., Any], acme: Any) -> Any:
    """A P3 incident of Acme: answered by 13:00, resolved by Wednesday 17:00."""
    return opened(acme)
