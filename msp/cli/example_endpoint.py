"""`msp example-endpoint`: a small program that does what the demonstration's runbooks ask for, as one could stand anywhere.

It knows nothing of the product but what docs/runbooks.md says: it checks the signature, does each message once, takes a
second over it, and calls back.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import click

MOST_BYTES, TOLERANCE_SECONDS = 100_000, 300
SECRETS = "MSP_EXAMPLE_SECRETS"
Result = dict[str, Any]


@click.command("example-endpoint")
@click.option("--port", type=click.IntRange(1, 65535), required=True)
def example_endpoint(port: int) -> None:
    """Answer runbooks of the demonstration on this machine; MSP_EXAMPLE_SECRETS holds a JSON object of secrets by path."""
    with Endpoint(port, json.loads(os.environ.get(SECRETS, "{}"))) as server:
        server.serve_forever()


class Endpoint(ThreadingHTTPServer):
    """Listens on loopback alone. `secrets` by path; `delay` is how long the work takes."""

    daemon_threads = True

    def __init__(self, port: int, secrets: Mapping[str, str], *, delay: float = 1.0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.secrets, self.delay = dict(secrets), delay
        self.done: set[str] = set()


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BYTES))
        secret, act = self.server.secrets.get(self.path), ACTS.get(self.path)
        if secret is None or act is None:
            return self._answer(404, "There is no runbook here.")
        if not is_signed(secret, self.headers, body, now=time.time()):
            return self._answer(401, "The signature is not right.")
        message, id = json.loads(body), self.headers["webhook-id"]
        if message["type"] == "runbook.test":
            return self._answer(200, "Ready.")
        if id not in self.server.done:  # a message may come twice, under the same id
            self.server.done.add(id)
            threading.Timer(self.server.delay, _work, (act, message)).start()
        return self._answer(202, "Taken.")

    def _answer(self, status: int, words: str) -> None:
        content = json.dumps({"message": words}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what is sent here is nobody else's to read."""


def is_signed(secret: str, headers: Any, body: bytes, *, now: float) -> bool:
    """Whether the message was signed with this secret, and lately."""
    id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(now - int(at)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = base64.b64encode(hmac.new(key, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(given.encode(), f"v1,{made}".encode()) for given in headers.get("webhook-signature", "").split(" "))


def _work(act: Callable[[Mapping[str, str]], Result], message: Mapping[str, Any]) -> None:
    result = act(message["inputs"])
    status = call_back(message["callback"]["url"], {"token": message["callback"]["token"], **result})
    print(f"{message['runbook']} for {message['ticket']}: {result['outcome']}, told with status {status}", file=sys.stderr, flush=True)


def call_back(url: str, result: Result) -> int:
    """Send the result; names under .localhost are this machine's."""
    parts = urlsplit(url)
    is_here = (parts.hostname or "").endswith("localhost")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind("127.0.0.1" if is_here else parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("POST", parts.path, json.dumps(result), {"Content-Type": "application/json", "Host": parts.netloc})
        return connection.getresponse().status
    finally:
        connection.close()


# --- What the three of them would do; here they only say so -----------------------------------------------------------


def _password(inputs: Mapping[str, str]) -> Result:
    address = inputs.get("e_mail", "")
    if "@" not in address:
        return {"outcome": "failed", "message": f"“{address}” is no address that a link could be sent to."}
    return {"outcome": "finished", "message": f"A link to choose a new password was sent to {address}.", "outputs": {"sent_to": address}}


def _joiner(inputs: Mapping[str, str]) -> Result:
    account = _account(inputs)
    if not account:
        return {"outcome": "failed", "message": "There is no name to make an account for."}
    outputs = {"account": account, "mailbox": f"{account}@{inputs.get('client', 'client').lower()}.example", "licence": "Office, standard"}
    return {"outcome": "finished", "message": f"Account and mailbox of {_name(inputs)} are there.", "outputs": outputs}


def _leaver(inputs: Mapping[str, str]) -> Result:
    account = _account(inputs)
    if not account:
        return {"outcome": "failed", "message": "There is no name whose accounts could be closed."}
    outputs = {"account": account, "sessions_ended": "3", "mail_goes_to": inputs.get("manager", "")}
    return {"outcome": "finished", "message": f"{_name(inputs)} can no longer sign in.", "outputs": outputs}


def _name(inputs: Mapping[str, str]) -> str:
    return inputs.get("person", "").partition(",")[0].strip()


def _account(inputs: Mapping[str, str]) -> str:
    """`nora.quill` of `Nora Quill, from the twelfth`."""
    words = re.findall(r"[a-z]+", _name(inputs).lower())
    return ".".join(words[:3])


ACTS: dict[str, Callable[[Mapping[str, str]], Result]] = {"/password-reset": _password, "/joiner": _joiner, "/leaver": _leaver}
