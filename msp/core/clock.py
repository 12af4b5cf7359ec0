"""The only place that asks the system for the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_replayed: ContextVar[datetime | None] = ContextVar("replayed_instant", default=None)


def now() -> datetime:
    """The present instant in UTC; inside `at` the instant that is being replayed."""
    return _replayed.get() or datetime.now(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Live the block at `instant`: what an import replays is recorded as of then."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    token = _replayed.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _replayed.reset(token)
