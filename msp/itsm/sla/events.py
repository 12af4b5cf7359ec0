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
    """Escalation steps of subjects took effect: (subject, clock, step, actions) each."""

    tenant_id: UUID
    escalation_ids: tuple[UUID, ...]
