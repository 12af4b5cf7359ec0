"""Reads: definitions in force, facts, clocks and what they say."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core.db import db, locked, memory
from msp.core.errors import NotFound
from msp.itsm.sla import content
from msp.itsm.sla.engine import facts as engine_facts
from msp.itsm.sla.engine.clock import reading
from msp.itsm.sla.engine.definition import CalendarVersion, Definitions, Policy, PriorityMatrix
from msp.itsm.sla.engine.explain import explain
from msp.itsm.sla.engine.history import History
from msp.itsm.sla.engine.reading import Reading
from msp.itsm.sla.engine.rules import RULES
from msp.itsm.sla.engine.steps import Step
from msp.itsm.sla.models import Clock, Definition, DefinitionVersion, Escalation, Fact, Subject

_remembered: dict[UUID, tuple[Any, "Promises"]] = {}
_KEEP = 2000


class Promises:
    """Everything a client's clocks may run under, compiled once for each state of its definitions."""

    def __init__(self, rows: Iterable[Any]) -> None:
        policies: list[Policy] = []
        calendars: list[CalendarVersion] = []
        self.matrices: list[PriorityMatrix] = []
        for row in rows:
            fields = (row.id, row.definition_id, row.name, row.number, row.effective_at, row.content)
            if row.kind == "calendar":
                calendars.append(content.calendar_version(*fields))
            elif row.kind == "policy":
                policies.append(content.policy(*fields))
            else:
                self.matrices.append(content.matrix(row.id, row.name, row.number, row.effective_at, row.content))
        self.definitions = Definitions(tuple(policies), tuple(calendars))
        self.clocks = frozenset(clock for policy in policies for row in policy.targets.values() for clock in row)

    def matrix(self, at: datetime) -> PriorityMatrix | None:
        """The priority matrix in force at an instant."""
        started = [m for m in self.matrices if m.effective_at is None or m.effective_at <= at]
        return max(started, key=lambda m: m.version, default=None)


def promises(tenant_id: UUID) -> Promises:
    """The client's definitions: looked at once a transaction, compiled again when one of its versions was added."""
    seen: dict[UUID, Promises] = memory().setdefault("sla_promises", {})
    if tenant_id not in seen:
        seen[tenant_id] = _promises(tenant_id)
    return seen[tenant_id]


def forget_promises() -> None:
    """After a definition changed in the running transaction."""
    memory().pop("sla_promises", None)


def _promises(tenant_id: UUID) -> Promises:
    stamp = db.session.execute(
        sa.select(sa.func.count(), sa.func.max(sa.cast(DefinitionVersion.id, sa.Text)), sa.func.sum(Definition.version))
        .select_from(DefinitionVersion)
        .join(Definition, _joined())
        .where(DefinitionVersion.tenant_id == tenant_id)
    ).one()
    known = _remembered.get(tenant_id)
    if known is not None and known[0] == tuple(stamp):
        return known[1]
    rows = db.session.execute(
        sa.select(
            DefinitionVersion.id, DefinitionVersion.definition_id, Definition.kind, Definition.name, DefinitionVersion.number,
            DefinitionVersion.effective_at, DefinitionVersion.content,
        )
        .join(Definition, _joined())
        .where(DefinitionVersion.tenant_id == tenant_id, Definition.is_active)
        .order_by(DefinitionVersion.number)
    ).all()  # fmt: skip
    found = Promises(rows)
    if len(_remembered) >= _KEEP:
        _remembered.clear()
    _remembered[tenant_id] = (tuple(stamp), found)
    return found


def _joined() -> sa.ColumnElement[bool]:
    return sa.and_(
        Definition.tenant_id == DefinitionVersion.tenant_id, Definition.id == DefinitionVersion.definition_id
    )


def subject(tenant_id: UUID, subject_id: UUID, *, for_update: bool = False) -> Subject:
    """What clocks run on; NotFound where there is none."""
    statement = sa.select(Subject).where(Subject.tenant_id == tenant_id, Subject.id == subject_id)
    found = db.session.scalar(locked(statement) if for_update else statement)
    if found is None:
        raise NotFound
    return found


def facts(tenant_id: UUID, subject_id: UUID) -> Sequence[Fact]:
    """Facts of a subject as they were recorded."""
    return db.session.scalars(
        sa.select(Fact).where(Fact.tenant_id == tenant_id, Fact.subject_id == subject_id).order_by(Fact.number)
    ).all()


def engine_fact(row: Fact) -> engine_facts.Fact:
    """A stored fact as the engine's."""
    return engine_facts.Fact(
        row.kind, row.occurred_at, row.number, str(row.id), engine_facts.Actor(row.actor_name, row.actor_kind), row.data,
        row.recorded_at,
    )  # fmt: skip


def history(tenant_id: UUID, subject_id: UUID) -> History:
    """Facts and promises of a subject, ready to be read."""
    rows = facts(tenant_id, subject_id)
    return History([engine_fact(row) for row in rows], promises(tenant_id).definitions)


def clocks(tenant_id: UUID, subject_ids: Iterable[UUID], *, current_only: bool = True) -> Sequence[Clock]:
    """Stored clocks of some subjects, their last cycles or all."""
    statement = sa.select(Clock).where(Clock.tenant_id == tenant_id, Clock.subject_id.in_(list(subject_ids)))
    if current_only:
        statement = statement.where(Clock.is_current)
    return db.session.scalars(statement.order_by(Clock.kind, Clock.cycle)).all()


def read(tenant_id: UUID, subject_id: UUID, kind: str, *, now: datetime) -> Reading:
    """One clock of a subject, read by the engine at an instant."""
    return reading(history(tenant_id, subject_id), RULES[kind], now=now)


def explanation(tenant_id: UUID, subject_id: UUID, kind: str, *, now: datetime) -> tuple[Reading, tuple[Step, ...]]:
    """One clock and its steps: why it is due when it is due."""
    read_now = read(tenant_id, subject_id, kind, now=now)
    return read_now, explain(read_now)


def escalations(tenant_id: UUID, subject_id: UUID) -> Sequence[Escalation]:
    """Steps of a subject's clocks in the order of their instants."""
    return db.session.scalars(
        sa.select(Escalation)
        .where(Escalation.tenant_id == tenant_id, Escalation.subject_id == subject_id)
        .order_by(Escalation.fire_at.nulls_last(), Escalation.position)
    ).all()
