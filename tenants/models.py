"""Tenants, hosts and the people in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.ids import new_id
from msp.core.tables import (
    ClientRow,
    Isolation,
    ProviderRow,
    client_key,
    client_table,
    platform_table,
    provider_table,
)


class Tenant(Base):
    """A client company, or the provider itself."""

    __tablename__ = "tenant"
    __isolation__ = Isolation("tenant", ("SELECT",))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(server_default="client")
    key: Mapped[str]
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    language: Mapped[str] = mapped_column(server_default="en")
    status: Mapped[str] = mapped_column(server_default="active")
    hue: Mapped[int] = mapped_column(server_default="1")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.CheckConstraint("kind IN ('client', 'provider')", name="kind"),
        sa.CheckConstraint("status IN ('active', 'suspended')", name="status"),
        sa.CheckConstraint("key ~ '^[A-Z][A-Z0-9]{1,9}$'", name="key"),
        sa.CheckConstraint("hue BETWEEN 1 AND 12", name="hue"),
        sa.UniqueConstraint("key"),
        sa.Index("uq_tenant_provider", "kind", unique=True, postgresql_where=sa.text("kind = 'provider'")),
    )

    @property
    def is_provider(self) -> bool:
        return self.kind == "provider"


class Installation(Base):
    """The one row that says who runs this installation and what it is for."""

    __tablename__ = "installation"
    __isolation__ = platform_table("one row about the installation itself", staff="SELECT INSERT UPDATE")

    id: Mapped[int] = mapped_column(primary_key=True, server_default="1", autoincrement=False)
    provider_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tenant.id"))
    environment: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    __table_args__ = (sa.CheckConstraint("id = 1", name="single"),)


class Host(Base):
    """A host name and the tenant whose portal (or console) answers there."""

    __tablename__ = "host"
    __isolation__ = platform_table("read before a scope exists", staff="SELECT INSERT UPDATE DELETE")

    name: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tenant.id"), index=True)
    is_primary: Mapped[bool] = mapped_column(server_default=sa.true())

    __table_args__ = (
        sa.CheckConstraint("name = lower(name)", name="lower"),
        sa.Index("uq_host_primary", "tenant_id", unique=True, postgresql_where=sa.text("is_primary")),
    )


class Branding(ClientRow, Base):
    """How a client's portal and mails look; one row a client."""

    __tablename__ = "branding"
    __isolation__ = client_table("SELECT UPDATE")

    display_name: Mapped[str]
    colour: Mapped[str] = mapped_column(server_default="#1f5f8b")
    logo_svg: Mapped[str | None]
    support_phone: Mapped[str | None]
    mail_from: Mapped[str | None]
    welcome: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.UniqueConstraint("tenant_id"),
        sa.CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour"),
    )


class Site(ClientRow, Base):
    """A place of a client."""

    __tablename__ = "site"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    name: Mapped[str]
    address: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (sa.UniqueConstraint("tenant_id", "name"),)


class Contact(ClientRow, Base):
    """A person's membership in one client: a copy of name and address, roles, site."""

    __tablename__ = "contact"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    site_id: Mapped[UUID | None]
    name: Mapped[str]
    e_mail: Mapped[str | None]
    phone: Mapped[str | None]
    job_title: Mapped[str | None]
    cost_centre: Mapped[str | None]
    roles: Mapped[list[str]] = mapped_column(server_default=sa.text("'{requester}'"))
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    external_key: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        client_key("site_id", "site", optional=True),
        sa.CheckConstraint("e_mail = lower(e_mail)", name="e_mail"),
        sa.CheckConstraint("cardinality(roles) > 0", name="roles"),
        sa.UniqueConstraint("tenant_id", "e_mail"),
        sa.UniqueConstraint("tenant_id", "person_id"),
        sa.UniqueConstraint("tenant_id", "external_key"),
        sa.Index(None, "tenant_id", "name", "id"),
    )


class ManagedSite(ClientRow, Base):
    """A site that a contact manages: he sees its tickets."""

    __tablename__ = "managed_site"
    __isolation__ = client_table("SELECT INSERT DELETE", "SELECT INSERT DELETE")

    contact_id: Mapped[UUID]
    site_id: Mapped[UUID]

    __table_args__ = (
        client_key("contact_id", "contact"),
        client_key("site_id", "site"),
        sa.UniqueConstraint("tenant_id", "contact_id", "site_id"),
    )


class Agent(ProviderRow, Base):
    """Somebody of the provider who works in the console."""

    __tablename__ = "agent"
    __isolation__ = provider_table()

    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"), unique=True)
    name: Mapped[str]
    e_mail: Mapped[str | None]
    roles: Mapped[list[str]] = mapped_column(server_default=sa.text("'{agent}'"))
    skills: Mapped[list[str]] = mapped_column(server_default=sa.text("'{}'::text[]"))
    is_limited: Mapped[bool] = mapped_column(server_default=sa.false())
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    hue: Mapped[int] = mapped_column(server_default="1")
    external_key: Mapped[str | None] = mapped_column(unique=True)
    preferences: Mapped[dict[str, Any]] = mapped_column(server_default=sa.text("'{}'::jsonb"))
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.CheckConstraint("cardinality(roles) > 0", name="roles"),
        sa.CheckConstraint("e_mail = lower(e_mail)", name="e_mail"),
        sa.Index(None, "name", "id"),
    )


class AgentClient(ProviderRow, Base):
    """A client that a limited agent may see."""

    __tablename__ = "agent_client"
    __isolation__ = provider_table("SELECT INSERT DELETE")

    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"))
    client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tenant.id"))

    __table_args__ = (sa.UniqueConstraint("agent_id", "client_id"),)


class Team(ProviderRow, Base):
    """A group of agents that tickets are routed to."""

    __tablename__ = "team"
    __isolation__ = provider_table()

    name: Mapped[str] = mapped_column(unique=True)
    e_mail: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    external_key: Mapped[str | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}


class TeamMember(ProviderRow, Base):
    """An agent's place in a team; the lead is told first."""

    __tablename__ = "team_member"
    __isolation__ = provider_table("SELECT INSERT UPDATE DELETE")

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"), index=True)
    is_lead: Mapped[bool] = mapped_column(server_default=sa.false())

    __table_args__ = (sa.UniqueConstraint("team_id", "agent_id"),)
