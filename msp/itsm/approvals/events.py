"""What happened to approvals; ids only. Whoever asked for one listens for its outcome."""

from dataclasses import dataclass
from uuid import UUID

from msp.core.events import Event


@dataclass(frozen=True)
class ApprovalStarted(Event):
    tenant_id: UUID
    approval_id: UUID
    subject_kind: str
    subject_id: UUID


@dataclass(frozen=True)
class ApprovalStageOpened(Event):
    tenant_id: UUID
    approval_id: UUID
    stage: int


@dataclass(frozen=True)
class ApprovalAnswered(Event):
    """One of those asked said yes or no; the outcome may be open yet."""

    tenant_id: UUID
    approval_id: UUID
    seat_id: UUID


@dataclass(frozen=True)
class ApprovalDelegated(Event):
    tenant_id: UUID
    approval_id: UUID
    seat_id: UUID


@dataclass(frozen=True)
class ApprovalDecided(Event):
    """It has its outcome: approved, rejected, withdrawn or expired."""

    tenant_id: UUID
    approval_id: UUID
    subject_kind: str
    subject_id: UUID
    outcome: str


@dataclass(frozen=True)
class ApprovalVoided(Event):
    """What was shown has changed; `successor_id` asks again, None where nobody is asked any more."""

    tenant_id: UUID
    approval_id: UUID
    subject_kind: str
    subject_id: UUID
    successor_id: UUID | None
