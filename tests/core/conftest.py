"""Fixtures for the plumbing's own tests."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.support.servers import Servers


@pytest.fixture(scope="module")
def scratch(servers: Servers) -> Iterator[sa.Connection]:
    """A transaction for temporary tables of the test's own; nothing of it stays."""
    engine = sa.create_engine(servers.url("msp_owner", "postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
