"""Kinds of field: which values each takes, and the condition that they become.

Every condition is built from operators that PostgreSQL may use in an index under row-level security:
`=`, `IN`, ranges, `IS NULL`, `^@`. Never `LIKE`, `ILIKE` or `lower()`, so stored text is compared as it is.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias, TypeVar
from uuid import UUID

import sqlalchemy as sa

from msp.core.paging import Column, type_of
from msp.core.query import ast, moments
from msp.core.query.errors import QueryError, near

Condition: TypeAlias = sa.ColumnElement[bool]
Stored: TypeAlias = str | int

_T = TypeVar("_T")
_number = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Context:
    """What a query is read against: the instant, the reader's time zone and the reader (None: nobody)."""

    now: datetime
    tz: tzinfo
    me: UUID | None


@dataclass(frozen=True)
class Suggestion:
    """A value to offer: what is inserted, and what it means."""

    text: str
    label: str = ""


class Kind(ABC):
    """What a field holds. Ordered kinds can be compared and take ranges."""

    is_ordered: ClassVar[bool] = False

    @abstractmethod
    def condition(self, term: ast.Term, context: Context) -> Condition:
        """The condition of one term; QueryError where a value does not fit."""

    def complete(self, prefix: str) -> Iterable[Suggestion]:
        """Values that begin with `prefix`, best first."""
        return ()


@dataclass(frozen=True, eq=False)
class Flag(Kind):
    """Words that each stand for a condition of their own, like `is:snoozed` or `sla:risk`."""

    words: Mapping[str, Callable[[Context], Condition]]
    labels: Mapping[str, str] = field(default_factory=dict)

    def condition(self, term: ast.Term, context: Context) -> Condition:
        return sa.or_(*(_known(value, self.words)(context) for value in term.values))

    def complete(self, prefix: str) -> Iterable[Suggestion]:
        return _starting(prefix, self.words, self.labels)


def _itself(condition: Condition) -> Condition:
    return condition


@dataclass(frozen=True, eq=False)
class StoredKind(Kind):
    """A column. `is_nullable` allows `none`; `through` wraps the condition where the column stands in
    another table, usually in an EXISTS."""

    column: Column
    is_nullable: bool = field(default=False, kw_only=True)
    through: Callable[[Condition], Condition] = field(default=_itself, kw_only=True)

    def condition(self, term: ast.Term, context: Context) -> Condition:
        none = [value for value in term.values if self.is_nullable and value.is_word("none")]
        if none and term.operator != ":":
            raise QueryError(none[0].span, "operator_not_allowed", "“none” cannot be compared.")
        some = [value for value in term.values if value not in none]
        parts = [self._absent()] if none else []
        if some:
            parts.append(self.through(self._matches(term.operator, some, context)))
        return sa.or_(*parts)

    def _absent(self) -> Condition:
        return self.column.is_(None) if self.through is _itself else sa.not_(self.through(sa.true()))

    @abstractmethod
    def _matches(self, operator: ast.Operator, values: Sequence[ast.Value], context: Context) -> Condition: ...


@dataclass(frozen=True, eq=False)
class Choice(StoredKind):
    """A closed list of words; one word may stand for several stored values, like `status:waiting`."""

    words: Mapping[str, Stored | Sequence[Stored]]
    labels: Mapping[str, str] = field(default_factory=dict)

    def _matches(self, operator: ast.Operator, values: Sequence[ast.Value], context: Context) -> Condition:
        chosen: list[Stored] = []
        for value in values:
            stored = _known(value, self.words)
            chosen.extend((stored,) if isinstance(stored, str | int) else stored)
        return self.column.in_(chosen)

    def complete(self, prefix: str) -> Iterable[Suggestion]:
        return _starting(prefix, [*self.words, *(["none"] if self.is_nullable else [])], self.labels)


@dataclass(frozen=True, eq=False)
class Reference(StoredKind):
    """Rows of another table by name. `resolve` answers for all names at once: the ids that each means, for
    this reader; a name that it leaves out or maps to nothing is unknown."""

    resolve: Callable[[Sequence[str]], Mapping[str, Sequence[UUID]]]
    offer: Callable[[str], Iterable[Suggestion]] | None = field(default=None, kw_only=True)

    def _matches(self, operator: ast.Operator, values: Sequence[ast.Value], context: Context) -> Condition:
        return self.column.in_(self._ids(values, context))

    def _ids(self, values: Sequence[ast.Value], context: Context) -> list[UUID]:
        if not values:
            return []
        found = self.resolve([value.text for value in values])
        for value in values:
            if not found.get(value.text):
                known = [suggestion.text for suggestion in (self.offer("") if self.offer else ())]
                raise QueryError(
                    value.span, "unknown_value", f"Nothing is called “{value.text}”.", near(value.text, known)
                )
        return [row_id for value in values for row_id in found[value.text]]

    def complete(self, prefix: str) -> Iterable[Suggestion]:
        named = self.offer(prefix) if self.offer else ()
        return [*_starting(prefix, ["none"] if self.is_nullable else [], {"none": "nothing is set"}), *named]


@dataclass(frozen=True, eq=False)
class Person(Reference):
    """A person, who may be `me`."""

    def _ids(self, values: Sequence[ast.Value], context: Context) -> list[UUID]:
        mine = [value for value in values if value.is_word("me")]
        if mine and context.me is None:
            raise QueryError(mine[0].span, "unknown_value", "“me” means a person, and nobody is signed in here.")
        others = super()._ids([value for value in values if value not in mine], context)
        return others if context.me is None or not mine else [context.me, *others]

    def complete(self, prefix: str) -> Iterable[Suggestion]:
        return [*_starting(prefix, ["me"], {"me": "yourself"}), *super().complete(prefix)]


@dataclass(frozen=True, eq=False)
class Text(StoredKind):
    """Exact text, or its beginning (`ref:ACME-*`). `fold` brings a value to the form that is stored."""

    fold: Callable[[str], str] = field(default=str, kw_only=True)

    def _matches(self, operator: ast.Operator, values: Sequence[ast.Value], context: Context) -> Condition:
        begins = [value.text[:-1] for value in values if self._is_prefix(value)]
        exact = [value.text for value in values if not self._is_prefix(value)]
        parts: list[Condition] = [self.column.bool_op("^@")(self.fold(text)) for text in begins]
        if exact:
            parts.append(self.column.in_([self.fold(text) for text in exact]))
        return sa.or_(*parts)

    @staticmethod
    def _is_prefix(value: ast.Value) -> bool:
        return not value.is_quoted and value.text.endswith("*")


class OrderedKind(StoredKind):
    """Values with an order. Each is a stretch `[start, end)` of the column, or a point where both are equal."""

    is_ordered = True

    def _matches(self, operator: ast.Operator, values: Sequence[ast.Value], context: Context) -> Condition:
        first, last = self._stretch(values[0], context), self._stretch(values[-1], context)
        match operator:
            case ":":
                return sa.or_(*(self._exactly(value, context) for value in values))
            case ">":
                return self.column > first[0] if first[0] == first[1] else self.column >= first[1]
            case ">=":
                return self.column >= first[0]
            case "<":
                return self.column < first[0]
            case "<=":
                return self._up_to(last)
            case "..":
                return sa.and_(self.column >= first[0], self._up_to(last))

    def _up_to(self, stretch: tuple[Any, Any]) -> Condition:
        return self.column <= stretch[0] if stretch[0] == stretch[1] else self.column < stretch[1]

    def _exactly(self, value: ast.Value, context: Context) -> Condition:
        start, end = self._stretch(value, context)
        return self.column == start if start == end else sa.and_(self.column >= start, self.column < end)

    @abstractmethod
    def _stretch(self, value: ast.Value, context: Context) -> tuple[Any, Any]: ...


@dataclass(frozen=True, eq=False)
class Number(OrderedKind):
    """A whole number, or with `decimals` an amount stored as its smallest unit (12.50 as 1250)."""

    decimals: int = field(default=0, kw_only=True)

    def _stretch(self, value: ast.Value, context: Context) -> tuple[int, int]:
        if not _number.fullmatch(value.text):
            raise QueryError(value.span, "value_format", f"“{value.text}” is not a number.")
        scaled = Decimal(value.text).scaleb(self.decimals)
        if scaled != scaled.to_integral_value():
            places = f"{self.decimals} decimal places at most" if self.decimals else "whole numbers only"
            raise QueryError(value.span, "value_format", f"This field takes {places}.")
        return _fitting(int(scaled), value, self.column)


@dataclass(frozen=True, eq=False)
class Duration(OrderedKind):
    """A length of time, stored as a whole number of `unit` (minutes unless it says otherwise)."""

    unit: timedelta = field(default=timedelta(minutes=1), kw_only=True)

    def _stretch(self, value: ast.Value, context: Context) -> tuple[int, int]:
        duration = moments.read_duration(value.text)
        if duration is None:
            raise QueryError(value.span, "value_format", f"“{value.text}” is not a duration like 90m, 2h or 1d12h.")
        return _fitting(duration // self.unit, value, self.column)

    def complete(self, prefix: str) -> Iterable[Suggestion]:
        return _starting(prefix, ["30m", "1h", "4h", "1d"], {})


@dataclass(frozen=True, eq=False)
class Instant(OrderedKind):
    """A point in time: a day, a date and time, or one relative to now."""

    def _stretch(self, value: ast.Value, context: Context) -> tuple[datetime, datetime]:
        try:
            moment = moments.read_moment(value.text, now=context.now, tz=context.tz)
        except (OverflowError, ValueError):
            raise QueryError(value.span, "value_range", f"“{value.text}” is not on the calendar.") from None
        if moment is None:
            hints = [sign + value.text for sign in "-+"] if moments.read_duration(value.text) else []
            message = f"“{value.text}” is not a time like -2h, today or 2027-03-31."
            raise QueryError(value.span, "value_format", message, hints)
        return moment.start, moment.end

    def _exactly(self, value: ast.Value, context: Context) -> Condition:
        start, end = self._stretch(value, context)
        if start == end:
            message = "A single instant needs a comparison, > or <, or a range."
            raise QueryError(value.span, "operator_not_allowed", message, [f">{value}", f"<{value}"])
        return super()._exactly(value, context)

    def complete(self, prefix: str) -> Iterable[Suggestion]:
        return _starting(prefix, ["today", "yesterday", "tomorrow", "now", "-1h", "-1d", "-1w", "+1h", "+1d"], {})


def _known(value: ast.Value, words: Mapping[str, _T]) -> _T:
    """What the word stands for; QueryError with near misses when it is not on the list."""
    try:
        return words[value.text.lower()]
    except KeyError:
        close = near(value.text, words)
        known = "" if close or len(words) > 12 else f" It can be {', '.join(words)}."
        raise QueryError(
            value.span, "unknown_value", f"“{value.text}” is no value of this field.{known}", close
        ) from None


def _starting(prefix: str, words: Iterable[str], labels: Mapping[str, str]) -> list[Suggestion]:
    return [Suggestion(word, labels.get(word, "")) for word in words if word.startswith(prefix.lower())]


def _fitting(number: int, value: ast.Value, column: Column) -> tuple[int, int]:
    """Refuse what the column's type cannot hold, which the database would answer with an error."""
    bits = 63 if isinstance(type_of(column), sa.BigInteger) else 31
    if not -(2**bits) <= number < 2**bits:
        raise QueryError(value.span, "value_range", f"“{value.text}” is too large.")
    return number, number
