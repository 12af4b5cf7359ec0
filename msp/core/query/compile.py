"""Tree to database conditions."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.query import ast
from msp.core.query.errors import QueryError
from msp.core.query.fields import Registry
from msp.core.query.kinds import Condition, Context


@dataclass(frozen=True)
class Sort:
    """The order of a list: its normal form and the columns it means."""

    text: str
    orders: tuple[paging.Order, ...]


@dataclass(frozen=True)
class Compiled:
    """All of `where` must hold. The words and phrases of `free_text` are for the list's own text search."""

    where: list[Condition]
    sort: Sort
    free_text: list[str]


def compile(query: ast.Query, registry: Registry, *, now: datetime, tz: tzinfo, me: UUID | None) -> Compiled:
    """The conditions, order and free text of a query; QueryError where the registry does not know them."""
    context = Context(now, tz, me)
    terms = [node for node in query.nodes if not isinstance(node, ast.Text)]
    words = [node.text for node in query.nodes if isinstance(node, ast.Text)]
    return Compiled([_condition(node, registry, context) for node in terms], _sort(query, registry), words)


def _sort(query: ast.Query, registry: Registry) -> Sort:
    keys = query.sort or registry.default_sort
    return Sort(",".join(map(str, keys)), tuple(order for key in keys for order in registry.orders_of(key)))


def _condition(node: ast.Node, registry: Registry, context: Context) -> Condition:
    match node:
        case ast.Term():
            return _term(node, registry, context)
        case ast.Not(inner):
            # What is unknown counts as different: `-assignee:me` includes what nobody has.
            return _condition(inner, registry, context).is_not(sa.true())
        case ast.And(nodes):
            return sa.and_(*(_condition(inner, registry, context) for inner in nodes))
        case ast.Or(nodes):
            return sa.or_(*(_condition(inner, registry, context) for inner in nodes))
        case ast.Text():
            raise QueryError(node.span, "text_nested", "Free text cannot be negated or stand beside OR.")


def _term(term: ast.Term, registry: Registry, context: Context) -> Condition:
    field = registry.field_of(term)
    if term.operator != ":" and not field.kind.is_ordered:
        message = f"“{field.name}:” has no order, so it takes values but no comparison or range."
        raise QueryError(term.span, "operator_not_allowed", message)
    return field.kind.condition(term, context)
