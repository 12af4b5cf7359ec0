"""The registry of tables: what kind each is, and so which keys, policies and grants it must have.

Migrations write the policies out; `tests/architecture` and `msp prove-isolation` hold the running database
against this registry.
"""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from msp.core.db import Base
from msp.core.ids import new_id

Kind = Literal["tenant", "client", "provider", "published", "platform", "trail"]
Right = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]


@dataclass(frozen=True)
class Isolation:
    """How a table is kept apart. `tenant` and `staff` are the rights of contacts and of agents."""

    kind: Kind
    tenant: tuple[Right, ...] = ()
    staff: tuple[Right, ...] = ("SELECT", "INSERT", "UPDATE")
    internal: bool = False
    reason: str = ""


def client_table(
    tenant: str = "SELECT", staff: str = "SELECT INSERT UPDATE", *, internal: bool = False
) -> Isolation:
    """A row of one client. `internal`: the table has `is_internal` rows that no contact can reach."""
    return Isolation("client", _rights(tenant), _rights(staff), internal)


def provider_table(staff: str = "SELECT INSERT UPDATE") -> Isolation:
    """A row of the provider: contacts have no right, every agent reads."""
    return Isolation("provider", (), _rights(staff))


def published_table(staff: str = "SELECT INSERT UPDATE") -> Isolation:
    """Written by the provider, read by every client where `audience = 'all'`."""
    return Isolation("published", ("SELECT",), _rights(staff))


def platform_table(reason: str, staff: str = "") -> Isolation:
    """Beside the clients: reached through reviewed functions, for the reason given."""
    return Isolation("platform", (), _rights(staff), reason=reason)


def trail_table(reason: str) -> Isolation:
    """Written by everyone under his own name, read through a reviewed function only."""
    return Isolation("trail", ("INSERT",), ("INSERT",), reason=reason)


def _rights(words: str) -> tuple[Any, ...]:
    return tuple(words.split())


class ClientRow:
    """Columns of every client table: the client and an id that is unique within it."""

    @declared_attr
    def tenant_id(cls) -> Mapped[UUID]:
        return mapped_column(sa.ForeignKey("tenant.id"), primary_key=True)

    @declared_attr
    def id(cls) -> Mapped[UUID]:
        return mapped_column(primary_key=True, index=True, default=new_id)


class ProviderRow:
    """Columns of every provider table."""

    @declared_attr
    def id(cls) -> Mapped[UUID]:
        return mapped_column(primary_key=True, default=new_id)

    @declared_attr
    def tenant_id(cls) -> Mapped[UUID]:
        return mapped_column(sa.ForeignKey("tenant.id"))


def client_key(column: str, target: str, *, optional: bool = False) -> sa.ForeignKeyConstraint:
    """A composite key to another row of the same client: a link across clients cannot exist."""
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        ondelete=f"SET NULL ({column})" if optional else None,
    )


# Provider and platform tables that a client row may name by a plain foreign key.
PROVIDER_REFERENCES = frozenset({
    "agent", "team", "tenant", "person", "sla_template", "announcement", "article", "bulk_run", "automation_rule", "automation_version",
    "catalog_template",
})  # fmt: skip


def registry() -> dict[str, Isolation]:
    """Every mapped table with its kind."""
    found: dict[str, Isolation] = {}
    for mapper in Base.registry.mappers:
        model = mapper.class_
        if model.__isolation__ is None:
            raise LookupError(f"{model.__name__} does not say how it is isolated")
        found[model.__tablename__] = model.__isolation__
    return found
