"""The approval, its seats, what was recorded about it, links in mails, covers, and a client's policy."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, client_key, client_table

STATES = ("waiting", "approved", "rejected", "withdrawn", "expired", "voided")
CHANNELS = ("portal", "console", "mail", "api", "system")
KINDS = ("seated", "answered", "delegated", "raised", "expired", "withdrawn", "changed", "reminded", "sent", "disowned", "moved")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class Approval(ClientRow, Base):
    """One question to a chain of people about one thing: what was shown, under which chain, and where it stands.

    The subject is known by kind and id alone. `stage` is the number in the chain of what is asked now; `next_at` the instant at
    which time does something to it. Asked again after a change, the new row names the old one. `barred` are those besides the
    requester who do not decide, as `contact:…` or `agent:…`.
    """

    __tablename__ = "approval"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    title: Mapped[str]
    reference: Mapped[str]
    shown: Mapped[dict[str, Any]]
    shown_hash: Mapped[str]
    chain: Mapped[dict[str, Any]]
    chain_version: Mapped[int]
    site_id: Mapped[UUID | None]
    cost_centre: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    requester_contact_id: Mapped[UUID | None]
    requester_agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))
    requester_name: Mapped[str]
    barred: Mapped[list[str]] = mapped_column(ARRAY(sa.Text()), server_default="{}")
    stage: Mapped[int | None]
    stage_name: Mapped[str | None]
    note: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    replaces_id: Mapped[UUID | None]
    entries: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (
        client_key("site_id", "site"),
        client_key("requester_contact_id", "contact"),
        client_key("replaces_id", "approval"),
        sa.CheckConstraint(_one_of("state", STATES), name="state"),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
        sa.Index(None, "tenant_id", "subject_kind", "subject_id"),
        sa.Index("ix_approval_newest", "tenant_id", sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_approval_all_newest", sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_approval_requester", "tenant_id", "requester_contact_id"),
        sa.Index("ix_approval_next", "next_at", postgresql_where=sa.text("next_at IS NOT NULL")),
        sa.Index(
            "uq_approval_waiting", "tenant_id", "subject_kind", "subject_id", unique=True,
            postgresql_where=sa.text("state = 'waiting'"),
        ),
    )  # fmt: skip

    @property
    def is_waiting(self) -> bool:
        return self.state == "waiting"


class Seat(ClientRow, Base):
    """One person's place in a stage, as he was when it opened; `holder_…` is who decides in his place.

    `is_open`: its holder may decide now. It follows from what was recorded and is kept for lists.
    """

    __tablename__ = "approval_seat"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    approval_id: Mapped[UUID]
    stage: Mapped[int]
    contact_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))
    person_name: Mapped[str]
    holder_contact_id: Mapped[UUID | None]
    holder_agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agent.id"))
    holder_name: Mapped[str]
    is_raised: Mapped[bool] = mapped_column(server_default=sa.false())
    is_open: Mapped[bool] = mapped_column(server_default=sa.true())
    decision: Mapped[str | None]
    reason: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    channel: Mapped[str | None]
    address: Mapped[str | None]
    link_id: Mapped[UUID | None]
    token_id: Mapped[UUID | None]

    __table_args__: Any = (
        client_key("approval_id", "approval"),
        client_key("contact_id", "contact"),
        client_key("holder_contact_id", "contact"),
        sa.CheckConstraint("(contact_id IS NULL) <> (agent_id IS NULL)", name="person"),
        sa.CheckConstraint("(holder_contact_id IS NULL) <> (holder_agent_id IS NULL)", name="holder"),
        sa.CheckConstraint("decision IN ('approved', 'rejected')", name="decision"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint(_one_of("channel", CHANNELS), name="channel"),
        sa.Index(None, "tenant_id", "approval_id"),
        sa.Index("ix_approval_seat_holder", "tenant_id", "holder_contact_id", "is_open"),
        sa.Index("ix_approval_seat_contact", "tenant_id", "contact_id"),
        sa.Index("ix_approval_seat_agent", "holder_agent_id", "is_open", postgresql_where=sa.text("holder_agent_id IS NOT NULL")),
    )

    @property
    def is_passed_on(self) -> bool:
        return (self.contact_id, self.agent_id) != (self.holder_contact_id, self.holder_agent_id)


class Entry(ClientRow, Base):
    """Something that happened to an approval: added, never changed. The state is what these make of the chain."""

    __tablename__ = "approval_entry"
    __isolation__ = client_table("SELECT INSERT", "SELECT INSERT")

    approval_id: Mapped[UUID]
    number: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str]
    seat_id: Mapped[UUID | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    channel: Mapped[str]
    address: Mapped[str | None]
    link_id: Mapped[UUID | None]
    token_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]

    __table_args__: Any = (
        client_key("approval_id", "approval"),
        sa.CheckConstraint(_one_of("kind", KINDS), name="kind"),
        sa.CheckConstraint(_one_of("channel", CHANNELS), name="channel"),
        sa.CheckConstraint("actor_kind IN ('contact', 'agent', 'system')", name="actor_kind"),
        sa.UniqueConstraint("tenant_id", "approval_id", "number"),
        sa.Index(
            "ix_approval_entry_former", "tenant_id", sa.text("(data ->> 'by')"),
            postgresql_where=sa.text("kind IN ('delegated', 'moved')"),
        ),
    )


class Link(ClientRow, Base):
    """A link in a mail: for one seat, one contact and one decision, until it is spent, disowned or too old."""

    __tablename__ = "approval_link"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    approval_id: Mapped[UUID]
    seat_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    disowned_at: Mapped[datetime | None]

    __table_args__: Any = (
        client_key("approval_id", "approval"),
        client_key("seat_id", "approval_seat"),
        client_key("contact_id", "contact"),
        sa.Index(None, "tenant_id", "seat_id"),
    )


class Cover(ClientRow, Base):
    """Who is asked in a contact's place while he is away; at `begun_at` what waited for him went to the cover."""

    __tablename__ = "approval_cover"
    __isolation__ = client_table("SELECT INSERT UPDATE")

    contact_id: Mapped[UUID]
    cover_id: Mapped[UUID]
    cover_name: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]

    __table_args__: Any = (
        client_key("contact_id", "contact"),
        client_key("cover_id", "contact"),
        sa.CheckConstraint("from_at < until_at", name="span"),
        sa.CheckConstraint("contact_id <> cover_id", name="other"),
        sa.Index(None, "tenant_id", "contact_id", "until_at"),
        sa.Index("ix_approval_cover_begins", "from_at", postgresql_where=sa.text("begun_at IS NULL")),
    )


class ApprovalPolicy(ClientRow, Base):
    """What a client allows. Without a row: links in mails decide without a sign-in."""

    __tablename__ = "approval_policy"
    __isolation__ = client_table("SELECT")

    links_decide: Mapped[bool] = mapped_column(server_default=sa.true())
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (sa.UniqueConstraint("tenant_id"),)
