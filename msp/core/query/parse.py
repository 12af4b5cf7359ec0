"""Text to tree. Whatever the text, the answer is a tree or a QueryError that points at a character."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from msp.core.query import ast
from msp.core.query.errors import QueryError, Reason
from msp.core.query.grammar import GRAMMAR

MAX_LENGTH = 1000
MAX_TERMS = 64
MAX_DEPTH = 8
SORT = "sort"
_AWAIT_VALUE = (">", ">=", "<", "<=", "=", ",", "..")

# PostgreSQL stores no NUL and UTF-8 carries no lone surrogate; other control characters are never meant.
_forbidden = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


def parse(text: str) -> ast.Query:
    """The tree of a query; QueryError when it breaks the grammar or a limit."""
    if len(text) > MAX_LENGTH:
        span = ast.Span(MAX_LENGTH, len(text))
        raise QueryError(span, "too_long", f"A query has at most {MAX_LENGTH} characters.")
    if match := _forbidden.search(text):
        raise QueryError(ast.Span(*match.span()), "character", "This character cannot be searched for.")
    try:
        return cast(ast.Query, _parser.parse(text))
    except UnexpectedInput as error:
        raise _explained(error, text) from None


class _Limits:
    """Stands between lexer and parser: counts terms, and matches parentheses, which it can point at."""

    always_accept: ClassVar[tuple[str, ...]] = ()

    def process(self, tokens: Iterable[Token]) -> Iterator[Token]:
        opened: list[Token] = []
        terms = 0
        for token in tokens:
            if token.type == "_LPAR":
                opened.append(token)
                if len(opened) > MAX_DEPTH:
                    raise _at(token, "too_deep", f"Parentheses go at most {MAX_DEPTH} deep.")
            elif token.type == "_RPAR":
                if not opened:
                    raise _at(token, "parenthesis_unmatched", "This parenthesis closes nothing.")
                opened.pop()
            elif token.type in ("TEXT", "VALUE", "QUOTED"):
                terms += 1
                if terms > MAX_TERMS:
                    raise _at(token, "too_many_terms", f"A query has at most {MAX_TERMS} words and values.")
            yield token
        if opened:
            raise _at(opened[-1], "parenthesis_open", "This parenthesis is never closed.")


class _Builder(Transformer[Token, Any]):
    """Called by the parser as it goes, so that deep input cannot exhaust the stack."""

    def query(self, children: list[ast.Node | None]) -> ast.Query:
        nodes: list[ast.Node] = []
        sort: list[ast.SortKey] = []
        for node in _conjuncts(children[0]) if children and children[0] else ():
            if isinstance(node, ast.Term) and node.name == SORT:
                if sort:
                    raise QueryError(node.span, "sort_repeated", "A list has one “sort:”; it takes several fields, like sort:due,-created.")
                sort.extend(_sort_keys(node))
            else:
                _refuse_nested_sort(node)
                nodes.append(node)
        return ast.Query(tuple(nodes), tuple(sort))

    def either(self, children: list[ast.Node]) -> ast.Node:
        return children[0] if len(children) == 1 else ast.Or(_flat(children, ast.Or))

    def every(self, children: list[ast.Node]) -> ast.Node:
        return children[0] if len(children) == 1 else ast.And(_flat(children, ast.And))

    def negated(self, children: list[ast.Node]) -> ast.Node:
        return ast.Not(children[0])

    def group(self, children: list[ast.Node]) -> ast.Node:
        return children[0]

    def word(self, children: list[Token]) -> ast.Node:
        return ast.Text(str(children[0]), _span(children[0]))

    def phrase(self, children: list[Token]) -> ast.Node:
        return ast.Text(_unquoted(children[0]), _span(children[0]))

    def term(self, children: list[Token]) -> ast.Node:
        field, *rest = children
        if field.type == "NO_VALUE":
            raise _value_missing(field)
        compare = rest.pop(0) if rest[0].type == "COMPARE" else None
        values = tuple(map(_value, rest[::2]))
        span = ast.Span(_span(field).start, values[-1].span.end)
        return ast.Term(field[:-1].lower(), _operator(compare, rest[1::2]), values, span)


def _operator(compare: Token | None, joints: list[Token]) -> ast.Operator:
    if compare is not None and joints:
        raise _at(joints[0], "mixed_operators", f"“{compare}” takes a single value.")
    if compare is not None:
        return ":" if compare == "=" else cast(ast.Operator, str(compare))
    if ".." not in joints:
        return ":"
    if len(joints) > 1:
        raise _at(joints[1], "mixed_operators", "A range is two values, from..to, and stands alone.")
    return ".."


def _value(token: Token) -> ast.Value:
    if token.type == "QUOTED":
        return ast.Value(_unquoted(token), True, _span(token))
    return ast.Value(str(token), False, _span(token))


def _unquoted(token: Token) -> str:
    text = re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
    if not text.strip():
        raise _at(token, "quote_empty", "There is nothing between these quotes.")
    return text


def _flat(nodes: list[ast.Node], kind: type[ast.And] | type[ast.Or]) -> tuple[ast.Node, ...]:
    """One node per operand: `a (b c)` is `a b c`."""
    return tuple(inner for node in nodes for inner in (node.nodes if isinstance(node, kind) else (node,)))


def _conjuncts(node: ast.Node) -> tuple[ast.Node, ...]:
    return node.nodes if isinstance(node, ast.And) else (node,)


def _sort_keys(term: ast.Term) -> list[ast.SortKey]:
    if term.operator != ":":
        message = "“sort:” takes the names of fields, like sort:due,-created."
        raise QueryError(term.span, "operator_not_allowed", message)
    keys = [(value.text.lower(), value.span) for value in term.values]
    return [ast.SortKey(name.removeprefix("-"), name.startswith("-"), span) for name, span in keys]


def _refuse_nested_sort(node: ast.Node) -> None:
    match node:
        case ast.Term(name="sort"):
            message = "“sort:” orders the whole list, so it cannot be negated or stand beside OR."
            raise QueryError(node.span, "sort_nested", message)
        case ast.Not(inner):
            _refuse_nested_sort(inner)
        case ast.And(nodes) | ast.Or(nodes):
            for inner in nodes:
                _refuse_nested_sort(inner)


def _span(token: Token) -> ast.Span:
    start = token.start_pos or 0
    return ast.Span(start, start + len(token))


def _at(token: Token, reason: Reason, message: str) -> QueryError:
    return QueryError(_span(token), reason, message)


def _value_missing(before: Token) -> QueryError:
    hint = f' To search for the text itself, quote it: "{before}".' if before.type == "NO_VALUE" else ""
    return _at(before, "value_missing", f"A value is missing after “{before}”.{hint}")


def _explained(error: UnexpectedInput, text: str) -> QueryError:
    """What the parser stumbled over, in the reader's terms."""
    position = cast(int, error.pos_in_stream)
    history = cast(UnexpectedCharacters | UnexpectedToken, error).token_history
    here = ast.Span(position, position + 1)
    if text[position] == '"':
        return QueryError(ast.Span(position, len(text)), "quote_open", "This quote is never closed.")
    # At the end of the text the parser names the last token as the place, and no token before it.
    before = (history and history[-1]) or Token("END", text[position:].rstrip(), start_pos=position)
    if before.type in ("FIELD", "COMPARE", "JOINT") or (before.type == "END" and before in _AWAIT_VALUE):
        return _value_missing(before)
    if before.type == "_NEG":
        return _at(before, "negation_incomplete", "There is nothing to leave out after “-”.")
    if before.type == "_OR" or before == "OR":
        return _at(before, "or_incomplete", "OR stands between two terms.")
    if text.startswith("OR", position):
        return QueryError(ast.Span(position, position + 2), "or_incomplete", "OR stands between two terms.")
    if text[position] == ")" and before.type == "_LPAR":
        return QueryError(here, "parenthesis_empty", "There is nothing between these parentheses.")
    if text[position] == ")":
        return QueryError(here, "parenthesis_unmatched", "This parenthesis closes nothing.")
    return QueryError(here, "unexpected", "This cannot be read here.")


_parser = Lark(
    GRAMMAR,
    parser="lalr",
    lexer="contextual",
    start="query",
    postlex=_Limits(),
    transformer=_Builder(),
    maybe_placeholders=True,
)
