"""What happened to surveys."""

from dataclasses import dataclass
from uuid import UUID

from msp.core.events import Event


@dataclass(frozen=True)
class SurveyAnswered(Event):
    tenant_id: UUID
    ticket_id: UUID
    survey_id: UUID
