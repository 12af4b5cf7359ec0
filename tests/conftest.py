"""Fixtures of every test: real servers, the application's own logins, people made through the services."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from msp.core.app import MspFlask
from msp.core.config import Settings
from msp.prove.browser import HostClient
from tests.support import servers as test_servers
from tests.support import world

SECRET = "a-key-of-the-tests-0123456789-abcdefghijklmnopqrstuvwxyz"
CONSOLE_HOST = "console.localhost"


@pytest.fixture(scope="session")
def servers(worker_id: str) -> Iterator[test_servers.Servers]:
    started = test_servers.start(worker_id)
    yield started
    test_servers.drop(started)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", f"gw{os.getpid()}")


@pytest.fixture(scope="session")
def settings(servers: test_servers.Servers, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    driver = "postgresql+psycopg"
    return Settings(
        environment="test",
        secret_keys=(SECRET,),
        portal_database_url=servers.url("msp_portal", driver),
        console_database_url=servers.url("msp_console", driver),
        owner_database_url=servers.url("msp_owner", driver),
        live_database_url=servers.url("msp_live"),
        redis_url=servers.redis_url,
        console_host=CONSOLE_HOST,
        portal_domain="localhost",
        scheme="http",
        live_url="",
        mail_url="null:",
        storage_url=tmp_path_factory.mktemp("files").as_uri(),
        trusted_proxies=0,
    )


@pytest.fixture(scope="session")
def console_app(settings: Settings) -> Iterator[MspFlask]:
    """The console's application, with the provider installed."""
    from msp.core.process import set_application
    from msp.wsgi import app_of
    from tenants.services import clients

    app = app_of("console", settings)
    set_application(app)
    with world.as_staff(app) as by:
        clients.install(
            "Meridian IT", key="MERIDIAN", environment="test", console_host=CONSOLE_HOST, time_zone="Europe/London", by=by
        )
    yield app
    _dispose(app)


@pytest.fixture(scope="session")
def portal_app(settings: Settings, console_app: MspFlask) -> Iterator[MspFlask]:
    """The portals' application, after the provider is installed."""
    from msp.wsgi import app_of

    app = app_of("portal", settings)
    yield app
    _dispose(app)


def _dispose(app: MspFlask) -> None:
    from msp.core.db import db

    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    app.extensions["msp.redis"].close()


@pytest.fixture
def console(console_app: MspFlask) -> FlaskClient:
    """A browser on the console's host; nobody is signed in."""
    return _client(console_app, CONSOLE_HOST)


@pytest.fixture
def acme(console_app: MspFlask) -> world.Company:
    return world.company(console_app, "Acme")


@pytest.fixture
def birch(console_app: MspFlask) -> world.Company:
    return world.company(console_app, "Birch")


@pytest.fixture
def portal_of(portal_app: MspFlask) -> Any:
    """A browser on a company's portal, signed in as one of its people."""

    def make(company: world.Company, person: str | None = "requester") -> FlaskClient:
        client = _client(portal_app, company.host)
        if person is not None:
            world.signed_in(portal_app, client, company.host, company.id, company.people[person].person_id)
        return client

    return make


@pytest.fixture
def console_of(console_app: MspFlask) -> Any:
    """A browser on the console, signed in as this agent."""

    def make(actor: Any) -> FlaskClient:
        client = _client(console_app, CONSOLE_HOST)
        return world.signed_in(console_app, client, CONSOLE_HOST, actor.provider_id, actor.person_id)

    return make


def _client(app: MspFlask, host: str) -> FlaskClient:
    client = HostClient(app, app.response_class)
    client.host = host
    return client


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput") and os.environ.get("MSP_TEST_KEEP_SERVERS") != "1":
        test_servers.stop()
