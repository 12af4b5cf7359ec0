"""Writing canned replies."""

from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import FieldError, Invalid
from msp.itsm.macros import queries, variables
from msp.itsm.macros.models import THEN, Macro
from tenants.permissions import Permission
from tenants.queries import check_version

LONGEST_NAME, LONGEST_FOLDER, LONGEST_BODY = 80, 40, 20_000


def add_macro(name: str, body: str, *, by: Actor, folder: str = "", then_status: str | None = None) -> Macro:
    """A canned reply for every agent."""
    by.require(Permission.MACRO_MANAGE)
    macro = Macro(tenant_id=by.provider_id or call("provider")[0]["id"])
    _fill(macro, name, body, folder, then_status)
    db.session.add(macro)
    db.session.flush()
    return macro


def change_macro(
    macro_id: UUID, name: str, body: str, *, version: int, by: Actor, folder: str = "", then_status: str | None = None,
    is_active: bool = True,
) -> Macro:  # fmt: skip
    """Another text, name or folder; one that is not active is no longer offered."""
    by.require(Permission.MACRO_MANAGE)
    macro = queries.visible_macro(macro_id, by=by, for_update=True)
    check_version(macro, version)
    _fill(macro, name, body, folder, then_status)
    macro.is_active = is_active
    db.session.flush()
    return macro


def _fill(macro: Macro, name: str, body: str, folder: str, then_status: str | None) -> None:
    name, folder, body = name.strip(), folder.strip(), body.strip()
    wrong = [
        *_wrong_length("name", name, LONGEST_NAME),
        *_wrong_length("body", body, LONGEST_BODY),
        *variables.faults(body),
    ]
    if len(folder) > LONGEST_FOLDER:
        wrong.append(FieldError("/folder", "too_long", f"At most {LONGEST_FOLDER} characters."))
    if then_status and then_status not in THEN:
        wrong.append(FieldError("/then_status", "unknown", f"One of {', '.join(THEN)}."))
    if not wrong and _is_taken(name, macro.id):
        wrong.append(FieldError("/name", "taken", f"There is a canned reply called {name} already."))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong)
    macro.name, macro.folder, macro.body, macro.then_status = name, folder, body, then_status or None


def _wrong_length(field: str, text: str, most: int) -> list[FieldError]:
    if not text:
        return [FieldError(f"/{field}", "required", "This cannot be empty.")]
    return [FieldError(f"/{field}", "too_long", f"At most {most} characters.")] if len(text) > most else []


def _is_taken(name: str, own_id: UUID | None) -> bool:
    statement = sa.select(sa.exists().where(Macro.name == name, Macro.id.is_distinct_from(own_id)))
    return db.session.scalar(statement) or False
