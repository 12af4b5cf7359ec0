"""The demonstration's endpoint, and the one that the guide prints: both take what we sign, and nothing else."""

import base64
import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from msp.cli import example_endpoint
from msp.cli.example_endpoint import ACTS, Endpoint
from msp.core import webhooks

GUIDE = Path(__file__).parents[2] / "docs/runbooks.md"
KEY = b"k" * 32
SECRET = webhooks.secret_text(KEY)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was called back."""
    found: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(example_endpoint, "call_back", lambda url, result: found.append((url, result)) or 200)
    return found


@pytest.fixture
def endpoint(told: Any) -> Iterator[Endpoint]:
    with Endpoint(0, {"/joiner": SECRET}, delay=0.01) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def send(server: Endpoint, message: dict[str, Any], *, path: str = "/joiner", key: bytes = KEY, ago: int = 0, id: Any = None) -> int:
    body = json.dumps(message).encode()
    headers = webhooks.signed_headers(id or uuid4(), body, [key], now=datetime.now(UTC) - timedelta(seconds=ago))
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.request("POST", path, body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


RUN = {
    "type": "runbook.run", "runbook": "Joiner", "ticket": "X-1", "inputs": {"person": "Nora Quill, analyst", "client": "KEST"},
    "callback": {"url": "http://console.localhost/x", "token": "t"},
}  # fmt: skip


def test_a_message_is_checked_done_once_and_answered(endpoint: Endpoint, told: list[Any]) -> None:
    id = uuid4()
    assert [send(endpoint, RUN, id=id), send(endpoint, RUN, id=id)] == [202, 202]
    for _ in range(200):
        if told:
            break
        time.sleep(0.02)
    time.sleep(0.1)
    [(url, result)] = told
    assert (url, result["token"], result["outcome"]) == ("http://console.localhost/x", "t", "finished")
    assert result["outputs"]["account"] == "nora.quill"


def test_what_is_not_ours_is_refused(endpoint: Endpoint, told: list[Any]) -> None:
    assert send(endpoint, RUN, key=b"x" * 32) == 401
    assert send(endpoint, RUN, ago=400) == 401
    assert send(endpoint, RUN, path="/leaver") == 404
    assert send(endpoint, {"type": "runbook.test"}) == 200
    assert told == []


@pytest.mark.parametrize("path", ACTS)
def test_each_of_the_three_says_what_it_did_and_what_it_could_not(path: str) -> None:
    whole = {"person": "Nora Quill", "client": "KEST", "manager": "Beth Lowry", "e_mail": "nora@kest.example"}
    assert ACTS[path](whole)["outcome"] == "finished"
    refused = ACTS[path]({"person": "", "e_mail": "nobody"})
    assert (refused["outcome"], bool(refused["message"])) == ("failed", True)


def test_the_guide_s_own_check_takes_what_we_sign() -> None:
    code = next(block for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S) if "def is_signed" in block)
    known: dict[str, Any] = {"SECRET": SECRET}
    function = code[code.index("def is_signed") : code.index("@app.post")]
    exec(f"import base64, hashlib, hmac, time\n{function}", known)  # noqa: S102 - it is our own text
    body = b'{"type": "runbook.run"}'
    headers = webhooks.signed_headers(uuid4(), body, [b"o" * 32, KEY], now=datetime.now(UTC))
    assert known["is_signed"](headers, body)
    assert not known["is_signed"](headers, body + b" ")
    assert not known["is_signed"]({**headers, "webhook-id": str(uuid4())}, body)
    assert not known["is_signed"]({}, body)
    known["SECRET"] = webhooks.PREFIX + base64.b64encode(b"z" * 32).decode()
    assert not known["is_signed"](headers, body)
