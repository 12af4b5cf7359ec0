"""Which rules led to what happens now: said by whoever lets a rule act, read by whoever hears of the event."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

_chain: ContextVar[tuple[UUID, ...]] = ContextVar("automation_chain", default=())


def chain() -> tuple[UUID, ...]:
    """The rules that led to what happens now, the first one first; none where a person acts."""
    return _chain.get()


@contextmanager
def caused_by(*rule_ids: UUID) -> Iterator[None]:
    """What happens inside is the work of these rules."""
    token = _chain.set(rule_ids)
    try:
        yield
    finally:
        _chain.reset(token)
