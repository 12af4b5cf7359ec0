"""Platform tables of identity: reached through reviewed functions only."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.ids import new_id
from msp.core.tables import platform_table


class Person(Base):
    """A human being, known by one e-mail address over all companies."""

    __tablename__ = "person"
    __isolation__ = platform_table("one person may have contacts in several companies")

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    e_mail: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    __table_args__ = (sa.CheckConstraint("e_mail = lower(e_mail)", name="e_mail"),)


class Credential(Base):
    """What a person proves himself with."""

    __tablename__ = "credential"
    __isolation__ = platform_table("password and second factor belong to the person")

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str | None] = mapped_column(info={"secret": True})
    changed_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    totp_secret: Mapped[str | None] = mapped_column(info={"secret": True})
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(sa.BigInteger)


class RecoveryCode(Base):
    """A code that stands in for the second factor once."""

    __tablename__ = "recovery_code"
    __isolation__ = platform_table("belongs to the person's second factor")

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(info={"secret": True})
    spent_at: Mapped[datetime | None]


class SignInSession(Base):
    """A sign-in on one host, and so in one company."""

    __tablename__ = "session"
    __isolation__ = platform_table("looked up before a scope exists")

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(unique=True, info={"secret": True})
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    tenant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tenant.id"))
    host: Mapped[str]
    contact_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime]
    reauthenticated_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    end_reason: Mapped[str | None]

    __table_args__ = (
        sa.CheckConstraint("(contact_id IS NULL) <> (agent_id IS NULL)", name="one_side"),
        sa.ForeignKeyConstraint(["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
    )


class OneTimeLink(Base):
    """A single-use, expiring link: invitation, reset, second step of a sign-in, hand-over to another company's host."""

    __tablename__ = "one_time_link"
    __isolation__ = platform_table("spent before a scope exists")

    hash: Mapped[str] = mapped_column(primary_key=True, info={"secret": True})
    purpose: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    tenant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tenant.id"))
    session_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("session.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint("purpose IN ('invitation', 'reset', 'hand_over', 'second_step')", name="purpose"),
    )


class ApiToken(Base):
    """A key for the API; never more than its owner has now."""

    __tablename__ = "api_token"
    __isolation__ = platform_table("looked up before a scope exists")

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hash: Mapped[str] = mapped_column(unique=True, info={"secret": True})
    prefix: Mapped[str]
    name: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    tenant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tenant.id"))
    contact_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))
    scopes: Mapped[list[str]]
    client_ids: Mapped[list[UUID] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint("(contact_id IS NULL) <> (agent_id IS NULL)", name="one_side"),
        sa.ForeignKeyConstraint(["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"]),
    )
