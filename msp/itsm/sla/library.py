"""Reads of definitions as their editors show them: templates, versions, which one is in force, what runs under it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.itsm.sla.models import Clock, Definition, DefinitionVersion, Rollout, Template
from tenants.models import Team, Tenant

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True)
class Held:
    """A definition with its versions, the oldest first."""

    definition: Definition
    versions: tuple[DefinitionVersion, ...]

    def in_force(self, at: datetime) -> DefinitionVersion:
        """The version that holds at an instant, its first one before that."""
        started = [version for version in self.versions if version.effective_at is None or version.effective_at <= at]
        return started[-1] if started else self.versions[0]

    @property
    def last(self) -> DefinitionVersion:
        return self.versions[-1]


# --- Templates of the provider ----------------------------------------------------------------------------------------


def templates(kind: str | None = None) -> Sequence[Template]:
    """Templates by kind and name; for the console."""
    statement = sa.select(Template).order_by(Template.kind, Template.name)
    return db.session.scalars(statement.where(Template.kind == kind) if kind else statement).all()


def template(template_id: UUID, *, for_update: bool = False) -> Template:
    """One template; NotFound where there is none."""
    statement = sa.select(Template).where(Template.id == template_id)
    found = db.session.scalar(locked(statement)) if for_update else db.session.get(Template, template_id)
    if found is None:
        raise NotFound
    return found


def template_named(kind: str, name: str) -> Template | None:
    return db.session.scalar(sa.select(Template).where(Template.kind == kind, Template.name == name))


def copies_of(template_id: UUID, *, by: Actor) -> Sequence[tuple[Definition, Tenant]]:
    """Clients' copies of a template, as far as the actor may see them."""
    statement = (
        sa.select(Definition, Tenant)
        .join(Tenant, Tenant.id == Definition.tenant_id)
        .where(Definition.template_id == template_id)
        .order_by(Tenant.name, Definition.name)
    )
    rows = db.session.execute(_reached(statement, by))
    return [(definition, tenant) for definition, tenant in rows]


# --- Definitions of a client ------------------------------------------------------------------------------------------


def visible_definition(definition_id: UUID, *, by: Actor, for_update: bool = False) -> Definition:
    """A definition of a client that the actor may see."""
    statement = _reached(sa.select(Definition).where(Definition.id == definition_id), by)
    found = db.session.scalar(locked(statement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def held(tenant_ids: Iterable[UUID], *, by: Actor) -> list[Held]:
    """Every definition of some clients with its versions, in two statements."""
    wanted = [tenant_id for tenant_id in tenant_ids if by.reaches(tenant_id)]
    definitions = db.session.scalars(
        sa.select(Definition).where(Definition.tenant_id.in_(wanted)).order_by(~Definition.is_default, Definition.name)
    ).all()
    return with_versions(definitions)


def with_versions(definitions: Sequence[Definition]) -> list[Held]:
    """These definitions with their versions, in one statement."""
    statement = sa.select(DefinitionVersion).where(
        DefinitionVersion.tenant_id.in_({definition.tenant_id for definition in definitions}),
        DefinitionVersion.definition_id.in_([definition.id for definition in definitions]),
    )
    versions: dict[UUID, list[DefinitionVersion]] = defaultdict(list)
    for version in db.session.scalars(statement.order_by(DefinitionVersion.number)):
        versions[version.definition_id].append(version)
    return [Held(definition, tuple(versions[definition.id])) for definition in definitions if versions[definition.id]]


def versions(definition: Definition) -> Sequence[DefinitionVersion]:
    """All versions, the oldest first."""
    return db.session.scalars(
        sa.select(DefinitionVersion)
        .where(DefinitionVersion.tenant_id == definition.tenant_id, DefinitionVersion.definition_id == definition.id)
        .order_by(DefinitionVersion.number)
    ).all()


def last_version(definition: Definition) -> DefinitionVersion:
    """The newest version, whether it has begun or not."""
    return versions(definition)[-1]


def calendar_ids(tenant_id: UUID) -> dict[str, UUID]:
    """A client's calendars: id by name."""
    statement = sa.select(Definition.name, Definition.id).where(Definition.tenant_id == tenant_id, Definition.kind == "calendar")
    return dict(db.session.execute(statement.order_by(Definition.name)).all())


def team_ids() -> frozenset[str]:
    """Every team of the provider's, also those that get no more tickets: what names one stays as it is."""
    return frozenset(str(id) for id in db.session.scalars(sa.select(Team.id)))


def time_zone_of(tenant_id: UUID) -> str:
    """The zone in which a client lives."""
    return db.session.scalar(sa.select(Tenant.time_zone).where(Tenant.id == tenant_id)) or "UTC"


# --- What runs under them ---------------------------------------------------------------------------------------------


def still_open() -> sa.ColumnElement[bool]:
    """Clocks that still run, or wait: the ones that a new version could move."""
    return sa.and_(Clock.is_current, Clock.stopped_at.is_(None), ~Clock.is_exempted)


def open_by_priority(definition: Definition) -> dict[str, int]:
    """Open tickets under any version of a policy, by priority."""
    own = sa.select(DefinitionVersion.id).where(
        DefinitionVersion.tenant_id == definition.tenant_id, DefinitionVersion.definition_id == definition.id
    )
    statement = (
        sa.select(Clock.priority, sa.func.count(sa.distinct(Clock.subject_id)))
        .where(Clock.tenant_id == definition.tenant_id, still_open(), Clock.policy_version_id.in_(own))
        .group_by(Clock.priority)
    )
    return {priority or "": number for priority, number in db.session.execute(statement)}


def open_by_version(tenant_id: UUID, kind: str = "policy") -> dict[UUID, int]:
    """Open tickets of a client under each version of its policies, or of its calendars."""
    column = Clock.policy_version_id if kind == "policy" else Clock.calendar_version_id
    statement = (
        sa.select(column, sa.func.count(sa.distinct(Clock.subject_id)))
        .where(Clock.tenant_id == tenant_id, still_open(), column.is_not(None))
        .group_by(column)
    )
    return {version_id: number for version_id, number in db.session.execute(statement) if version_id}


def rollouts(tenant_id: UUID, version_ids: Iterable[UUID]) -> dict[UUID, Rollout]:
    """How open tickets came under these versions."""
    statement = sa.select(Rollout).where(Rollout.tenant_id == tenant_id, Rollout.version_id.in_(list(version_ids)))
    return {rollout.version_id: rollout for rollout in db.session.scalars(statement)}


def _reached(statement: sa.Select[*Ts], by: Actor) -> sa.Select[*Ts]:
    if by.tenant_ids is None:
        return statement
    return statement.where(Definition.tenant_id.in_(by.tenant_ids))
