"""Definitions: provider templates, their copies at clients, and versions that never change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import Invalid, NotFound, StaleVersion
from msp.core.ids import new_id
from msp.itsm.sla.content import WEEKDAYS
from msp.itsm.sla.events import DefinitionChanged
from msp.itsm.sla.models import Definition, DefinitionVersion, Template

MANAGE = "sla.manage"


def save_template(kind: str, name: str, content: Mapping[str, Any], *, by: Actor, is_default: bool = False) -> Template:
    """A provider template, made or changed; copies at clients show the difference and are left alone."""
    by.require(MANAGE)
    template = db.session.scalar(sa.select(Template).where(Template.kind == kind, Template.name == name))
    if template is None:
        provider_id = by.provider_id or call("provider")[0]["id"]
        template = Template(tenant_id=provider_id, kind=kind, name=name, content=dict(content), is_default=is_default)
        db.session.add(template)
    elif template.content != content:
        template.content = dict(content)
        template.number += 1
    db.session.flush()
    return template


def copy_template(tenant_id: UUID, template: Template, *, by: Actor, name: str | None = None, is_default: bool = False) -> Definition:
    """A client's copy, linked to its template; policies are bound to the client's own copies of their calendars."""
    by.require(MANAGE)
    content = template.content
    if template.kind == "policy":
        content = _bind_calendars(tenant_id, content)
    return add_definition(
        tenant_id, template.kind, name or template.name, content, by=by, template=template, is_default=is_default
    )


def add_definition(
    tenant_id: UUID, kind: str, name: str, content: Mapping[str, Any], *, by: Actor, template: Template | None = None,
    is_default: bool = False,
) -> Definition:  # fmt: skip
    """A definition with its first version, which holds from the beginning."""
    by.require(MANAGE)
    taken = sa.select(Definition.id).where(
        Definition.tenant_id == tenant_id, Definition.kind == kind, Definition.name == name
    )
    if db.session.scalar(taken):
        raise Invalid.field("name", f"There is a {kind} called {name} already.", "taken")
    definition = Definition(
        tenant_id=tenant_id, kind=kind, name=name, is_default=is_default,
        template_id=template.id if template else None, template_number=template.number if template else None,
    )  # fmt: skip
    db.session.add(definition)
    db.session.flush()
    _add_version(definition, 1, None, content, by=by, note=None)
    return definition


def add_version(
    definition_id: UUID, content: Mapping[str, Any], *, version: int, effective_at: datetime, by: Actor, note: str | None = None
) -> DefinitionVersion:
    """The next version; earlier ones stay as they are, and so does every clock that runs under them."""
    by.require(MANAGE)
    definition = visible_definition(definition_id, by=by)
    if definition.version != version:
        raise StaleVersion(present=definition.version)
    last = db.session.scalar(
        sa.select(sa.func.max(DefinitionVersion.number)).where(
            DefinitionVersion.tenant_id == definition.tenant_id, DefinitionVersion.definition_id == definition.id
        )
    )
    made = _add_version(definition, (last or 0) + 1, effective_at, content, by=by, note=note)
    definition.version += 1
    db.session.flush()
    events.record(DefinitionChanged(definition.tenant_id, definition.id))
    return made


def visible_definition(definition_id: UUID, *, by: Actor) -> Definition:
    """A definition of a client that the actor may see."""
    by.require(MANAGE)
    statement = sa.select(Definition).where(Definition.id == definition_id)
    if by.tenant_ids is not None:
        statement = statement.where(Definition.tenant_id.in_(by.tenant_ids))
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def _add_version(
    definition: Definition, number: int, effective_at: datetime | None, content: Mapping[str, Any], *, by: Actor, note: str | None
) -> DefinitionVersion:
    row = DefinitionVersion(
        tenant_id=definition.tenant_id, id=new_id(), definition_id=definition.id, number=number, effective_at=effective_at,
        content=dict(content), note=note, author_name=by.name, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def _bind_calendars(tenant_id: UUID, content: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the calendars' names of a template by the ids of the client's own."""
    names = dict(
        db.session.execute(
            sa.select(Definition.name, Definition.id).where(Definition.tenant_id == tenant_id, Definition.kind == "calendar")
        ).all()  # type: ignore[arg-type]  # rows of two
    )
    bound = {**content, "targets": {}}
    for priority, row in content["targets"].items():
        bound["targets"][priority] = {}
        for clock_kind, target in row.items():
            name = target["calendar"]
            if name not in names:
                raise Invalid.field("targets", f"The client has no calendar called {name}.", "unknown_calendar")
            bound["targets"][priority][clock_kind] = {"minutes": target["minutes"], "calendar_id": str(names[name])}
    return bound


DEFAULT_TEMPLATES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "calendar",
        "Business hours",
        {"tz": "UTC", "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}},
    ),
    ("calendar", "Around the clock", {"tz": "UTC", "hours": {day: [["00:00", "24:00"]] for day in WEEKDAYS}}),
    (
        "matrix",
        "Impact and urgency",
        {"cells": {"1": {"1": 1, "2": 2, "3": 3}, "2": {"1": 2, "2": 3, "3": 3}, "3": {"1": 3, "2": 4, "3": 4}}},
    ),
    (
        "policy",
        "Standard",
        {
            "targets": {
                f"P{priority}": {
                    "response": {"minutes": response, "calendar": "Business hours"},
                    "resolution": {"minutes": resolution, "calendar": "Business hours"},
                }
                for priority, response, resolution in ((1, 30, 240), (2, 60, 480), (3, 240, 1440), (4, 480, 2880))
            },
            "steps": {
                clock_kind: [
                    {"key": "75", "percent": 75, "actions": [{"kind": "notify", "to": "assignee"}]},
                    {"key": "90", "percent": 90, "actions": [{"kind": "notify", "to": "lead"}]},
                    {"key": "breach", "actions": [{"kind": "notify", "to": "lead"}]},
                ]
                for clock_kind in ("response", "resolution")
            },
        },
    ),
)


def default_templates(*, by: Actor) -> list[Template]:
    """The provider's default templates, made from the shipped ones where there are none."""
    by.require(MANAGE)
    found = list(db.session.scalars(sa.select(Template).where(Template.is_default).order_by(Template.kind, Template.name)))
    if not found:
        found = [save_template(kind, name, content, by=by, is_default=True) for kind, name, content in DEFAULT_TEMPLATES]
    return sorted(found, key=lambda template: template.kind == "policy")


def equip(tenant_id: UUID, *, time_zone: str, by: Actor) -> None:
    """Give a new client copies of the default templates, its calendars in its own time zone."""
    by.require(MANAGE)
    seen: set[str] = set()
    for template in default_templates(by=by):
        is_default = template.kind not in seen
        seen.add(template.kind)
        if template.kind == "calendar":
            content = {**template.content, "tz": time_zone}
            add_definition(tenant_id, "calendar", template.name, content, by=by, template=template, is_default=is_default)
        else:
            copy_template(tenant_id, template, by=by, is_default=is_default)
