"""Web-hooks of escalation steps: signed by the Standard Webhooks specification, sent through the guard."""

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock, outbound
from msp.core.errors import Forbidden
from msp.core.outbox import services as outbox
from msp.core.outbox import worker
from msp.itsm.sla.services import hooks
from tests.itsm.sla.test_escalation_actions import promise, step
from tests.support import world
from tests.support.pages import words


class Receiver(HTTPServer):
    """Keeps what it is sent and answers with a status of its own."""

    status = 204

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = f"http://hooks.example:{self.server_port}/in"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A real receiver on loopback, which the guard is told to let through under its name."""
    with Receiver() as server:
        policy = outbound.Policy(
            allowed=(ipaddress.ip_network("127.0.0.1/32"),), ports=frozenset({server.server_port}),
            resolver=lambda _host, _port: ["127.0.0.1"],
        )  # fmt: skip
        monkeypatch.setattr(outbound, "fetch", partial(outbound.fetch, policy=policy))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As the specification tells a receiver to check, written without our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(given, f"v1,{wanted}") for given in headers["webhook-signature"].split(" "))


def ask(app: Any, company: Any, url: str) -> Any:
    with world.as_staff(app):
        return outbox.enqueue(hooks.WEB_HOOK, {"url": url, "body": {"type": "sla.step_fired"}}, tenant_id=company.id)


def test_a_message_is_signed_for_this_client_and_address(
    console_app: Any, acme: Any, birch: Any, receiver: Receiver
) -> None:
    id = ask(console_app, acme, receiver.url)
    with console_app.app_context():
        assert worker.do(id) == "done"
        secret, others = hooks.secret_of(acme.id, receiver.url), hooks.secret_of(birch.id, receiver.url)
    [(headers, body)] = receiver.got
    assert headers["webhook-id"] == str(id)
    assert json.loads(body) == {"type": "sla.step_fired"}
    assert verified(secret, headers, body)
    assert not verified(others, headers, body)
    assert not verified(secret, headers, body + b" ")
    assert not verified(secret, headers | {"webhook-id": str(uuid4())}, body)


def test_a_refused_message_comes_again_under_the_same_id(console_app: Any, acme: Any, receiver: Receiver) -> None:
    receiver.status = 503
    id = ask(console_app, acme, receiver.url)
    with console_app.app_context():
        assert worker.do(id) == "failed"
        receiver.status = 200
        with clock.at(clock.now() + timedelta(seconds=6)):
            assert worker.do(id) == "done"
    assert [headers["webhook-id"] for headers, _ in receiver.got] == [str(id), str(id)]


def test_a_new_key_signs_beside_the_old_one(
    console_app: Any, acme: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    with console_app.app_context():
        before = hooks.secret_of(acme.id, receiver.url)
    rotated = replace(console_app.settings, secret_keys=("n3w-k3y-of-the-installation-0123456789", *console_app.settings.secret_keys))
    monkeypatch.setattr(hooks, "settings", lambda: rotated)
    with console_app.app_context():
        after = hooks.secret_of(acme.id, receiver.url)
        hooks.post(receiver.url, {"a": 1}, id=uuid4(), tenant_id=acme.id)
    [(headers, body)] = receiver.got
    assert before != after
    assert verified(before, headers, body)
    assert verified(after, headers, body)


def test_an_address_of_ours_is_refused_for_good(console_app: Any, acme: Any) -> None:
    id = ask(console_app, acme, "https://127.0.0.1/in")
    with console_app.app_context():
        assert worker.do(id) == "parked"


def test_the_secret_is_read_by_who_edits_service_levels(console_app: Any, console_of: Any, acme: Any, birch: Any) -> None:
    url = f"https://{world.unique('hooks')}.example/in"
    promise(console_app, acme, step(50, {"kind": "web_hook", "to": url}))
    manager = world.agent(console_app, "account_manager")[1]
    limited = world.agent(console_app, "account_manager", clients=[birch.id])[1]
    agent = world.agent(console_app, "agent")[1]
    with console_app.app_context():
        secret = hooks.secret_of(acme.id, url)
    shown = words(console_of(manager).get("/settings/web-hooks"))
    assert url in shown
    assert secret in shown
    assert url not in words(console_of(limited).get("/settings/web-hooks"))
    assert console_of(agent).get("/settings/web-hooks").status_code == 403
    with world.acting(console_app, agent), pytest.raises(Forbidden):
        hooks.endpoints(by=agent)
