"""Which rules led to what happens now: said by whoever lets a rule act, read by whoever hears of the event."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

_cause: ContextVar[tuple[tuple[UUID, ...], int]] = ContextVar("automation_cause", default=((), 0))


def chain() -> tuple[UUID, ...]:
    """The rules that led to what happens now, the last one last; none where a person acts."""
    return _cause.get()[0]


def depth() -> int:
    """How many events have followed on each other by rules; 0 where a person acts."""
    return _cause.get()[1]


@contextmanager
def caused_by(*rule_ids: UUID, depth: int) -> Iterator[None]:
    """What happens inside is the work of these rules, so many events after a person's."""
    token = _cause.set((rule_ids, depth))
    try:
        yield
    finally:
        _cause.reset(token)
