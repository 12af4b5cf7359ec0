"""What happened to tasks."""

from dataclasses import dataclass
from uuid import UUID

from msp.core.events import Event


@dataclass(frozen=True)
class TaskStarted(Event):
    """A task can be done from now on."""

    tenant_id: UUID
    ticket_id: UUID
    task_id: UUID


@dataclass(frozen=True)
class TaskEnded(Event):
    """`state` is done, skipped or failed."""

    tenant_id: UUID
    ticket_id: UUID
    task_id: UUID
    state: str


@dataclass(frozen=True)
class TasksFinished(Event):
    """All tasks that were planned together are done or skipped."""

    tenant_id: UUID
    ticket_id: UUID
    plan_id: UUID
