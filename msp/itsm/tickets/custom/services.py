"""Writing custom fields. Key and kind never change: values that are stored stay readable."""

import re
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Invalid
from msp.itsm.tickets.custom import queries
from msp.itsm.tickets.custom.models import KINDS, CustomField
from msp.itsm.tickets.states import KINDS as TICKET_KINDS
from tenants import queries as tenants
from tenants.permissions import Permission

LONGEST_LABEL, LONGEST_KEY, MOST_CHOICES, MOST_FIELDS = 60, 40, 100, 50


def add_field(
    tenant_id: UUID, ticket_kind: str, label: str, kind: str, *, by: Actor, choices: Sequence[str] = (), hint: str = "",
    is_required: bool = False, is_asked: bool = True,
) -> CustomField:  # fmt: skip
    """A field of a client's incidents or requests, after those that there are."""
    by.require(Permission.CLIENT_MANAGE)
    client = tenants.visible_client(tenant_id, by=by)
    if ticket_kind not in TICKET_KINDS:
        raise Invalid.field("ticket_kind", f"One of {', '.join(TICKET_KINDS)}.", "unknown")
    if kind not in KINDS:
        raise Invalid.field("kind", f"One of {', '.join(KINDS)}.", "unknown")
    present = queries.fields(client.id, ticket_kind, by=by, active_only=False)
    if len(present) >= MOST_FIELDS:
        raise Invalid.field("label", f"A ticket has at most {MOST_FIELDS} such fields.", "too_many")
    field = CustomField(tenant_id=client.id, ticket_kind=ticket_kind, kind=kind, position=len(present))
    _fill(field, label, choices, hint, is_required=is_required, is_asked=is_asked)
    field.key = _key_for(field.label, {other.key for other in present})
    db.session.add(field)
    db.session.flush()
    return field


def change_field(
    field_id: UUID, label: str, *, version: int, by: Actor, choices: Sequence[str] = (), hint: str = "",
    is_required: bool = False, is_asked: bool = True, is_active: bool = True,
) -> CustomField:  # fmt: skip
    """Another label, other choices, required or not; one that is not active is no longer asked for, and still shown."""
    by.require(Permission.CLIENT_MANAGE)
    field = queries.visible_field(field_id, by=by, for_update=True)
    tenants.check_version(field, version)
    _fill(field, label, choices, hint, is_required=is_required, is_asked=is_asked)
    field.is_active = is_active
    db.session.flush()
    return field


def move_field(field_id: UUID, step: int, *, by: Actor) -> None:
    """One place up (-1) or down (1) on forms."""
    by.require(Permission.CLIENT_MANAGE)
    field = queries.visible_field(field_id, by=by)
    order = list(queries.fields(field.tenant_id, field.ticket_kind, by=by, active_only=False))
    at = order.index(field)
    to = max(0, min(len(order) - 1, at + step))
    order.insert(to, order.pop(at))
    for position, each in enumerate(order):
        each.position = position
    db.session.flush()


def _fill(field: CustomField, label: str, choices: Sequence[str], hint: str, *, is_required: bool, is_asked: bool) -> None:
    label, hint = label.strip(), hint.strip()
    if not 1 <= len(label) <= LONGEST_LABEL:
        raise Invalid.field("label", f"A label of 1 to {LONGEST_LABEL} characters.", "length")
    if len(hint) > 200:
        raise Invalid.field("hint", "At most 200 characters.", "too_long")
    offered = list(dict.fromkeys(choice.strip() for choice in choices if choice.strip()))
    if field.kind == "choice" and not 2 <= len(offered) <= MOST_CHOICES:
        raise Invalid.field("choices", f"2 to {MOST_CHOICES} choices, one a line.", "length")
    field.label, field.hint, field.is_required, field.is_asked = label, hint, is_required, is_asked
    field.choices = offered if field.kind == "choice" else []


def _key_for(label: str, taken: set[str]) -> str:
    """A key made of the label's letters and digits, unlike those that are taken."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: LONGEST_KEY - 4] or "field"
    key = key if key[0].isalpha() else f"f_{key}"
    number, found = 2, key
    while found in taken:
        found, number = f"{key}_{number}", number + 1
    return found
