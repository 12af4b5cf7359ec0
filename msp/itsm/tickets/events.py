"""What happened to tickets."""

from dataclasses import dataclass
from uuid import UUID

from msp.core.events import Event


@dataclass(frozen=True)
class TicketEvent(Event):
    tenant_id: UUID
    ticket_id: UUID


@dataclass(frozen=True)
class TicketOpened(TicketEvent):
    pass


@dataclass(frozen=True)
class TicketReplied(TicketEvent):
    """A public reply; `by_contact` says from which side."""

    message_id: UUID
    by_contact: bool


@dataclass(frozen=True)
class NoteAdded(TicketEvent):
    message_id: UUID


@dataclass(frozen=True)
class TicketMoved(TicketEvent):
    before: str
    after: str


@dataclass(frozen=True)
class TicketResolved(TicketEvent):
    pass


@dataclass(frozen=True)
class TicketReopened(TicketEvent):
    pass


@dataclass(frozen=True)
class TicketAssigned(TicketEvent):
    assignee_id: UUID | None
    team_id: UUID | None


@dataclass(frozen=True)
class TicketClassified(TicketEvent):
    """`fields` names what changed."""

    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class TicketRequesterChanged(TicketEvent):
    before_id: UUID
    after_id: UUID


@dataclass(frozen=True)
class TicketRefiled(TicketEvent):
    """The wrong client's ticket is closed; its successor lives elsewhere."""
