"""`msp admin`, `msp tenant`, `msp agent` on an empty installation, as a script would use them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from msp.cli import people
from msp.core import process
from msp.core.db import db
from tests.conftest import SECRET
from tests.support import identity
from tests.support import servers as test_servers


def run(*words: str) -> tuple[int, Any, str]:
    """Run a command; its exit status, its answer as JSON (or text) and its error."""
    result = CliRunner().invoke(getattr(people, words[0]), words[1:])
    if result.exception and not isinstance(result.exception, SystemExit):
        return 1, None, str(result.exception)
    return result.exit_code, json.loads(result.stdout) if "--json" in words else result.stdout, result.stderr


@contextmanager
def database(name: str) -> Iterator[test_servers.Servers]:
    """A database in which nothing is installed, and the environment of a command that works on it."""
    made, apps = test_servers.start(name), []
    with pytest.MonkeyPatch.context() as patch:
        for key, value in {
            "SECRET_KEY": SECRET, "ENVIRONMENT": "test", "PUBLIC_SCHEME": "http", "CONSOLE_HOST": "console.localhost:8000",
            "PORTAL_DOMAIN": "localhost", "CONSOLE_DATABASE_URL": made.url("msp_console"), "REDIS_URL": made.redis_url,
        }.items():  # fmt: skip
            patch.setenv(f"MSP_{key}", value)
        patch.setattr(process, "_application", None)
        patch.setattr("msp.cli.context.set_application", apps.append)
        yield made
    for app in apps:
        with app.app_context():
            db.engine.dispose()
        app.extensions["msp.redis"].close()
    test_servers.drop(made)


@pytest.fixture
def empty(worker_id: str) -> Iterator[test_servers.Servers]:
    """Nothing is installed."""
    with database(f"empty_{worker_id}") as made:
        yield made


@pytest.fixture
def installed(worker_id: str) -> Iterator[test_servers.Servers]:
    """The provider has its first administrator."""
    with database(f"installed_{worker_id}") as made:
        assert run("admin", "create", "jo@msp.example", "--provider", "Meridian IT", "--key", "MERIDIAN")[0] == 0
        yield made


def test_the_first_administrator_sets_the_provider_up(empty: Any) -> None:
    code, _, error = run("agent", "create", "Sam Reed", "sam@msp.example")
    assert (code, "msp admin create" in error) == (1, True)
    code, _, error = run("admin", "create", "jo@msp.example")
    assert (code, "--provider" in error) == (2, True)

    create = ("admin", "create", "jo@msp.example", "--provider", "Meridian IT", "--key", "MERIDIAN", "--json")
    code, said, _ = run(*create)

    assert code == 0
    link = urlsplit(said["link"])
    assert (link.scheme, link.netloc) == ("http", "console.localhost:8000")
    assert link.path.startswith("/invitation/")
    [agent] = identity.rows(empty, "SELECT * FROM agent")
    assert (agent["name"], agent["roles"], agent["is_limited"]) == ("Jo", ["admin"], False)
    assert identity.rows(empty, "SELECT * FROM credential") == [], "nobody has a password before he chooses one"
    assert run(*create)[0] == 1, "an address is taken once"


def test_a_client_with_its_portal_and_administrator(installed: Any) -> None:
    code, text, _ = run(
        "tenant", "create", "ACME", "Acme Ltd", "--time-zone", "Europe/London", "--admin", "kim@acme.example"
    )
    assert code == 0
    assert "http://acme.localhost:8000/" in text
    assert "http://acme.localhost:8000/invitation/" in text
    [contact] = identity.rows(installed, "SELECT * FROM contact")
    assert (contact["roles"], contact["name"]) == (["client_admin"], "Kim")
    code, _, error = run("tenant", "create", "acme", "Acme Ltd", "--host", "other.localhost")
    assert (code, "belongs to another client" in error) == (1, True)
    assert run("tenant", "create", "B", "Too short")[0] == 1
    assert run("tenant", "create", "CEDAR", "Cedar", "--colour", "#ffff00")[0] == 1
    assert [row["key"] for row in identity.rows(installed, "SELECT key FROM tenant WHERE kind = 'client'")] == ["ACME"]


def test_agents_and_their_way_back_in(installed: Any) -> None:
    assert run("tenant", "create", "ACME", "Acme Ltd")[0] == 0
    code, said, _ = run(
        "agent", "create", "Lou Fox", "lou@partner.example", "--role", "lead", "--client", "ACME", "--json"
    )
    assert (code, said["roles"]) == (0, ["lead"])
    [agent] = identity.rows(installed, "SELECT * FROM agent WHERE name = 'Lou Fox'")
    assert agent["is_limited"]
    assert run("agent", "create", "X", "x@msp.example", "--role", "emperor")[0] == 2
    assert run("agent", "create", "X", "x@msp.example", "--client", "NOBODY")[0] == 1
    assert run("agent", "create", "X", "not an address")[0] == 1

    assert "/invitation/" in run("agent", "link", "lou@partner.example")[1]
    identity.change(installed, "INSERT INTO credential (person_id, password_hash) VALUES (%s, 'x')", agent["person_id"])
    assert "/reset/" in run("agent", "link", "Lou@partner.example")[1]
    assert run("agent", "link", "nobody@msp.example")[0] == 1

    assert run("admin", "forget-second-factor", "lou@partner.example")[0] == 1, "he has none"
    identity.change(installed, "UPDATE credential SET totp_secret = 'x', totp_confirmed_at = now()")
    assert run("admin", "forget-second-factor", "lou@partner.example")[0] == 0
    [row] = identity.rows(installed, "SELECT totp_secret FROM credential")
    assert row["totp_secret"] is None
    [mail] = identity.mails(installed, "lou@partner.example", "sign_in_alert")
    assert mail["change"].endswith("was removed")


def test_a_contact_who_lost_everything(installed: Any) -> None:
    run("tenant", "create", "OAK", "Oak Ltd", "--admin", "pat@oak.example")
    [contact] = identity.rows(installed, "SELECT * FROM contact WHERE e_mail = 'pat@oak.example'")
    assert run("admin", "forget-second-factor", "nobody@oak.example")[0] == 1
    assert run("admin", "forget-second-factor", "pat@oak.example")[0] == 1, "he has none"
    identity.change(
        installed, "INSERT INTO credential (person_id, password_hash, totp_secret, totp_confirmed_at) VALUES (%s, 'x', 'x', now())",
        contact["person_id"],
    )  # fmt: skip
    code, said, _ = run("admin", "forget-second-factor", "Pat@oak.example", "--json")
    assert (code, said["e_mail"]) == (0, "pat@oak.example")
    [row] = identity.rows(installed, "SELECT totp_secret FROM credential WHERE person_id = %s", contact["person_id"])
    assert row["totp_secret"] is None
    assert len(identity.mails(installed, "pat@oak.example", "sign_in_alert")) == 1


@pytest.mark.parametrize("words", [["admin", "create"], ["tenant", "create"], ["agent", "create"], ["agent", "link"]])
def test_help_teaches(words: list[str]) -> None:
    result = CliRunner().invoke(getattr(people, words[0]), [*words[1:], "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output
    assert "Example" in result.output or words[1] == "link"
