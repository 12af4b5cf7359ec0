"""Reads of custom fields, and what they make of the values given for a ticket."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import FieldError, Invalid, NotFound
from msp.itsm.tickets.custom import values
from msp.itsm.tickets.custom.models import CustomField

# Ways in that cannot ask back; what they leave out is asked for later.
_CANNOT_ASK = frozenset({"mail", "monitoring"})


def fields(tenant_id: UUID, ticket_kind: str | None = None, *, by: Actor, active_only: bool = True) -> Sequence[CustomField]:
    """A client's fields in their order."""
    by.must_reach(tenant_id)
    statement = sa.select(CustomField).where(CustomField.tenant_id == tenant_id)
    if ticket_kind is not None:
        statement = statement.where(CustomField.ticket_kind == ticket_kind)
    if active_only:
        statement = statement.where(CustomField.is_active)
    order = (CustomField.ticket_kind, CustomField.position, CustomField.label)
    return db.session.scalars(statement.order_by(*order)).all()


def visible_field(field_id: UUID, *, by: Actor, for_update: bool = False) -> CustomField:
    """One field; NotFound where it is absent or not this actor's."""
    statement = sa.select(CustomField).where(CustomField.id == field_id)
    if by.tenant_ids is not None:
        statement = statement.where(CustomField.tenant_id.in_(by.tenant_ids))
    found = db.session.scalar(locked(statement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def shown(tenant_id: UUID, ticket_kind: str, custom: Mapping[str, Any], *, by: Actor) -> list[tuple[str, str]]:
    """Label and words of each value on a ticket, in the order of the fields."""
    if not custom:
        return []
    found = fields(tenant_id, ticket_kind, by=by, active_only=False)
    said = [(field.label, values.words(field, custom.get(field.key))) for field in found]
    return [(label, words) for label, words in said if words]


def for_new_ticket(
    tenant_id: UUID, ticket_kind: str, given: Mapping[str, Any], *, by: Actor, source: str, is_asked: bool = True
) -> dict[str, Any]:
    """The values of a new ticket; Invalid for what is unknown, of another type, or missing where one can ask."""
    if not given and (by.kind == "system" or not is_asked):
        return {}
    found = fields(tenant_id, ticket_kind, by=by)
    made, wrong = _checked(found, given)
    if by.kind != "system" and is_asked and source not in _CANNOT_ASK:
        wrong += [_missing(field) for field in found if _is_missing(field, made, wrong, by)]
    _refuse(wrong)
    return made


def for_change(tenant_id: UUID, ticket_kind: str, present: Mapping[str, Any], given: Mapping[str, Any], *, by: Actor) -> dict[str, Any]:
    """The values of a ticket after a change of some; an empty one goes, a required one stays."""
    found = fields(tenant_id, ticket_kind, by=by)
    made, wrong = _checked(found, given)
    wrong += [_missing(field) for field in found if field.is_required and field.key in given and field.key not in made]
    _refuse(wrong)
    return {key: value for key, value in {**present, **made}.items() if key not in given or key in made}


def _checked(found: Sequence[CustomField], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    by_key = {field.key: field for field in found}
    made, wrong = {}, []
    for key, value in given.items():
        if key not in by_key:
            wrong.append(FieldError(f"/custom/{key}", "unknown", f"There is no field “{key}” for this kind of ticket."))
            continue
        stored, error = values.checked(by_key[key], value)
        if error is not None:
            wrong.append(error)
        elif stored is not None:
            made[key] = stored
    return made, wrong


def _is_missing(field: CustomField, made: Mapping[str, Any], wrong: Sequence[FieldError], by: Actor) -> bool:
    if not field.is_required or field.key in made or (by.is_contact and not field.is_asked):
        return False
    return all(error.pointer != f"/custom/{field.key}" for error in wrong)


def _missing(field: CustomField) -> FieldError:
    return FieldError(f"/custom/{field.key}", "required", f"{field.label}: fill this in.")


def _refuse(wrong: list[FieldError]) -> None:
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong)
