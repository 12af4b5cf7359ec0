"""Who and what the log names: clients, contacts, agents, teams and categories, made once and found again."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import holidays
import sqlalchemy as sa
from flask import current_app

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.ids import new_id
from msp.itsm.imports.incident_log.reader import UNKNOWN, ZONE, Incident
from msp.itsm.sla.models import Definition
from msp.itsm.sla.services import definitions
from msp.itsm.tickets.models import Category
from tenants.models import Agent, Contact, Team, Tenant
from tenants.services import clients, people

TARGET_MINUTES = {1: (30, 240), 2: (60, 480), 3: (240, 2400), 4: (480, 4800)}
FROM_THE_START = datetime(2016, 1, 1, tzinfo=UTC)


@dataclass
class Directory:
    """Ids by the log's own numbers, of one client and of the provider."""

    tenant_id: UUID
    contacts: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    categories: dict[tuple[str, str], UUID] = field(default_factory=dict)
    agents: dict[str, UUID] = field(default_factory=dict)
    teams: dict[str, UUID] = field(default_factory=dict)


def provider_people(incidents: list[Incident], *, by: Actor) -> None:
    """Agents and teams that some event names; those known already stay as they are."""
    events = [event for incident in incidents for event in incident.events]
    known = set(db.session.scalars(sa.select(Agent.external_key).where(Agent.external_key.is_not(None))))
    for number in sorted({event.assignee for event in events} - {UNKNOWN}, key=_as_number):
        if f"assigned_to:{number}" not in known:
            people.add_agent(f"Resolver {number}", None, external_key=f"assigned_to:{number}", time_zone=ZONE.key, by=by)
    known = set(db.session.scalars(sa.select(Team.external_key).where(Team.external_key.is_not(None))))
    for number in sorted({event.group for event in events} - {UNKNOWN}, key=_as_number):
        if f"assignment_group:{number}" not in known:
            people.add_team(f"Group {number}", external_key=f"assignment_group:{number}", by=by)


def client(location: str, *, by: Actor) -> UUID:
    """The client of a location, with the log's calendar, matrix and policy."""
    key, name = ("UNKNOWN", "Unknown") if location == UNKNOWN else (f"L{location}", f"Location {location}")
    known = db.session.scalar(sa.select(Tenant.id).where(Tenant.key == key))
    if known is not None:
        return known
    domain = current_app.settings.portal_domain.partition(":")[0]  # type: ignore[attr-defined]  # our own application class
    made = clients.create_client(key, name, time_zone=ZONE.key, host=f"{key.lower()}.{domain}", by=by)
    _promise(made.id, by=by)
    return made.id


def directory(tenant_id: UUID, incidents: list[Incident], *, by: Actor) -> Directory:
    """Everything that these incidents of one client name; what is missing is made."""
    found = Directory(tenant_id)
    _contacts(found, incidents, by=by)
    _categories(found, incidents)
    for key, id in db.session.execute(sa.select(Agent.external_key, Agent.id).where(Agent.external_key.is_not(None))):
        found.agents[(key or "").removeprefix("assigned_to:")] = id
    for key, id in db.session.execute(sa.select(Team.external_key, Team.id).where(Team.external_key.is_not(None))):
        found.teams[(key or "").removeprefix("assignment_group:")] = id
    return found


def _contacts(found: Directory, incidents: list[Incident], *, by: Actor) -> None:
    rows = sa.select(Contact.external_key, Contact.id, Contact.name).where(
        Contact.tenant_id == found.tenant_id, Contact.external_key.is_not(None)
    )
    for key, id, name in db.session.execute(rows):
        found.contacts[(key or "").removeprefix("caller:")] = (id, name)
    for number in sorted({incident.events[0].caller for incident in incidents} - found.contacts.keys(), key=_as_number):
        name = "Unknown caller" if number == UNKNOWN else f"Caller {number}"
        made = people.add_contact(found.tenant_id, name, external_key=f"caller:{number}", by=by)
        found.contacts[number] = (made.id, made.name)


def _categories(found: Directory, incidents: list[Incident]) -> None:
    rows = db.session.execute(sa.select(Category.path, Category.id).where(Category.tenant_id == found.tenant_id))
    known = {row.path: row.id for row in rows}
    for pair in sorted({(event.category, event.subcategory) for incident in incidents for event in incident.events}):
        parent, child = pair
        if parent == UNKNOWN:
            continue
        top = _category(found.tenant_id, known, None, f"Category {parent}", f"Category {parent}")
        below = f"Subcategory {child}"
        path = f"Category {parent} / {below}"
        found.categories[pair] = top if child == UNKNOWN else _category(found.tenant_id, known, top, below, path)


def _category(tenant_id: UUID, known: dict[str, UUID], parent_id: UUID | None, name: str, path: str) -> UUID:
    if path not in known:
        row = Category(tenant_id=tenant_id, id=new_id(), parent_id=parent_id, name=name, path=path)
        db.session.add(row)
        db.session.flush()
        known[path] = row.id
    return known[path]


def _promise(tenant_id: UUID, *, by: Actor) -> None:
    """Working hours of São Paulo with Brazil's holidays, and the targets of the import's policy."""
    calendar = definitions.add_definition(tenant_id, "calendar", "São Paulo business hours", calendar_content(), by=by)
    targets = {
        f"P{priority}": {
            "response": {"minutes": response, "calendar_id": str(calendar.id)},
            "resolution": {"minutes": resolution, "calendar_id": str(calendar.id)},
        }
        for priority, (response, resolution) in TARGET_MINUTES.items()
    }
    warnings: list[dict[str, Any]] = [{"key": str(percent), "percent": percent, "actions": []} for percent in (75, 90)]
    steps = {"response": warnings, "resolution": warnings}
    policy = {
        "targets": targets, "steps": steps, "phone_counts_as_answer": False,
        "pause_states": ["waiting_for_client", "waiting_for_supplier", "scheduled"],
    }  # fmt: skip
    matrix = {"cells": {"1": {"1": 1, "2": 2, "3": 3}, "2": {"1": 2, "2": 3, "3": 4}, "3": {"1": 3, "2": 4, "3": 4}}}
    for kind, content in (("policy", policy), ("matrix", matrix)):
        _replace_default(tenant_id, kind, content, by=by)


def _replace_default(tenant_id: UUID, kind: str, content: dict[str, Any], *, by: Actor) -> None:
    default = db.session.scalars(
        sa.select(Definition).where(Definition.tenant_id == tenant_id, Definition.kind == kind, Definition.is_default)
    ).one()
    definitions.add_version(
        default.id, content, version=default.version, effective_at=FROM_THE_START, by=by, note="Imported incident log"
    )


def calendar_content() -> dict[str, Any]:
    """Mon-Fri 08:00-18:00 in São Paulo, closed on Brazil's national holidays of the log's years."""
    days: dict[date, str] = holidays.country_holidays("BR", years=(2016, 2017))
    return {
        "tz": ZONE.key,
        "hours": {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": [{"on": on.isoformat(), "name": name} for on, name in sorted(days.items())],
    }


def _as_number(text: str) -> tuple[int, str]:
    return (int(text), "") if text.isdigit() else (-1, text)
