"""What a list can be asked for. Features declare their own fields; the language itself knows none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msp.core import paging
from msp.core.query import ast
from msp.core.query.errors import QueryError, near
from msp.core.query.kinds import Kind


@dataclass(frozen=True, eq=False)
class Field:
    """A name and what it holds. `sort` is the order that `sort:name` means; without it there is none."""

    name: str
    kind: Kind
    help: str
    aliases: tuple[str, ...] = ()
    sort: tuple[paging.Order, ...] = ()


class Registry:
    """The fields of one list and the order that it has unless asked for another."""

    def __init__(self, fields: Iterable[Field], *, default_sort: Sequence[ast.SortKey]) -> None:
        self._by_name: dict[str, Field] = {}
        self.add(*fields)
        self.default_sort = tuple(default_sort)

    @property
    def fields(self) -> list[Field]:
        """Every field once, as declared."""
        return list(dict.fromkeys(self._by_name.values()))

    def add(self, *fields: Field) -> None:
        """Declare more fields: how a higher feature lets an existing list be asked for its own facts."""
        for each in fields:
            for name in (each.name, *each.aliases):
                if name in self._by_name or name == "sort":
                    raise ValueError(f"the field {name} is declared twice")
                self._by_name[name] = each

    def named(self, name: str) -> Field | None:
        """The field of that name or alias, if there is one."""
        return self._by_name.get(name)

    def field_of(self, term: ast.Term) -> Field:
        """The field that a term names; QueryError with near misses if there is none."""
        if found := self._by_name.get(term.name):
            return found
        span = ast.Span(term.span.start, term.span.start + len(term.name))
        message = f"There is no field “{term.name}”. To search for the text itself, put it in quotes."
        raise QueryError(span, "unknown_field", message, [f"{name}:" for name in near(term.name, self._by_name)])

    def orders_of(self, key: ast.SortKey) -> tuple[paging.Order, ...]:
        """The columns that a sort key means; QueryError if the list cannot be sorted by it."""
        found = self._by_name.get(key.name)
        if found and found.sort:
            return tuple(order.flipped() for order in found.sort) if key.is_descending else found.sort
        sortable = [name for name, each in self._by_name.items() if each.sort]
        message = f"This list cannot be sorted by “{key.name}”."
        raise QueryError(key.span, "unknown_sort", message, near(key.name, sortable))
