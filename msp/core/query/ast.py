"""The tree of a query. `str()` of it is the normal form, which parses to an equal tree."""

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Operator = Literal[":", ">", ">=", "<", "<=", ".."]

NAME = r"[A-Za-z][A-Za-z0-9_.]*"
BARE_VALUE = r"(?:(?!\.\.)[^\s,\"()<>=])(?:(?!\.\.)[^\s,\"()])*"
BARE_TEXT = r"[^\s\"()]+"

_bare_value = re.compile(BARE_VALUE)
# A word that the parser would take for an operator, a field or the rest of a list needs its quotes.
_bare_text = re.compile(rf"(?!-|,|\.\.|OR$|{NAME}:){BARE_TEXT}")


@dataclass(frozen=True)
class Span:
    """Where in the text: characters `[start, end)`."""

    start: int
    end: int


NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Value:
    """One value; a quoted one is meant literally, so `"me"` is no longer a person."""

    text: str
    is_quoted: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return _quoted(self.text) if self.is_quoted or not _bare_value.fullmatch(self.text) else self.text

    def is_word(self, word: str) -> bool:
        """Whether this is the keyword `word`, in any case and unquoted."""
        return not self.is_quoted and self.text.lower() == word


@dataclass(frozen=True)
class Text:
    """A free word or a quoted phrase."""

    text: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return self.text if _bare_text.fullmatch(self.text) else _quoted(self.text)


@dataclass(frozen=True)
class Term:
    """A field held against values: any of them (`:`), one (comparison) or two (`..`)."""

    name: str
    operator: Operator
    values: tuple[Value, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        if self.operator == "..":
            return f"{self.name}:{self.values[0]}..{self.values[1]}"
        sign = "" if self.operator == ":" else self.operator
        return f"{self.name}:{sign}{','.join(map(str, self.values))}"


@dataclass(frozen=True)
class Not:
    node: "Node"

    def __str__(self) -> str:
        return f"-{self.node}" if isinstance(self.node, Text | Term) else f"-({self.node})"


@dataclass(frozen=True)
class And:
    nodes: tuple["Node", ...]

    def __str__(self) -> str:
        return " ".join(f"({node})" if isinstance(node, Or) else str(node) for node in self.nodes)


@dataclass(frozen=True)
class Or:
    nodes: tuple["Node", ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.nodes))


Node: TypeAlias = Text | Term | Not | And | Or


@dataclass(frozen=True)
class SortKey:
    name: str
    is_descending: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"-{self.name}" if self.is_descending else self.name


@dataclass(frozen=True)
class Query:
    """What must hold, all of it, and the order asked for."""

    nodes: tuple[Node, ...] = ()
    sort: tuple[SortKey, ...] = ()

    def __str__(self) -> str:
        parts = [str(And(self.nodes))] if self.nodes else []
        if len(self.nodes) == 1 and isinstance(self.nodes[0], Or) and not self.sort:
            parts = [str(self.nodes[0])]
        if self.sort:
            parts.append("sort:" + ",".join(map(str, self.sort)))
        return " ".join(parts)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
