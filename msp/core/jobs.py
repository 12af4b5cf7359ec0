"""Kinds of job: work that an outbox row asks for, after the commit, under the writer's own scope."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msp.core.actor import Actor

QUEUES = ("urgent", "default", "mail", "bulk")
RunsAs = Literal["writer", "provider"]


@dataclass(frozen=True)
class Call:
    """What a job is told: its arguments, the row that asks for it, and on whose rights it works."""

    outbox_id: Any
    args: Mapping[str, Any]
    by: Actor
    tenant_ids: tuple[Any, ...]


@dataclass(frozen=True)
class JobKind:
    """`runs_as='provider'`: bound to the agents' role over the row's client, whoever wrote it.

    `actor` is the name that people read where the job's acts are recorded.
    """

    name: str
    queue: str
    runs_as: RunsAs
    permissions: frozenset[str]
    tries: int
    actor: str
    work: Callable[[Call], None]


class GiveUp(RuntimeError):
    """Raised by a job that trying again would not help: its row is parked at once."""


_kinds: dict[str, JobKind] = {}


def job(
    name: str, *, queue: str = "default", runs_as: RunsAs = "writer", permissions: tuple[str, ...] = (), tries: int = 8,
    actor: str = "",
) -> Callable[[Callable[[Call], None]], Callable[[Call], None]]:  # fmt: skip
    """Register a function as the work of the job kind `name`."""
    if queue not in QUEUES:
        raise ValueError(f"no queue {queue}")

    def register(work: Callable[[Call], None]) -> Callable[[Call], None]:
        if name in _kinds and _kinds[name].work.__qualname__ != work.__qualname__:
            raise ValueError(f"job {name} is registered twice")
        _kinds[name] = JobKind(name, queue, runs_as, frozenset(permissions), tries, actor or name, work)
        return work

    return register


def kind_of(name: str) -> JobKind:
    """The registered kind; LookupError where no feature knows it."""
    return _kinds[name]


def kinds() -> dict[str, JobKind]:
    return dict(_kinds)
