"""Approvals: the question, its seats, what was recorded, links in mails, covers, a client's policy."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.isolation import client_table

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

RIGHTS = {
    "approval": ("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
    "approval_seat": ("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
    "approval_entry": ("SELECT, INSERT", "SELECT, INSERT"),
    "approval_link": ("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
    "approval_cover": ("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
    "approval_policy": ("SELECT", "SELECT, INSERT, UPDATE"),
}


def upgrade() -> None:
    for make in (_approval, _seat, _entry, _link, _cover, _policy):
        make()
    for table, (tenant, staff) in RIGHTS.items():
        client_table(table, tenant=tenant, staff=staff)


def downgrade() -> None:
    for table in reversed(RIGHTS):
        op.drop_table(table)


def _approval() -> None:
    op.create_table(
        "approval",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("shown", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shown_hash", sa.Text(), nullable=False),
        sa.Column("chain", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("chain_version", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("cost_centre", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("requester_contact_id", sa.Uuid(), nullable=True),
        sa.Column("requester_agent_id", sa.Uuid(), nullable=True),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.Column("stage_name", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_approval_ended")),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'rejected', 'withdrawn', 'expired', 'voided')", name=op.f("ck_approval_state")
        ),
        sa.ForeignKeyConstraint(["requester_agent_id"], ["agent.id"], name=op.f("fk_approval_requester_agent_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "replaces_id"], ["approval.tenant_id", "approval.id"], name=op.f("fk_approval_tenant_id_replaces_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "requester_contact_id"],
            ["contact.tenant_id", "contact.id"],
            name=op.f("fk_approval_tenant_id_requester_contact_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id", "site_id"], ["site.tenant_id", "site.id"], name=op.f("fk_approval_tenant_id_site_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_approval_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_approval")),
    )
    op.create_index("ix_approval_all_newest", "approval", [sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index(op.f("ix_approval_id"), "approval", ["id"])
    op.create_index("ix_approval_newest", "approval", ["tenant_id", sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index("ix_approval_next", "approval", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL"))
    op.create_index("ix_approval_requester", "approval", ["tenant_id", "requester_contact_id"])
    op.create_index(op.f("ix_approval_tenant_id_subject_kind_subject_id"), "approval", ["tenant_id", "subject_kind", "subject_id"])
    op.create_index(
        "uq_approval_waiting",
        "approval",
        ["tenant_id", "subject_kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _seat() -> None:
    op.create_table(
        "approval_seat",
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("holder_contact_id", sa.Uuid(), nullable=True),
        sa.Column("holder_agent_id", sa.Uuid(), nullable=True),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("is_raised", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("channel IN ('portal', 'console', 'mail', 'api', 'system')", name=op.f("ck_approval_seat_channel")),
        sa.CheckConstraint("decision IN ('approved', 'rejected')", name=op.f("ck_approval_seat_decision")),
        sa.CheckConstraint("(contact_id IS NULL) <> (agent_id IS NULL)", name=op.f("ck_approval_seat_person")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_approval_seat_decided")),
        sa.CheckConstraint("(holder_contact_id IS NULL) <> (holder_agent_id IS NULL)", name=op.f("ck_approval_seat_holder")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_approval_seat_agent_id")),
        sa.ForeignKeyConstraint(["holder_agent_id"], ["agent.id"], name=op.f("fk_approval_seat_holder_agent_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "approval_id"], ["approval.tenant_id", "approval.id"], name=op.f("fk_approval_seat_tenant_id_approval_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_approval_seat_tenant_id_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "holder_contact_id"],
            ["contact.tenant_id", "contact.id"],
            name=op.f("fk_approval_seat_tenant_id_holder_contact_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_approval_seat_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_approval_seat")),
    )
    op.create_index(
        "ix_approval_seat_agent", "approval_seat", ["holder_agent_id", "is_open"], postgresql_where=sa.text("holder_agent_id IS NOT NULL")
    )
    op.create_index("ix_approval_seat_contact", "approval_seat", ["tenant_id", "contact_id"])
    op.create_index("ix_approval_seat_holder", "approval_seat", ["tenant_id", "holder_contact_id", "is_open"])
    op.create_index(op.f("ix_approval_seat_id"), "approval_seat", ["id"])
    op.create_index(op.f("ix_approval_seat_tenant_id_approval_id"), "approval_seat", ["tenant_id", "approval_id"])


def _entry() -> None:
    op.create_table(
        "approval_entry",
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("actor_kind IN ('contact', 'agent', 'system')", name=op.f("ck_approval_entry_actor_kind")),
        sa.CheckConstraint("channel IN ('portal', 'console', 'mail', 'api', 'system')", name=op.f("ck_approval_entry_channel")),
        sa.CheckConstraint(
            "kind IN ('seated', 'answered', 'delegated', 'raised', 'expired', 'withdrawn', 'changed', 'reminded', 'sent', 'disowned')",
            name=op.f("ck_approval_entry_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "approval_id"], ["approval.tenant_id", "approval.id"], name=op.f("fk_approval_entry_tenant_id_approval_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_approval_entry_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_approval_entry")),
        sa.UniqueConstraint("tenant_id", "approval_id", "number", name=op.f("uq_approval_entry_tenant_id_approval_id_number")),
    )
    op.create_index(op.f("ix_approval_entry_id"), "approval_entry", ["id"])


def _link() -> None:
    op.create_table(
        "approval_link",
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disowned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "approval_id"], ["approval.tenant_id", "approval.id"], name=op.f("fk_approval_link_tenant_id_approval_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_approval_link_tenant_id_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "seat_id"], ["approval_seat.tenant_id", "approval_seat.id"], name=op.f("fk_approval_link_tenant_id_seat_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_approval_link_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_approval_link")),
    )
    op.create_index(op.f("ix_approval_link_id"), "approval_link", ["id"])
    op.create_index(op.f("ix_approval_link_tenant_id_seat_id"), "approval_link", ["tenant_id", "seat_id"])


def _cover() -> None:
    op.create_table(
        "approval_cover",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("cover_id", sa.Uuid(), nullable=False),
        sa.Column("cover_name", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("contact_id <> cover_id", name=op.f("ck_approval_cover_other")),
        sa.CheckConstraint("from_at < until_at", name=op.f("ck_approval_cover_span")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_approval_cover_tenant_id_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cover_id"], ["contact.tenant_id", "contact.id"], name=op.f("fk_approval_cover_tenant_id_cover_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_approval_cover_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_approval_cover")),
    )
    op.create_index(op.f("ix_approval_cover_id"), "approval_cover", ["id"])
    op.create_index(op.f("ix_approval_cover_tenant_id_contact_id_until_at"), "approval_cover", ["tenant_id", "contact_id", "until_at"])


def _policy() -> None:
    op.create_table(
        "approval_policy",
        sa.Column("links_decide", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_approval_policy_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_approval_policy")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_approval_policy_tenant_id")),
    )
    op.create_index(op.f("ix_approval_policy_id"), "approval_policy", ["id"])
