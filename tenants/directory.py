"""People of one client, as whoever looks after them reads the list."""

from uuid import UUID

import sqlalchemy as sa

from msp.core import paging
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.paging import Cursors, Keyset, Order, Page
from tenants import queries
from tenants.models import Contact

PAGE = 50


def people(tenant_id: UUID, *, by: Actor, words: str = "", cursor: str | None = None, limit: int = PAGE) -> Page[Contact]:
    """One page by name, those who left among them; a contact without the right to see others sees himself."""
    statement = queries.reachable(sa.select(Contact).where(Contact.tenant_id == tenant_id), Contact.tenant_id, by)
    if by.is_contact and not by.may("contact.read"):
        statement = statement.where(Contact.id == by.id)
    if words:
        statement = statement.where(
            sa.or_(Contact.name.icontains(words, autoescape=True), Contact.e_mail.startswith(words.lower(), autoescape=True))
        )
    keyset = Keyset([Order(Contact.name)], Contact.id, bound_to=words)
    return paging.page(
        db.session(), statement, keyset, cursor=cursor, limit=limit, cursors=Cursors(settings().secret_keys)
    )


def colleague_at(tenant_id: UUID, e_mail: str) -> Contact | None:
    """The active contact of the client with exactly this address: whoever knows it may name him."""
    statement = sa.select(Contact).where(
        Contact.tenant_id == tenant_id, Contact.e_mail == e_mail.strip().lower(), Contact.is_active
    )
    found: Contact | None = db.session.scalar(statement)
    return found
