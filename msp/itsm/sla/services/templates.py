"""Provider templates of definitions, and their copies at clients."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import Invalid, StaleVersion
from msp.itsm.sla import library
from msp.itsm.sla.checks.kinds import checked
from msp.itsm.sla.content import WEEKDAYS
from msp.itsm.sla.models import KINDS, Definition, Template
from msp.itsm.sla.services import definitions
from msp.itsm.sla.services.definitions import MANAGE

_OFFICE_DAYS = WEEKDAYS[:5]


def save_template(
    kind: str, name: str, content: Mapping[str, Any], *, by: Actor, is_default: bool = False,
    template_id: UUID | None = None, number: int | None = None,
) -> Template:  # fmt: skip
    """A provider template, made or changed; copies at clients show the difference and are left alone.

    `number` is the one that the editor has seen: StaleVersion when somebody changed the template since.
    """
    by.require(MANAGE)
    if kind not in KINDS:
        raise Invalid.field("kind", f"One of {', '.join(KINDS)}.", "unknown")
    name = definitions.checked_name(name)
    template = library.template(template_id, for_update=True) if template_id else library.template_named(kind, name)
    if template is None:
        made = _checked(kind, content)
        template = Template(
            tenant_id=by.provider_id or call("provider")[0]["id"],
            kind=kind,
            name=name,
            content=made,
            is_default=is_default,
        )
        db.session.add(template)
    else:
        _change(template, name, content, number)
    db.session.flush()
    return template


def _change(template: Template, name: str, content: Mapping[str, Any], number: int | None) -> None:
    if number is not None and number != template.number:
        raise StaleVersion(present=template.number)
    other = library.template_named(template.kind, name)
    if other is not None and other.id != template.id:
        raise Invalid.field("name", f"There is a template called {name} already.", "taken")
    if template.kind == "calendar" and name != template.name and (user := _user_of(template.name)):
        raise Invalid.field("name", f"The template {user} names this calendar; it keeps its name.", "in_use")
    made = _checked(template.kind, content)
    template.name = name
    if made != template.content:
        template.content = made
        template.number += 1


def _checked(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    calendars = {found.name for found in library.templates("calendar")} if kind == "policy" else ()
    teams = library.team_ids() if kind == "policy" else ()
    return checked(kind, content, calendars=calendars, teams=teams, is_template=True)


def _user_of(calendar: str) -> str | None:
    """The name of a policy template that counts by a calendar of this name."""
    for policy in library.templates("policy"):
        if any(target["calendar"] == calendar for row in policy.content["targets"].values() for target in row.values()):
            return policy.name
    return None


def copy_template(
    tenant_id: UUID, template: Template, *, by: Actor, name: str | None = None, is_default: bool = False,
    conditions: Mapping[str, str] | None = None,
) -> Definition:  # fmt: skip
    """A client's copy, linked to its template; policies are bound to the client's own copies of their calendars.

    A calendar that the client lacks is copied with the policy.
    """
    by.require(MANAGE)
    if template.kind == "policy":
        _copy_missing_calendars(tenant_id, template, by=by)
    content = content_for(tenant_id, template)
    if conditions:
        content["conditions"] = dict(conditions)
    return definitions.add_definition(
        tenant_id, template.kind, name or template.name, content, by=by, template=template, is_default=is_default
    )


def content_for(tenant_id: UUID, template: Template, *, is_draft: bool = False) -> dict[str, Any]:
    """A template's content as this client would hold it: its own calendars and its own time zone.

    A calendar that the client lacks is refused, or, in a draft, left open to be chosen.
    """
    if template.kind == "policy":
        return _bound(tenant_id, template.content, is_draft=is_draft)
    if template.kind == "calendar":
        return {**template.content, "tz": library.time_zone_of(tenant_id)}
    return dict(template.content)


def _copy_missing_calendars(tenant_id: UUID, template: Template, *, by: Actor) -> None:
    wanted = {target["calendar"] for row in template.content["targets"].values() for target in row.values()}
    for missing in sorted(wanted - library.calendar_ids(tenant_id).keys()):
        source = library.template_named("calendar", missing)
        if source is not None:
            copy_template(tenant_id, source, by=by)


def _bound(tenant_id: UUID, content: Mapping[str, Any], *, is_draft: bool) -> dict[str, Any]:
    """Replace the calendars' names of a policy template by the ids of the client's own."""
    ids = library.calendar_ids(tenant_id)
    bound: dict[str, Any] = {**content, "targets": {}}
    for priority, row in content["targets"].items():
        bound["targets"][priority] = {}
        for clock_kind, target in row.items():
            name = target["calendar"]
            if name not in ids and not is_draft:
                raise Invalid.field("targets", f"The client has no calendar called {name}.", "unknown_calendar")
            bound["targets"][priority][clock_kind] = {"minutes": target["minutes"], "calendar_id": str(ids.get(name, ""))}
    return bound


DEFAULT_TEMPLATES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("calendar", "Business hours", {"tz": "UTC", "hours": {day: [["09:00", "17:00"]] for day in _OFFICE_DAYS}}),
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
                    {"percent": 75, "actions": [{"kind": "notify", "to": "assignee"}]},
                    {"percent": 90, "actions": [{"kind": "notify", "to": "lead"}]},
                    {"actions": [{"kind": "notify", "to": "lead"}]},
                ]
                for clock_kind in ("response", "resolution")
            },
        },
    ),
)


def default_templates(*, by: Actor) -> list[Template]:
    """The provider's default templates in the order in which they were made, from the shipped ones where there are none."""
    by.require(MANAGE)
    chosen = sa.select(Template).where(Template.is_default).order_by(Template.id)
    found = list(db.session.scalars(chosen))
    if not found:
        found = [save_template(kind, name, content, by=by, is_default=True) for kind, name, content in DEFAULT_TEMPLATES]
    return sorted(found, key=lambda template: template.kind == "policy")


def equip(tenant_id: UUID, *, by: Actor) -> None:
    """Give a new client copies of the default templates; of each kind the first is its default."""
    by.require(MANAGE)
    seen: set[str] = set()
    for template in default_templates(by=by):
        copy_template(tenant_id, template, by=by, is_default=template.kind not in seen)
        seen.add(template.kind)
