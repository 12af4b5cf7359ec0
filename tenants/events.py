"""What happened to clients and people."""

from dataclasses import dataclass
from uuid import UUID

from msp.core.events import Event


@dataclass(frozen=True)
class ClientCreated(Event):
    tenant_id: UUID


@dataclass(frozen=True)
class ClientChanged(Event):
    tenant_id: UUID


@dataclass(frozen=True)
class ContactAdded(Event):
    tenant_id: UUID
    contact_id: UUID


@dataclass(frozen=True)
class ContactChanged(Event):
    tenant_id: UUID
    contact_id: UUID


@dataclass(frozen=True)
class AgentChanged(Event):
    agent_id: UUID
