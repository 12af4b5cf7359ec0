"""Service levels and tickets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.functions import search
from migrations.isolation import client_table, definer_rows, function, provider_table

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('category',
    sa.Column('parent_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'parent_id'], ['category.tenant_id', 'category.id'], name=op.f('fk_category_tenant_id_parent_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_category_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_category')),
    sa.UniqueConstraint('tenant_id', 'path', name=op.f('uq_category_tenant_id_path'))
    )
    op.create_index(op.f('ix_category_id'), 'category', ['id'], unique=False)
    op.create_table('sla_subject',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('attributes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('facts_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('is_open', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_sla_subject_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_sla_subject'))
    )
    op.create_index(op.f('ix_sla_subject_id'), 'sla_subject', ['id'], unique=False)
    op.create_table('sla_template',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), server_default='1', nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('is_default', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("kind IN ('calendar', 'policy', 'matrix')", name=op.f('ck_sla_template_kind')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_sla_template_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sla_template')),
    sa.UniqueConstraint('kind', 'name', name=op.f('uq_sla_template_kind_name'))
    )
    op.create_table('ticket_counter',
    sa.Column('last', sa.Integer(), server_default='0', nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_ticket_counter_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_ticket_counter')),
    sa.UniqueConstraint('tenant_id', name=op.f('uq_ticket_counter_tenant_id'))
    )
    op.create_index(op.f('ix_ticket_counter_id'), 'ticket_counter', ['id'], unique=False)
    op.create_table('sla_definition',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('template_id', sa.Uuid(), nullable=True),
    sa.Column('template_number', sa.Integer(), nullable=True),
    sa.Column('is_default', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("kind IN ('calendar', 'policy', 'matrix')", name=op.f('ck_sla_definition_kind')),
    sa.ForeignKeyConstraint(['template_id'], ['sla_template.id'], name=op.f('fk_sla_definition_template_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_sla_definition_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_sla_definition')),
    sa.UniqueConstraint('tenant_id', 'kind', 'name', name=op.f('uq_sla_definition_tenant_id_kind_name'))
    )
    op.create_index(op.f('ix_sla_definition_id'), 'sla_definition', ['id'], unique=False)
    op.create_index('uq_sla_definition_default', 'sla_definition', ['tenant_id', 'kind'], unique=True, postgresql_where=sa.text('is_default'))
    op.create_table('sla_fact',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_kind', sa.Text(), nullable=False),
    sa.Column('actor_name', sa.Text(), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("kind IN ('opened', 'acknowledged', 'replied', 'assigned', 'handed_over', 'waiting', 'resumed', 'resolved', 'reopened', 'cancelled', 'merged', 'closed', 'reclassified', 'redefined', 'exempted')", name=op.f('ck_sla_fact_kind')),
    sa.ForeignKeyConstraint(['tenant_id', 'subject_id'], ['sla_subject.tenant_id', 'sla_subject.id'], name=op.f('fk_sla_fact_tenant_id_subject_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_sla_fact_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_sla_fact')),
    sa.UniqueConstraint('tenant_id', 'subject_id', 'number', name=op.f('uq_sla_fact_tenant_id_subject_id_number'))
    )
    op.create_index(op.f('ix_sla_fact_id'), 'sla_fact', ['id'], unique=False)
    op.create_table('sla_definition_version',
    sa.Column('definition_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('effective_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('author_name', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'definition_id'], ['sla_definition.tenant_id', 'sla_definition.id'], name=op.f('fk_sla_definition_version_tenant_id_definition_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_sla_definition_version_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_sla_definition_version')),
    sa.UniqueConstraint('tenant_id', 'definition_id', 'number', name=op.f('uq_sla_definition_version_tenant_id_definition_id_number'))
    )
    op.create_index(op.f('ix_sla_definition_version_id'), 'sla_definition_version', ['id'], unique=False)
    op.create_table('ticket',
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('ref', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), server_default='new', nullable=False),
    sa.Column('is_open', sa.Boolean(), sa.Computed("status NOT IN ('resolved', 'closed', 'cancelled', 'misfiled')", persisted=True), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('requester_id', sa.Uuid(), nullable=False),
    sa.Column('requester_name', sa.Text(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=True),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('category_id', sa.Uuid(), nullable=True),
    sa.Column('impact', sa.Integer(), server_default='2', nullable=False),
    sa.Column('urgency', sa.Integer(), server_default='2', nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('is_priority_set', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('service', sa.Text(), nullable=True),
    sa.Column('ci_name', sa.Text(), nullable=True),
    sa.Column('team_id', sa.Uuid(), nullable=True),
    sa.Column('team_name', sa.Text(), nullable=True),
    sa.Column('assignee_id', sa.Uuid(), nullable=True),
    sa.Column('assignee_name', sa.Text(), nullable=True),
    sa.Column('waiting_reason', sa.Text(), nullable=True),
    sa.Column('custom', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('external_key', sa.Text(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopened_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('message_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('sla_clock', sa.Text(), nullable=True),
    sa.Column('sla_standing', sa.Text(), server_default='none', nullable=False),
    sa.Column('sla_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sla_risk_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sla_breaches_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sla_paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sla_target_seconds', sa.Integer(), nullable=True),
    sa.Column('sla_elapsed_seconds', sa.Integer(), nullable=True),
    sa.Column('sla_outcome', sa.Text(), nullable=True),
    sa.Column('sla_stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('search', postgresql.TSVECTOR(), sa.Computed("to_tsvector('simple', ref || ' ' || subject || ' ' || requester_name || ' ' || coalesce(ci_name, '') || ' ' || coalesce(service, ''))", persisted=True), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("kind IN ('incident', 'request')", name=op.f('ck_ticket_kind')),
    sa.CheckConstraint("sla_standing IN ('running', 'paused', 'stopped', 'none')", name=op.f('ck_ticket_sla_standing')),
    sa.CheckConstraint("source IN ('portal', 'console', 'phone', 'in_person', 'mail', 'api', 'monitoring')", name=op.f('ck_ticket_source')),
    sa.CheckConstraint("status IN ('new', 'waiting_for_approval', 'open', 'waiting_for_client', 'waiting_for_supplier', 'scheduled', 'resolved', 'closed', 'cancelled', 'misfiled')", name=op.f('ck_ticket_status')),
    sa.CheckConstraint('char_length(subject) BETWEEN 1 AND 300', name=op.f('ck_ticket_subject')),
    sa.CheckConstraint('impact BETWEEN 1 AND 3 AND urgency BETWEEN 1 AND 3', name=op.f('ck_ticket_impact_urgency')),
    sa.CheckConstraint('priority BETWEEN 1 AND 4', name=op.f('ck_ticket_priority')),
    sa.ForeignKeyConstraint(['assignee_id'], ['agent.id'], name=op.f('fk_ticket_assignee_id')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_ticket_team_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'category_id'], ['category.tenant_id', 'category.id'], name=op.f('fk_ticket_tenant_id_category_id'), ondelete='SET NULL (category_id)'),
    sa.ForeignKeyConstraint(['tenant_id', 'requester_id'], ['contact.tenant_id', 'contact.id'], name=op.f('fk_ticket_tenant_id_requester_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'site_id'], ['site.tenant_id', 'site.id'], name=op.f('fk_ticket_tenant_id_site_id'), ondelete='SET NULL (site_id)'),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_ticket_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_ticket')),
    sa.UniqueConstraint('tenant_id', 'external_key', name=op.f('uq_ticket_tenant_id_external_key')),
    sa.UniqueConstraint('tenant_id', 'number', name=op.f('uq_ticket_tenant_id_number')),
    sa.UniqueConstraint('tenant_id', 'ref', name=op.f('uq_ticket_tenant_id_ref'))
    )
    op.create_index('ix_ticket_assignee', 'ticket', ['assignee_id', 'sla_due_at', 'id'], unique=False, postgresql_where=sa.text('is_open'))
    op.create_index('ix_ticket_client_newest', 'ticket', ['tenant_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index('ix_ticket_client_queue', 'ticket', ['tenant_id', 'sla_due_at', 'id'], unique=False, postgresql_where=sa.text('is_open'))
    op.create_index('ix_ticket_client_updated', 'ticket', ['tenant_id', sa.literal_column('updated_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index(op.f('ix_ticket_id'), 'ticket', ['id'], unique=False)
    op.create_index('ix_ticket_newest', 'ticket', [sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index('ix_ticket_queue', 'ticket', ['sla_due_at', 'id'], unique=False, postgresql_where=sa.text('is_open'))
    op.create_index('ix_ticket_ref', 'ticket', ['ref'], unique=False)
    op.create_index('ix_ticket_requester', 'ticket', ['tenant_id', 'requester_id', sa.literal_column('updated_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index('ix_ticket_search', 'ticket', ['tenant_id', 'search'], unique=False, postgresql_using='gin')
    op.create_index('ix_ticket_site', 'ticket', ['tenant_id', 'site_id', sa.literal_column('updated_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_index('ix_ticket_team', 'ticket', ['team_id', 'sla_due_at', 'id'], unique=False, postgresql_where=sa.text('is_open'))
    op.create_index('ix_ticket_updated', 'ticket', [sa.literal_column('updated_at DESC'), sa.literal_column('id DESC')], unique=False)
    op.create_table('follower',
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('agent_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint('(contact_id IS NULL) <> (agent_id IS NULL)', name=op.f('ck_follower_one_side')),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_follower_agent_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'contact_id'], ['contact.tenant_id', 'contact.id'], name=op.f('fk_follower_tenant_id_contact_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'ticket_id'], ['ticket.tenant_id', 'ticket.id'], name=op.f('fk_follower_tenant_id_ticket_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_follower_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_follower')),
    sa.UniqueConstraint('tenant_id', 'ticket_id', 'agent_id', name=op.f('uq_follower_tenant_id_ticket_id_agent_id')),
    sa.UniqueConstraint('tenant_id', 'ticket_id', 'contact_id', name=op.f('uq_follower_tenant_id_ticket_id_contact_id'))
    )
    op.create_index(op.f('ix_follower_id'), 'follower', ['id'], unique=False)
    op.create_index(op.f('ix_follower_tenant_id_contact_id'), 'follower', ['tenant_id', 'contact_id'], unique=False)
    op.create_table('message',
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('is_internal', sa.Boolean(), nullable=False),
    sa.Column('author_kind', sa.Text(), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=True),
    sa.Column('author_name', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('via', sa.Text(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('search', postgresql.TSVECTOR(), sa.Computed("to_tsvector('simple', left(body, 100000))", persisted=True), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("author_kind IN ('agent', 'contact', 'system')", name=op.f('ck_message_author_kind')),
    sa.ForeignKeyConstraint(['tenant_id', 'ticket_id'], ['ticket.tenant_id', 'ticket.id'], name=op.f('fk_message_tenant_id_ticket_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_message_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_message'))
    )
    op.create_index(op.f('ix_message_id'), 'message', ['id'], unique=False)
    op.create_index('ix_message_search', 'message', ['tenant_id', 'search'], unique=False, postgresql_using='gin')
    op.create_index(op.f('ix_message_tenant_id_ticket_id_sent_at_id'), 'message', ['tenant_id', 'ticket_id', 'sent_at', 'id'], unique=False)
    op.create_table('read_marker',
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('agent_id', sa.Uuid(), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_read_marker_agent_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'ticket_id'], ['ticket.tenant_id', 'ticket.id'], name=op.f('fk_read_marker_tenant_id_ticket_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_read_marker_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_read_marker')),
    sa.UniqueConstraint('tenant_id', 'agent_id', 'ticket_id', name=op.f('uq_read_marker_tenant_id_agent_id_ticket_id'))
    )
    op.create_index(op.f('ix_read_marker_id'), 'read_marker', ['id'], unique=False)
    op.create_table('refiling',
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('direction', sa.Text(), nullable=False),
    sa.Column('other_tenant_id', sa.Uuid(), nullable=False),
    sa.Column('other_ticket_id', sa.Uuid(), nullable=False),
    sa.Column('other_ref', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_name', sa.Text(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("direction IN ('to', 'from')", name=op.f('ck_refiling_direction')),
    sa.ForeignKeyConstraint(['tenant_id', 'ticket_id'], ['ticket.tenant_id', 'ticket.id'], name=op.f('fk_refiling_tenant_id_ticket_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_refiling_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_refiling'))
    )
    op.create_index(op.f('ix_refiling_id'), 'refiling', ['id'], unique=False)
    op.create_index(op.f('ix_refiling_tenant_id_ticket_id'), 'refiling', ['tenant_id', 'ticket_id'], unique=False)
    op.create_table('sla_clock',
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('cycle', sa.Integer(), nullable=False),
    sa.Column('is_internal', sa.Boolean(), nullable=False),
    sa.Column('is_current', sa.Boolean(), nullable=False),
    sa.Column('priority', sa.Text(), nullable=True),
    sa.Column('policy_version_id', sa.Uuid(), nullable=True),
    sa.Column('calendar_version_id', sa.Uuid(), nullable=True),
    sa.Column('target_seconds', sa.Integer(), nullable=True),
    sa.Column('standing', sa.Text(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('risk_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('breaches_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('breached_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('outcome_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('elapsed_seconds', sa.Integer(), nullable=False),
    sa.Column('is_exempted', sa.Boolean(), nullable=False),
    sa.Column('segments', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('computed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("kind IN ('response', 'update', 'resolution', 'ola', 'underpinning')", name=op.f('ck_sla_clock_kind')),
    sa.CheckConstraint("outcome IN ('met', 'breached')", name=op.f('ck_sla_clock_outcome')),
    sa.CheckConstraint("standing IN ('running', 'paused', 'stopped', 'none')", name=op.f('ck_sla_clock_standing')),
    sa.ForeignKeyConstraint(['tenant_id', 'calendar_version_id'], ['sla_definition_version.tenant_id', 'sla_definition_version.id'], name=op.f('fk_sla_clock_tenant_id_calendar_version_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'policy_version_id'], ['sla_definition_version.tenant_id', 'sla_definition_version.id'], name=op.f('fk_sla_clock_tenant_id_policy_version_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'subject_id'], ['sla_subject.tenant_id', 'sla_subject.id'], name=op.f('fk_sla_clock_tenant_id_subject_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_sla_clock_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_sla_clock')),
    sa.UniqueConstraint('tenant_id', 'subject_id', 'kind', 'cycle', name=op.f('uq_sla_clock_tenant_id_subject_id_kind_cycle'))
    )
    op.create_index(op.f('ix_sla_clock_id'), 'sla_clock', ['id'], unique=False)
    op.create_index('ix_sla_clock_outcome', 'sla_clock', ['tenant_id', 'outcome_at'], unique=False, postgresql_where=sa.text('outcome IS NOT NULL'))
    op.create_table('ticket_tag',
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('tag', sa.Text(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'ticket_id'], ['ticket.tenant_id', 'ticket.id'], name=op.f('fk_ticket_tag_tenant_id_ticket_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_ticket_tag_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_ticket_tag')),
    sa.UniqueConstraint('tenant_id', 'ticket_id', 'tag', name=op.f('uq_ticket_tag_tenant_id_ticket_id_tag'))
    )
    op.create_index(op.f('ix_ticket_tag_id'), 'ticket_tag', ['id'], unique=False)
    op.create_index(op.f('ix_ticket_tag_tenant_id_tag'), 'ticket_tag', ['tenant_id', 'tag'], unique=False)
    op.create_table('timeline_entry',
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('is_internal', sa.Boolean(), nullable=False),
    sa.Column('actor_kind', sa.Text(), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_name', sa.Text(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'ticket_id'], ['ticket.tenant_id', 'ticket.id'], name=op.f('fk_timeline_entry_tenant_id_ticket_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_timeline_entry_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_timeline_entry'))
    )
    op.create_index(op.f('ix_timeline_entry_id'), 'timeline_entry', ['id'], unique=False)
    op.create_index(op.f('ix_timeline_entry_tenant_id_ticket_id_at_id'), 'timeline_entry', ['tenant_id', 'ticket_id', 'at', 'id'], unique=False)
    op.create_table('attachment',
    sa.Column('ticket_id', sa.Uuid(), nullable=True),
    sa.Column('message_id', sa.Uuid(), nullable=True),
    sa.Column('is_internal', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Text(), server_default='pending', nullable=False),
    sa.Column('uploader_kind', sa.Text(), nullable=False),
    sa.Column('uploader_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('content_type', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('storage_key', sa.Text(), nullable=False),
    sa.Column('preview_key', sa.Text(), nullable=True),
    sa.Column('held_reason', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'bound', 'held', 'swept')", name=op.f('ck_attachment_state')),
    sa.ForeignKeyConstraint(['tenant_id', 'message_id'], ['message.tenant_id', 'message.id'], name=op.f('fk_attachment_tenant_id_message_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'ticket_id'], ['ticket.tenant_id', 'ticket.id'], name=op.f('fk_attachment_tenant_id_ticket_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_attachment_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_attachment'))
    )
    op.create_index(op.f('ix_attachment_id'), 'attachment', ['id'], unique=False)
    op.create_index('ix_attachment_pending', 'attachment', ['created_at'], unique=False, postgresql_where=sa.text("state = 'pending'"))
    op.create_index(op.f('ix_attachment_tenant_id_ticket_id'), 'attachment', ['tenant_id', 'ticket_id'], unique=False)
    op.create_table('sla_escalation',
    sa.Column('clock_id', sa.Uuid(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('fire_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('actions', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('state', sa.Text(), server_default='armed', nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_internal', sa.Boolean(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("state IN ('armed', 'fired', 'skipped')", name=op.f('ck_sla_escalation_state')),
    sa.ForeignKeyConstraint(['tenant_id', 'clock_id'], ['sla_clock.tenant_id', 'sla_clock.id'], name=op.f('fk_sla_escalation_tenant_id_clock_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_sla_escalation_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_sla_escalation')),
    sa.UniqueConstraint('tenant_id', 'clock_id', 'step', name=op.f('uq_sla_escalation_tenant_id_clock_id_step'))
    )
    op.create_index('ix_sla_escalation_due', 'sla_escalation', ['fire_at', 'tenant_id', 'id'], unique=False, postgresql_where=sa.text("state = 'armed' AND fire_at IS NOT NULL"))
    op.create_index(op.f('ix_sla_escalation_id'), 'sla_escalation', ['id'], unique=False)
    op.create_table('sla_outcome',
    sa.Column('clock_id', sa.Uuid(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('outcome_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('is_internal', sa.Boolean(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("outcome IN ('met', 'breached', 'withdrawn')", name=op.f('ck_sla_outcome_outcome')),
    sa.ForeignKeyConstraint(['tenant_id', 'clock_id'], ['sla_clock.tenant_id', 'sla_clock.id'], name=op.f('fk_sla_outcome_tenant_id_clock_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_sla_outcome_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_sla_outcome'))
    )
    op.create_index(op.f('ix_sla_outcome_id'), 'sla_outcome', ['id'], unique=False)
    op.create_index(op.f('ix_sla_outcome_tenant_id_clock_id'), 'sla_outcome', ['tenant_id', 'clock_id'], unique=False)

    _isolate()


def _isolate() -> None:
    provider_table("sla_template")
    client_table("sla_definition")
    client_table("sla_definition_version", staff="SELECT, INSERT")
    client_table("sla_subject", tenant="SELECT, INSERT, UPDATE")
    client_table("sla_fact", tenant="SELECT, INSERT", staff="SELECT, INSERT")
    client_table("sla_clock", tenant="SELECT, INSERT, UPDATE", internal=True)
    client_table("sla_outcome", tenant="SELECT, INSERT", staff="SELECT, INSERT", internal=True)
    client_table("sla_escalation", tenant="SELECT, INSERT, UPDATE", internal=True)
    client_table("ticket_counter", tenant="SELECT, INSERT, UPDATE")
    client_table("category")
    client_table("ticket", tenant="SELECT, INSERT, UPDATE")
    client_table("message", tenant="SELECT, INSERT", staff="SELECT, INSERT", internal=True)
    client_table("attachment", tenant="SELECT, INSERT, UPDATE", internal=True)
    client_table("timeline_entry", tenant="SELECT, INSERT", staff="SELECT, INSERT", internal=True)
    client_table("follower", tenant="SELECT, INSERT, DELETE", staff="SELECT, INSERT, DELETE")
    client_table("ticket_tag", tenant="", staff="SELECT, INSERT, DELETE")
    client_table("refiling", tenant="", staff="SELECT, INSERT")
    client_table("read_marker", tenant="")
    for name, rights in search.TABLES.items():
        definer_rows(name, role="msp_search", rights=rights)
    function(search.SOURCE, search.SIGNATURE, owner="msp_search", roles=search.ROLES)


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {search.SIGNATURE}")
    op.drop_index(op.f('ix_sla_outcome_tenant_id_clock_id'), table_name='sla_outcome')
    op.drop_index(op.f('ix_sla_outcome_id'), table_name='sla_outcome')
    op.drop_table('sla_outcome')
    op.drop_index(op.f('ix_sla_escalation_id'), table_name='sla_escalation')
    op.drop_index('ix_sla_escalation_due', table_name='sla_escalation', postgresql_where=sa.text("state = 'armed' AND fire_at IS NOT NULL"))
    op.drop_table('sla_escalation')
    op.drop_index(op.f('ix_attachment_tenant_id_ticket_id'), table_name='attachment')
    op.drop_index('ix_attachment_pending', table_name='attachment', postgresql_where=sa.text("state = 'pending'"))
    op.drop_index(op.f('ix_attachment_id'), table_name='attachment')
    op.drop_table('attachment')
    op.drop_index(op.f('ix_timeline_entry_tenant_id_ticket_id_at_id'), table_name='timeline_entry')
    op.drop_index(op.f('ix_timeline_entry_id'), table_name='timeline_entry')
    op.drop_table('timeline_entry')
    op.drop_index(op.f('ix_ticket_tag_tenant_id_tag'), table_name='ticket_tag')
    op.drop_index(op.f('ix_ticket_tag_id'), table_name='ticket_tag')
    op.drop_table('ticket_tag')
    op.drop_index('ix_sla_clock_outcome', table_name='sla_clock', postgresql_where=sa.text('outcome IS NOT NULL'))
    op.drop_index(op.f('ix_sla_clock_id'), table_name='sla_clock')
    op.drop_table('sla_clock')
    op.drop_index(op.f('ix_refiling_tenant_id_ticket_id'), table_name='refiling')
    op.drop_index(op.f('ix_refiling_id'), table_name='refiling')
    op.drop_table('refiling')
    op.drop_index(op.f('ix_read_marker_id'), table_name='read_marker')
    op.drop_table('read_marker')
    op.drop_index(op.f('ix_message_tenant_id_ticket_id_sent_at_id'), table_name='message')
    op.drop_index('ix_message_search', table_name='message', postgresql_using='gin')
    op.drop_index(op.f('ix_message_id'), table_name='message')
    op.drop_table('message')
    op.drop_index(op.f('ix_follower_tenant_id_contact_id'), table_name='follower')
    op.drop_index(op.f('ix_follower_id'), table_name='follower')
    op.drop_table('follower')
    op.drop_index('ix_ticket_updated', table_name='ticket')
    op.drop_index('ix_ticket_team', table_name='ticket', postgresql_where=sa.text('is_open'))
    op.drop_index('ix_ticket_site', table_name='ticket')
    op.drop_index('ix_ticket_search', table_name='ticket', postgresql_using='gin')
    op.drop_index('ix_ticket_requester', table_name='ticket')
    op.drop_index('ix_ticket_ref', table_name='ticket')
    op.drop_index('ix_ticket_queue', table_name='ticket', postgresql_where=sa.text('is_open'))
    op.drop_index('ix_ticket_newest', table_name='ticket')
    op.drop_index(op.f('ix_ticket_id'), table_name='ticket')
    op.drop_index('ix_ticket_client_updated', table_name='ticket')
    op.drop_index('ix_ticket_client_queue', table_name='ticket', postgresql_where=sa.text('is_open'))
    op.drop_index('ix_ticket_client_newest', table_name='ticket')
    op.drop_index('ix_ticket_assignee', table_name='ticket', postgresql_where=sa.text('is_open'))
    op.drop_table('ticket')
    op.drop_index(op.f('ix_sla_definition_version_id'), table_name='sla_definition_version')
    op.drop_table('sla_definition_version')
    op.drop_index(op.f('ix_sla_fact_id'), table_name='sla_fact')
    op.drop_table('sla_fact')
    op.drop_index('uq_sla_definition_default', table_name='sla_definition', postgresql_where=sa.text('is_default'))
    op.drop_index(op.f('ix_sla_definition_id'), table_name='sla_definition')
    op.drop_table('sla_definition')
    op.drop_index(op.f('ix_ticket_counter_id'), table_name='ticket_counter')
    op.drop_table('ticket_counter')
    op.drop_table('sla_template')
    op.drop_index(op.f('ix_sla_subject_id'), table_name='sla_subject')
    op.drop_table('sla_subject')
    op.drop_index(op.f('ix_category_id'), table_name='category')
    op.drop_table('category')
