"""People and companies for tests: made through the services, each test its own."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from msp.core.actor import Actor
from msp.core.auth import tokens
from msp.core.db import apart, call, transaction
from msp.core.scope import Scope, Trail
from tenants.models import Agent, Contact, Tenant
from tenants.permissions import Permission, permissions_of
from tenants.services import clients, people

_numbers = itertools.count(1)
PASSWORD = "correct horse battery staple"


def unique(word: str) -> str:
    """A word that no other test uses."""
    return f"{word}{os.getpid()}x{next(_numbers)}"


def system(*permissions: str) -> Actor:
    """An actor that may do everything, or just what is named."""
    return Actor.system("test", *(permissions or tuple(Permission)))


@contextmanager
def as_staff(app: Flask, by: Actor | None = None) -> Iterator[Actor]:
    """One committed transaction under the staff role."""
    actor = by or system()
    with app.app_context(), transaction(Scope.staff(actor.id, Trail(actor_name=actor.name, actor_kind=actor.kind))):
        yield actor


@contextmanager
def acting(app: Flask, by: Actor) -> Iterator[Actor]:
    """One committed transaction under the scope that belongs to the actor."""
    from tenants.access import scope_of

    with app.app_context(), transaction(scope_of(by, Trail(actor_name=by.name, actor_kind=by.kind))):
        yield by


@dataclass
class Company:
    """A client with its people."""

    tenant: Tenant
    host: str
    people: dict[str, Contact] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return self.tenant.id

    def actor(self, name: str = "requester") -> Actor:
        """A contact of the company as an actor."""
        contact = self.people[name]
        return Actor(
            contact.id, "contact", contact.name, permissions_of(contact.roles, agent=False), (self.tenant.id,),
            person_id=contact.person_id,
        )  # fmt: skip


def company(app: Flask, word: str = "Acme", **people_roles: tuple[str, ...]) -> Company:
    """A new client with a requester, a manager and an administrator (or the people named)."""
    name = unique(word)
    key = f"T{os.getpid() % 10000:04d}{next(_numbers) % 10000:04d}"
    host = f"{name.lower()}.localhost"
    with as_staff(app) as by:
        tenant = clients.create_client(key, name, time_zone="Europe/London", host=host, by=by)
        made = Company(tenant, host)
        wanted = people_roles or {"requester": ("requester",), "manager": ("manager",), "admin": ("client_admin",)}
        for person, roles in wanted.items():
            made.people[person] = people.add_contact(
                tenant.id, f"{person.title()} {name}", e_mail=f"{person}@{name.lower()}.example", roles=roles, by=by
            )
    return made


def agent(app: Flask, *roles: str, clients: list[UUID] | None = None) -> tuple[Agent, Actor]:
    """A new agent, and the actor he is."""
    name = unique("Agent ")
    with as_staff(app) as by:
        made = people.add_agent(name, f"{unique('agent')}@provider.example", roles=roles or ("agent",), client_ids=clients, by=by)
        provider = call("provider")[0]["id"]
    actor = Actor(
        made.id, "agent", made.name, permissions_of(made.roles, agent=True), None if clients is None else tuple(clients),
        provider_id=provider, person_id=made.person_id,
    )  # fmt: skip
    return made, actor


def signed_in(app: Flask, client: FlaskClient, host: str, tenant_id: UUID, person_id: UUID | None) -> FlaskClient:
    """The client with a session of this person on this host, as a sign-in would leave it."""
    token = tokens.new_token()
    with app.app_context(), apart(Scope.signin()):
        opened = call(
            "open_session", p_token_hash=tokens.token_hash(token), p_tenant=tenant_id, p_person=person_id, p_host=host,
            p_address="127.0.0.1", p_user_agent="test", p_second_factor=True, p_lifetime_seconds=3600,
        )  # fmt: skip
    assert opened[0]["open_session"], "no session was opened"
    client.set_cookie("msp", token, domain=host)
    return client


def csrf(client: FlaskClient, **options: Any) -> str:
    """The CSRF token that a page of this client's session carries."""
    import re

    page = client.get("/", follow_redirects=True, **options).get_data(as_text=True)
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found, "the page carries no CSRF token"
    return found.group(1)
