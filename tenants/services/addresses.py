"""Host names of clients: where their portals answer. Only staff who see every client may touch them."""

from uuid import UUID

import sqlalchemy as sa

from msp.core import audit, events
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Conflict, Invalid, NotFound
from tenants import queries
from tenants.events import ClientChanged
from tenants.models import Host
from tenants.permissions import Permission
from tenants.services.clients import wrong_host


def add_host(tenant_id: UUID, name: str, *, by: Actor) -> Host:
    """One more host name under which the client's portal answers."""
    by.require(Permission.CLIENT_MANAGE)
    client = queries.visible_client(tenant_id, by=by)
    name = name.strip().lower()
    if wrong := wrong_host(name):
        raise Invalid(wrong[0].message, errors=wrong)
    if queries.host_is_taken(name):
        raise Invalid.field("host", f"{name} is in use already.", "taken")
    host = Host(name=name, tenant_id=client.id, is_primary=not queries.hosts(client.id))
    db.session.add(host)
    db.session.flush()
    events.record(ClientChanged(client.id))
    return host


def make_primary(tenant_id: UUID, name: str, *, by: Actor) -> None:
    """Links in mails begin with this host name from now on."""
    by.require(Permission.CLIENT_MANAGE)
    host = _host(tenant_id, name, by=by)
    # The index allows one primary host at any moment, so the old one gives way first.
    db.session.execute(sa.update(Host).where(Host.tenant_id == host.tenant_id).values(is_primary=False))
    db.session.execute(sa.update(Host).where(Host.name == host.name).values(is_primary=True))
    audit.note(db.session(), "made primary", "host", None, tenant_id=host.tenant_id, changes={"name": host.name})
    events.record(ClientChanged(host.tenant_id))


def remove_host(tenant_id: UUID, name: str, *, by: Actor) -> None:
    """The portal no longer answers there; the primary one stays."""
    by.require(Permission.CLIENT_MANAGE)
    host = _host(tenant_id, name, by=by)
    if host.is_primary:
        raise Conflict("Links in mails begin with this host name; make another one primary first.")
    db.session.delete(host)
    db.session.flush()
    events.record(ClientChanged(host.tenant_id))


def _host(tenant_id: UUID, name: str, *, by: Actor) -> Host:
    client = queries.visible_client(tenant_id, by=by)
    found = db.session.scalar(sa.select(Host).where(Host.tenant_id == client.id, Host.name == name))
    if found is None:
        raise NotFound
    return found
