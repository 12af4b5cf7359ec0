"""What happened to clocks and definitions."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class StepsFired(Event):
    """Steps took effect and clocks ran out, of as many clients as were due together; told under the staff's scope.

    While the past is replayed all of them are of one subject, and nothing may be put off until after the commit.
    """

    escalation_ids: tuple[UUID, ...]
    breached_clock_ids: tuple[UUID, ...]
    is_replay: bool = False
