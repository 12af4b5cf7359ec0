"""What the tests of tickets and service levels share."""

import psycopg
import pytest

from tests.support.servers import Servers


@pytest.fixture(autouse=True)
def _empty_outbox(request: pytest.FixtureRequest) -> None:
    """Nothing is left to do from other tests: time passes here, and everything that is due is done."""
    if "console_app" not in request.fixturenames:
        return
    request.getfixturevalue("console_app")
    servers: Servers = request.getfixturevalue("servers")
    with psycopg.connect(servers.url("msp_owner")) as connection:
        connection.execute("DELETE FROM outbox WHERE done_at IS NULL")
