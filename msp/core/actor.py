"""Who acts: an argument of every service (`by=`), never a global."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from msp.core.errors import Forbidden, NotFound

ActorKind = Literal["agent", "contact", "system"]
# How permissions are called is known above: whoever has the table of them says it.
_words: list[Callable[[str], str]] = []


def set_words(words: Callable[[str], str]) -> None:
    """Name what says a permission in words, as they follow on “the right to”."""
    _words[:] = [words]


def _lacking(permission: str) -> Forbidden:
    said = _words[0](permission) if _words else f"“{permission}”"
    return Forbidden(f"This needs the right to {said}.", permission=permission)


@dataclass(frozen=True)
class Actor:
    """An agent, a contact or a part of the system, with the permissions held now.

    `tenant_ids` is None for those who may see every client; `site_ids` are the sites a contact manages.
    """

    id: UUID | None
    kind: ActorKind
    name: str
    permissions: frozenset[str] = frozenset()
    tenant_ids: tuple[UUID, ...] | None = ()
    provider_id: UUID | None = None
    person_id: UUID | None = None
    session_id: UUID | None = None
    token_id: UUID | None = None
    site_ids: frozenset[UUID] = field(default_factory=frozenset)

    @classmethod
    def system(cls, name: str, *permissions: str, tenant_ids: tuple[UUID, ...] | None = None) -> "Actor":
        """A part of the product that acts on its own: an import, a sweep, a rule."""
        return cls(None, "system", name, frozenset(permissions), tenant_ids)

    @property
    def is_agent(self) -> bool:
        return self.kind == "agent"

    @property
    def is_contact(self) -> bool:
        return self.kind == "contact"

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise Forbidden unless the permission is held: the first line of every service."""
        if permission not in self.permissions:
            raise _lacking(str(permission))

    def require_any(self, *permissions: str) -> None:
        """Raise Forbidden unless one of the permissions is held."""
        if not self.permissions.intersection(permissions):
            raise _lacking(" or ".join(permissions))

    def reaches(self, tenant_id: UUID) -> bool:
        """Whether the client lies inside what this actor may see."""
        return self.tenant_ids is None or tenant_id in self.tenant_ids

    def must_reach(self, tenant_id: UUID) -> None:
        """Raise NotFound for a client that this actor may not see."""
        if not self.reaches(tenant_id):
            raise NotFound
