"""Whose mail it is: a client's brand and sender, the provider's for its own people."""

from uuid import UUID

import sqlalchemy as sa

from msp.core.db import call, db
from msp.core.mail.message import Address
from msp.core.mail.render import Brand
from msp.core.mail.services import Sender
from tenants.models import Branding, Tenant

_COLOUR = "#1f5f8b"


def sender(tenant_id: UUID) -> Sender:
    """The sender of a tenant, in whatever scope of his the job runs."""
    tenant = db.session.get_one(Tenant, tenant_id)
    host = call("host_of", p_tenant=tenant_id)[0]["host_of"] or "localhost"
    provider = call("provider")[0]["name"]
    brand = db.session.scalar(sa.select(Branding).where(Branding.tenant_id == tenant_id))
    name, phone = (brand.display_name, brand.support_phone) if brand else (tenant.name, None)
    helps = f"Support by {provider}, {phone}." if phone else f"Support by {provider}."
    own = f"support@{host}"
    return Sender(
        Brand(name, brand.colour if brand else _COLOUR, helps, tenant.language),
        Address((brand.mail_from if brand else None) or own, name),
        is_refused=tenant.status != "active",
        host=Address(own, name),
    )
