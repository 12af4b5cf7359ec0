"""Tenants, people, sessions, outbox and audit trail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('outbox',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('queue', sa.Text(), nullable=False),
    sa.Column('args', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('scope_role', sa.Text(), server_default=sa.text("current_setting('role')"), nullable=False),
    sa.Column('tenant_ids', postgresql.ARRAY(sa.Uuid()), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('run_after', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('claim', sa.Text(), nullable=True),
    sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('parked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('suppressed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.CheckConstraint("scope_role <> 'msp_tenant' OR cardinality(tenant_ids) = 1", name=op.f('ck_outbox_tenant')),
    sa.CheckConstraint("scope_role IN ('msp_tenant', 'msp_agent', 'msp_staff')", name=op.f('ck_outbox_scope_role')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    op.create_index('ix_outbox_due', 'outbox', ['run_after', 'id'], unique=False, postgresql_where=sa.text('done_at IS NULL AND parked_at IS NULL AND suppressed_at IS NULL'))
    op.create_index('ix_outbox_parked', 'outbox', ['parked_at'], unique=False, postgresql_where=sa.text('parked_at IS NOT NULL AND done_at IS NULL'))
    op.create_table('person',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('e_mail', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('e_mail = lower(e_mail)', name=op.f('ck_person_e_mail')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('e_mail', name=op.f('uq_person_e_mail'))
    )
    op.create_table('tenant',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), server_default='client', nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('time_zone', sa.Text(), server_default='UTC', nullable=False),
    sa.Column('language', sa.Text(), server_default='en', nullable=False),
    sa.Column('status', sa.Text(), server_default='active', nullable=False),
    sa.Column('hue', sa.Integer(), server_default='1', nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("key ~ '^[A-Z][A-Z0-9]{1,9}$'", name=op.f('ck_tenant_key')),
    sa.CheckConstraint("kind IN ('client', 'provider')", name=op.f('ck_tenant_kind')),
    sa.CheckConstraint("status IN ('active', 'suspended')", name=op.f('ck_tenant_status')),
    sa.CheckConstraint('hue BETWEEN 1 AND 12', name=op.f('ck_tenant_hue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tenant')),
    sa.UniqueConstraint('key', name=op.f('uq_tenant_key'))
    )
    op.create_index('uq_tenant_provider', 'tenant', ['kind'], unique=True, postgresql_where=sa.text("kind = 'provider'"))
    op.create_table('agent',
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('e_mail', sa.Text(), nullable=True),
    sa.Column('roles', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{agent}'"), nullable=False),
    sa.Column('is_limited', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('time_zone', sa.Text(), server_default='UTC', nullable=False),
    sa.Column('hue', sa.Integer(), server_default='1', nullable=False),
    sa.Column('external_key', sa.Text(), nullable=True),
    sa.Column('preferences', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.CheckConstraint('cardinality(roles) > 0', name=op.f('ck_agent_roles')),
    sa.CheckConstraint('e_mail = lower(e_mail)', name=op.f('ck_agent_e_mail')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_agent_person_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_agent_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent')),
    sa.UniqueConstraint('external_key', name=op.f('uq_agent_external_key')),
    sa.UniqueConstraint('person_id', name=op.f('uq_agent_person_id'))
    )
    op.create_index(op.f('ix_agent_name_id'), 'agent', ['name', 'id'], unique=False)
    op.create_table('audit_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_kind', sa.Text(), nullable=False),
    sa.Column('actor_name', sa.Text(), nullable=False),
    sa.Column('on_behalf_of', sa.Uuid(), nullable=True),
    sa.Column('token_id', sa.Uuid(), nullable=True),
    sa.Column('request_id', sa.Text(), nullable=True),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('changes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_audit_entry_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    op.create_index(op.f('ix_audit_entry_subject_subject_id'), 'audit_entry', ['subject', 'subject_id'], unique=False)
    op.create_index(op.f('ix_audit_entry_tenant_id_at'), 'audit_entry', ['tenant_id', 'at'], unique=False)
    op.create_table('branding',
    sa.Column('display_name', sa.Text(), nullable=False),
    sa.Column('colour', sa.Text(), server_default='#1f5f8b', nullable=False),
    sa.Column('logo_svg', sa.Text(), nullable=True),
    sa.Column('support_phone', sa.Text(), nullable=True),
    sa.Column('mail_from', sa.Text(), nullable=True),
    sa.Column('welcome', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name=op.f('ck_branding_colour')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_branding_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_branding')),
    sa.UniqueConstraint('tenant_id', name=op.f('uq_branding_tenant_id'))
    )
    op.create_index(op.f('ix_branding_id'), 'branding', ['id'], unique=False)
    op.create_table('credential',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('totp_secret', sa.Text(), nullable=True),
    sa.Column('totp_confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('totp_last_step', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_credential_person_id')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_credential'))
    )
    op.create_table('host',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('is_primary', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.CheckConstraint('name = lower(name)', name=op.f('ck_host_lower')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_host_tenant_id')),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_host'))
    )
    op.create_index(op.f('ix_host_tenant_id'), 'host', ['tenant_id'], unique=False)
    op.create_index('uq_host_primary', 'host', ['tenant_id'], unique=True, postgresql_where=sa.text('is_primary'))
    op.create_table('installation',
    sa.Column('id', sa.Integer(), server_default='1', autoincrement=False, nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_installation_single')),
    sa.ForeignKeyConstraint(['provider_id'], ['tenant.id'], name=op.f('fk_installation_provider_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_installation'))
    )
    op.create_table('one_time_link',
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('spent_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("purpose IN ('invitation', 'reset', 'hand_over')", name=op.f('ck_one_time_link_purpose')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_one_time_link_person_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_one_time_link_tenant_id')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_one_time_link'))
    )
    op.create_index(op.f('ix_one_time_link_person_id'), 'one_time_link', ['person_id'], unique=False)
    op.create_table('recovery_code',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('code_hash', sa.Text(), nullable=False),
    sa.Column('spent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_recovery_code_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code'))
    )
    op.create_index(op.f('ix_recovery_code_person_id'), 'recovery_code', ['person_id'], unique=False)
    op.create_table('site',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_site_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_site')),
    sa.UniqueConstraint('tenant_id', 'name', name=op.f('uq_site_tenant_id_name'))
    )
    op.create_index(op.f('ix_site_id'), 'site', ['id'], unique=False)
    op.create_table('team',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('e_mail', sa.Text(), nullable=True),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('external_key', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_team_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_team')),
    sa.UniqueConstraint('external_key', name=op.f('uq_team_external_key')),
    sa.UniqueConstraint('name', name=op.f('uq_team_name'))
    )
    op.create_table('agent_client',
    sa.Column('agent_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_agent_client_agent_id')),
    sa.ForeignKeyConstraint(['client_id'], ['tenant.id'], name=op.f('fk_agent_client_client_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_agent_client_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_client')),
    sa.UniqueConstraint('agent_id', 'client_id', name=op.f('uq_agent_client_agent_id_client_id'))
    )
    op.create_table('contact',
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('site_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('e_mail', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('job_title', sa.Text(), nullable=True),
    sa.Column('cost_centre', sa.Text(), nullable=True),
    sa.Column('roles', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{requester}'"), nullable=False),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('external_key', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint('cardinality(roles) > 0', name=op.f('ck_contact_roles')),
    sa.CheckConstraint('e_mail = lower(e_mail)', name=op.f('ck_contact_e_mail')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_contact_person_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'site_id'], ['site.tenant_id', 'site.id'], name=op.f('fk_contact_tenant_id_site_id'), ondelete='SET NULL (site_id)'),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_contact_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_contact')),
    sa.UniqueConstraint('tenant_id', 'e_mail', name=op.f('uq_contact_tenant_id_e_mail')),
    sa.UniqueConstraint('tenant_id', 'external_key', name=op.f('uq_contact_tenant_id_external_key')),
    sa.UniqueConstraint('tenant_id', 'person_id', name=op.f('uq_contact_tenant_id_person_id'))
    )
    op.create_index(op.f('ix_contact_id'), 'contact', ['id'], unique=False)
    op.create_index(op.f('ix_contact_person_id'), 'contact', ['person_id'], unique=False)
    op.create_index(op.f('ix_contact_tenant_id_name_id'), 'contact', ['tenant_id', 'name', 'id'], unique=False)
    op.create_table('team_member',
    sa.Column('team_id', sa.Uuid(), nullable=False),
    sa.Column('agent_id', sa.Uuid(), nullable=False),
    sa.Column('is_lead', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_team_member_agent_id')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_team_member_team_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_team_member_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_team_member')),
    sa.UniqueConstraint('team_id', 'agent_id', name=op.f('uq_team_member_team_id_agent_id'))
    )
    op.create_index(op.f('ix_team_member_agent_id'), 'team_member', ['agent_id'], unique=False)
    op.create_table('api_token',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('prefix', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('agent_id', sa.Uuid(), nullable=True),
    sa.Column('scopes', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('client_ids', postgresql.ARRAY(sa.Uuid()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(contact_id IS NULL) <> (agent_id IS NULL)', name=op.f('ck_api_token_one_side')),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_api_token_agent_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_api_token_person_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'contact_id'], ['contact.tenant_id', 'contact.id'], name=op.f('fk_api_token_tenant_id_contact_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_api_token_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('hash', name=op.f('uq_api_token_hash'))
    )
    op.create_index(op.f('ix_api_token_person_id'), 'api_token', ['person_id'], unique=False)
    op.create_table('managed_site',
    sa.Column('contact_id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'contact_id'], ['contact.tenant_id', 'contact.id'], name=op.f('fk_managed_site_tenant_id_contact_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'site_id'], ['site.tenant_id', 'site.id'], name=op.f('fk_managed_site_tenant_id_site_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_managed_site_tenant_id')),
    sa.PrimaryKeyConstraint('tenant_id', 'id', name=op.f('pk_managed_site')),
    sa.UniqueConstraint('tenant_id', 'contact_id', 'site_id', name=op.f('uq_managed_site_tenant_id_contact_id_site_id'))
    )
    op.create_index(op.f('ix_managed_site_id'), 'managed_site', ['id'], unique=False)
    op.create_table('session',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('tenant_id', sa.Uuid(), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('agent_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reauthenticated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('second_factor_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('address', sa.Text(), nullable=True),
    sa.Column('user_agent', sa.Text(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_reason', sa.Text(), nullable=True),
    sa.CheckConstraint('(contact_id IS NULL) <> (agent_id IS NULL)', name=op.f('ck_session_one_side')),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_session_agent_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_session_person_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'contact_id'], ['contact.tenant_id', 'contact.id'], name=op.f('fk_session_tenant_id_contact_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_session_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_session_token_hash'))
    )
    op.create_index(op.f('ix_session_ended_at'), 'session', ['ended_at'], unique=False)
    op.create_index(op.f('ix_session_person_id'), 'session', ['person_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_session_person_id'), table_name='session')
    op.drop_index(op.f('ix_session_ended_at'), table_name='session')
    op.drop_table('session')
    op.drop_index(op.f('ix_managed_site_id'), table_name='managed_site')
    op.drop_table('managed_site')
    op.drop_index(op.f('ix_api_token_person_id'), table_name='api_token')
    op.drop_table('api_token')
    op.drop_index(op.f('ix_team_member_agent_id'), table_name='team_member')
    op.drop_table('team_member')
    op.drop_index(op.f('ix_contact_tenant_id_name_id'), table_name='contact')
    op.drop_index(op.f('ix_contact_person_id'), table_name='contact')
    op.drop_index(op.f('ix_contact_id'), table_name='contact')
    op.drop_table('contact')
    op.drop_table('agent_client')
    op.drop_table('team')
    op.drop_index(op.f('ix_site_id'), table_name='site')
    op.drop_table('site')
    op.drop_index(op.f('ix_recovery_code_person_id'), table_name='recovery_code')
    op.drop_table('recovery_code')
    op.drop_index(op.f('ix_one_time_link_person_id'), table_name='one_time_link')
    op.drop_table('one_time_link')
    op.drop_table('installation')
    op.drop_index('uq_host_primary', table_name='host', postgresql_where=sa.text('is_primary'))
    op.drop_index(op.f('ix_host_tenant_id'), table_name='host')
    op.drop_table('host')
    op.drop_table('credential')
    op.drop_index(op.f('ix_branding_id'), table_name='branding')
    op.drop_table('branding')
    op.drop_index(op.f('ix_audit_entry_tenant_id_at'), table_name='audit_entry')
    op.drop_index(op.f('ix_audit_entry_subject_subject_id'), table_name='audit_entry')
    op.drop_table('audit_entry')
    op.drop_index(op.f('ix_agent_name_id'), table_name='agent')
    op.drop_table('agent')
    op.drop_index('uq_tenant_provider', table_name='tenant', postgresql_where=sa.text("kind = 'provider'"))
    op.drop_table('tenant')
    op.drop_table('person')
    op.drop_index('ix_outbox_parked', table_name='outbox', postgresql_where=sa.text('parked_at IS NOT NULL AND done_at IS NULL'))
    op.drop_index('ix_outbox_due', table_name='outbox', postgresql_where=sa.text('done_at IS NULL AND parked_at IS NULL AND suppressed_at IS NULL'))
    op.drop_table('outbox')
