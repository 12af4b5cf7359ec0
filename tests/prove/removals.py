"""Safeguards that can be taken away, one at a time, and put back: policies, route gates, query filters."""

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask, g, request
from psycopg import sql

from msp.core import catalogue, migrate
from msp.core.actor import Actor
from msp.core.errors import SignInRequired
from msp.core.tables import registry
from msp.core.web import gates as gates_of_the_product
from msp.core.web.gates import gate_of, open_to_all
from msp.prove import filters, gates, tables, trails
from msp.prove.scratch import Scratch
from msp.prove.sides import World
from msp.prove.walk import walk_with_tokens
from msp.wsgi import FEATURES
from tenants import access
from tenants.identity import api_tokens


@dataclass(frozen=True)
class Removal:
    """One safeguard: how to take it away for a while, and the checks of its table or route."""

    kind: str
    name: str
    without: Callable[[], AbstractContextManager[None]]
    check: Callable[[], list[str]]

    def said(self) -> list[str]:
        """What the checks say while the safeguard is gone; they must be silent while it is there."""
        with self.without():
            return self.check()

    def is_noticed(self) -> bool:
        """Whether the checks fail while the safeguard is gone."""
        return bool(self.said())


def removals(scratch: Scratch, world: World) -> Iterator[Removal]:
    """Every policy, every gate, every filter of the product as it is, and what narrows a token."""
    yield from _policies(scratch, world)
    yield from _gates(world)
    yield from _filters(world)
    yield from _tokens(world)


def _policies(scratch: Scratch, world: World) -> Iterator[Removal]:
    with migrate.connected(scratch.owner_url) as connection:
        found = connection.exec_driver_sql(
            "SELECT tablename, policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
            " WHERE schemaname = 'public' ORDER BY 1, 2"
        ).all()
    for table, name, permissive, roles, cmd, qual, check in found:
        create = sql.SQL("CREATE POLICY {n} ON {t} AS {p} FOR {c} TO {r}").format(
            n=sql.Identifier(name), t=sql.Identifier(table), p=sql.SQL(permissive), c=sql.SQL(cmd),
            r=sql.SQL(", ").join(map(sql.Identifier, roles)),
        )  # fmt: skip
        if qual:
            create += sql.SQL(f" USING ({qual})")
        if check:
            create += sql.SQL(f" WITH CHECK ({check})")
        drop = sql.SQL("DROP POLICY {n} ON {t}").format(n=sql.Identifier(name), t=sql.Identifier(table))
        kind = "restrictive rule" if permissive == "RESTRICTIVE" else "policy"
        yield Removal(kind, f"{table}.{name}", _swap(scratch, drop, create), partial(_table_check, scratch, world, table))


def _swap(scratch: Scratch, away: sql.Composed, back: sql.Composed) -> Callable[[], AbstractContextManager[None]]:
    url = scratch.owner_url.replace("postgresql+psycopg://", "postgresql://")

    @contextmanager
    def without() -> Iterator[None]:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(away)
            try:
                yield
            finally:
                connection.execute(back)

    return without


def _table_check(scratch: Scratch, world: World, table: str) -> list[str]:
    said = []
    if registry()[table].kind in ("client", "tenant"):
        said += tables.failures(scratch, world, table)
    if registry()[table].kind == "trail":
        said += trails.failures(scratch, world)
    with migrate.connected(scratch.owner_url) as connection:
        said += [line for line in catalogue.violations(catalogue.read(connection)) if line.startswith(f"{table}:")]
    return said


def _gates(world: World) -> Iterator[Removal]:
    """Each gate's enforcement, whole and its demand for a right alone; and, as a second net, its declaration."""
    for app in (world.portal, world.console):
        surface, shared, asked = str(app.surface), gates.outsiders(world, app), ""  # type: ignore[attr-defined]  # set by create_app
        for endpoint in sorted({rule.endpoint for rule in app.url_map.iter_rules()}):
            gate = gate_of(app, endpoint)
            if gate is None or gate.who == "everyone":
                continue
            # Some of these end the session of whoever asks: people of their own ask there.
            people = None if endpoint.partition(".")[0] in ("auth", "account") else shared
            check = partial(gates.failures, world, only=(surface, endpoint), people=people)
            yield Removal("gate", f"{surface} {endpoint}", _unheld(app, endpoint, _pass_all), check)
            if gate.permission is not None or gate.who not in ("signed_in", "contact" if surface == "portal" else "agent"):
                asked = endpoint
                yield Removal("gate's right", f"{surface} {endpoint}", _unheld(app, endpoint, _pass_signed_in), check)
            yield Removal("gate's declaration", f"{surface} {endpoint}", _undeclared(app, endpoint), check)
        # With every gate back: somebody without a right is refused by name, so he is still signed in.
        if gates.failures(world, only=(surface, asked), people=shared):
            raise RuntimeError(f"those who asked on the {surface} were lost on the way: what they showed proves nothing")


def _pass_all() -> None:
    """What is left of a gate that nobody holds."""


def _pass_signed_in() -> None:
    """What is left of a gate that asks for no right any more."""
    if g.get("actor") is None:
        raise SignInRequired


def _unheld(app: Flask, endpoint: str, left: Callable[[], None]) -> Callable[[], AbstractContextManager[None]]:
    """The gate stands declared as before, but on this one route it is not held against who asks."""

    def check() -> None:
        return left() if request.endpoint == endpoint else gates_of_the_product.check()

    @contextmanager
    def without() -> Iterator[None]:
        before = app.before_request_funcs[None]
        place = before.index(gates_of_the_product.check)
        before[place] = check
        try:
            yield
        finally:
            before[place] = gates_of_the_product.check

    return without


def _undeclared(app: Flask, endpoint: str) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def without() -> Iterator[None]:
        view = app.view_functions[endpoint]

        def open_view(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

        open_view.__gate__ = open_to_all("removed for the test")  # type: ignore[attr-defined]  # read by gate_of
        app.view_functions[endpoint] = open_view
        try:
            yield
        finally:
            app.view_functions[endpoint] = view

    return without


def _tokens(world: World) -> Iterator[Removal]:
    def unlimited(actor_of: Callable[..., Actor], *args: Any, **options: Any) -> Actor:
        return actor_of(*args, **options | {"client_ids": None})

    def anywhere(grant_of: Callable[..., Any], token: str, *, tenant_id: UUID) -> Any:
        homes = (tenant_id, world.left.tenant_id, world.right.tenant_id, world.provider_id)
        return next(filter(None, (grant_of(token, tenant_id=home) for home in homes)), None)

    def walked() -> list[str]:
        return walk_with_tokens(world, only="api_tickets.show_ticket").failures

    yield Removal("token's limit", "the clients it is good for", _changed(access, "actor_of", unlimited), walked)
    elsewhere = partial(gates.tokens_elsewhere, world)
    yield Removal("token's limit", "the host it is good for", _changed(api_tokens, "grant_of", anywhere), elsewhere)


def _changed(module: ModuleType, name: str, other: Callable[..., Any]) -> Callable[[], AbstractContextManager[None]]:
    """With a function replaced by another, which is given the one that was there."""

    @contextmanager
    def without() -> Iterator[None]:
        function = getattr(module, name)
        setattr(module, name, partial(other, function))
        try:
            yield
        finally:
            setattr(module, name, function)

    return without


def _filters(world: World) -> Iterator[Removal]:
    for item in filters.filters(FEATURES, set(world.left.ids)):
        yield Removal("filter", item.label, _unfiltered(item), partial(filters.failures, world, item))


def _unfiltered(item: filters.Filter) -> Callable[[], AbstractContextManager[None]]:
    """The query as if it had forgotten who asks: it answers everybody as it would answer the system."""
    all_seeing = Actor.system("forgotten", *_every_permission())

    @contextmanager
    def without() -> Iterator[None]:
        function = item.function

        @functools.wraps(function)
        def forgetful(*args: Any, by: Actor, **options: Any) -> Any:
            return function(*args, by=all_seeing, **options)

        setattr(item.module, item.name, forgetful)
        try:
            yield
        finally:
            setattr(item.module, item.name, function)

    return without


def _every_permission() -> tuple[str, ...]:
    from tenants.permissions import Permission

    return tuple(Permission)
