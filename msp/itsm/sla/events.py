"""What happened to clocks and definitions."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msp.core.events import Event


@dataclass(frozen=True)
class ClocksChanged(Event):
    """The clocks of a subject were read anew; whoever owns the subject may copy what it shows."""

    tenant_id: UUID
    subject_id: UUID


@dataclass(frozen=True)
class DefinitionChanged(Event):
    tenant_id: UUID
    definition_id: UUID


class Target(NamedTuple):
    """When a clock is due, which it says only while it runs, and the time that it is given; None where nothing is promised."""

    due_at: datetime | None
    seconds: int | None


class Shift(NamedTuple):
    """A clock whose target has moved."""

    subject_id: UUID
    clock: str
    is_internal: bool
    before: Target
    after: Target


@dataclass(frozen=True)
class TargetsMoved(Event):
    """A new version of a definition moved the targets of open subjects, of as many as came under it together."""

    tenant_id: UUID
    definition: str
    kind: str
    number: int
    begins_at: datetime
    author: str
    shifts: tuple[Shift, ...]


@dataclass(frozen=True)
class StepsFired(Event):
    """Steps took effect and clocks ran out, of as many clients as were due together; told under the staff's scope.

    While the past is replayed all of them are of one subject, and nothing may be put off until after the commit.
    """

    escalation_ids: tuple[UUID, ...]
    breached_clock_ids: tuple[UUID, ...]
    is_replay: bool = False
