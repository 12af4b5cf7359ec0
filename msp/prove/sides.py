"""The two sides of the proof's world, and how their people get in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from flask import Flask

from msp.core.actor import Actor
from msp.core.auth import tokens
from msp.core.db import apart, call, transaction
from msp.core.scope import Scope, Trail
from msp.prove.browser import HostClient, browser
from tenants.permissions import Permission

CONSOLE_HOST = "console.localhost"
PROVER = Actor.system("proof", *Permission)


@dataclass
class Side:
    """One client: its host, its people as actors, an id of every kind of row, and the words that nobody else may see."""

    key: str
    canary: str
    tenant_id: UUID
    host: str
    contacts: dict[str, Actor] = field(default_factory=dict)
    agent: Actor | None = None
    ids: dict[str, UUID] = field(default_factory=dict)  # a row of every client table
    private: dict[str, UUID] = field(default_factory=dict)  # rows of other tables that are for its people only
    shared: dict[str, UUID] = field(default_factory=dict)  # rows of the provider that its people may name
    refs: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)  # tokens of links in mails, which are good until they are spent
    own_links: list[str] = field(default_factory=list)  # the same once more, for its own people to spend
    tokens: dict[str, str] = field(default_factory=dict)  # for the API: its contact's, its agent's, and one restricted to it
    addresses: dict[str, str] = field(default_factory=dict)  # of whoever walks, by surface
    colleagues: dict[str, str] = field(default_factory=dict)  # addresses of somebody beside whoever walks, by surface
    spare_id: UUID | None = None  # another client that its agent works for, and its people belong to

    @property
    def limited(self) -> Actor:
        """The agent who sees this client only."""
        if self.agent is None:
            raise RuntimeError("the side is not complete yet")
        return self.agent

    @property
    def words(self) -> list[bytes]:
        """What gives this client away: its canary, and its key as it stands in references."""
        return [self.canary.encode(), f"{self.key}-".encode()]


@dataclass
class World:
    """Two applications and two clients; `right` is who looks, `left` who must not be seen."""

    console: Flask
    portal: Flask
    left: Side
    right: Side
    provider_id: UUID
    marked: int = 0  # columns of text that carry the word of the left side
    unmarked: list[str] = field(default_factory=list)  # and those that do not: they take certain words only
    bare: dict[str, Actor] = field(default_factory=dict)  # an agent and a contact without any role

    @contextmanager
    def as_actor(self, actor: Actor, app: Flask) -> Iterator[None]:
        """A committed transaction under the actor's own scope."""
        from tenants.access import scope_of

        with app.app_context(), transaction(scope_of(actor, Trail(actor_name=actor.name, actor_kind=actor.kind))):
            yield

    @contextmanager
    def as_staff(self) -> Iterator[None]:
        """A committed transaction of the provider's, over all clients."""
        with self.console.app_context(), transaction(Scope.staff(trail=Trail(actor_name="proof"))):
            yield

    def browser(self, actor: Actor | None, side: Side) -> HostClient:
        """A browser of a contact on his portal, or of an agent on the console; of nobody where there is no actor."""
        on_console = actor is None or actor.is_agent
        app, host = (self.console, CONSOLE_HOST) if on_console else (self.portal, side.host)
        token = None
        if actor is not None:
            token = _session(app, actor, self.provider_id if on_console else side.tenant_id, host)
        return browser(app, host, token)


def _session(app: Flask, actor: Actor, tenant_id: UUID, host: str) -> str:
    token = tokens.new_token()
    with app.app_context(), apart(Scope.signin()):
        call(
            "open_session", p_token_hash=tokens.token_hash(token), p_tenant=tenant_id, p_person=actor.person_id, p_host=host,
            p_address="127.0.0.1", p_user_agent="proof", p_second_factor=True, p_lifetime_seconds=7200,
        )  # fmt: skip
    return token
