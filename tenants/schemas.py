"""Clients and people over the API: what comes in and what goes out."""

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Instant, Strict, line


class TenantOut(Schema):
    id = fields.UUID(required=True)
    key = fields.String(required=True)
    name = fields.String(required=True)
    time_zone = fields.String()
    language = fields.String()
    status = fields.String()
    created_at = Instant()
    version = fields.Integer(required=True)


class TenantChange(Strict):
    name = line(120)
    time_zone = line(60)
    status = fields.String(validate=validate.OneOf(("active", "suspended")))


class ContactOut(Schema):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    name = fields.String(required=True)
    e_mail = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    job_title = fields.String(allow_none=True)
    cost_centre = fields.String(allow_none=True)
    site_id = fields.UUID(allow_none=True)
    roles = fields.List(fields.String())
    is_active = fields.Boolean()
    version = fields.Integer(required=True)


class ContactChange(Strict):
    name = line(120)
    phone = line(40, allow_none=True)
    job_title = line(120, allow_none=True)
    cost_centre = line(60, allow_none=True)
    is_active = fields.Boolean()


class ContactIn(Strict):
    name = line(120, required=True)
    e_mail = line(254, load_default=None)
    phone = line(40, load_default=None)
    job_title = line(120, load_default=None)
    cost_centre = line(60, load_default=None)
    site_id = fields.UUID(load_default=None)


class AgentOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    e_mail = fields.String(allow_none=True)
    roles = fields.List(fields.String())
    is_limited = fields.Boolean()
    is_active = fields.Boolean()
    version = fields.Integer(required=True)


class TeamOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    e_mail = fields.String(allow_none=True)
    is_active = fields.Boolean()
    version = fields.Integer(required=True)
