"""The walk: every route of both applications, with every id of the other client that it could take.

The routes come from the applications themselves, so a new one cannot be forgotten. An answer to a foreign id must be the
answer to a random one; no byte of any answer may carry the other client's words; and when the walk is over, the other
client's rows must be what they were.

Requests that change something are made as a browser or a program would make them: forms as the pages show them, bodies
that hold for the operation's schema. They are rehearsed, so that one does not spoil the next; what was accepted is sent
once more at the end and committed, so that it shows where it wrote to.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from msp.core import clock
from msp.core.auth import tokens
from msp.core.ids import new_id
from msp.prove import bodies, kinds, visits
from msp.prove.forms import PASSWORD, SOMEBODY, Form
from msp.prove.openings import OPEN_ROUTES
from msp.prove.rehearsal import rehearsed
from msp.prove.sides import CONSOLE_HOST, Side, World
from msp.prove.visits import Bearer, Caller, Seen, bare, carries

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
NO_SUCH_REF = "NOSUCH-77777"
# They end the walker's own session: sent last, when nothing is left to ask.
_ENDINGS = ("sign_in", "invitation", "sign_out", "end_other_sessions", "end_session", "change_standing", "password", "reset")
_WORDS = ("body", "subject", "answer", "client:leftx")


@dataclass
class Findings:
    """What the walk saw: how much it asked, what reached somebody, and every failure as one line."""

    asked: int = 0
    routes: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    telling: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def fail(self, words: str, *, example: str = "") -> None:
        """One line for each thing that is wrong, with the first request that showed it."""
        if not any(line.startswith(words) for line in self.failures):
            self.failures.append(f"{words}, for one to {example}" if example else words)

    @property
    def unreached(self) -> list[str]:
        """Ways to change something that are open to their owner, where none of his requests got through: little is shown of them."""
        return sorted(self.writes - self.reached - self.closed)


@dataclass(frozen=True)
class Sent:
    """One request: with a form, with a body for the API, or with a file sent ahead."""

    method: str
    path: str
    form: tuple[tuple[str, tuple[str, ...]], ...] = ()
    json: Any = None
    is_upload: bool = False

    def options(self) -> dict[str, Any]:
        fields: dict[str, Any] = {name: list(values) for name, values in self.form}
        if self.is_upload:
            return {"data": fields | {"file": (b"proof", "proof.txt")}}
        if self.path.startswith("/api/"):
            return {"json": self.json if self.json is not None else {}}
        return {"data": fields}


def walk(world: World, *, only: str | None = None, between: Callable[[], None] = lambda: None) -> Findings:
    """Ask everything as the wrong client and as an agent limited to it; `only` names one route.

    `between` runs once the owners have been asked and before anybody else is: what is there then must stay.
    """
    found = Findings()
    walkers = [
        _Walker(world, app, Caller(world, viewer, world.right), Caller(world, owner, world.left), found)
        for app, viewer, owner in (
            (world.portal, world.right.contacts["everything"], world.left.contacts["everything"]),
            (world.console, world.right.limited, world.left.limited),
        )
        if only is None or only in app.view_functions
    ]
    return _walked(walkers, found, only, between)


def walk_with_tokens(world: World, *, only: str | None = None, between: Callable[[], None] = lambda: None) -> Findings:
    """Ask the whole API with the tokens of the wrong client's contact, of its agent, and of an agent without limits, restricted to it."""
    found = Findings()
    walkers = [
        _TokenWalker(world, app, *(Bearer(app, host, side.tokens[kind]) for side, host in sides), found, reads_only=kind == "agent")
        for kind, app, sides in (
            ("contact", world.portal, ((world.right, world.right.host), (world.left, world.left.host))),
            ("agent", world.console, ((world.right, CONSOLE_HOST), (world.left, CONSOLE_HOST))),
            ("restricted", world.console, ((world.right, CONSOLE_HOST), (world.left, CONSOLE_HOST))),
        )
    ]
    return _walked(walkers, found, only, between)


def _walked(walkers: Sequence["_Walker"], found: Findings, only: str | None, between: Callable[[], None]) -> Findings:
    # One instant for all of it: what a page says of the time would tell two answers apart.
    with clock.at(clock.now()):
        for walker in walkers:
            walker.control(only)
        between()
        for walker in walkers:
            walker.run(only)
    return found


class _Walker:
    def __init__(self, world: World, app: Flask, stranger: Caller | Bearer, native: Caller | Bearer, found: Findings) -> None:
        self.world, self.app, self.found = world, app, found
        self.surface = str(app.surface)  # type: ignore[attr-defined]  # set by create_app
        self.stranger, self.native = stranger, native
        self.accepted: list[tuple[Rule, Sent]] = []
        self.shown = {"left": Seen(), "right": Seen()}

    def rules(self, only: str | None) -> Iterator[tuple[Rule, str]]:
        for rule in self.app.url_map.iter_rules():
            if not self.covers(rule) or (only and rule.endpoint != only):
                continue
            self.found.routes.add(f"{self.surface} {rule.rule}")
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method

    def covers(self, rule: Rule) -> bool:
        return bool(rule.endpoint != "static")

    def control(self, only: str | None) -> None:
        """The positive control: whoever belongs there is answered, so that silence means something."""
        writes = [(rule, method) for rule, method in self.rules(only) if method in UNSAFE]
        if writes or not only:
            self._explore()
        writes.sort(key=lambda each: _ends(each[0]))
        for rule, method in writes:
            name = f"{self.surface} {method} {rule.rule}"
            self.found.writes.add(name)
            codes = set[int]()
            for sent in self._whole(rule, method, "left"):
                codes.add(self._ask(self.native, sent).status_code)
                if min(codes) < 400:
                    break
            if min(codes, default=404) < 400:
                self.found.reached.add(name)
            elif 403 in codes and codes <= {403, 404}:
                self.found.closed.add(name)

    def _explore(self) -> None:
        """What both sides' own pages show and lead to."""
        for side, caller in (("left", self.native), ("right", self.stranger)):
            own = self.world.left if side == "left" else self.world.right
            starts = [path for rule, method in self.rules(None) if method == "GET" for path in self._paths(rule, own)]
            self.shown[side] = visits.explore(self.app, caller, starts)
            self.found.asked += len(self.shown[side].answers)
        for path, answer in self.shown["left"].answers.items():
            rule = visits.rule_of(self.app, path, "GET")
            if rule is not None and answer.status_code < 400 and any(word in answer.data for word in self.world.left.words):
                self.found.telling.add(f"{self.surface} {rule.rule}")

    def run(self, only: str | None) -> None:
        for rule, method in self.rules(only):
            for path in self._foreign_paths(rule) if method == "GET" else ():
                self._compare(rule, Sent(method, path))
            if method in UNSAFE:
                self._foreign(rule, method)
            self._ids(rule, method)
        if not only:
            self._addresses()
        self.accepted.sort(key=lambda each: _ends(each[0]))
        for rule, sent in self.accepted:
            self._silent(rule, sent, self._ask(self.stranger, sent, for_good=True))

    # --- Addresses ---------------------------------------------------------------------------------------------------

    def _foreign_paths(self, rule: Rule) -> list[str]:
        """The rule's addresses with ids of the other client: in all parameters, and in one of them beside own ones."""
        if not rule.arguments:
            return []
        found = self._built(rule, _choices(rule, self.world.left))
        if len(rule.arguments) > 1:
            for name in rule.arguments:
                theirs = {name: list(kinds.values(self.world.left, name, rule.rule))}
                mine = {other: list(kinds.values(self.world.right, other, rule.rule))[:1] for other in rule.arguments if other != name}
                found += self._built(rule, theirs | mine)
        return list(dict.fromkeys(found))

    def _paths(self, rule: Rule, side: Side) -> list[str]:
        """Addresses as the side's own people would ask for them."""
        return self._built(rule, _choices(rule, side, kinds.own_values)) if rule.arguments else [rule.rule]

    def _built(self, rule: Rule, values: dict[str, list[str]]) -> list[str]:
        adapter, made = self.app.url_map.bind("x"), []
        for chosen in product(*values.values()):
            try:
                made.append(adapter.build(rule.endpoint, dict(zip(values, chosen, strict=True)), method=None))
            except (ValueError, LookupError):
                continue
        return [path.partition("?")[0] for path in made]

    def _addresses(self) -> None:
        """What the owner's pages lead to, asked by the stranger; what the stranger's lead to, with searches."""
        for path in self.shown["left"].answers:
            if (rule := visits.rule_of(self.app, path, "GET")) is not None and carries(path, self.world.left):
                self._compare(rule, Sent("GET", path))
        searched = set[str]()
        for path, answer in self.shown["right"].answers.items():
            rule = visits.rule_of(self.app, path, "GET")
            if rule is None or path.startswith("/account"):
                continue
            self._silent(rule, Sent("GET", path), answer)
            if "?" in path or rule.endpoint in searched:
                continue  # what a route makes of words to look for is the same at each of its addresses
            if answer.status_code < 400:
                searched.add(rule.endpoint)
            for query in visits.searches(self.app, rule, path, self.world.left, _WORDS):
                sent = Sent("GET", query)
                self._silent(rule, sent, self._ask(self.stranger, sent))

    # --- Requests that change something ------------------------------------------------------------------------------

    def _whole(self, rule: Rule, method: str, side: str) -> Iterator[Sent]:
        """Whole requests of this side for a route: from its pages' forms, or from the operation's schema."""
        own, name = (self.world.left if side == "left" else self.world.right), f"{method} {rule.rule}"
        operation = bodies.operation(self.app, rule.endpoint)
        if operation is not None:
            for path in self._paths(rule, own)[:3]:
                if operation.body is None:
                    is_upload = operation.query is not None
                    yield Sent(method, f"{path}?tenant_id={own.tenant_id}" if is_upload else path, is_upload=is_upload)
                    continue
                chosen = _chooser(own, rule.rule)
                made = [*bodies.bodies(operation.body, chosen), *bodies.choices(operation.body, chosen)]
                addressed = [body | {"e_mail": own.colleagues[self.surface]} for body in made[:1] if "e_mail" in body]
                for body in (*made, *addressed):
                    yield Sent(method, path, json=body)
            return
        forms = self.shown[side].forms.get(name, [])
        for form in forms:
            yield _filled(form, own, {}, own.colleagues[self.surface])
        if not forms:
            words = {"client": str(own.tenant_id), "e_mail": own.addresses[self.surface], "password": PASSWORD, "again": PASSWORD}
            for path in self._paths(rule, own)[:5]:
                yield Sent(method, f"{path}?client={own.tenant_id}", tuple((name, (word,)) for name, word in words.items()), is_upload=True)

    def _foreign(self, rule: Rule, method: str) -> None:
        """The stranger's whole request at the other client's address."""
        mine = list(self._whole(rule, method, "right")) or [Sent(method, "")]
        paths = self._foreign_paths(rule)
        for sent in dict.fromkeys(Sent(method, path, each.form) for path in paths for each in mine[:2] if each.json is None):
            self._compare(rule, sent)
        for path in paths:
            for each in [each for each in mine if each.json is not None][:2]:
                self._compare(rule, Sent(method, path, json=each.json))

    def _ids(self, rule: Rule, method: str) -> None:
        """The stranger's own request with one id of the other client in it."""
        operation, side = bodies.operation(self.app, rule.endpoint), self.world.right
        if operation is not None and operation.query is not None:
            for path, name in product(self._paths(rule, side)[:1], bodies.id_fields(operation.query)):
                self._one_id(rule, name, partial(_query_with, method, path, name))
        if operation is not None and operation.body is not None:
            for path in self._paths(rule, side)[:1]:
                for name in bodies.id_fields(operation.body):
                    self._one_id(rule, name, partial(_json_with, method, path, operation.body, side, name))
            return
        forms = self.shown["right"].forms.get(f"{method} {rule.rule}", ())
        is_asked_barely = method != "GET" and not forms and rule.endpoint not in OPEN_ROUTES
        for path in self._paths(rule, side)[:1] if is_asked_barely else ():
            self._one_id(rule, "client", partial(_query_with, method, path, "client"))
        for form in forms:
            for name in form.id_fields():
                self._one_id(rule, name, partial(self._form_with, form, side, name))

    def _one_id(self, rule: Rule, name: str, made: Callable[[UUID], list[Sent]]) -> None:
        random = [(sent, self._ask(self.stranger, sent)) for sent in made(new_id())]
        for _, id in kinds.ids(self.world.left, name, rule.rule):
            for sent, (twin, right) in zip(made(id), random, strict=True):
                left = self._ask(self.stranger, sent)
                self._silent(rule, sent, left)
                if left.status_code != right.status_code or bare(left, sent) != bare(right, twin):
                    words = f"{self.surface} {sent.method} {rule.rule}: a foreign id in “{name}” is answered otherwise than a random one"
                    self.found.fail(words, example=sent.path)
                if left.status_code < 400:
                    self.accepted.append((rule, sent))

    def _form_with(self, form: Form, side: Side, name: str, id: UUID) -> list[Sent]:
        return [_filled(form, side, {name: str(id)}, side.colleagues[self.surface])]

    # --- Asking ------------------------------------------------------------------------------------------------------

    def _compare(self, rule: Rule, sent: Sent) -> None:
        """A foreign id and a random one get the same answer."""
        twin = Sent(sent.method, self._random_twin(sent.path), sent.form, sent.json)
        left, right = self._ask(self.stranger, sent), self._ask(self.stranger, twin)
        self._silent(rule, sent, left)
        if left.status_code != right.status_code or bare(left, sent) != bare(right, twin):
            self.found.fail(
                f"{self.surface} {sent.method} {rule.rule}: a foreign id is answered otherwise than a random one"
                f" ({left.status_code}, {right.status_code})",
                example=sent.path,
            )
        if sent.method in UNSAFE and left.status_code < 400:
            self.accepted.append((rule, sent))

    def _silent(self, rule: Rule, sent: Sent, answer: TestResponse) -> None:
        if answer.status_code >= 500 or answer.status_code == 429:
            self.found.fail(f"{self.surface} {sent.method} {rule.rule}: answers {answer.status_code}", example=sent.path)
        said = visits.without(answer.data, sent)
        for word in self.world.left.words:
            if word in said:
                self.found.fail(f"{self.surface} {sent.method} {rule.rule}: tells “{word.decode()}” of the other client", example=sent.path)

    def _ask(self, caller: Caller | Bearer, sent: Sent, *, for_good: bool = False) -> TestResponse:
        self.found.asked += 1
        if sent.method == "GET" or for_good:
            return caller.ask(sent.method, sent.path, **(sent.options() if sent.method != "GET" else {}))
        with rehearsed(self.app):
            return caller.ask(sent.method, sent.path, **sent.options())

    def _random_twin(self, path: str) -> str:
        """The same address with ids that nobody has."""
        twin = path
        for ref in self.world.left.refs:
            twin = twin.replace(ref, NO_SUCH_REF).replace(ref.lower(), NO_SUCH_REF.lower())
        for id in (*self.world.left.ids.values(), *self.world.left.private.values()):
            twin = twin.replace(str(id), str(new_id()))
        for token in self.world.left.links:
            twin = twin.replace(token, tokens.new_token())
        return twin


class _TokenWalker(_Walker):
    """Walks the API alone: a token opens no page. `reads_only`: where another token that reaches as far makes the changes."""

    def __init__(self, *args: Any, reads_only: bool) -> None:
        super().__init__(*args)
        self.reads_only = reads_only

    def rules(self, only: str | None) -> Iterator[tuple[Rule, str]]:
        for rule, method in super().rules(only):
            if method == "GET" or not self.reads_only:
                yield rule, method

    def covers(self, rule: Rule) -> bool:
        return rule.rule.startswith("/api/") and rule.endpoint not in OPEN_ROUTES


def _ends(rule: Rule) -> int:
    """When a request may be made: those that end the walker's session last."""
    name = rule.endpoint.rpartition(".")[2]
    return _ENDINGS.index(name) + 1 if name in _ENDINGS else 0


def _choices(rule: Rule, side: Side, values: Callable[[Side, str, str], Iterator[str]] = kinds.values) -> dict[str, list[str]]:
    """What to put into an address: everything that may fit into its one parameter, or the likeliest into each of several."""
    many = None if len(rule.arguments) == 1 else 1
    return {name: list(dict.fromkeys(values(side, name, rule.rule)))[:many] for name in rule.arguments}


def _chooser(side: Side, place: str) -> kinds.Chosen:
    return partial(kinds.own, side, place)


def _query_with(method: str, path: str, name: str, id: UUID) -> list[Sent]:
    return [Sent(method, f"{path}?{name}={id}", is_upload=method != "GET")]


def _json_with(method: str, path: str, schema: type[Schema], side: Side, name: str, id: UUID) -> list[Sent]:
    return [Sent(method, path, json=body) for body in bodies.with_id(schema, _chooser(side, path), name, id)]


def _filled(form: Form, side: Side, changes: dict[str, str], colleague: str) -> Sent:
    body = form.body(_chooser(side, form.action)) | {name: [value] for name, value in changes.items()}
    is_new = form.action.endswith("/new") and "requester" not in body
    is_own = form.action.endswith("/delegate")
    somebody = "new@proof.example" if is_new else colleague if is_own else f"requester@{side.canary}.example"
    fields = (
        (name, tuple(value.replace(side.canary, "proof").replace(SOMEBODY, somebody) for value in values)) for name, values in body.items()
    )
    return Sent(form.method, form.action, tuple(fields))
