"""Targets that a new version of a definition moved: what the timeline keeps of it, in words for our people and the client's.

A paused clock has no due date, so the time that it is given is told instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.web.formats import DAYS, WEEKDAY_REACH, date_words, target_words
from msp.itsm.sla.events import Shift, Target, TargetsMoved
from msp.itsm.tickets.models import Ticket, TimelineEntry
from msp.itsm.tickets.services import timeline

KIND = "retargeted"
_DEFINITIONS = {"policy": "policy", "calendar": "calendar", "matrix": "priority matrix"}
_CLOCKS = {
    "response": "response target",
    "update": "next-update target",
    "resolution": "resolution target",
    "ola": "internal target",
    "underpinning": "supplier’s target",
}
_PROMISES = {"response": "an answer", "update": "the next word from us", "resolution": "a fix"}
_CAUSES = {"policy": "your agreement changed", "calendar": "the opening hours changed", "matrix": "its priority changed"}


def note(event: TargetsMoved) -> None:
    """An entry for each ticket; what our own clocks and our suppliers' are held to stands in one that no client reads."""
    by_ticket: dict[Any, list[Shift]] = {}
    for shift in event.shifts:
        by_ticket.setdefault(shift.subject_id, []).append(shift)
    by = Actor.system(event.author)
    known = sa.select(Ticket).where(Ticket.tenant_id == event.tenant_id, Ticket.id.in_(by_ticket))
    for ticket in db.session.scalars(known):
        for is_internal in (False, True):
            shifts = [shift for shift in by_ticket[ticket.id] if shift.is_internal is is_internal]
            if shifts:
                timeline.note(ticket, KIND, _data(event, shifts), by=by, is_internal=is_internal)


def staff_words(entry: TimelineEntry, tz: tzinfo) -> str:
    """`Resolution target moved from Thu 14:10 to Fri 09:00: policy Gold, version of 3 Mar, by Dana`."""
    data = entry.data
    moved = "; ".join(_moved(_CLOCKS[row["clock"]], _before(row), _after(row), entry.at, tz) for row in data["targets"])
    kind, name = _DEFINITIONS[data["kind"]], data["definition"]
    called = kind if data["kind"] == "matrix" else f"{kind} {name}"  # a client has one matrix
    day = version_day(data["begins_at"], entry.at, tz)
    return f"{moved[:1].upper()}{moved[1:]}: {called}, version of {day}, by {entry.actor_name}"


def client_words(entry: TimelineEntry, kind: str, tz: tzinfo) -> str:
    """`We now promise a fix by Fri 09:00 instead of Thu 14:10: your agreement changed`."""
    said = " and ".join(_promised(entry, kind, tz))
    return f"We now promise {said}: {_CAUSES[entry.data['kind']]}"


def version_day(begins_at: str, seen: datetime, tz: tzinfo) -> str:
    """`3 Mar`, the day on which a version begins."""
    on = datetime.fromisoformat(begins_at).astimezone(tz).date()
    return date_words(on, year=on.year != seen.astimezone(tz).year)


def _data(event: TargetsMoved, shifts: Sequence[Shift]) -> dict[str, Any]:
    targets = [
        {"clock": shift.clock, "before": _stored(shift.before), "after": _stored(shift.after)} for shift in shifts
    ]
    begins_at = event.begins_at.isoformat()
    return {
        "definition": event.definition, "kind": event.kind, "version": event.number, "begins_at": begins_at, "targets": targets,
    }  # fmt: skip


def _stored(target: Target) -> dict[str, Any]:
    return {"due_at": target.due_at.isoformat() if target.due_at else None, "seconds": target.seconds}


def _before(row: Mapping[str, Any]) -> Target:
    return _read(row["before"])


def _after(row: Mapping[str, Any]) -> Target:
    return _read(row["after"])


def _read(stored: Mapping[str, Any]) -> Target:
    due_at = stored["due_at"]
    return Target(datetime.fromisoformat(due_at) if due_at else None, stored["seconds"])


def _moved(name: str, before: Target, after: Target, seen: datetime, tz: tzinfo) -> str:
    if after.seconds is None:
        return f"{name} dropped, it was {_value(before, seen, tz)}"
    if before.seconds is None:
        return f"{name} set to {_value(after, seen, tz)}"
    if before.due_at and after.due_at and before.due_at != after.due_at:
        return f"{name} moved from {_instant(before.due_at, seen, tz)} to {_instant(after.due_at, seen, tz)}"
    return f"{name} changed from {target_words(before.seconds)} to {target_words(after.seconds)}"


def _promised(entry: TimelineEntry, kind: str, tz: tzinfo) -> Iterator[str]:
    for row in entry.data["targets"]:
        before, after = _before(row), _after(row)
        thing = "this" if row["clock"] == "resolution" and kind != "incident" else _PROMISES[row["clock"]]
        if after.seconds is None:
            yield f"no time for {thing} any more"
        elif after.due_at:
            instead = f" instead of {_instant(before.due_at, entry.at, tz)}" if before.due_at else ""
            yield f"{thing} by {_instant(after.due_at, entry.at, tz)}{instead}"
        else:
            instead = f" instead of {target_words(before.seconds)}" if before.seconds else ""
            yield f"{thing} within {target_words(after.seconds)}{instead}"


def _value(target: Target, seen: datetime, tz: tzinfo) -> str:
    return _instant(target.due_at, seen, tz) if target.due_at else target_words(target.seconds or 0)


def _instant(at: datetime, seen: datetime, tz: tzinfo) -> str:
    """`Thu 14:10`, `25 Mar 14:10`: to the minute, as seen from the entry's own day, whenever it is read."""
    local, here = at.astimezone(tz), seen.astimezone(tz)
    if abs((local.date() - here.date()).days) < WEEKDAY_REACH:
        return f"{DAYS[local.weekday()]} {local:%H:%M}"
    return f"{date_words(local.date(), year=local.year != here.year)} {local:%H:%M}"
