"""Programs of either side, and limits that a test may set."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support import world
from tests.support.caller import Caller


@pytest.fixture
def contact(portal_app: Any, acme: Any) -> Caller:
    return Caller(portal_app, acme.host, acme.actor())


@pytest.fixture
def agent(console_app: Any) -> Caller:
    return Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1])


@pytest.fixture
def limits(portal_app: Any) -> Iterator[Any]:
    """Set limits of the running portal for one test."""
    before = portal_app.settings

    def set_to(**values: int) -> None:
        portal_app.settings = replace(before, **values)

    yield set_to
    portal_app.settings = before
