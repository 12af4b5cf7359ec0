"""The condition of a rule held against tickets: the query language of the queue, checked by the database, term by term.

A name of a client, a site or a category that is not there for the ticket's client matches nothing: one rule serves many
clients. Everything else that the language does not know is an error of the rule.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.query import ast, parse
from msp.core.query.compile import compile
from msp.core.query.errors import QueryError
from msp.core.query.fields import Registry
from msp.core.query.kinds import Condition, Reference
from msp.itsm.tickets import fields
from msp.itsm.tickets.models import Ticket

_OF_CLIENTS = frozenset({"client", "site", "category"})
_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Term:
    """One term that must hold: its words, and its condition over `Ticket`."""

    words: str
    condition: Condition


def check(text: str, *, by: Actor, now: datetime, tz: tzinfo) -> None:
    """Whether whoever writes the rule can ask for this; QueryError points at the character."""
    _terms(_read(text), fields.ticket_fields(by=by), now, tz)


class Conditions:
    """Conditions of many rules at one instant, for whatever clients `by` reaches: what several of them ask for is made once."""

    def __init__(self, *, by: Actor, now: datetime, tz: tzinfo) -> None:
        self._registry = _forgiving(fields.ticket_fields(by=by))
        self._now, self._tz = now, tz
        self._known: dict[str, Term] = {}

    def terms(self, text: str) -> list[Term]:
        """The terms of a condition; QueryError where it cannot be read any more."""
        return [self._term(node, words) for node, words in _worded(text)]

    def _term(self, node: ast.Node, words: str) -> Term:
        if words not in self._known:
            (self._known[words],) = _terms(ast.Query((node,)), self._registry, self._now, self._tz)
        return self._known[words]


def holding(ticket: Ticket, asked: Mapping[UUID, Sequence[Term]]) -> dict[UUID, list[bool]]:
    """Which terms of each condition hold for a ticket, as its row stands now, with one statement."""
    distinct = {term.words: term.condition.is_(sa.true()) for found in asked.values() for term in found}
    if not distinct:
        return {key: [] for key in asked}
    db.session.flush()
    labelled = [column.label(f"c{number}") for number, column in enumerate(distinct.values())]
    statement = sa.select(*labelled).select_from(Ticket).where(Ticket.tenant_id == ticket.tenant_id, Ticket.id == ticket.id)
    holds = dict(zip(distinct, db.session.execute(statement).one(), strict=True))
    return {key: [bool(holds[term.words]) for term in found] for key, found in asked.items()}


@lru_cache(maxsize=1024)
def _read(text: str) -> ast.Query:
    """The tree of a condition: fields alone, without an order."""
    query = parse.parse(text)
    for node in query.nodes:
        if isinstance(node, ast.Text):
            raise QueryError(node.span, "unexpected", "A rule asks for fields, as status:open; words are for searching.")
    if query.sort:
        raise QueryError(query.sort[0].span, "unexpected", "A rule looks at one ticket: it has no order.")
    return query


@lru_cache(maxsize=1024)
def _worded(text: str) -> list[tuple[ast.Node, str]]:
    return [(node, str(node)) for node in _read(text).nodes]


def _terms(query: ast.Query, registry: Registry, now: datetime, tz: tzinfo) -> list[Term]:
    # Nobody is signed in while a rule acts, so “me” is refused.
    compiled = compile(query, registry, now=now, tz=tz, me=None)
    return [Term(str(node), condition) for node, condition in zip(query.nodes, compiled.where, strict=True)]


def _forgiving(registry: Registry) -> Registry:
    return Registry(
        [
            replace(each, kind=replace(each.kind, resolve=_or_nobody(each.kind.resolve)))
            if each.name in _OF_CLIENTS and isinstance(each.kind, Reference)
            else each
            for each in registry.fields
        ],
        default_sort=registry.default_sort,
    )


def _or_nobody(resolve: Callable[[Sequence[str]], Mapping[str, Sequence[UUID]]]) -> Callable[[Sequence[str]], Mapping[str, Any]]:
    def found(names: Sequence[str]) -> Mapping[str, Any]:
        known = resolve(names)
        return {name: known.get(name) or [_NOBODY] for name in names}

    return found
