"""How far stored clocks have run at an instant: what a list shows of each, from the row alone, without its facts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from msp.core.db import db
from msp.itsm.sla import content
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.reading import State
from msp.itsm.sla.models import Clock, DefinitionVersion

_KEEP = 5000
_AHEAD = timedelta(hours=36)  # how far a window's closing is looked for: none that is not round the clock lasts longer
_compiled: dict[tuple[UUID, UUID], Calendar] = {}


@dataclass(frozen=True, slots=True)
class Pace:
    """A clock at an instant. `nights` are the shares of the target at which a closed night or day lies.

    `ticks_until` is when the window closes that counts now; None where nothing counts.
    """

    kind: str
    state: State
    used_seconds: int
    target_seconds: int
    due_at: datetime | None = None
    breaches_at: datetime | None = None
    stopped_at: datetime | None = None
    paused_at: datetime | None = None
    ticks_until: datetime | None = None
    nights: tuple[float, ...] = ()

    @property
    def share(self) -> float | None:
        """Used by target; None without a target."""
        return self.used_seconds / self.target_seconds if self.target_seconds else None

    @property
    def over_seconds(self) -> int | None:
        """Working time past the target; None while there is none."""
        return self.used_seconds - self.target_seconds if self.state in ("breached", "missed") else None


def calendars(clocks: Iterable[Clock]) -> dict[UUID, Calendar]:
    """The calendars that these clocks run under, by version; versions never change, so they are remembered."""
    wanted = {(row.tenant_id, row.calendar_version_id) for row in clocks if row.calendar_version_id is not None}
    missing = wanted - _compiled.keys()
    if missing:
        statement = sa.select(DefinitionVersion.tenant_id, DefinitionVersion.id, DefinitionVersion.content).where(
            DefinitionVersion.tenant_id.in_({tenant_id for tenant_id, _ in missing}),
            DefinitionVersion.id.in_({version_id for _, version_id in missing}),
        )
        if len(_compiled) > _KEEP:
            _compiled.clear()
        for tenant_id, version_id, stored in db.session.execute(statement):
            _compiled[tenant_id, version_id] = content.calendar(stored)
    return {key[1]: _compiled[key] for key in wanted if key in _compiled}


def pace(row: Clock, calendar: Calendar | None, *, now: datetime) -> Pace:
    """What the row says at `now`; its segments are the engine's, so the sum is too."""
    used = _used(row, calendar, now)
    return Pace(
        kind=row.kind,
        state=_state(row, now),
        used_seconds=used,
        target_seconds=row.target_seconds or 0,
        due_at=row.due_at,
        breaches_at=row.breaches_at,
        stopped_at=row.stopped_at,
        paused_at=row.paused_at,
        ticks_until=_closing(row, calendar, now),
        nights=tuple(_nights(row, calendar)) if calendar else (),
    )


def _state(row: Clock, now: datetime) -> State:
    if row.standing == "stopped":
        return {"met": "met", "breached": "missed"}.get(row.outcome or "", "stopped")  # type: ignore[return-value]  # three of the states
    if row.standing != "running":
        return "paused" if row.standing == "paused" else "none"
    if row.breaches_at is not None and now > row.breaches_at:
        return "breached"
    return "at_risk" if row.risk_at is not None and now >= row.risk_at else "on_track"


def _used(row: Clock, calendar: Calendar | None, now: datetime) -> int:
    if row.standing != "running" or calendar is None:
        return row.elapsed_seconds
    used = 0
    for segment in row.segments:
        if segment["kind"] != "running":
            continue
        open_from = _instant(segment["from"])
        used += segment["seconds"] if segment["to"] else calendar.measure(open_from, max(now, open_from))
    return used


def _closing(row: Clock, calendar: Calendar | None, now: datetime) -> datetime | None:
    if row.standing != "running" or calendar is None or not calendar.is_working(now):
        return None
    return calendar.open_windows(now, now + _AHEAD)[0][1]


def _nights(row: Clock, calendar: Calendar) -> Iterator[float]:
    """Where the working time so far, and on to the due instant, jumps from one date to another."""
    tz, target, used = ZoneInfo(calendar.tz), row.target_seconds or 0, 0
    before: datetime | None = None
    for opens, closes in _windows(row, calendar):
        if before is not None and opens > before and opens.astimezone(tz).date() != before.astimezone(tz).date():
            yield used / target
        used, before = used + int((closes - opens).total_seconds()), closes
        if used >= target:
            return


def _windows(row: Clock, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    for segment in row.segments:
        if segment["kind"] != "running":
            continue
        until = _instant(segment["to"]) if segment["to"] else row.due_at
        if until is not None:
            yield from calendar.open_windows(_instant(segment["from"]), until)


def _instant(text: Any) -> datetime:
    return datetime.fromisoformat(text)
