"""Whether somebody may have an item as he asks for it: the item as it was looked at, his answers, for whom it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.errors import Conflict, Invalid, NotFound
from msp.itsm.catalog import questions
from msp.itsm.catalog.choices import OfClient
from msp.itsm.catalog.models import CatalogItem
from msp.itsm.catalog.notice import earliest_for
from msp.itsm.catalog.queries import Entry, visible_item
from tenants import queries as tenants
from tenants.models import Contact
from tenants.permissions import Permission

NOTE_LENGTH = 4000


@dataclass(frozen=True)
class Wish:
    """Something that can be ordered as it stands. `contact` orders it, `for_contact` gets it."""

    entry: Entry
    answers: dict[str, Any]
    note: str
    contact: Contact
    for_contact: Contact
    choices: OfClient


def checked_wish(
    item_id: UUID, number: int, answers: Mapping[str, Any], note: str, for_contact_id: UUID | None, *, by: Actor,
    contact_id: UUID | None = None,
) -> Wish:  # fmt: skip
    """The wish, checked against the item in force; Conflict where that is no longer version `number`.

    An agent says by `contact_id` who orders.
    """
    entry = visible_item(item_id, by=by)
    contact = _orderer(entry, contact_id, by=by)
    if entry.item.number != number:
        raise Conflict("This was changed in the meantime; look at it again before you order.")
    note = note.replace("\r\n", "\n").replace("\0", "").strip()
    if len(note) > NOTE_LENGTH:
        raise Invalid.field("note", f"At most {NOTE_LENGTH} characters.", "too_long")
    for_contact = _receiver(entry.item.tenant_id, for_contact_id, contact, by=by)
    form, tenant_id = entry.content["form"], entry.item.tenant_id
    named = OfClient(tenant_id, by=by, file_ids=questions.file_ids(form, answers))
    checked = questions.checked_answers(form, answers, named, earliest_for(tenant_id, clock.now(), by=by))
    return Wish(entry, checked, note, contact, for_contact, named)


def may_order(item: CatalogItem, contact: Contact) -> bool:
    """Whether the item is for somebody of this contact's roles and site."""
    has_role = not item.roles or bool(set(item.roles) & set(contact.roles))
    return item.is_visible and has_role and (not item.site_ids or contact.site_id in item.site_ids)


def _orderer(entry: Entry, contact_id: UUID | None, *, by: Actor) -> Contact:
    if by.is_contact:
        if by.id is None:
            raise NotFound
        return tenants.visible_contact(by.id, by=by)
    if contact_id is None:
        raise Invalid.field("contact_id", "Say who orders it.", "required")
    contact = tenants.contact_in(entry.item.tenant_id, contact_id, field="contact_id")
    if not may_order(entry.item, contact):
        raise Invalid.field("contact_id", f"{contact.name} may not order this.", "not_entitled")
    return contact


def _receiver(tenant_id: UUID, for_contact_id: UUID | None, contact: Contact, *, by: Actor) -> Contact:
    if for_contact_id in (None, contact.id):
        return contact
    if by.is_contact:
        by.require(Permission.ORDER_FOR)
    found = tenants.contact_in(tenant_id, for_contact_id or contact.id, field="for_contact_id")
    sees_all = not by.is_contact or by.may(Permission.TICKET_READ_COMPANY)
    if not sees_all and found.site_id not in by.site_ids:
        raise Invalid.field("for_contact_id", "You order for colleagues of your own sites.", "not_entitled")
    return found
