"""Steps of an escalation: armed with their instants whenever the clocks are read, fired by the sweep.

A step fires at most once in a cycle, whatever moves later. When a change puts several unfired steps into the past, only
the latest of them fires; the others are marked skipped.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from msp.core.db import db
from msp.core.ids import new_id
from msp.itsm.sla.books import Book
from msp.itsm.sla.content import AT_RISK, BREACH
from msp.itsm.sla.engine.definition import Action
from msp.itsm.sla.engine.reading import Cycle
from msp.itsm.sla.models import Clock, Escalation
from msp.itsm.sla.services.replaying import is_replaying


class Ladder:
    """The steps of one subject's clocks while they are being armed: read once, written once."""

    def __init__(self, book: Book, now: datetime) -> None:
        self._book, self._now = book, now
        self._is_replay = is_replaying()
        self._present = {(row.clock_id, row.step): row for row in book.steps} if book.clocks else {}
        self._new: list[dict[str, Any]] = []

    def arm(self, row: Clock, cycle: Cycle) -> None:
        """Set the instants of the cycle's steps; the breach itself is always one, so that it is noted when it comes."""
        wanted = [(t.threshold.key, t.at, t.threshold.actions) for t in cycle.thresholds if t.threshold.key != AT_RISK]
        if cycle.target_seconds is not None and all(key != BREACH for key, _, _ in wanted):
            wanted.append((BREACH, cycle.breaches_at if cycle.stopped_at is None else None, ()))
        self._renew(row, {key: actions for key, _, actions in wanted})
        moved: list[tuple[datetime, int, Any]] = []
        for position, (key, at, actions) in enumerate(wanted):
            step: Any = self._present.get((row.id, key))
            if step is None:
                step = self._add(row, key, position, at, actions)
            elif step.state != "armed":
                continue
            elif step.is_replayed and not self._is_replay:
                self._bring_to_life(step, at)
                continue
            elif step.fire_at == at:
                continue
            else:
                step.fire_at = at
            if at is not None and at <= self._now:
                moved.append((at, position, step))
        for _, _, step in sorted(moved, key=lambda item: item[:2])[:-1]:
            self._skip(step)

    def write(self) -> None:
        """Insert the new steps with one statement."""
        if self._new:
            db.session.execute(sa.insert(Escalation), self._new)
            self._book.forget_steps()

    def _add(self, row: Clock, key: str, position: int, at: datetime | None, actions: tuple[Action, ...]) -> dict[str, Any]:
        step = {
            "tenant_id": row.tenant_id, "id": new_id(), "clock_id": row.id, "subject_id": row.subject_id, "step": key,
            "position": position, "fire_at": at, "state": "armed", "settled_at": None, "is_internal": row.is_internal,
            "is_replayed": self._is_replay,
            "actions": _spelled(actions),
        }  # fmt: skip
        self._new.append(step)
        return step

    def _renew(self, row: Clock, wanted: dict[str, tuple[Action, ...]]) -> None:
        """After the policy changed: what has not fired does as the present one says, or rests where that has no such step."""
        for (clock_id, key), step in self._present.items():
            if clock_id != row.id or step.state != "armed":
                continue
            if key not in wanted:
                step.fire_at = None
            elif step.actions != (spelled := _spelled(wanted[key])):
                step.actions = spelled

    def _bring_to_life(self, step: Escalation, at: datetime | None) -> None:
        """The first act of the present on a replayed subject: what was due in the past stays there."""
        step.is_replayed, step.fire_at = False, at
        if at is not None and at <= self._now:
            self._skip(step)

    def _skip(self, step: Any) -> None:
        if isinstance(step, dict):
            step["state"], step["settled_at"] = "skipped", self._now
        else:
            step.state, step.settled_at = "skipped", self._now


def _spelled(actions: tuple[Action, ...]) -> list[dict[str, str]]:
    """Actions as they are stored."""
    return [{"kind": a.kind, "to": a.to, "off_duty": a.off_duty} for a in actions]
