"""`msp admin`, `msp tenant`, `msp agent` on an empty installation, as a script would use them."""

import json
from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def empty(worker_id: str) -> Iterator[test_servers.Servers]:
    """A database in which nothing is installed."""
    made = test_servers.start(f"empty_{worker_id}")
    yield made
    test_servers.drop(made)


@pytest.fixture
def msp(empty: test_servers.Servers, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command; its exit status, its answer as JSON (or text) and its error."""
    for name, value in {
        "SECRET_KEY": SECRET, "ENVIRONMENT": "test", "PUBLIC_SCHEME": "http", "CONSOLE_HOST": "console.localhost:8000",
        "PORTAL_DOMAIN": "localhost", "CONSOLE_DATABASE_URL": empty.url("msp_console"), "REDIS_URL": empty.redis_url,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"MSP_{name}", value)
    monkeypatch.setattr(process, "_application", None)
    apps = []
    monkeypatch.setattr("msp.cli.context.set_application", apps.append)

    def run(*words: str) -> tuple[int, Any, str]:
        group = getattr(people, words[0])
        result = CliRunner().invoke(group, words[1:])
        if result.exception and not isinstance(result.exception, SystemExit):
            return 1, None, str(result.exception)
        return result.exit_code, json.loads(result.stdout) if "--json" in words else result.stdout, result.stderr

    yield run
    for app in apps:
        with app.app_context():
            db.engine.dispose()
        app.extensions["msp.redis"].close()


def test_the_first_administrator_sets_the_provider_up(msp: Any, empty: Any) -> None:
    code, _, error = msp("agent", "create", "Sam Reed", "sam@msp.example")
    assert (code, "msp admin create" in error) == (1, True)
    code, _, error = msp("admin", "create", "jo@msp.example")
    assert (code, "--provider" in error) == (2, True)

    create = ("admin", "create", "jo@msp.example", "--provider", "Meridian IT", "--key", "MERIDIAN", "--json")
    code, said, _ = msp(*create)

    assert code == 0
    link = urlsplit(said["link"])
    assert (link.scheme, link.netloc) == ("http", "console.localhost:8000")
    assert link.path.startswith("/invitation/")
    [agent] = identity.rows(empty, "SELECT * FROM agent")
    assert (agent["name"], agent["roles"], agent["is_limited"]) == ("Jo", ["admin"], False)
    assert identity.rows(empty, "SELECT * FROM credential") == [], "nobody has a password before he chooses one"
    assert msp(*create)[0] == 1, "an address is taken once"


def test_a_client_with_its_portal_and_administrator(msp: Any, empty: Any) -> None:
    code, text, _ = msp(
        "tenant", "create", "ACME", "Acme Ltd", "--time-zone", "Europe/London", "--admin", "kim@acme.example"
    )
    assert code == 0
    assert "http://acme.localhost:8000/" in text
    assert "http://acme.localhost:8000/invitation/" in text
    [contact] = identity.rows(empty, "SELECT * FROM contact")
    assert (contact["roles"], contact["name"]) == (["client_admin"], "Kim")
    code, _, error = msp("tenant", "create", "acme", "Acme Ltd", "--host", "other.localhost")
    assert (code, "belongs to another client" in error) == (1, True)
    assert msp("tenant", "create", "B", "Too short")[0] == 1
    assert msp("tenant", "create", "CEDAR", "Cedar", "--colour", "#ffff00")[0] == 1
    assert [row["key"] for row in identity.rows(empty, "SELECT key FROM tenant WHERE kind = 'client'")] == ["ACME"]


def test_agents_and_their_way_back_in(msp: Any, empty: Any) -> None:
    code, said, _ = msp(
        "agent", "create", "Lou Fox", "lou@partner.example", "--role", "lead", "--client", "ACME", "--json"
    )
    assert (code, said["roles"]) == (0, ["lead"])
    [agent] = identity.rows(empty, "SELECT * FROM agent WHERE name = 'Lou Fox'")
    assert agent["is_limited"]
    assert msp("agent", "create", "X", "x@msp.example", "--role", "emperor")[0] == 2
    assert msp("agent", "create", "X", "x@msp.example", "--client", "NOBODY")[0] == 1
    assert msp("agent", "create", "X", "not an address")[0] == 1

    assert "/invitation/" in msp("agent", "link", "lou@partner.example")[1]
    identity.change(empty, "INSERT INTO credential (person_id, password_hash) VALUES (%s, 'x')", agent["person_id"])
    assert "/reset/" in msp("agent", "link", "Lou@partner.example")[1]
    assert msp("agent", "link", "nobody@msp.example")[0] == 1

    assert msp("admin", "forget-second-factor", "lou@partner.example")[0] == 1, "he has none"
    identity.change(empty, "UPDATE credential SET totp_secret = 'x', totp_confirmed_at = now()")
    assert msp("admin", "forget-second-factor", "lou@partner.example")[0] == 0
    [row] = identity.rows(empty, "SELECT totp_secret FROM credential")
    assert row["totp_secret"] is None
    [mail] = identity.mails(empty, "lou@partner.example", "sign_in_alert")
    assert mail["change"].endswith("was removed")


def test_a_contact_who_lost_everything(msp: Any, empty: Any) -> None:
    msp("agent", "create", "Lou Fox", "lou@partner.example")
    msp("tenant", "create", "OAK", "Oak Ltd", "--admin", "pat@oak.example")
    [contact] = identity.rows(empty, "SELECT * FROM contact WHERE e_mail = 'pat@oak.example'")
    assert msp("admin", "forget-second-factor", "nobody@oak.example")[0] == 1
    assert msp("admin", "forget-second-factor", "pat@oak.example")[0] == 1, "he has none"
    identity.change(
        empty, "INSERT INTO credential (person_id, password_hash, totp_secret, totp_confirmed_at) VALUES (%s, 'x', 'x', now())",
        contact["person_id"],
    )  # fmt: skip
    code, said, _ = msp("admin", "forget-second-factor", "Pat@oak.example", "--json")
    assert (code, said["e_mail"]) == (0, "pat@oak.example")
    [row] = identity.rows(empty, "SELECT totp_secret FROM credential WHERE person_id = %s", contact["person_id"])
    assert row["totp_secret"] is None
    assert len(identity.mails(empty, "pat@oak.example", "sign_in_alert")) == 1


@pytest.mark.parametrize("words", [["admin", "create"], ["tenant", "create"], ["agent", "create"], ["agent", "link"]])
def test_help_teaches(words: list[str]) -> None:
    result = CliRunner().invoke(getattr(people, words[0]), [*words[1:], "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output
    assert "Example" in result.output or words[1] == "link"
