"""The ticket and what hangs on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, ProviderRow, client_key, client_table, provider_table
from msp.itsm.tickets.states import KINDS, SOURCES, STATES


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _derived(**options: Any) -> Any:
    """A column that follows from other rows: lists sort by it, the audit trail leaves it out."""
    return mapped_column(info={"derived": True}, **options)


class Counter(ClientRow, Base):
    """The last reference number given in a client."""

    __tablename__ = "ticket_counter"
    __isolation__ = client_table("SELECT INSERT UPDATE")
    __audited__ = False

    last: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (sa.UniqueConstraint("tenant_id"),)


class Category(ClientRow, Base):
    """A node of the client's category tree; `path` spells it out for lists."""

    __tablename__ = "category"
    __isolation__ = client_table("SELECT")

    parent_id: Mapped[UUID | None]
    name: Mapped[str]
    path: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (client_key("parent_id", "category"), sa.UniqueConstraint("tenant_id", "path"))


class Ticket(ClientRow, Base):
    """An incident or a request. Names of people of the provider are copied: a contact may read them here, not there.

    `version` counts changes of the ticket's own fields; a message does not make somebody's open form stale.

    The `sla_*` instants follow the ticket's clocks: what is next due, when it is at risk, when it breaches.
    """

    __tablename__ = "ticket"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    number: Mapped[int]
    ref: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="new")
    is_open: Mapped[bool] = mapped_column(
        sa.Boolean, sa.Computed("status NOT IN ('resolved', 'closed', 'cancelled', 'misfiled')", persisted=True)
    )
    subject: Mapped[str]
    requester_id: Mapped[UUID]
    requester_name: Mapped[str]
    site_id: Mapped[UUID | None]
    source: Mapped[str]
    category_id: Mapped[UUID | None]
    impact: Mapped[int] = mapped_column(server_default="2")
    urgency: Mapped[int] = mapped_column(server_default="2")
    priority: Mapped[int]
    is_priority_set: Mapped[bool] = mapped_column(server_default=sa.false())
    service: Mapped[str | None]
    ci_name: Mapped[str | None]
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"))
    team_name: Mapped[str | None]
    assignee_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))
    assignee_name: Mapped[str | None]
    waiting_reason: Mapped[str | None]
    custom: Mapped[dict[str, Any]] = mapped_column(server_default=sa.text("'{}'::jsonb"))
    external_key: Mapped[str | None]
    opened_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = _derived()
    answered_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopened_count: Mapped[int] = mapped_column(server_default="0")
    message_count: Mapped[int] = _derived(server_default="0")
    sla_clock: Mapped[str | None] = _derived()
    sla_standing: Mapped[str] = _derived(server_default="none")
    sla_due_at: Mapped[datetime | None] = _derived()
    sla_risk_at: Mapped[datetime | None] = _derived()
    sla_breaches_at: Mapped[datetime | None] = _derived()
    sla_paused_at: Mapped[datetime | None] = _derived()
    sla_target_seconds: Mapped[int | None] = _derived()
    sla_elapsed_seconds: Mapped[int | None] = _derived()
    sla_outcome: Mapped[str | None] = _derived()
    sla_stopped_at: Mapped[datetime | None] = _derived()
    version: Mapped[int] = mapped_column(server_default="1")
    search: Mapped[Any] = mapped_column(
        TSVECTOR,
        sa.Computed(
            "to_tsvector('simple', ref || ' ' || subject || ' ' || requester_name || ' ' || coalesce(ci_name, '')"
            " || ' ' || coalesce(service, ''))",
            persisted=True,
        ),
        deferred=True,
    )

    __table_args__ = (
        client_key("requester_id", "contact"),
        client_key("site_id", "site", optional=True),
        client_key("category_id", "category", optional=True),
        sa.UniqueConstraint("tenant_id", "number"),
        sa.UniqueConstraint("tenant_id", "ref"),
        sa.UniqueConstraint("tenant_id", "external_key"),
        _one_of("kind", KINDS),
        _one_of("status", STATES),
        _one_of("source", SOURCES),
        sa.CheckConstraint("impact BETWEEN 1 AND 3 AND urgency BETWEEN 1 AND 3", name="impact_urgency"),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
        sa.CheckConstraint("sla_standing IN ('running', 'paused', 'stopped', 'none')", name="sla_standing"),
        sa.CheckConstraint("char_length(subject) BETWEEN 1 AND 300", name="subject"),
        sa.Index("ix_ticket_queue", "sla_due_at", "id", postgresql_where=sa.text("is_open")),
        sa.Index("ix_ticket_client_queue", "tenant_id", "sla_due_at", "id", postgresql_where=sa.text("is_open")),
        sa.Index(
            "ix_ticket_status", "status", sa.text("updated_at DESC"), sa.text("id DESC"),
            postgresql_where=sa.text("status NOT IN ('closed', 'cancelled')"),
        ),
        sa.Index(
            "ix_ticket_pace", "sla_standing", "sla_breaches_at", "sla_risk_at", "sla_outcome", postgresql_include=["tenant_id"],
            postgresql_where=sa.text("is_open"),
        ),
        sa.Index("ix_ticket_newest", sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_ticket_client_newest", "tenant_id", sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_ticket_updated", sa.text("updated_at DESC"), sa.text("id DESC")),
        sa.Index("ix_ticket_client_updated", "tenant_id", sa.text("updated_at DESC"), sa.text("id DESC")),
        sa.Index("ix_ticket_requester", "tenant_id", "requester_id", sa.text("updated_at DESC"), sa.text("id DESC")),
        sa.Index("ix_ticket_site", "tenant_id", "site_id", sa.text("updated_at DESC"), sa.text("id DESC")),
        sa.Index("ix_ticket_assignee", "assignee_id", "sla_due_at", "id", postgresql_where=sa.text("is_open")),
        sa.Index("ix_ticket_team", "team_id", "sla_due_at", "id", postgresql_where=sa.text("is_open")),
        sa.Index("ix_ticket_ref", "ref"),
        sa.Index("ix_ticket_search", "tenant_id", "search", postgresql_using="gin"),
    )  # fmt: skip


class Message(ClientRow, Base):
    """A public reply or an internal note; written once."""

    __tablename__ = "message"
    __isolation__ = client_table("SELECT INSERT", "SELECT INSERT", internal=True)
    __audited__ = False

    ticket_id: Mapped[UUID]
    is_internal: Mapped[bool]
    author_kind: Mapped[str]
    author_id: Mapped[UUID | None]
    author_name: Mapped[str]
    body: Mapped[str]
    via: Mapped[str]
    sent_at: Mapped[datetime]
    search: Mapped[Any] = mapped_column(TSVECTOR, sa.Computed("to_tsvector('simple', left(body, 100000))", persisted=True), deferred=True)

    __table_args__ = (
        client_key("ticket_id", "ticket"),
        sa.Index(None, "tenant_id", "ticket_id", "sent_at", "id"),
        sa.CheckConstraint("author_kind IN ('agent', 'contact', 'system')", name="author_kind"),
        sa.Index("ix_message_search", "tenant_id", "search", postgresql_using="gin"),
    )


class Attachment(ClientRow, Base):
    """A file: a row first, bound to a message when that is saved, swept when it never is."""

    __tablename__ = "attachment"
    __isolation__ = client_table("SELECT INSERT UPDATE", internal=True)

    ticket_id: Mapped[UUID | None]
    message_id: Mapped[UUID | None]
    is_internal: Mapped[bool]
    state: Mapped[str] = mapped_column(server_default="pending")
    uploader_kind: Mapped[str]
    uploader_id: Mapped[UUID | None]
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str]
    storage_key: Mapped[str]
    preview_key: Mapped[str | None]
    held_reason: Mapped[str | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        client_key("ticket_id", "ticket"),
        client_key("message_id", "message"),
        sa.Index(None, "tenant_id", "ticket_id"),
        sa.Index("ix_attachment_pending", "created_at", postgresql_where=sa.text("state = 'pending'")),
        sa.CheckConstraint("state IN ('pending', 'bound', 'held', 'swept')", name="state"),
    )


class TimelineEntry(ClientRow, Base):
    """Everything that happened to a ticket, for people to read."""

    __tablename__ = "timeline_entry"
    __isolation__ = client_table("SELECT INSERT", "SELECT INSERT", internal=True)
    __audited__ = False

    ticket_id: Mapped[UUID]
    at: Mapped[datetime]
    kind: Mapped[str]
    is_internal: Mapped[bool]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    data: Mapped[dict[str, Any]]

    __table_args__ = (client_key("ticket_id", "ticket"), sa.Index(None, "tenant_id", "ticket_id", "at", "id"))


class Follower(ClientRow, Base):
    """A contact or an agent who is told of public replies; a contact who follows may read the ticket."""

    __tablename__ = "follower"
    __isolation__ = client_table("SELECT INSERT DELETE", "SELECT INSERT DELETE")

    ticket_id: Mapped[UUID]
    contact_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))
    name: Mapped[str]

    __table_args__ = (
        client_key("ticket_id", "ticket"),
        client_key("contact_id", "contact"),
        sa.CheckConstraint("(contact_id IS NULL) <> (agent_id IS NULL)", name="one_side"),
        sa.UniqueConstraint("tenant_id", "ticket_id", "contact_id"),
        sa.UniqueConstraint("tenant_id", "ticket_id", "agent_id"),
        sa.Index(None, "tenant_id", "contact_id"),
    )


class Tag(ClientRow, Base):
    """A word on a ticket, in small letters; agents only."""

    __tablename__ = "ticket_tag"
    __isolation__ = client_table("", "SELECT INSERT DELETE")

    ticket_id: Mapped[UUID]
    tag: Mapped[str]

    __table_args__ = (
        client_key("ticket_id", "ticket"),
        sa.UniqueConstraint("tenant_id", "ticket_id", "tag"),
        sa.Index(None, "tenant_id", "tag"),
    )


class Refiling(ClientRow, Base):
    """Where a misfiled ticket went, or came from; staff only. The other side is named, not linked."""

    __tablename__ = "refiling"
    __isolation__ = client_table("", "SELECT INSERT")

    ticket_id: Mapped[UUID]
    direction: Mapped[str]
    other_tenant_id: Mapped[UUID]
    other_ticket_id: Mapped[UUID]
    other_ref: Mapped[str]
    at: Mapped[datetime]
    actor_name: Mapped[str]

    __table_args__ = (
        client_key("ticket_id", "ticket"),
        sa.CheckConstraint("direction IN ('to', 'from')", name="direction"),
        sa.Index(None, "tenant_id", "ticket_id"),
    )


class ReadMarker(ClientRow, Base):
    """How far an agent has read a ticket."""

    __tablename__ = "read_marker"
    __isolation__ = client_table("", "SELECT INSERT UPDATE")
    __audited__ = False

    ticket_id: Mapped[UUID]
    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"))
    read_at: Mapped[datetime]

    __table_args__ = (client_key("ticket_id", "ticket"), sa.UniqueConstraint("tenant_id", "agent_id", "ticket_id"))


class BulkRun(ProviderRow, Base):
    """One act on many tickets, as its agent asked for it. `total` counts what was named, also what was not there.

    `undoes_id`: this run puts back what that one changed.
    """

    __tablename__ = "bulk_run"
    __isolation__ = provider_table("SELECT INSERT UPDATE DELETE")

    agent_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agent.id"), index=True)
    act: Mapped[str]
    args: Mapped[dict[str, Any]]
    query: Mapped[str]
    total: Mapped[int]
    begun_at: Mapped[datetime] = mapped_column(index=True)
    stopped_at: Mapped[datetime | None]
    undoes_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("bulk_run.id"), unique=True)

    __table_args__ = (_one_of("act", ("assign", "move", "classify", "tag")),)


class BulkItem(ClientRow, Base):
    """One ticket of a bulk run: as it was when the run began, what became of it, and what the act may change, before and after."""

    __tablename__ = "bulk_item"
    __isolation__ = client_table("", "SELECT INSERT UPDATE DELETE")
    __audited__ = False

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bulk_run.id"), index=True)
    ticket_id: Mapped[UUID]
    version: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    __table_args__ = (
        client_key("ticket_id", "ticket"),
        sa.UniqueConstraint("tenant_id", "run_id", "ticket_id"),
        _one_of("state", ("waiting", "done", "skipped")),
    )
