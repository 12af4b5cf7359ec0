"""Replaying the past: steps of subjects opened inside are fired by the replay itself, never by the live sweep."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_replaying: ContextVar[bool] = ContextVar("sla_replaying", default=False)


@contextmanager
def replay() -> Iterator[None]:
    """Subjects opened inside are marked as replayed."""
    token = _replaying.set(True)
    try:
        yield
    finally:
        _replaying.reset(token)


def is_replaying() -> bool:
    return _replaying.get()
