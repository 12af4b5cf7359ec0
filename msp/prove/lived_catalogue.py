"""A client's catalogue after a while of use: an item from a template that has moved on, kept, in a basket, ordered.

The template is the provider's and says nothing of the client; what the client made of it says its word everywhere.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.db import db
from msp.itsm.catalog.services import categories, items, keeping, orders, templates
from msp.itsm.tickets.models import Ticket
from msp.prove.sides import PROVER, Side, World


def live_catalogue(world: World, side: Side) -> None:
    """Give a client with people a shelf, an item on it, and a contact who wants it."""
    side.shared["catalog_template"] = template_id = _template(world, side)
    item_id, number = _item(world, side, template_id)
    contact, answers, note = side.contacts["everything"], {"name": f"{side.canary} answer"}, f"{side.canary} wish"
    with world.as_actor(contact, world.portal):
        keeping.keep(item_id, True, by=contact)
        keeping.put_in(item_id, number=number, answers=answers, note=note, by=contact)
        ticket_id = orders.order(item_id, number=number, answers=answers, note=note, by=contact).ticket_id
        side.refs += db.session.scalars(sa.select(Ticket.ref).where(Ticket.id == ticket_id))


def _template(world: World, side: Side) -> UUID:
    with world.as_staff():
        made = templates.add_template({"name": f"Thing of {side.key}", "summary": "Words.", "price_once": "980.00"}, by=PROVER)
    return made.id


def _item(world: World, side: Side, template_id: UUID) -> tuple[UUID, int]:
    """The copy in its second version, and the template in its second too, so that there is something to take over."""
    with world.as_actor(side.limited, world.console):
        shelf = categories.add_category(side.tenant_id, f"{side.canary} shelf", by=side.limited)
        item = items.take_template(template_id, side.tenant_id, by=side.limited)
        item = items.change_item(item.id, _content(side), version=item.version, category_id=shelf.id, by=side.limited)
        made = item.id, item.number
    with world.as_staff():
        content = {"name": f"Thing of {side.key}", "summary": "Other words.", "price_once": "990.00"}
        templates.change_template(template_id, content, version=1, by=PROVER)
    return made


def _content(side: Side) -> dict[str, Any]:
    """An item whose questions may all be left out, so that an order of any sender holds."""
    word = side.canary
    options = [{"value": "plain", "label": f"{word} plain"}, {"value": "large", "label": f"{word} large", "price": "120.00"}]
    parts = [
        {"name": "name", "kind": "text", "label": f"{word} name"},
        {"name": "size", "kind": "choice", "label": f"{word} size", "options": options},
        {"name": "person", "kind": "person", "label": f"{word} person"},
        {"name": "site", "kind": "site", "label": f"{word} site"},
    ]
    return {
        "name": f"{word} thing", "summary": f"{word} summary", "description": f"{word} description", "synonyms": [f"{word} gadget"],
        "price_once": "980.00", "price_monthly": "12.00", "form": {"parts": parts},
    }  # fmt: skip
