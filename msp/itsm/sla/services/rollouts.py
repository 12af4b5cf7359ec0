"""Bringing open tickets under a new version: at once, or, where they are many or the version begins later, by jobs.

Each open subject that would run under other versions gets the fact `redefined`, which dates from the instant at which
the version begins; everything else follows from the facts, as always.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.db import db, locked
from msp.core.errors import NotFound
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.itsm.sla import books
from msp.itsm.sla.events import Shift, Target, TargetsMoved
from msp.itsm.sla.models import CLOCKS, Definition, DefinitionVersion, Rollout
from msp.itsm.sla.services import facts, preview
from msp.itsm.sla.services.definitions import MANAGE
from msp.itsm.sla.services.facts import News

PLAN = "sla.plan_rollout"
MOVE = "sla.move_open"
AT_ONCE = 50
_CHUNK = 100


def begin(version: DefinitionVersion, *, moves_open: bool, by: Actor) -> Rollout:
    """Decide what becomes of open tickets, and do it, or have it done when the version begins."""
    by.require(MANAGE)
    rollout = decide(version, moves_open=moves_open, by=by)
    if moves_open and rollout.begins_at > clock.now():
        outbox.enqueue(PLAN, {"version_id": str(version.id)}, tenant_id=version.tenant_id, run_after=rollout.begins_at)
    elif moves_open:
        plan(version.tenant_id, version.id, by=by)
    return rollout


def decide(version: DefinitionVersion, *, moves_open: bool, by: Actor) -> Rollout:
    """Keep what was decided; whoever decides to move does the moving."""
    by.require(MANAGE)
    now = clock.now()
    rollout = Rollout(
        tenant_id=version.tenant_id, id=new_id(), version_id=version.id, is_moving=moves_open,
        begins_at=max(version.effective_at or now, now), total=0, moved=0, finished_at=None if moves_open else now,
    )  # fmt: skip
    db.session.add(rollout)
    db.session.flush()
    return rollout


def plan(tenant_id: UUID, version_id: UUID, *, by: Actor) -> None:
    """Find out whom it concerns now; few are moved at once, many by jobs of their own."""
    by.require(MANAGE)
    begins_at = _rollout(tenant_id, version_id).begins_at
    subject_ids = preview.of_versions(tenant_id, begins_at, by=by).affected
    expect(tenant_id, version_id, len(subject_ids), by=by)
    if len(subject_ids) <= AT_ONCE:
        move(tenant_id, version_id, subject_ids, by=by)
        return
    calls = [{"version_id": str(version_id), "subject_ids": ids} for ids in chunks(subject_ids)]
    outbox.enqueue_many(MOVE, calls, tenant_id=tenant_id)


def chunks(ids: Sequence[UUID]) -> Iterator[list[str]]:
    """Ids as a job takes them, a hundred at a time."""
    return ([str(id) for id in ids[first : first + _CHUNK]] for first in range(0, len(ids), _CHUNK))


def move(tenant_id: UUID, version_id: UUID, subject_ids: Sequence[UUID], *, by: Actor) -> None:
    """Move these subjects to the versions in force since the version began, in the name of whoever wrote it."""
    by.require(MANAGE)
    rollout = _rollout(tenant_id, version_id)
    version = _version(tenant_id, version_id)
    news = News(
        "redefined",
        {"definition": version.name, "version": str(version.number), "reason": f"{version.name} version {version.number} is in force"},
        occurred_at=rollout.begins_at,
    )
    writer = replace(by, name=version.author_name, permissions=by.permissions | {facts.BACKDATE})
    shifts: list[Shift] = []
    for subject_id in subject_ids:
        before = targets(tenant_id, subject_id)
        facts.record(tenant_id, subject_id, [news], by=writer)
        shifts += shifted(subject_id, before, targets(tenant_id, subject_id))
    tell(tenant_id, version_id, shifts, by=by)
    advance(tenant_id, version_id, len(subject_ids), by=by)


def targets(tenant_id: UUID, subject_id: UUID) -> dict[tuple[str, bool], Target]:
    """What the clocks of a subject, which is locked with this, are held to now."""
    return {
        (row.kind, row.is_internal): Target(row.due_at, row.target_seconds)
        for row in books.locked(tenant_id, subject_id).clocks
        if row.is_current
    }


def shifted(subject_id: UUID, before: Mapping[tuple[str, bool], Target], after: Mapping[tuple[str, bool], Target]) -> list[Shift]:
    """The clocks whose target is another one now."""
    none = Target(None, None)
    pairs = ((key, before.get(key, none), after.get(key, none)) for key in sorted(before.keys() | after.keys(), key=_place))
    return [Shift(subject_id, *key, was, becomes) for key, was, becomes in pairs if was != becomes]


def _place(key: tuple[str, bool]) -> int:
    return CLOCKS.index(key[0])


def tell(tenant_id: UUID, version_id: UUID, shifts: Sequence[Shift], *, by: Actor) -> None:
    """Tell whoever owns the subjects of the targets that a version has moved."""
    by.require(MANAGE)
    if not shifts:
        return
    version, begins_at = _version(tenant_id, version_id), _rollout(tenant_id, version_id).begins_at
    events.record(
        TargetsMoved(tenant_id, version.name, version.kind, version.number, begins_at, version.author_name, tuple(shifts))
    )


def began(tenant_id: UUID, version_id: UUID, *, by: Actor) -> datetime:
    """When a version that is rolled out begins, or began."""
    by.require(MANAGE)
    return _rollout(tenant_id, version_id).begins_at


def expect(tenant_id: UUID, version_id: UUID, total: int, *, by: Actor) -> None:
    """Note how many there are to move; of none it is finished."""
    by.require(MANAGE)
    _rollout(tenant_id, version_id, for_update=True).total = total
    advance(tenant_id, version_id, 0, by=by)


def advance(tenant_id: UUID, version_id: UUID, count: int, *, by: Actor) -> None:
    """Note that some more are done; the last ones finish the rollout."""
    by.require(MANAGE)
    db.session.flush()
    rollout = _rollout(tenant_id, version_id, for_update=True)
    rollout.moved += count
    if rollout.moved >= rollout.total:
        rollout.finished_at = clock.now()
    db.session.flush()


def _rollout(tenant_id: UUID, version_id: UUID, *, for_update: bool = False) -> Rollout:
    statement = sa.select(Rollout).where(Rollout.tenant_id == tenant_id, Rollout.version_id == version_id)
    if for_update:
        statement = locked(statement)
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


class _Version(NamedTuple):
    name: str
    kind: str
    number: int
    author_name: str


def _version(tenant_id: UUID, version_id: UUID) -> _Version:
    own = sa.and_(Definition.tenant_id == DefinitionVersion.tenant_id, Definition.id == DefinitionVersion.definition_id)
    row = db.session.execute(
        sa.select(Definition.name, Definition.kind, DefinitionVersion.number, DefinitionVersion.author_name)
        .join(Definition, own)
        .where(DefinitionVersion.tenant_id == tenant_id, DefinitionVersion.id == version_id)
    ).one()
    return _Version(*row)
