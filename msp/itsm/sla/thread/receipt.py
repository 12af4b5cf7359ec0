"""The receipt under a thread: one row a window, gap and pause, then the sums. The text alternative of the picture."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from msp.core.web import formats
from msp.itsm.sla.engine import explain
from msp.itsm.sla.engine.reading import Cycle, Reading
from msp.itsm.sla.engine.steps import Step

_ROWS = {"window": "win", "gap": "skip", "pause": "pause"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: when, what, how much."""

    kind: Literal["win", "skip", "pause"]
    day: str
    span: str
    text: str
    sum: str


@dataclass(frozen=True, slots=True)
class Sum:
    """A line at the foot."""

    text: str
    sum: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`policy` says why this target and which calendar, `changes` what moved the due instant, and the clocks."""

    rows: tuple[Row, ...]
    foot: tuple[Sum, ...]
    policy: str
    changes: tuple[str, ...]


def receipt(reading: Reading, cycle: Cycle | None = None, *, for_client: bool = False) -> Receipt:
    """The receipt of one cycle, by default the last: what has happened, not what is to come."""
    cycle = cycle or reading.current
    steps = explain.explain(reading, cycle)
    if cycle is None or cycle.calendar is None or cycle.target_seconds is None:
        return Receipt((), (), steps[0].label if steps else "", ())
    tz = ZoneInfo(cycle.calendar.calendar.tz)
    return Receipt(
        rows=tuple(_rows((step for step in steps if step.kind in _ROWS and not step.is_ahead), reading, tz, for_client)),
        foot=tuple(_foot(reading, cycle, tz)),
        policy=next((step.label for step in steps if step.kind == "policy"), ""),
        changes=tuple(step.text for step in steps if step.kind in ("change", "clock_change")),
    )


def _rows(steps: Iterable[Step], reading: Reading, tz: ZoneInfo, for_client: bool) -> Iterator[Row]:
    last_day: date | None = None
    for step in steps:
        first = step.from_at.astimezone(tz)
        day = formats.day_words(first.date()) if first.date() != last_day and step.kind != "gap" else ""
        if step.kind != "gap":
            last_day = first.date()
        span = _span(first, (step.to_at or reading.now).astimezone(tz), for_client)
        duration = formats.duration_words(step.seconds)
        total = {"window": duration, "gap": "not counted", "pause": duration}[step.kind]
        if step.kind == "pause" and for_client:
            total = f"{duration} not counted"
        kind = _ROWS[step.kind]
        text = client_pause_words(step) if step.kind == "pause" and for_client else step.label
        yield Row(kind, day, span, text, total)  # type: ignore[arg-type]  # one of the three


# state -> how a client reads a pause that is over, and one that lasts
_CLIENT_PAUSES = {
    "waiting_for_client": ("We were waiting for you", "We are waiting for you"),
    "waiting_for_supplier": ("We were waiting for a supplier", "We are waiting for a supplier"),
    "waiting_for_approval": ("It was waiting for approval", "It is waiting for approval"),
    "scheduled": ("It was planned for later", "It is planned for later"),
    "resolved": ("We took it to be done", "We take it to be done"),
    "closed": ("We took it to be done", "We take it to be done"),
}


def client_pause_words(step: Step) -> str:
    """`We were waiting for you: “Which rooms are affected?”`."""
    pause = step.pause
    if pause is None:
        return step.label
    over, lasting = _CLIENT_PAUSES.get(pause.state, ("The clock stood still", "The clock stands still"))
    said = lasting if pause.to_at is None else over
    return f"{said}: “{pause.reason}”" if pause.reason else said


def _span(first: datetime, last: datetime, for_client: bool) -> str:
    """`09:10–11:40`, `17:30–Tue 08:30`; a client reads `09:10 to 11:40`."""
    closes = f"{last:%H:%M}" if first.date() == last.date() else f"{formats.DAYS[last.weekday()]} {last:%H:%M}"
    return f"{first:%H:%M}{' to ' if for_client else '–'}{closes}"


def _foot(reading: Reading, cycle: Cycle, tz: ZoneInfo) -> Iterator[Sum]:
    target = cycle.target_seconds or 0
    yield Sum(f"Used of {formats.duration_words(target)}", formats.duration_words(cycle.elapsed_seconds))
    left = target - cycle.elapsed_seconds  # shown with the seconds that "used" leaves out: the two make the target
    if left < 0:
        yield Sum("Over", formats.duration_words(-left), "bad")
    elif cycle.stopped_at is None:
        until = f", from now to {formats.when_words(cycle.due_at, reading.now, tz, today=False)}" if cycle.due_at else ""
        yield Sum(f"Left{until}", formats.duration_words(left + cycle.elapsed_seconds % 60), "warn" if cycle.state == "at_risk" else "")
