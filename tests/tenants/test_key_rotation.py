"""Another `MSP_SECRET_KEY`: second factors and waiting mails move to it, and then the old one is not needed any more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from msp.cli import keys
from msp.core import clock, process
from msp.core.actor import Actor
from msp.core.app import MspFlask
from msp.core.db import call, db
from msp.core.errors import Forbidden
from msp.core.mail import sealing
from msp.core.mail import services as mail
from msp.core.secrets import CannotDecrypt, Keyring, Seals
from tenants.identity import second_factor
from tests.conftest import SECRET
from tests.support import identity, world
from tests.tenants.test_second_factor import equipped, next_code

__all__ = ["equipped"]  # a fixture
NEW = "new-0123456789-abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def under(portal_app: MspFlask, console_app: MspFlask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let both applications hold these keys."""

    def hold(*secret_keys: str) -> None:
        for app in (portal_app, console_app):
            monkeypatch.setattr(app, "settings", replace(app.settings, secret_keys=secret_keys))

    return hold


@pytest.fixture
def msp(servers: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `msp keys` under these keys; exit status and what it says."""
    for name, value in {
        "ENVIRONMENT": "test", "PUBLIC_SCHEME": "http", "CONSOLE_HOST": "console.localhost:8000", "PORTAL_DOMAIN": "localhost",
        "CONSOLE_DATABASE_URL": servers.url("msp_console"), "REDIS_URL": servers.redis_url,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"MSP_{name}", value)
    monkeypatch.setattr(process, "_application", None)
    apps: list[MspFlask] = []
    monkeypatch.setattr("msp.cli.context.set_application", apps.append)

    def run(word: str, *secret_keys: str) -> tuple[int, str]:
        monkeypatch.setenv("MSP_SECRET_KEY", ",".join(secret_keys))
        result = CliRunner().invoke(keys.keys, [word])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout

    yield run
    for app in apps:
        with app.app_context():
            db.engine.dispose()
        app.extensions["msp.redis"].close()


def stored(servers: Any, person_id: Any) -> str:
    [row] = identity.rows(servers, "SELECT totp_secret FROM credential WHERE person_id = %s", person_id)
    return str(row["totp_secret"])


def at_the_code(acme: Any, door: Any) -> Any:
    client = door(acme, None)
    assert identity.sign_in(client, acme.people["requester"].e_mail).location.startswith("/sign-in/code")
    return client


def test_signing_in_writes_the_secret_again(servers: Any, acme: Any, door: Any, equipped: Any, under: Any) -> None:
    _, secret, codes = equipped
    person_id, context = acme.people["requester"].person_id, f"credential.totp_secret:{acme.people['requester'].person_id}"
    before = stored(servers, person_id)
    under(NEW, SECRET)
    wrong = identity.submit(at_the_code(acme, door), "/sign-in/code", code="000000")
    assert (wrong.status_code, stored(servers, person_id)) == (422, before), "only who proves himself moves it"
    assert identity.submit(at_the_code(acme, door), "/sign-in/code", code=next_code(secret)).status_code == 303
    now = stored(servers, person_id)
    assert Keyring([NEW]).decrypt(now, context=context) == secret
    with pytest.raises(CannotDecrypt):
        Keyring([SECRET]).decrypt(now, context=context)

    under(NEW)  # the old key is gone
    with clock.at(clock.now() + timedelta(minutes=2)):
        later = next_code(secret)
        assert identity.submit(at_the_code(acme, door), "/sign-in/code", code=later).status_code == 303
    assert stored(servers, person_id) == now, "it is not written again without need"
    assert len(codes) == 10


def test_a_secret_whose_key_is_gone_leaves_the_recovery_codes(acme: Any, door: Any, equipped: Any, under: Any) -> None:
    _, secret, codes = equipped
    under(NEW)
    client = at_the_code(acme, door)
    assert identity.submit(client, "/sign-in/code", code=next_code(secret)).status_code == 422
    assert identity.submit(client, "/sign-in/code?recovery=1", code=codes[0], recovery="1").status_code == 303


def test_the_command_moves_everything_and_says_so(
    servers: Any, acme: Any, console_app: Any, door: Any, equipped: Any, msp: Any, under: Any
) -> None:
    _, secret, _ = equipped
    person_id = acme.people["requester"].person_id
    # What other tests stored without sealing it.
    identity.change(servers, "UPDATE credential SET totp_secret = NULL, totp_confirmed_at = NULL WHERE totp_secret = 'x'")
    to = f"{world.unique('kim')}@acme.example"
    with world.as_staff(console_app):
        action = {"label": "Go", "url": mail.sealed("https://acme.example/secret")}
        mail.send("sign_in_alert", to=to, context={"change": "x", "action": action}, tenant_id=acme.id)

    exit_code, said = msp("check", NEW, SECRET)
    assert exit_code == 1
    assert " 0 under an older one" not in said.partition("\n")[0], "a second factor"
    assert " 0 under an older one" not in said.splitlines()[1], "a mail"
    assert "An older key is still needed" in said
    exit_code, said = msp("renew", NEW, SECRET)
    assert exit_code == 0, said
    assert "Written again: 0" not in said
    assert "second factors: 0 under" not in said
    assert said.count("0 under an older one, 0 under none that is listed") == 2
    assert "Nothing of this needs an older key." in said

    assert msp("check", NEW)[0] == 0, "without the old key too"
    assert "Written again: 0 second factors, 0 mails." in msp("renew", NEW, SECRET)[1]
    [context] = identity.mails(servers, to, "sign_in_alert")
    assert Keyring([NEW]).decrypt(context["action"]["url"]["sealed"], context="mail.send") == "https://acme.example/secret"
    assert context["action"]["label"] == "Go"
    under(NEW)
    assert identity.submit(at_the_code(acme, door), "/sign-in/code", code=next_code(secret)).status_code == 303
    code, said = msp("check", SECRET)
    assert (code, "second factors: 0 under the newest key" in said) == (1, True), "the old key alone reads nothing now"
    assert stored(servers, person_id).startswith("v1.")
    assert msp("renew", SECRET, NEW)[0] == 0, "back, for the other tests"


def test_it_needs_the_right_and_no_request_reads_secrets(console_app: Any, equipped: Any) -> None:
    _, actor = world.agent(console_app, "admin")
    nobody = Actor.system("nobody")
    with world.acting(console_app, actor):
        assert call("sealed_totp_secrets", p_after=None, p_limit=10) == [], "somebody acts, so it is no command"
        for service in (second_factor.renew, second_factor.seals, sealing.renew, sealing.seals):
            with pytest.raises(Forbidden):
                service(by=nobody)
    with world.as_staff(console_app) as by:
        assert call("sealed_totp_secrets", p_after=None, p_limit=10) != []
        assert second_factor.seals(by=by).current > 0
        assert not call("reseal_totp", p_person=uuid4(), p_old="x", p_new="y")[0]["reseal_totp"]


def test_a_secret_that_was_changed_meanwhile_is_not_written_over(
    servers: Any, acme: Any, console_app: Any, equipped: Any, under: Any
) -> None:
    person_id = acme.people["requester"].person_id
    before = stored(servers, person_id)
    under(NEW, SECRET)
    with world.as_staff(console_app):
        other = Keyring([SECRET]).encrypt("ANOTHER", context=f"credential.totp_secret:{person_id}")
        assert call("reseal_totp", p_person=person_id, p_old=before, p_new=other)[0]["reseal_totp"]
        assert not second_factor.renew_one(before, person_id)
        assert not second_factor.renew_one(Keyring([NEW]).encrypt("x", context="any"), person_id), "it is current"
    assert stored(servers, person_id) == other


def test_seals_are_counted_by_their_key() -> None:
    old, new = Keyring([SECRET]), Keyring([NEW])
    places = [(old.encrypt("a", context="x"), "x"), (new.encrypt("b", context="x"), "x"), (new.encrypt("c", context="y"), "x"), ("no", "x")]
    assert Keyring([NEW, SECRET]).seals(places) == Seals(current=1, older=1, unreadable=2)
    assert new.seals(places[:1]) == Seals(0, 0, 1)


def test_a_set_up_whose_key_is_gone_begins_anew(acme: Any, portal_app: Any) -> None:
    person_id = acme.people["requester"].person_id
    sealed = Keyring([NEW]).encrypt("JBSWY3DPEHPK3PXP", context=f"credential.totp_secret:{person_id}")
    pending = second_factor.Standing(person_id, "kim@acme.example", None, None, 0, sealed)
    with portal_app.app_context():
        assert second_factor.setup(pending, issuer="Acme") is None
