"""Events carry news up the ladder: recorded by services, handled in the same transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True)
class Event:
    """Base of every event: past tense, ids only."""


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]
_handlers: dict[type[Event], list[Handler]] = {}


def subscribe(kind: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Decorate a function to be called for each `kind` recorded, inside its transaction."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        handlers = _handlers.setdefault(kind, [])
        if handler not in handlers:
            handlers.append(handler)
        return handler

    return register


def record(event: Event) -> None:
    """Tell every subscriber; an error of one undoes the whole transaction."""
    for handler in _handlers.get(type(event), ()):
        handler(event)
