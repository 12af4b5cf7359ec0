"""The walk: every route of both applications, with every id of the other client that it could take.

The routes come from the applications themselves, so a new one cannot be forgotten. An answer to a foreign id must be the
answer to a random one; no byte of any answer may carry the other client's words; and when the walk is over, the other
client's rows must be what they were.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from msp.core.actor import Actor
from msp.core.ids import new_id
from msp.core.web.gates import gate_of
from msp.prove import bodies
from msp.prove.browser import browser
from msp.prove.openings import OPEN_ROUTES
from msp.prove.world import Side, World

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
NO_SUCH_REF = "NOSUCH-77777"
# What differs between two answers without saying anything: request id, nonce, CSRF token, date, the id asked for.
_NOISE = (
    re.compile(rb'"request_id": ?"[^"]*"'),
    re.compile(rb'(name="csrf[-_]token" (content|value)=")[^"]*'),
    re.compile(rb"X-CSRFToken&#34;: ?&#34;[^&]*|\"X-CSRFToken\": ?\"[^\"]*"),
    re.compile(rb"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|\+00:00)?"),
    re.compile(rb'(content|datetime|value)="[^"]{20,}\.[^"]{5,}"'),
)


@dataclass
class Findings:
    """What the walk saw: how much it asked, what reached somebody, and every failure as one line."""

    asked: int = 0
    routes: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def fail(self, words: str) -> None:
        if words not in self.failures:
            self.failures.append(words)


def walk(world: World, *, only: str | None = None) -> Findings:
    """Ask everything as the wrong client and as an agent limited to it; `only` names one route."""
    found = Findings()
    for app, viewer, owner in (
        (world.portal, world.right.contacts["everything"], world.left.contacts["everything"]),
        (world.console, world.right.limited, world.left.limited),
    ):
        _Walker(world, app, viewer, owner, found).run(only)
    return found


def gates(world: World, *, only: str | None = None) -> Findings:
    """Ask every route as nobody: it must be closed, or stand on the list of open ones."""
    found = Findings()
    for app, viewer in ((world.portal, world.right.contacts["everything"]), (world.console, world.right.limited)):
        walker = _Walker(world, app, viewer, viewer, found)
        for rule in app.url_map.iter_rules():
            if only is None or rule.endpoint == only:
                walker.gate(rule)
    return found


class _Walker:
    def __init__(self, world: World, app: Flask, viewer: Actor, owner: Actor, found: Findings) -> None:
        self.world, self.app, self.viewer, self.owner, self.found = world, app, viewer, owner, found
        self.stranger = world.browser(viewer, world.right)
        self.native = world.browser(owner, world.left)
        surface = app.surface  # type: ignore[attr-defined]  # set by create_app
        self.nobody = browser(app, self.stranger.host)
        self.surface = str(surface)
        self.nobody_csrf = _csrf(self.nobody)
        self.csrf = _csrf(self.stranger)
        self.native_csrf = _csrf(self.native)
        self.fields = bodies.id_fields(app)

    def run(self, only: str | None) -> None:
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint == "static" or bodies.ends_session(rule.endpoint) or (only and rule.endpoint != only):
                continue
            self.found.routes.add(f"{self.surface} {rule.rule}")
            self.gate(rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                self._route(rule, method)

    def gate(self, rule: Rule) -> None:
        """Nobody passes without signing in, but where the route is on the reviewed list."""
        gate = gate_of(self.app, rule.endpoint)
        if gate is None or gate.who == "everyone":
            if rule.endpoint not in OPEN_ROUTES:
                self.found.fail(f"{self.surface} {rule.rule}: is open to everybody and not on the reviewed list")
            return
        path = self._path(rule, {name: str(new_id()) for name in rule.arguments})
        if path is None:
            return
        method = next(iter(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})))
        answer = self._ask(self.nobody, method, path, csrf=self.nobody_csrf)
        to_sign_in = answer.status_code in (302, 303) and "sign-in" in answer.headers.get("Location", "")
        if answer.status_code not in (400, 401, 403, 405) and not to_sign_in:
            self.found.fail(f"{self.surface} {rule.rule}: answers {answer.status_code} to somebody who is not signed in")

    def _route(self, rule: Rule, method: str) -> None:
        foreign = [self._path(rule, dict.fromkeys(rule.arguments, value)) for value in _values(self.world.left)]
        paths = [path for path in dict.fromkeys(foreign) if path] if rule.arguments else []
        random = {path: self._random_twin(path) for path in paths}
        for path in paths:
            self._compare(rule, method, path, random[path])
        for path in self._own_paths(rule):
            self._quiet(rule, method, path)
            if method in UNSAFE:
                self._foreign_bodies(rule, method, path)
        self._control(rule, method, paths or self._own_paths(rule))

    def _compare(self, rule: Rule, method: str, path: str, twin: str) -> None:
        """A foreign id and a random one get the same answer."""
        left = self._ask(self.stranger, method, path, csrf=self.csrf)
        right = self._ask(self.stranger, method, twin, csrf=self.csrf)
        self._silent(rule, method, left, path)
        if left.status_code != right.status_code or _bare(left, path) != _bare(right, twin):
            self.found.fail(f"{self.surface} {method} {rule.rule}: a foreign id is answered otherwise than a random one")

    def _quiet(self, rule: Rule, method: str, path: str) -> None:
        """What the stranger may ask says nothing of the other client, with and without a search."""
        if method != "GET":
            return
        for query in ("", "?q=body", "?q=subject", "?search=answer", f"?client={self.world.left.tenant_id}", "?q=client:leftx"):
            self._silent(rule, method, self._ask(self.stranger, method, path + query), path)

    def _foreign_bodies(self, rule: Rule, method: str, path: str) -> None:
        """Ids of the other client in a body: neither answered otherwise than random ones, nor acted upon."""
        for kind, id in self.world.left.ids.items():
            left = self._send(method, path, id)
            right = self._send(method, path, new_id())
            self._silent(rule, method, left, f"{path} with a foreign {kind}")
            if left.status_code != right.status_code:
                self.found.fail(f"{self.surface} {method} {rule.rule}: a foreign {kind} in the body is answered otherwise")

    def _send(self, method: str, path: str, id: UUID) -> TestResponse:
        if path.startswith("/api/"):
            return self._ask(self.stranger, method, path, json=bodies.json_body(self.fields, id), csrf=self.csrf)
        return self._ask(self.stranger, method, path, data=bodies.form_body(self.fields, id), csrf=self.csrf)

    def _control(self, rule: Rule, method: str, paths: Iterable[str]) -> None:
        """The positive control: whoever belongs there is answered, so that silence means something."""
        if method != "GET":
            return
        for path in paths:
            answer = self._ask(self.native, method, path)
            if answer.status_code < 400:
                self.found.reached.add(f"{self.surface} {rule.rule}")
                if any(word in answer.data for word in self.world.left.words):
                    self.found.reached.add(f"{self.surface} {rule.rule} tells")

    def _silent(self, rule: Rule, method: str, answer: TestResponse, what: str) -> None:
        if answer.status_code >= 500:
            self.found.fail(f"{self.surface} {method} {rule.rule}: answers {answer.status_code} to {what}")
        said = _without(answer.data, what)
        for word in self.world.left.words:
            if word in said:
                self.found.fail(f"{self.surface} {method} {rule.rule}: tells “{word.decode()}” of the other client")

    def _ask(self, client: FlaskClient, method: str, path: str, *, csrf: str = "", **options: Any) -> TestResponse:
        self.found.asked += 1
        headers = {"X-CSRFToken": csrf, "If-Match": "*"} if csrf else {}
        return client.open(path, method=method, headers=headers, **options)

    def _path(self, rule: Rule, values: dict[str, str]) -> str | None:
        try:
            return self.app.url_map.bind("x").build(rule.endpoint, values, method=None)
        except (ValueError, LookupError):
            return None

    def _own_paths(self, rule: Rule) -> list[str]:
        if not rule.arguments:
            return [path] if (path := self._path(rule, {})) else []
        found = [self._path(rule, dict.fromkeys(rule.arguments, value)) for value in _values(self.world.right)]
        return [path for path in dict.fromkeys(found) if path]

    def _random_twin(self, path: str) -> str:
        """The same address with ids that nobody has."""
        twin = path
        for ref in self.world.left.refs:
            twin = twin.replace(ref, NO_SUCH_REF).replace(ref.lower(), NO_SUCH_REF.lower())
        for id in self.world.left.ids.values():
            twin = twin.replace(str(id), str(new_id()))
        return twin


def _values(side: Side) -> Iterator[Any]:
    yield from side.ids.values()
    yield from side.refs


def _bare(answer: TestResponse, path: str) -> bytes:
    body = _without(answer.data, path)
    for noise in _NOISE:
        body = noise.sub(b"", body)
    return body


def _without(body: bytes, path: str) -> bytes:
    """The answer without what was asked for: an address may be repeated back."""
    for part in sorted(re.split(r"[/?&=]", path), key=len, reverse=True):
        if len(part) > 5:
            body = body.replace(part.encode(), b"")
    return body


def _csrf(client: FlaskClient) -> str:
    page = client.get("/", follow_redirects=True).get_data(as_text=True)
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    if found is None:
        raise RuntimeError("a signed-in page carries no CSRF token: the proof cannot ask anything unsafe")
    return found.group(1)
