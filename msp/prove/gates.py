"""Every route asked by those whom its gate must stop: by nobody, and by somebody signed in who holds no right at all.

They must be refused, and the route's view must not even begin: the services below refuse too, and would hide a gate that
is no longer held. A route open to everybody must stand on the reviewed list.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from msp.core.ids import new_id
from msp.core.web.gates import Gate, gate_of
from msp.prove.browser import HostClient, browser, csrf_token
from msp.prove.openings import OPEN_ROUTES
from msp.prove.rehearsal import rehearsed
from msp.prove.sides import CONSOLE_HOST, World
from msp.prove.visits import Bearer

NOBODY = "somebody who is not signed in"
BARE = "somebody without the right"
PASSES, BEGINS = "answers", "begins its work for"


@dataclass(frozen=True)
class Outsider:
    """Somebody whom gates must stop, with his browser."""

    words: str
    browser: HostClient
    token: str

    def is_stopped_by(self, gate: Gate) -> bool:
        return self.words == NOBODY or gate.permission is not None or (gate.who != "signed_in" and gate.who != self.kind)

    @property
    def kind(self) -> str:
        return "agent" if self.browser.host == CONSOLE_HOST else "contact"


def outsiders(world: World, app: Flask) -> list[Outsider]:
    """Nobody, and somebody signed in without any right."""
    is_console = app is world.console
    nobody = browser(app, CONSOLE_HOST if is_console else world.right.host)
    bare = world.browser(world.bare["agent" if is_console else "contact"], world.right)
    return [Outsider(words, who, csrf_token(who)) for words, who in ((NOBODY, nobody), (BARE, bare))]


def failures(world: World, *, only: tuple[str, str] | None = None) -> list[str]:
    """Which routes let somebody pass who may not; `only` names one by surface and endpoint."""
    said = []
    for app in (world.portal, world.console):
        surface = str(app.surface)  # type: ignore[attr-defined]  # set by create_app
        if only is None or only[0] == surface:
            people = outsiders(world, app)
            for rule in app.url_map.iter_rules():
                if only is None or rule.endpoint == only[1]:
                    said += [f"{surface} {rule.rule}: {problem}" for problem in _problems(app, rule, people)]
    return said


def tokens_elsewhere(world: World) -> list[str]:
    """Which addresses of the API take a token on a host that is not its own: another client's, or the other application's."""
    left, right, said = world.left, world.right, []
    for app, host, token in (
        (world.portal, right.host, left.tokens["contact"]),
        (world.portal, right.host, right.tokens["agent"]),
        (world.console, CONSOLE_HOST, right.tokens["contact"]),
    ):
        bearer = Bearer(app, host, token)
        for rule in app.url_map.iter_rules():
            if rule.rule.startswith("/api/") and not rule.arguments and "GET" in (rule.methods or ()) and rule.endpoint not in OPEN_ROUTES:
                answer = bearer.ask("GET", rule.rule)
                if answer.status_code != 401:
                    said.append(f"{host} GET {rule.rule}: answers {answer.status_code} to a token of another host")
    return said


def _problems(app: Flask, rule: Rule, people: list[Outsider]) -> Iterator[str]:
    gate = gate_of(app, rule.endpoint)
    if gate is None or gate.who == "everyone":
        if rule.endpoint not in OPEN_ROUTES:
            yield "is open to everybody and not on the reviewed list"
        return
    built = rule.build({name: _word(rule, name) for name in rule.arguments})
    if built is None:
        yield "cannot be asked: no address can be made for it"
        return
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        for outsider in people:
            if outsider.is_stopped_by(gate) and (problem := _asked(app, outsider, method, built[1])):
                yield f"{method} {problem}"


def _word(rule: Rule, name: str) -> object:
    kind = type(rule._converters[name]).__name__
    return new_id() if kind == "UUIDConverter" else 1 if kind == "IntegerConverter" else str(new_id())


def _asked(app: Flask, outsider: Outsider, method: str, path: str) -> str | None:
    with rehearsed(app) as begun:
        answer = outsider.browser.open(path, method=method, headers={"X-CSRFToken": outsider.token})
    if not _is_refused(outsider, answer):
        return f"{PASSES} {answer.status_code} to {outsider.words}"
    return f"{BEGINS} {outsider.words}, though it refuses in the end" if begun else None


def _is_refused(outsider: Outsider, answer: TestResponse) -> bool:
    if outsider.words == BARE:
        return answer.status_code == 403
    return answer.status_code == 401 or (answer.status_code in (302, 303) and "sign-in" in answer.headers.get("Location", ""))
