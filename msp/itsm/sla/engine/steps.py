"""The steps of an explanation: what is counted between two seconds, what is not, and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.closures import Cause, cause_words, causes, lost_to_clocks
from msp.itsm.sla.engine.facts import SETTLED
from msp.itsm.sla.engine.reading import Pause
from msp.itsm.sla.engine.seconds import DAY, FOREVER, date_of, instant_of, seconds_of
from msp.itsm.sla.engine.stopwatch import paused_at
from msp.itsm.sla.engine.wording import (
    day_words,
    duration_words,
    sentence_case,
    span_words,
    state_words,
    time_words,
)
from msp.itsm.sla.engine.years import Span

StepKind = Literal["policy", "window", "gap", "pause", "change", "clock_change", "total", "exemption"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation. `seconds` is the working time in it, `counted` whether it used up the target.

    `seconds` of a clock change is the working time that was lost or came twice. `label` is the text without times and
    sums. The counted steps that are not ahead add up to the total, which is not counted again.
    """

    kind: StepKind
    from_at: datetime
    to_at: datetime | None
    seconds: int
    counted: bool
    label: str
    text: str
    is_ahead: bool = False  # later than the instant of the reading, on the way to the due instant
    causes: tuple[Cause, ...] = ()  # of a gap
    pause: Pause | None = None


class Timeline:
    """Windows, gaps and pauses between two seconds, in order and touching each other.

    `now` cuts a window: what lies after it is ahead. `opening` says what the first window counts from.
    """

    def __init__(
        self,
        calendar: Calendar,
        first: int,
        last: int,
        pauses: Sequence[Pause] = (),
        *,
        now: int | None = None,
        opening: str = "",
    ) -> None:
        self._calendar = calendar
        self._first, self._last = first, last
        self._pauses = pauses
        self._now = now
        self._opening = opening

    def steps(self) -> Iterator[Step]:
        position, note = self._first, self._opening
        for pause in self._pauses:
            first, last = span_of(pause)
            if first > self._last or (first == self._last and last != FOREVER):
                break
            yield from self._running(position, first, note)
            yield self._pause(pause, first, last)
            position, note = last, _end_words(pause)
        yield from self._running(position, self._last, note)

    def _running(self, first: int, last: int, note: str) -> Iterator[Step]:
        position = first
        for opens, closes in self._calendar.spans(first, last):
            if position < opens:
                yield self._gap(position, opens)
            yield from self._window(opens, closes, note if opens == first else "")
            position = closes
        if position < last:
            yield self._gap(position, last)

    def _window(self, opens: int, closes: int, note: str) -> Iterator[Step]:
        if self._now is None or closes < self._now:
            yield self._counted(opens, closes, note)
            return
        if opens < self._now:
            yield self._counted(opens, self._now, note or "so far")
        if self._now < closes:
            opens = max(opens, self._now)
            text = f"{span_words(self._calendar.tz, opens, closes)}, still to come: {duration_words(closes - opens)}"
            yield self._step("window", opens, closes, closes - opens, "Still to come", text, is_ahead=True)

    def _counted(self, opens: int, closes: int, note: str) -> Step:
        said = f", {note}" if note else ""
        text = f"{span_words(self._calendar.tz, opens, closes)}{said}: {duration_words(closes - opens)}"
        return self._step("window", opens, closes, closes - opens, f"Counted{said}", text)

    def _gap(self, first: int, last: int) -> Step:
        found = causes(self._calendar, first, last)
        label = sentence_case(cause_words(found))
        text = f"{span_words(self._calendar.tz, first, last)}: {label}"
        return self._step("gap", first, last, 0, label, text, causes=found)

    def _pause(self, pause: Pause, first: int, last: int) -> Step:
        reached = min(last, self._last)
        ends = None if last == FOREVER else reached
        given_back = self._calendar.worked(first, reached)
        label = pause_words(pause)
        span = sentence_case(span_words(self._calendar.tz, first, ends))
        text = f"{span}: {label}, {duration_words(given_back)} not counted"
        return self._step("pause", first, ends, given_back, label, text, pause=pause)

    def _step(
        self,
        kind: StepKind,
        first: int,
        last: int | None,
        seconds: int,
        label: str,
        text: str,
        *,
        is_ahead: bool = False,
        causes: tuple[Cause, ...] = (),
        pause: Pause | None = None,
    ) -> Step:
        return Step(
            kind=kind,
            from_at=instant_of(first),
            to_at=None if last is None else instant_of(last),
            seconds=seconds,
            counted=kind == "window",
            label=label,
            text=text,
            is_ahead=is_ahead or (self._now is not None and first >= self._now and kind != "pause"),
            causes=causes,
            pause=pause,
        )


def span_of(pause: Pause) -> Span:
    """A pause in seconds, an open one to FOREVER."""
    return seconds_of(pause.from_at), FOREVER if pause.to_at is None else seconds_of(pause.to_at)


def pause_words(pause: Pause) -> str:
    """`Paused by Priya Nair: “Asked Amelia which chairs are affected”`."""
    by = f" by {pause.author}" if pause.author else ""
    if pause.state in SETTLED:
        reopened = f", reopened by {pause.ended_by}" if pause.ended_by else ", reopened"
        return sentence_case(f"{pause.state}{by}{reopened}")
    if pause.reason:
        return f"Paused{by}: “{pause.reason}”"
    return f"Paused{by}, {state_words(pause.state)}" if pause.state else f"Paused{by}"


def _end_words(pause: Pause) -> str:
    if not pause.ended_by:
        return ""
    if pause.state in SETTLED:
        return f"reopened by {pause.ended_by}"
    return f"{pause.ended_by} answered" if pause.ended_by_client else f"resumed by {pause.ended_by}"


def clock_changes(calendar: Calendar, first: int, last: int, pauses: Sequence[Pause] = ()) -> Iterator[Step]:
    """Each change of the clocks between two seconds, with what it did to the working time."""
    paused = [span_of(pause) for pause in pauses]
    for second, before, after in zone.changes(calendar.tz, first, last):
        forward = after > before
        affected = lost_to_clocks(calendar, second, before, after) if forward else calendar.worked(second, second + before - after)
        if paused_at(second, paused):
            affected, effect = 0, "no effect, the clock was paused"
        elif not affected:
            effect = "no effect, outside working time"
        elif forward:
            effect = f"{duration_words(affected)} of working time did not exist"
        else:
            effect = f"{duration_words(affected)} of working time came twice and counts twice"
        label = f"Clocks went {'forward' if forward else 'back'}: {effect}"
        reading = second + before
        when = f"{day_words(date_of(reading // DAY))} {time_words(reading)} to {time_words(second + after)}"
        text = f"Clocks went {'forward' if forward else 'back'} {when}: {effect}"
        yield Step("clock_change", instant_of(second), instant_of(second), affected, False, label, text)


def total_step(first: int, last: int, used: int, target: int | None = None) -> Step:
    """What was used, of how much, and what is left or over."""
    label = f"Used {duration_words(used)}"
    if target is not None:
        over = used - target
        left = f"{duration_words(abs(over))} {'over' if over > 0 else 'left'}" if over else "nothing left"
        label = f"{label} of {duration_words(target)}, {left}"
    return Step("total", instant_of(first), instant_of(max(first, last)), used, False, label, label)


def in_order(*series: Iterable[Step]) -> list[Step]:
    """Steps by the instant at which they begin; a change stands before the window that begins with it."""
    return sorted(
        (step for steps in series for step in steps),
        key=lambda step: (step.from_at, step.kind not in ("change", "clock_change")),
    )
