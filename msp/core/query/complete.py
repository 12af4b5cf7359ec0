"""What could be typed next: suggestions for a combobox, from a text that is still being written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from msp.core.query import ast, parse
from msp.core.query.fields import Registry
from msp.core.query.kinds import Suggestion

MAX_SUGGESTIONS = 20

_pieces = re.compile(r'"(?:\\.|[^"\\])*"?|[^\s"()]+|[\s()]', re.DOTALL)
_term = re.compile(rf"(?P<name>{ast.NAME}):(?P<lead>[<>]=?|(?:.*(?:,|\.\.))?)(?P<part>.*)", re.DOTALL)
_rest = re.compile(r'[^\s,"()]*"?')


@dataclass(frozen=True)
class Completion:
    """Suggestions to put in place of the characters `[start, end)`."""

    start: int
    end: int
    suggestions: list[Suggestion]


def complete(text: str, cursor: int, registry: Registry) -> Completion:
    """What fits at the cursor: names of fields, or values of the field that is being typed."""
    text = text[: parse.MAX_LENGTH]
    cursor = min(max(cursor, 0), len(text))
    word = _word_before(text[:cursor])
    if match := _term.fullmatch(word):
        part = match["part"]
        found = _values(registry, match["name"].lower(), part.removeprefix('"'))
    else:
        part = word
        found = _names(registry, part.lower())
    end = _rest.match(text, cursor).end()  # type: ignore[union-attr]  # the pattern matches nothing as well
    return Completion(cursor - len(part), end, found[:MAX_SUGGESTIONS])


def _word_before(text: str) -> str:
    """The term that ends at the end of the text, without its minus."""
    word = ""
    for match in _pieces.finditer(text):
        piece = match[0]
        word = "" if piece.isspace() or piece in "()" else word + piece
    return word[1:] if word.startswith("-") else word


def _names(registry: Registry, prefix: str) -> list[Suggestion]:
    if prefix.startswith('"'):
        return []
    named = [Suggestion(f"{each.name}:", each.help) for each in registry.fields if each.name.startswith(prefix)]
    aliases = [
        Suggestion(f"{alias}:", each.help)
        for each in registry.fields
        for alias in each.aliases
        if prefix and alias.startswith(prefix)
    ]
    sort = [Suggestion("sort:", "Order of the list")] if "sort".startswith(prefix) else []
    return [*named, *aliases, *sort]


def _values(registry: Registry, name: str, prefix: str) -> list[Suggestion]:
    if name == parse.SORT:
        return _sorts(registry, prefix.lower())
    field = registry.named(name)
    return [_typed(suggestion) for suggestion in field.kind.complete(prefix)] if field else []


def _sorts(registry: Registry, prefix: str) -> list[Suggestion]:
    sortable = [each for each in registry.fields if each.sort]
    ways: Iterable[tuple[str, str]] = [
        (sign + each.name, f"{each.help}, {direction}")
        for each in sortable
        for sign, direction in (("", "ascending"), ("-", "descending"))
    ]
    return [Suggestion(text, label) for text, label in ways if text.startswith(prefix)]


def _typed(suggestion: Suggestion) -> Suggestion:
    """As it is typed: with quotes where the value needs them."""
    return Suggestion(str(ast.Value(suggestion.text)), suggestion.label)
