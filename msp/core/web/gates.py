"""Gates: every route says who may pass before its view runs. A route without one stops the start-up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from flask import Flask, g, request

from msp.core.actor import Actor
from msp.core.errors import Forbidden, SignInRequired

Who = Literal["everyone", "agent", "contact", "signed_in"]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Gate:
    """Who passes; `permission` narrows it, `reason` explains an open one.

    `by_token`: what is sent carries a token of its own and no cookie counts, so no form's token is asked for.
    """

    who: Who
    permission: str | None = None
    reason: str = ""
    by_token: bool = False


AGENTS = Gate("agent")
CONTACTS = Gate("contact")
SIGNED_IN = Gate("signed_in")


def open_to_all(reason: str) -> Gate:
    """No sign-in needed, for the reason given."""
    return Gate("everyone", reason=reason)


def gated(gate: Gate) -> Callable[[F], F]:
    """Give one view a gate of its own, in place of its blueprint's."""

    def mark(view: F) -> F:
        view.__gate__ = gate  # type: ignore[attr-defined]  # read by gate_of
        return view

    return mark


def gate_of(app: Flask, endpoint: str) -> Gate | None:
    """The gate of an endpoint: its view's, else its blueprint's."""
    view = app.view_functions[endpoint]
    own = getattr(view, "__gate__", None) or getattr(getattr(view, "view_class", None), "__gate__", None)
    if own is not None:
        return own
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    return getattr(blueprint, "gate", None)


def require_gates(app: Flask) -> None:
    """Refuse to start with a route that does not say who may pass."""
    for rule in app.url_map.iter_rules():
        if gate_of(app, rule.endpoint) is None:
            raise RuntimeError(f"{rule.endpoint} ({rule.rule}) has no gate")


def check() -> None:
    """Before each request: hold its route's gate against the actor."""
    if request.endpoint is None:
        return
    from flask import current_app

    gate = gate_of(current_app, request.endpoint)
    if gate is None:
        raise Forbidden
    if gate.who == "everyone":
        return
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise SignInRequired
    if gate.who != "signed_in" and actor.kind != gate.who:
        raise Forbidden
    if gate.permission is not None:
        actor.require(gate.permission)
