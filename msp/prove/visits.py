"""What somebody signed in sees of an application: its pages, where they lead, and the forms on them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule
from werkzeug.test import TestResponse

from msp.core import clock
from msp.core.actor import Actor
from msp.prove import bodies, kinds
from msp.prove.browser import browser, csrf_token
from msp.prove.forms import Form, Page, read
from msp.prove.sides import Side, World

ALIKE = 2  # addresses of one route and one set of query words that are looked at
SESSION_SECONDS = 300  # a session proves recent sign-in for ten minutes
# What differs between two answers without saying anything: request id, nonce, CSRF token, instants, ids, how long it took.
_NOISE = (
    re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(rb'(name="csrf[-_]token" (content|value)=")[^"]*'),
    re.compile(rb"X-CSRFToken&#34;: ?&#34;[^&]*|\"X-CSRFToken\": ?\"[^\"]*"),
    re.compile(rb'nonce="[^"]*"|"(ticket|next)": ?"[^"]*"'),
    re.compile(rb"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|\+00:00)?|\d\d:\d\d(:\d\d)?|\b\d+ (s|min|h|seconds?|minutes?)\b"),
    re.compile(rb'(content|datetime|value)="[^"]{20,}\.[^"]{5,}"'),
    re.compile(rb'data-(left|due|now|total|elapsed|at)[a-z-]*="[^"]*"|cursor=[^"&]*'),
)


class Asked(Protocol):
    """A request, as far as an answer may repeat it."""

    @property
    def path(self) -> str: ...

    @property
    def form(self) -> tuple[tuple[str, tuple[str, ...]], ...]: ...


class Caller:
    """Somebody signed in, with a session that is never old."""

    def __init__(self, world: World, actor: Actor, side: Side) -> None:
        self._world, self._actor, self._side = world, actor, side
        self._renew()

    def _renew(self) -> None:
        self._browser, self._since = self._world.browser(self._actor, self._side), clock.now()
        self._csrf = csrf_token(self._browser)

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        if (clock.now() - self._since).total_seconds() > SESSION_SECONDS:
            self._renew()
        answer = self._open(method, path, **options)
        if _is_signed_out(answer):
            self._renew()  # the request before ended the session
            answer = self._open(method, path, **options)
        if method != "GET" and any(cookie.startswith("msp=") for cookie in answer.headers.getlist("Set-Cookie")):
            self._renew()  # somebody else may be signed in here now
        return answer

    def _open(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"X-CSRFToken": self._csrf, "If-Match": "*"} if method != "GET" else {}
        answer: TestResponse = self._browser.open(path, method=method, headers=headers, **_with_files(options))
        return answer


class Bearer:
    """A program that calls the API with a token, on one host."""

    def __init__(self, app: Flask, host: str, token: str) -> None:
        self._browser, self._token = browser(app, host), token

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self._token}"} | ({"If-Match": "*"} if method != "GET" else {})
        answer: TestResponse = self._browser.open(path, method=method, headers=headers, **_with_files(options))
        return answer


def _with_files(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a request with its file opened anew: one that was sent is closed."""
    data = options.get("data", {})
    opened = {name: (BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value for name, value in data.items()}
    return options | ({"data": opened} if opened else {})


def _is_signed_out(answer: TestResponse) -> bool:
    if answer.status_code in (302, 303):
        return "sign-in?next" in answer.headers.get("Location", "")
    return answer.status_code == 401 or (answer.status_code == 400 and b"csrf" in answer.data)


@dataclass
class Seen:
    """Answers by address, and forms by the method and rule that they are sent to."""

    answers: dict[str, TestResponse] = field(default_factory=dict)
    forms: dict[str, list[Form]] = field(default_factory=dict)


def explore(app: Flask, caller: Caller | Bearer, starts: Iterable[str]) -> Seen:
    """Follow what the pages lead to, a few addresses of each route."""
    seen, counts, queue = Seen(), dict[tuple[Any, ...], int](), [*starts]
    while queue:
        path = queue.pop(0)
        rule = rule_of(app, path, "GET")
        if rule is None or rule.endpoint == "static" or path in seen.answers:
            continue
        alike = (rule.endpoint, *sorted(name if name != "kind" else f"{name}={value}" for name, value in parse_qsl(urlsplit(path).query)))
        counts[alike] = counts.get(alike, 0) + 1
        if counts[alike] > ALIKE + (2 if rule.arguments else 0):
            continue
        answer = seen.answers[path] = caller.ask("GET", path)
        if answer.status_code < 400 and answer.mimetype == "text/html":
            page = read(answer.get_data(as_text=True), path)
            queue += page.links
            _keep(app, seen, page)
    return seen


def _keep(app: Flask, seen: Seen, page: Page) -> None:
    for form in page.forms:
        for way in form.ways():
            rule = rule_of(app, way.action, way.method) if way.method != "GET" else None
            if rule is None:
                continue
            kept = seen.forms.setdefault(f"{way.method} {rule.rule}", [])
            shape = _shape(way)
            if sum(_shape(other) == shape for other in kept) == 0:
                kept.append(way)


def _shape(form: Form) -> tuple[str, ...]:
    """Forms of one shape say the same with other words: one of them is enough."""
    return tuple(sorted({f"{c.name}={c.value}" if c.name in ("act", "how", "kind") else c.name for c in form.controls}))


def rule_of(app: Flask, path: str, method: str) -> Rule | None:
    """The route that answers an address."""
    try:
        rule, _ = app.url_map.bind("x").match(urlsplit(path).path, method=method, return_rule=True)
    except (HTTPException, RequestRedirect):
        return None
    return rule


def searches(app: Flask, rule: Rule, path: str, side: Side, words: Iterable[str]) -> Iterator[str]:
    """The address with words of the other client to look for, and with its ids where the query takes some."""
    plain = urlsplit(path)
    if plain.query:
        return
    operation = bodies.operation(app, rule.endpoint)
    names = set(operation.query._declared_fields) & {"q", "words"} if operation and operation.query else {"q"}
    if rule.endpoint.startswith("api_") and not (operation and operation.query):
        return
    for name in sorted(names):
        yield from (f"{path}?{name}={quote(word)}" for word in words)
    if not rule.endpoint.startswith("api_"):
        for name in ("client", "site", "assignee", "start"):
            for _, id in list(kinds.ids(side, name))[:1]:
                yield f"{path}?{name}={id}"


def carries(path: str, side: Side) -> bool:
    """Whether an address names a row of this side."""
    names = (*side.refs, *map(str, side.ids.values()), *map(str, side.private.values()))
    return any(name.lower() in path.lower() for name in names)


def bare(answer: TestResponse, asked: Asked) -> bytes:
    """An answer as it can be compared with that to another id."""
    body = without(answer.data, asked)
    for noise in _NOISE:
        body = noise.sub(b"", body)
    return body + answer.headers.get("Content-Type", "").encode()


def without(body: bytes, asked: Asked) -> bytes:
    """The answer without what was asked for: an address and a form may be repeated back."""
    parts = [*re.split(r"[/?&=]", asked.path), *(value for _, values in asked.form for value in values)]
    for part in sorted(parts, key=len, reverse=True):
        if len(part) > 5 and any(map(str.isdigit, part)):
            body = body.replace(part.encode(), b"")
    return body
