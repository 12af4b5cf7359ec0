"""People at the door: each test on a network of its own."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import identity, world


@pytest.fixture
def door(portal_app: Any, portal_of: Any) -> Any:
    """A visitor's browser on a company's portal; the named person has a password."""

    def make(company: world.Company, person: str | None = "requester") -> FlaskClient:
        if person is not None:
            identity.give_password(portal_app, company.people[person].person_id)
        return identity.from_own_address(portal_of(company, None))

    return make


@pytest.fixture
def console_door(console: FlaskClient) -> FlaskClient:
    """A visitor's browser on the console."""
    return identity.from_own_address(console)
