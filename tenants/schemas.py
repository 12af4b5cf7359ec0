"""Clients and people over the API: what comes in and what goes out."""

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from msp.core.api.schemas import Flag, Instant, Strict, WordsQuery, line
from tenants.languages import LANGUAGES

SIGNED_IN_RECENTLY = "Needs a sign-in of the last ten minutes: a token is refused"


def _roles(**options: Any) -> fields.List[str]:
    return fields.List(fields.String(), validate=validate.Length(1, 10), metadata={"description": SIGNED_IN_RECENTLY}, **options)


def _ids(**options: Any) -> fields.List[UUID]:
    return fields.List(fields.UUID(), validate=validate.Length(max=1000), **options)


def _skills(**options: Any) -> fields.List[str]:
    about = {"description": "What the agent knows, for rules that assign by it; kept in small letters"}
    return fields.List(fields.String(validate=validate.Length(max=200)), validate=validate.Length(max=100), metadata=about, **options)


# --- Clients ----------------------------------------------------------------------------------------------------------


class TenantOut(Schema):
    id = fields.UUID(required=True)
    key = fields.String(required=True)
    name = fields.String(required=True)
    time_zone = fields.String()
    language = fields.String()
    status = fields.String()
    created_at = Instant()
    version = fields.Integer(required=True)


class TenantIn(Strict):
    key = line(10, required=True, metadata={"description": "2 to 10 letters and digits; references begin with it"})
    name = line(120, required=True)
    time_zone = line(60, load_default="UTC")
    host = line(253, load_default=None, metadata={"description": "Of the portal; by default the key under the installation's domain"})
    language = fields.String(load_default="en", validate=validate.OneOf(list(LANGUAGES)))
    colour = line(7, load_default=None)
    support_phone = line(40, load_default=None)
    welcome = line(300, load_default=None)


class TenantChange(Strict):
    name = line(120)
    time_zone = line(60)
    language = fields.String(validate=validate.OneOf(list(LANGUAGES)))
    status = fields.String(validate=validate.OneOf(("active", "suspended")))


class SiteOut(Schema):
    id = fields.UUID(required=True)
    tenant_id = fields.UUID(required=True)
    name = fields.String(required=True)
    address = fields.String(allow_none=True)
    is_active = fields.Boolean()
    version = fields.Integer(required=True)


class SiteIn(Strict):
    name = line(120, required=True)
    address = line(300, load_default=None, allow_none=True)


class SiteChange(Strict):
    name = line(120)
    address = line(300, allow_none=True)
    is_active = Flag()


# --- Contacts ---------------------------------------------------------------------------------------------------------


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
    site_id = fields.UUID(allow_none=True)
    is_active = Flag(metadata={"description": "To let somebody in again needs a sign-in of the last ten minutes"})
    roles = _roles()
    managed_site_ids = _ids(metadata={"description": SIGNED_IN_RECENTLY})


class ContactIn(Strict):
    name = line(120, required=True)
    e_mail = line(254, load_default=None)
    phone = line(40, load_default=None)
    job_title = line(120, load_default=None)
    cost_centre = line(60, load_default=None)
    site_id = fields.UUID(load_default=None)
    roles = _roles(load_default=lambda: ["requester"])


class InvitationOut(Schema):
    e_mail = fields.String(required=True)
    expires_at = Instant(required=True)


# --- Agents and teams -------------------------------------------------------------------------------------------------


class AgentOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    e_mail = fields.String(allow_none=True)
    roles = fields.List(fields.String())
    skills = fields.List(fields.String())
    is_limited = fields.Boolean()
    is_active = fields.Boolean()
    time_zone = fields.String()
    version = fields.Integer(required=True)


class AgentDetailOut(AgentOut):
    client_ids = fields.List(fields.UUID(), allow_none=True, metadata={"description": "What the agent is limited to, as far as you see it"})
    team_ids = fields.List(fields.UUID())


class AgentQuery(WordsQuery):
    with_former = Flag(load_default=False)


class AgentIn(Strict):
    name = line(120, required=True)
    e_mail = line(254, load_default=None)
    roles = fields.List(fields.String(), load_default=lambda: ["agent"], validate=validate.Length(1, 10))
    client_ids = _ids(load_default=None, allow_none=True, metadata={"description": "Limits the agent to these clients"})
    time_zone = line(60, load_default="UTC")
    skills = _skills(load_default=list)


class AgentChange(Strict):
    name = line(120)
    roles = _roles()
    skills = _skills()
    client_ids = _ids(allow_none=True, metadata={"description": f"null: every client. {SIGNED_IN_RECENTLY}"})
    is_active = Flag(metadata={"description": "To let somebody in again needs a sign-in of the last ten minutes"})


class TeamOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    e_mail = fields.String(allow_none=True)
    is_active = fields.Boolean()
    version = fields.Integer(required=True)


class TeamQuery(WordsQuery):
    with_former = Flag(load_default=False)


class TeamIn(Strict):
    name = line(120, required=True)
    e_mail = line(254, load_default=None, allow_none=True)


class TeamChange(Strict):
    name = line(120)
    e_mail = line(254, allow_none=True)
    is_active = Flag()


class MemberOut(Schema):
    agent_id = fields.UUID(required=True)
    name = fields.String(required=True)
    is_lead = fields.Boolean(required=True)


class MembersOut(Schema):
    team_id = fields.UUID(required=True)
    members = fields.List(fields.Nested(MemberOut), required=True)
    version = fields.Integer(required=True)


class MemberIn(Strict):
    agent_id = fields.UUID(required=True)
    is_lead = Flag(load_default=False)


class MembersIn(Strict):
    members = fields.List(fields.Nested(MemberIn), required=True, validate=validate.Length(max=500))
