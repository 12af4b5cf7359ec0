"""What a clock says: plain values, aware UTC instants and whole working seconds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msp.itsm.sla.engine.definition import CalendarVersion, Choice, Policy, Threshold

State = Literal["on_track", "at_risk", "breached", "paused", "met", "missed", "stopped", "none"]
Outcome = Literal["met", "breached"]


@dataclass(frozen=True, slots=True)
class Pause:
    """Time given back: in a waiting state, or, as `resolved`, until the reopening. An open one has no end."""

    from_at: datetime
    to_at: datetime | None
    state: str = ""
    reason: str = ""
    author: str = ""
    ended_by: str = ""
    ended_by_client: bool = False
    fact_id: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a cycle with the working time inside; the last one of a running clock is open."""

    kind: Literal["running", "paused"]
    from_at: datetime
    to_at: datetime | None
    seconds: int
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A change that moved the due instant: a pause that ended, or a fact that changed the promise."""

    kind: Literal["pause", "change"]
    at: datetime
    from_due_at: datetime | None
    to_due_at: datetime | None
    why: str
    author: str = ""
    fact_id: str = ""


@dataclass(frozen=True, slots=True)
class ThresholdAt:
    """A threshold and its instant; None while an open pause comes first, and when the clock stopped before it."""

    threshold: Threshold
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why a clock counts neither as met nor as breached, and who approved of it."""

    at: datetime
    approver: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of a clock, read at an instant, under the promise in force at its end.

    `due_at` is None while an open pause hides it and when nothing is promised. `breaches_at` is when more than the
    target is used if nothing else happens; `breached_at` is the same instant once it has come. An outcome that is
    `breached` dates from `breached_at`, one that is `met` from the stop.
    """

    number: int
    started_at: datetime
    stopped_at: datetime | None
    choice: Choice
    priority: str | None
    target_seconds: int | None
    calendar: CalendarVersion | None
    state: State
    due_at: datetime | None = None
    breaches_at: datetime | None = None
    breached_at: datetime | None = None
    outcome: Outcome | None = None
    outcome_at: datetime | None = None
    elapsed_seconds: int = 0
    remaining_seconds: int | None = None
    percent: float | None = None
    pauses: tuple[Pause, ...] = ()
    segments: tuple[Segment, ...] = ()
    thresholds: tuple[ThresholdAt, ...] = ()
    moves: tuple[Move, ...] = ()
    started_by: str = ""
    stopped_by: str = ""
    exemption: Exemption | None = None

    @property
    def is_exempted(self) -> bool:
        """Whether it has no outcome for somebody said so."""
        return self.exemption is not None

    @property
    def policy(self) -> Policy | None:
        """The version of the policy that it runs under."""
        return self.choice.policy


@dataclass(frozen=True, slots=True)
class Reading:
    """A clock at an instant: its cycles in order. The last one speaks for the clock."""

    kind: str
    now: datetime
    cycles: tuple[Cycle, ...]

    @property
    def current(self) -> Cycle | None:
        """The last cycle; None before the clock has started."""
        return self.cycles[-1] if self.cycles else None

    @property
    def state(self) -> State:
        """The state of the last cycle; `none` when the clock has not started or nothing is promised."""
        return self.cycles[-1].state if self.cycles else "none"

    @property
    def due_at(self) -> datetime | None:
        """When the last cycle is due."""
        return self.cycles[-1].due_at if self.cycles else None
