"""What a thread shows, as plain values, and the same in one sentence."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from msp.core.web import formats

Look = Literal["track", "risk", "over", "paused", "met", "missed", "none", "calm"]
Gap = Literal["lunch", "night", "days"]


@dataclass(frozen=True, slots=True)
class SkippedDay:
    """A day without work in a fold: its short name, and the holiday's where it is one."""

    name: str
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the clock's life. `working_seconds` is what it counts, or as a pause gives back; a gap has none."""

    kind: Literal["window", "gap", "pause"]
    from_at: datetime
    to_at: datetime
    working_seconds: int = 0
    label: str = ""
    gap: Gap | None = None
    days: tuple[SkippedDay, ...] = ()


@dataclass(frozen=True, slots=True)
class Threshold:
    """A step of escalation on the thread: `75 %`, when, and whether it has fired."""

    label: str
    at: datetime
    fired: bool = False


@dataclass(frozen=True, slots=True)
class ThreadView:
    """What the thread shows. Pieces follow each other from `start_at` to the end of the last window drawn."""

    title: str
    look: Look
    start_at: datetime
    now: datetime
    tz: tzinfo
    pieces: tuple[Piece, ...] = ()
    due_at: datetime | None = None
    rest_at: datetime | None = None  # of a paused clock: where the target would end if it ran again from now
    breached_at: datetime | None = None
    stopped_at: datetime | None = None
    used_seconds: int = 0
    target_seconds: int = 0
    paused_seconds: int = 0
    pauses: int = 0
    thresholds: tuple[Threshold, ...] = ()
    opening: tuple[tuple[datetime, datetime], ...] = ()  # whole windows of the days drawn, for the day strip
    due_word: str = "Due"
    hours_word: str = "working hours"

    @property
    def end_at(self) -> datetime:
        """How far the clock has run: until it stopped, or until now."""
        return self.stopped_at or self.now


def sentence(view: ThreadView) -> str:
    """The picture in one sentence: used, target, per cent, due, pauses."""
    if view.look == "none" or not view.target_seconds:
        return f"{view.title}. No target."
    used, target = formats.duration_words(view.used_seconds), formats.target_words(view.target_seconds)
    share = formats.percent_words(view.used_seconds, view.target_seconds).replace("%", "per cent")
    parts = [f"{view.title}. {used} of {target} {view.hours_word} used, {share}."]
    if view.stopped_at:
        parts.append(f"{'Met' if view.look == 'met' else 'Stopped'} {_instant(view.stopped_at, view.tz)}.")
    elif view.due_at:
        parts.append(f"Due {_instant(view.due_at, view.tz)}.")
    else:
        parts.append(f"Paused, {formats.duration_words(max(0, view.target_seconds - view.used_seconds))} left.")
    if view.pauses:
        times = "once" if view.pauses == 1 else f"{view.pauses} times"
        parts.append(f"Paused {times} for {formats.duration_words(view.paused_seconds)}.")
    return " ".join([*parts, "Details follow."])


def _instant(at: datetime, tz: tzinfo) -> str:
    local = at.astimezone(tz)
    return f"{formats.day_words(local.date(), long=True)} {local:%H:%M}"
