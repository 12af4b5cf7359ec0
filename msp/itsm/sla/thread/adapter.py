"""From a reading of the engine to what the thread shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from msp.core.web.formats import DAYS
from msp.itsm.sla.engine import closures, explain
from msp.itsm.sla.engine.closures import Cause
from msp.itsm.sla.engine.errors import EngineError
from msp.itsm.sla.engine.reading import Cycle, Reading, ThresholdAt
from msp.itsm.sla.engine.seconds import DAY, seconds_of
from msp.itsm.sla.engine.steps import Step, Timeline
from msp.itsm.sla.thread.view import Gap, Look, Piece, SkippedDay, ThreadView, Threshold
from msp.itsm.sla.words import SLA_LOOK

TITLES = {
    "response": "Response clock",
    "update": "Next update clock",
    "resolution": "Resolution clock",
    "ola": "Team clock",
    "underpinning": "Supplier clock",
}
_MOST_PIECES = 48  # more would be thinner than their folds: lunches close first, then nights, then closed days
_DAY = timedelta(days=1)


def thread_view(reading: Reading, cycle: Cycle | None = None, *, for_client: bool = False) -> ThreadView:
    """The thread of one cycle, by default the last. For a client: calm ink, no escalation, the client's words."""
    cycle = cycle or reading.current
    if cycle is None or cycle.calendar is None or cycle.target_seconds is None:
        return _without_target(reading, cycle)
    tz = ZoneInfo(cycle.calendar.calendar.tz)
    rest_at = _rest_at(reading, cycle)
    steps = [*explain.thread(reading, cycle), *(_ahead(cycle, reading.now, rest_at) if rest_at else ())]
    pieces = _coarsened(_pieces(steps, reading, cycle, tz, for_client, has_rest=rest_at is not None))
    end_at = cycle.stopped_at or max(reading.now, cycle.started_at)
    worked = cycle.calendar.calendar.measure
    return ThreadView(
        title=TITLES[reading.kind],
        look=_look(cycle.state, for_client),
        start_at=cycle.started_at,
        now=max(reading.now, cycle.started_at),
        tz=tz,
        pieces=pieces,
        due_at=cycle.due_at,
        rest_at=rest_at,
        breached_at=cycle.breached_at,
        stopped_at=cycle.stopped_at,
        used_seconds=cycle.elapsed_seconds,
        target_seconds=cycle.target_seconds,
        paused_seconds=sum(worked(pause.from_at, min(pause.to_at or end_at, end_at)) for pause in cycle.pauses),
        pauses=len(cycle.pauses),
        thresholds=() if for_client else tuple(_thresholds(cycle.thresholds, end_at)),
        opening=tuple(_opening(cycle, end_at, tz)),
        due_word="" if for_client else "Due",
        hours_word="opening hours" if for_client else "working hours",
    )


def nights(view: ThreadView) -> list[float]:
    """Where the mini thread has its notches: shares of the target at which a night or a closed day lies."""
    found, used = [], 0
    for piece in view.pieces:
        if piece.kind == "window":
            used += piece.working_seconds
        elif piece.gap in ("night", "days") and 0 < used < view.target_seconds:
            found.append(used / view.target_seconds)
    return found


def _without_target(reading: Reading, cycle: Cycle | None) -> ThreadView:
    start = cycle.started_at if cycle else reading.now
    stopped = cycle.stopped_at if cycle else None
    return ThreadView(TITLES[reading.kind], "none", start, reading.now, ZoneInfo("UTC"), stopped_at=stopped)


def _look(state: str, for_client: bool) -> Look:
    if state == "stopped":
        return "track"
    look = SLA_LOOK[state][0]
    return cast(Look, "calm" if for_client and look in ("track", "risk") else look)


def _thresholds(thresholds: Iterable[ThresholdAt], end_at: datetime) -> Iterator[Threshold]:
    for each in thresholds:
        # 100 % and the breach itself are the knot.
        if each.at is None or each.threshold.is_breach or each.threshold.percent == 100:
            continue
        yield Threshold(_threshold_words(each), each.at, each.at <= end_at)


def _threshold_words(each: ThresholdAt) -> str:
    if each.threshold.percent is not None:
        return f"{each.threshold.percent:g} %"
    minutes = (each.threshold.offset_seconds or 0) // 60
    size = f"{abs(minutes) // 60} h" if minutes % 60 == 0 else f"{abs(minutes)} min"
    return f"{'–' if minutes < 0 else '+'}{size}"


def _opening(cycle: Cycle, end_at: datetime, tz: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Whole windows from the day of the start to the day of the due instant or the end."""
    if cycle.calendar is None:
        return
    first = datetime.combine(cycle.started_at.astimezone(tz), time(), tz)
    last = datetime.combine(max(end_at, cycle.due_at or end_at).astimezone(tz) + _DAY, time(), tz)
    if last - first <= timedelta(days=60):
        yield from cycle.calendar.calendar.open_windows(first, last)


def _rest_at(reading: Reading, cycle: Cycle) -> datetime | None:
    """Where the target would end if an open pause ended now, so that what is left of it has its length."""
    is_paused = not cycle.stopped_at and not cycle.due_at and bool(cycle.pauses) and cycle.pauses[-1].to_at is None
    left = (cycle.target_seconds or 0) - cycle.elapsed_seconds
    if cycle.calendar is None or not is_paused or left <= 0:
        return None
    try:
        return cycle.calendar.calendar.add(max(reading.now, cycle.pauses[-1].from_at), left)
    except EngineError:
        return None


def _ahead(cycle: Cycle, now: datetime, rest_at: datetime) -> Iterable[Step]:
    """The windows and gaps that what is left would take from now on, to the end of the last of them."""
    if cycle.calendar is None:
        return ()
    calendar, last = cycle.calendar.calendar, seconds_of(rest_at)
    window = next(calendar.spans(last - 1, last + DAY), None)
    return Timeline(calendar, seconds_of(max(now, cycle.pauses[-1].from_at)), window[1] if window else last).steps()


# --- Pieces ----------------------------------------------------------------------------------------------------------


def _pieces(
    steps: Iterable[Step], reading: Reading, cycle: Cycle, tz: ZoneInfo, for_client: bool, *, has_rest: bool
) -> list[Piece]:
    pieces: list[Piece] = []
    for step in steps:
        if step.kind == "window" and step.to_at:
            pieces += _window(step.from_at, step.to_at, step.seconds, tz)
        elif step.kind == "gap" and step.to_at:
            _add(pieces, _gap(step.from_at, step.to_at, step.causes))
        elif step.kind == "pause":
            for piece in _pause(step, reading, cycle, tz, for_client, has_rest=has_rest):
                _add(pieces, piece)
    return pieces


def _window(first: datetime, last: datetime, seconds: int, tz: tzinfo) -> Iterator[Piece]:
    """One bead; round the clock it has a seam at each local midnight."""
    if last - first < _DAY:
        yield Piece("window", first, last, seconds)
        return
    while first < last:
        local = first.astimezone(tz)
        midnight = datetime.combine(local.date() + _DAY, time(), tz)
        ends = min(midnight.astimezone(first.tzinfo), last)
        yield Piece("window", first, ends, int((ends - first).total_seconds()), _clock_change(local, midnight))
        first = ends


def _clock_change(local: datetime, midnight: datetime) -> str:
    begins = datetime.combine(local.date(), time(), local.tzinfo)
    hours = round((midnight.timestamp() - begins.timestamp()) / 3600, 1)
    if hours == 24:
        return ""
    return f"{hours:g} h: clocks go {'forward' if hours < 24 else 'back'}"


def _gap(first: datetime, last: datetime, causes: Sequence[Cause]) -> Piece:
    days = tuple(_skipped(cause) for cause in causes if cause.on)
    is_night = any(cause.kind == "night" for cause in causes)
    return Piece("gap", first, last, gap=_gap_kind(days, is_night), days=days)


def _gap_kind(days: Sequence[SkippedDay], is_night: bool) -> Gap:
    if days:
        return "days"
    return "night" if is_night else "lunch"


def _skipped(cause: Cause) -> SkippedDay:
    name = DAYS[cause.on.weekday()] if cause.on else ""
    return SkippedDay(name, cause.name if cause.kind == "holiday" else "")


def _add(pieces: list[Piece], piece: Piece) -> None:
    """Append a piece; a gap that follows another (a pause without working time lay between) makes it longer."""
    if piece.kind != "gap" or not pieces or pieces[-1].kind != "gap":
        pieces.append(piece)
        return
    before = pieces.pop()
    days = before.days + tuple(day for day in piece.days if day not in before.days)
    kind = _gap_kind(days, "night" in (before.gap, piece.gap))
    pieces.append(replace(before, to_at=piece.to_at, gap=kind, days=days))


def _pause(
    step: Step, reading: Reading, cycle: Cycle, tz: ZoneInfo, for_client: bool, *, has_rest: bool
) -> Iterator[Piece]:
    """The hatch, or a gap where nothing is given back; an open one up to now, then what is left of the window."""
    calendar = cycle.calendar.calendar if cycle.calendar else None
    now = cycle.stopped_at or reading.now
    last = step.to_at or max(now, step.from_at)
    if calendar is None or last == step.from_at:
        return
    if given_back := calendar.measure(step.from_at, last):
        yield Piece("pause", step.from_at, last, given_back, _pause_label(step, tz, for_client))
    else:
        yield _gap(step.from_at, last, closures.causes(calendar, seconds_of(step.from_at), seconds_of(last)))
    if step.to_at is None and not has_rest and calendar.is_working(last):
        first, closes = calendar.open_windows(last, last + _DAY)[0]
        yield Piece("window", first, closes, int((closes - first).total_seconds()))


def _pause_label(step: Step, tz: ZoneInfo, for_client: bool) -> str:
    pause = step.pause
    if pause is None:
        return ""
    words = {
        "waiting_for_client": "Waiting for you" if for_client else "Waiting for client",
        "waiting_for_supplier": "Waiting for supplier",
        "waiting_for_approval": "Waiting for approval",
        "scheduled": "Planned" if for_client else "Scheduled",
        "resolved": "Resolved",
    }.get(pause.state, "Paused")
    return f"{words}, since {pause.from_at.astimezone(tz):%H:%M}" if pause.to_at is None else words


def _coarsened(pieces: list[Piece]) -> tuple[Piece, ...]:
    """A long story without its small gaps: beads of a day, then of a week, then one between pauses."""
    for dropped in (("lunch",), ("lunch", "night"), ("lunch", "night", "days")):
        if len(pieces) <= _MOST_PIECES:
            break
        pieces = _joined(pieces, dropped)
    return tuple(pieces)


def _joined(pieces: Sequence[Piece], dropped: tuple[str, ...]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and piece.kind == "gap" and piece.gap in dropped:
            joined[-1] = replace(joined[-1], to_at=piece.to_at)
        elif joined and joined[-1].kind == piece.kind == "window":
            before = joined[-1]
            seconds = before.working_seconds + piece.working_seconds
            joined[-1] = replace(before, to_at=piece.to_at, working_seconds=seconds)
        else:
            joined.append(piece)
    return joined
