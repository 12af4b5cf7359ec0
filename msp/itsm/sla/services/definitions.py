"""Definitions of clients, and versions that never change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Invalid, StaleVersion
from msp.core.ids import new_id
from msp.itsm.sla import content as stored
from msp.itsm.sla import describe, library, queries
from msp.itsm.sla.checks.kinds import checked
from msp.itsm.sla.engine.definition import clashes
from msp.itsm.sla.events import DefinitionChanged
from msp.itsm.sla.models import KINDS, Definition, DefinitionVersion, Fact, Subject, Template

MANAGE = "sla.manage"
LONGEST_NAME = 80

Content = Mapping[str, Any]


def add_definition(
    tenant_id: UUID, kind: str, name: str, content: Content, *, by: Actor, template: Template | None = None,
    is_default: bool = False, effective_at: datetime | None = None, note: str | None = None,
) -> Definition:  # fmt: skip
    """A definition with its first version.

    Without `effective_at` it holds from the beginning, or, where the client has had tickets, from now on: what was
    opened under other definitions stays under them.
    """
    by.require(MANAGE)
    by.must_reach(tenant_id)
    if kind not in KINDS:
        raise Invalid.field("kind", f"One of {', '.join(KINDS)}.", "unknown")
    definition = Definition(
        tenant_id=tenant_id, id=new_id(), kind=kind, name=free_name(tenant_id, kind, name), is_default=is_default,
        template_id=template.id if template else None, template_number=template.number if template else None,
    )  # fmt: skip
    if effective_at is None and db.session.scalar(sa.select(sa.exists().where(Subject.tenant_id == tenant_id))):
        effective_at = clock.now()
    made = checked_content(definition, content, effective_at, number=1)
    db.session.add(definition)
    db.session.flush()
    _add_version(definition, 1, effective_at, made, by=by, note=note)
    return definition


def add_version(
    definition_id: UUID, content: Content, *, version: int, effective_at: datetime, by: Actor, note: str | None = None,
    template_number: int | None = None,
) -> DefinitionVersion:  # fmt: skip
    """The next version; earlier ones stay as they are, and so does every clock that runs under them.

    `template_number` says that it was made from that state of the template.
    """
    by.require(MANAGE)
    definition = _for_change(definition_id, version, by=by)
    last = library.last_version(definition)
    _check_instant(definition, last, effective_at)
    made = checked_content(definition, content, effective_at, number=last.number + 1)
    row = _add_version(definition, last.number + 1, effective_at, made, by=by, note=note)
    definition.version += 1
    if template_number is not None:
        definition.template_number = template_number
    db.session.flush()
    events.record(DefinitionChanged(definition.tenant_id, definition.id))
    return row


def rename(definition_id: UUID, name: str, *, version: int, by: Actor) -> Definition:
    """Another name for all versions of a definition."""
    by.require(MANAGE)
    definition = _for_change(definition_id, version, by=by)
    if name.strip() != definition.name:
        definition.name = free_name(definition.tenant_id, definition.kind, name)
        definition.version += 1
        db.session.flush()
        queries.forget_promises()
        events.record(DefinitionChanged(definition.tenant_id, definition.id))
    return definition


def end_policy(definition_id: UUID, *, version: int, ends_at: datetime, by: Actor) -> DefinitionVersion:
    """Take a policy out of force: no ticket opened from `ends_at` on comes under it; those that run under it stay."""
    by.require(MANAGE)
    definition = library.visible_definition(definition_id, by=by, for_update=True)
    if definition.kind != "policy" or definition.is_default:
        raise Invalid.field("ends_at", "The default always applies; change its targets instead.", "default")
    last = library.last_version(definition)
    return add_version(
        definition_id, {**last.content, "ends_at": ends_at.isoformat()}, version=version, effective_at=ends_at, by=by,
        note="taken out of force",
    )  # fmt: skip


def visible_definition(definition_id: UUID, *, by: Actor) -> Definition:
    """A definition of a client that the actor may see and change."""
    by.require(MANAGE)
    return library.visible_definition(definition_id, by=by)


def checked_content(definition: Definition, content: Content, effective_at: datetime | None, *, number: int) -> dict[str, Any]:
    """The content as this definition may hold it: well formed, with calendars of its own client, teams that exist, and unambiguous."""
    calendars = {str(id) for id in library.calendar_ids(definition.tenant_id).values()} if definition.kind == "policy" else ()
    teams = library.team_ids() if definition.kind == "policy" else ()
    made = checked(definition.kind, content, calendars=calendars, teams=teams)
    if definition.kind == "policy":
        _refuse_clash(definition, made, effective_at, number)
    return made


def free_name(tenant_id: UUID, kind: str, name: str) -> str:
    """The name, if no other definition of this kind has it."""
    name = checked_name(name)
    taken = sa.select(Definition.id).where(Definition.tenant_id == tenant_id, Definition.kind == kind, Definition.name == name)
    if db.session.scalar(taken):
        raise Invalid.field("name", f"There is a {kind} called {name} already.", "taken")
    return name


def checked_name(name: str) -> str:
    """A name without blanks around it."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid.field("name", f"A name of 1 to {LONGEST_NAME} characters.", "length")
    return name


def _for_change(definition_id: UUID, version: int, *, by: Actor) -> Definition:
    definition = library.visible_definition(definition_id, by=by, for_update=True)
    if definition.version != version:
        raise StaleVersion(present=definition.version)
    return definition


def _check_instant(definition: Definition, last: DefinitionVersion, effective_at: datetime) -> None:
    """A version begins after the one before it, and no ticket has been promised anything since it began."""
    if last.effective_at is not None and effective_at < last.effective_at:
        raise Invalid.field("effective_at", f"Version {last.number} begins later than that; choose its day or a later one.", "order")
    promised = sa.select(sa.exists().where(
        Fact.tenant_id == definition.tenant_id, Fact.kind.in_(("opened", "redefined")), Fact.occurred_at > effective_at
    ))  # fmt: skip
    if effective_at < clock.now() and db.session.scalar(promised):
        raise Invalid.field("effective_at", "Tickets have been opened since then; a version begins today or later.", "past")


def _refuse_clash(definition: Definition, made: Content, effective_at: datetime | None, number: int) -> None:
    if definition.is_default and made["conditions"]:
        raise Invalid.field("conditions", "The default applies to everything that has no policy of its own.", "default")
    candidate = stored.policy(new_id(), definition.id, definition.name, number, effective_at, made)
    others = clashes(candidate, queries.promises(definition.tenant_id).definitions.policies)
    if others:
        covered = describe.conditions_words(made["conditions"])
        raise Invalid.field("conditions", f"“{others[0].name}” applies to {covered} already.", "clash")


def _add_version(
    definition: Definition,
    number: int,
    effective_at: datetime | None,
    content: Content,
    *,
    by: Actor,
    note: str | None,
) -> DefinitionVersion:
    row = DefinitionVersion(
        tenant_id=definition.tenant_id, id=new_id(), definition_id=definition.id, number=number,
        effective_at=effective_at, content=dict(content), note=note, author_name=by.name, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    queries.forget_promises()
    return row
