"""What can be wrong with a query: a reason, words for a person and the characters to point at."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal

from msp.core.errors import FieldError, Invalid
from msp.core.query.ast import Span

Reason = Literal[
    "too_long",
    "too_many_terms",
    "too_deep",
    "character",
    "quote_open",
    "quote_empty",
    "parenthesis_open",
    "parenthesis_unmatched",
    "parenthesis_empty",
    "or_incomplete",
    "negation_incomplete",
    "value_missing",
    "mixed_operators",
    "operator_not_allowed",
    "unknown_field",
    "unknown_value",
    "unknown_sort",
    "sort_nested",
    "sort_repeated",
    "text_nested",
    "value_format",
    "value_range",
    "unexpected",
]


class QueryError(Invalid):
    """`position` and `length` count characters of the query; `suggestions` are near misses that would be right."""

    code, title = "invalid_query", "The query cannot be read"

    def __init__(self, span: Span, reason: Reason, message: str, suggestions: Iterable[str] = ()) -> None:
        self.reason = reason
        self.position = span.start
        self.length = span.end - span.start
        self.suggestions = list(suggestions)
        if self.suggestions:
            message += f" Did you mean {' or '.join(self.suggestions)}?"
        super().__init__(message, errors=[FieldError("/q", reason, message)])

    @property
    def members(self) -> Mapping[str, Any]:
        return {"position": self.position, "length": self.length, "suggestions": self.suggestions}


def near(word: str, known: Iterable[str]) -> list[str]:
    """Those of the known words that a slip of the finger could have turned into this one."""
    return get_close_matches(word.lower(), list(known), n=3, cutoff=0.6)
