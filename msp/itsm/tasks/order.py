"""Which tasks wait for which. Pure: keys are whatever names a task."""

from collections.abc import Hashable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

ENDED = frozenset({"done", "skipped", "failed"})
# A failed task holds up what comes after it until it is done again or skipped.
PASSED = frozenset({"done", "skipped"})


def circle(after: Mapping[Key, Iterable[Key]]) -> list[Key]:
    """Tasks that wait for each other in a circle; empty where everything can be done."""
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def ready(states: Mapping[Key, str], after: Mapping[Key, Iterable[Key]]) -> list[Key]:
    """Waiting tasks whose forerunners are all done or skipped, in the order of `states`."""
    return [
        key for key, state in states.items() if state == "waiting" and all(states.get(other) in PASSED for other in after.get(key, ()))
    ]


def followers(of: Key, after: Mapping[Key, Iterable[Key]]) -> set[Key]:
    """Everything that waits for a task, directly or through others."""
    found: set[Key] = set()
    fresh = {of}
    while fresh:
        fresh = {key for key, others in after.items() if fresh & set(others)} - found
        found |= fresh
    return found


def is_finished(states: Iterable[str]) -> bool:
    """Whether nothing is left to do: all done or skipped, and there was something."""
    known = list(states)
    return bool(known) and all(state in PASSED for state in known)
