"""The scope of a transaction: which database role it takes and which clients it names."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

ScopeRole = Literal["msp_tenant", "msp_agent", "msp_staff", "msp_signin"]
SCOPE_ROLES: tuple[ScopeRole, ...] = ("msp_tenant", "msp_agent", "msp_staff", "msp_signin")


@dataclass(frozen=True)
class Trail:
    """What the audit trail notes beside the actor."""

    actor_name: str = "system"
    actor_kind: str = "system"
    on_behalf_of: UUID | None = None
    token_id: UUID | None = None
    request_id: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Scope:
    """Bound once per request, job or command; a change of scope starts a new session."""

    role: ScopeRole
    tenant_ids: tuple[UUID, ...] = ()
    actor_id: UUID | None = None
    trail: Trail = Trail()

    def __post_init__(self) -> None:
        if self.role == "msp_tenant" and len(self.tenant_ids) != 1:
            raise ValueError("a tenant scope names exactly one client")

    @classmethod
    def signin(cls, trail: Trail = Trail()) -> "Scope":
        """Before a scope exists: only the reviewed functions can be called."""
        return cls("msp_signin", trail=trail)

    @classmethod
    def of_tenant(cls, tenant_id: UUID, actor_id: UUID | None = None, trail: Trail = Trail()) -> "Scope":
        return cls("msp_tenant", (tenant_id,), actor_id, trail)

    @classmethod
    def of_agent(cls, tenant_ids: tuple[UUID, ...], actor_id: UUID | None = None, trail: Trail = Trail()) -> "Scope":
        """An agent limited to named clients; none at all is a scope that sees no client row."""
        return cls("msp_agent", tenant_ids, actor_id, trail)

    @classmethod
    def staff(cls, actor_id: UUID | None = None, trail: Trail = Trail()) -> "Scope":
        return cls("msp_staff", (), actor_id, trail)

    @property
    def settings(self) -> dict[str, str]:
        """The values that the role-setting statement binds."""
        return {
            "role": self.role,
            "tenant": str(self.tenant_ids[0]) if self.role == "msp_tenant" else "",
            "tenants": "{" + ",".join(map(str, self.tenant_ids)) + "}",
            "actor": str(self.actor_id) if self.actor_id else "",
        }
