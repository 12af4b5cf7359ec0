"""Helpers of the portal's tests: forms as browsers send them, and a ticket with a history."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from msp.core import clock
from msp.itsm.tickets.services import conversation, opening
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # London keeps UTC in winter; the calendar is Mon-Fri 09:00-17:00
NOTE = "a note that no client may ever read"


@pytest.fixture
def send() -> Callable[..., Any]:
    """Post a form; files are given as (name, content)."""

    def post(browser: Any, path: str, files: list[tuple[str, bytes]] | None = None, **fields: Any) -> Any:
        data: dict[str, Any] = {"csrf_token": world.csrf(browser), **fields}
        if files:
            data["files"] = [(io.BytesIO(content), name) for name, content in files]
        return browser.post(path, data=data, content_type="multipart/form-data" if files else None)

    return post


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    """An incident opened by the requester on Monday at nine, answered at ten; with a note beside."""
    requester = acme.actor()
    with clock.at(MONDAY), world.acting(console_app, requester):
        made = opening.open_ticket(acme.id, "Printer on fire", body="It smells.", by=requester)
    _, agent = world.agent(console_app)
    with clock.at(MONDAY.replace(hour=10)), world.acting(console_app, agent):
        conversation.reply(made.id, "Is anybody *hurt*?", by=agent)
        conversation.add_note(made.id, NOTE, by=agent)
    return made


@pytest.fixture
def agent(console_app: Any) -> Any:
    return world.agent(console_app)[1]
