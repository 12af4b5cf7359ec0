"""Facts and definitions in, a reading out.

The structure comes first (`cycles`: which fact began and ended what), then the arithmetic: each cycle is counted from
its start under the promise in force, whatever was promised before, so that nothing depends on the last due date.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Literal

from msp.itsm.sla.engine import stopwatch
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.cycles import Run, runs
from msp.itsm.sla.engine.definition import Choice, Definitions, Policy, Subject
from msp.itsm.sla.engine.facts import SETTLED, Fact
from msp.itsm.sla.engine.history import History, Term
from msp.itsm.sla.engine.reading import Cycle, Exemption, Move, Outcome, Pause, Reading, Segment, State, ThresholdAt
from msp.itsm.sla.engine.rules import ClockRule, Effect
from msp.itsm.sla.engine.seconds import FOREVER, instant_of, seconds_of
from msp.itsm.sla.engine.years import Span


def read(facts: Iterable[Fact], definitions: Definitions, rule: ClockRule, *, now: datetime) -> Reading:
    """Read one clock of a ticket. Raises NeverOpen when a calendar cannot provide what was promised.

    All facts count, also those after `now`; `now` only says how far time has come.
    """
    return reading(History(facts, definitions), rule, now=now)


def reading(history: History, rule: ClockRule, *, now: datetime) -> Reading:
    """`read` for callers that read several clocks of one ticket: the history is shared."""
    terms = history.terms(rule.kind)
    second = seconds_of(now)
    counted = (_Count(history, rule, run, terms).cycle(second) for run in runs(history, rule))
    return Reading(rule.kind, now, tuple(counted))


@dataclass(frozen=True, slots=True)
class _Stop:
    """A pause of this cycle, in seconds; `last` is FOREVER while it is open."""

    first: int
    last: int
    state: str
    began: Fact
    ended: Fact | None

    @property
    def span(self) -> Span:
        return self.first, self.last

    def pause(self) -> Pause:
        return Pause(
            from_at=instant_of(self.first),
            to_at=None if self.last == FOREVER else instant_of(self.last),
            state=self.state,
            reason=self.began.data.get("reason") or "",
            author=self.began.actor.name,
            ended_by=self.ended.actor.name if self.ended else "",
            ended_by_client=self.ended is not None and self.ended.actor.kind == "contact",
            fact_id=self.began.id,
        )


class _Count:
    """The arithmetic of one cycle."""

    def __init__(self, history: History, rule: ClockRule, run: Run, terms: Sequence[Term]) -> None:
        self.history = history
        self.rule = rule
        self.run = run
        self.start = history.seconds[run.began]
        self.end = None if run.ended is None else history.seconds[run.ended]
        earlier = [term for term in terms if term.position <= run.began]
        last = len(history.facts) if run.ended is None else run.ended
        first = earlier[-1:] or [Term(run.began, Subject(), Choice(None))]
        self.terms = [*first, *(term for term in terms if run.began < term.position < last)]
        self.moves: list[Move] = []
        self.due: int | None = None
        self.exceeded: int | None = None
        self.spans: list[Span] = []
        self.stops: list[_Stop] = []

    def cycle(self, now: int) -> Cycle:
        for term, following in zip_longest(self.terms, self.terms[1:]):
            self._promise(term, self._effective(following) if following else FOREVER)
        facts, run, term = self.history.facts, self.run, self.terms[-1]
        bare = Cycle(
            number=run.number,
            started_at=instant_of(self.start),
            stopped_at=None if self.end is None else instant_of(self.end),
            started_by=facts[run.began].actor.name,
            stopped_by="" if run.ended is None else facts[run.ended].actor.name,
            choice=term.choice,
            priority=term.subject.priority,
            target_seconds=term.target_seconds,
            calendar=term.calendar,
            state="none",
            exemption=self._exemption(),
        )
        if term.policy is None or term.calendar is None or term.target_seconds is None:
            return bare
        return self._counted(bare, term.policy, term.calendar.calendar, term.target_seconds, now)

    def _promise(self, term: Term, until: int) -> None:
        """Take the pauses and the due instant through the time in which one term was in force."""
        since = self._effective(term)
        was_due, was_exceeded = self.due, self.exceeded
        self.stops = self._stops(self.rule.pause_states(term.policy))
        self.spans = [stop.span for stop in self.stops if stop.first < since]
        self.due = self.exceeded = None
        if term.calendar is None or term.target_seconds is None:
            return
        calendar = term.calendar.calendar
        self.due = stopwatch.due(calendar, self.start, term.target_seconds, self.spans)
        if term.position > self.run.began and self.due != was_due:
            fact = self.history.facts[term.position]
            self._move("change", since, was_due, why=term.why, fact=fact)
        for stop in self.stops:
            if since <= stop.first < until:
                self._pause(calendar, stop)
        self.exceeded = stopwatch.exceeded(calendar, self.due, self.spans)
        if self.exceeded is not None and self.exceeded < since and term.position > self.run.began:
            # Used up before the change came: the breach dates from the change, unless one stood already.
            stood = was_exceeded if was_exceeded is not None and was_exceeded < since else since
            self.exceeded = max(self.exceeded, stood)

    def _pause(self, calendar: Calendar, stop: _Stop) -> None:
        self.spans.append(stop.span)
        if self.due is None or self.due <= stop.first:
            return
        was_due = self.due
        left = calendar.worked(stop.first, was_due)
        self.due = None if stop.last == FOREVER else calendar.advance(stop.last, left)
        if self.due not in (None, was_due):
            fact = stop.ended if stop.ended and stop.state in SETTLED else stop.began
            self._move("pause", stop.last, was_due, why=stop.state, fact=fact)

    def _move(self, kind: Literal["pause", "change"], at: int, was_due: int | None, *, why: str, fact: Fact) -> None:
        before, after = (None if due is None else instant_of(due) for due in (was_due, self.due))
        self.moves.append(Move(kind, instant_of(at), before, after, why, fact.actor.name, fact.id))

    def _effective(self, term: Term) -> int:
        """When a term takes hold: with its fact, or, if that came while the clock was stopped, with the reopening."""
        for ended, reopened in self.run.gaps:
            if ended < term.position < reopened:
                return self.history.seconds[reopened]
        return max(self.start, self.history.seconds[term.position])

    def _stops(self, states: frozenset[str]) -> list[_Stop]:
        """The pauses of the cycle: stays in the states, and the times between a stop and its reopening."""
        waits = [(spell.state, spell.began, spell.ended) for spell in self.history.spells if spell.state in states]
        gaps = [(self.history.facts[ended].kind, ended, reopened) for ended, reopened in self.run.gaps]
        found = []
        position = self.start
        for state, began, ended in sorted([*waits, *gaps], key=lambda stay: stay[1]):
            stop = self._stop(state, began, ended, after=position)
            if stop.first < stop.last:
                found.append(stop)
                position = stop.last
        return found

    def _stop(self, state: str, began: int, ended: int | None, *, after: int) -> _Stop:
        """One of them; what an earlier one covers already is left to that one."""
        facts, seconds = self.history.facts, self.history.seconds
        last = FOREVER if ended is None else seconds[ended]
        return _Stop(
            first=max(after, seconds[began]),
            last=last if self.end is None else min(last, self.end),
            state=state,
            began=facts[began],
            ended=None if ended is None else facts[ended],
        )

    def _counted(self, bare: Cycle, policy: Policy, calendar: Calendar, target: int, now: int) -> Cycle:
        end = max(now, self.start) if self.end is None else self.end
        elapsed = stopwatch.used(calendar, self.start, end, self.spans)
        is_void = self._is_exempted or self.run.ending is Effect.VOID
        breached = self.exceeded if elapsed > target and not is_void else None
        outcome: Outcome | None = None
        if breached is not None:
            outcome = "breached"
        elif self.run.ending is Effect.MEET and not is_void:
            outcome = "met"
        breaches = breached if self.end is not None or is_void else self.exceeded
        return replace(
            bare,
            state=self._state(elapsed, target, policy, outcome, now),
            due_at=_instant(self.due),
            breaches_at=_instant(breaches),
            breached_at=_instant(breached),
            outcome=outcome,
            outcome_at=_instant(breached if outcome == "breached" else self.end if outcome == "met" else None),
            elapsed_seconds=elapsed,
            remaining_seconds=target - elapsed,
            percent=stopwatch.percent(elapsed, target, policy.at_risk_percent),
            pauses=tuple(stop.pause() for stop in self.stops),
            segments=tuple(self._segments(calendar, end)),
            thresholds=tuple(self._thresholds(policy, calendar, target)),
            moves=tuple(self.moves),
        )

    @property
    def _is_exempted(self) -> bool:
        return self.run.exempted is not None

    def _exemption(self) -> Exemption | None:
        if self.run.exempted is None:
            return None
        fact = self.history.facts[self.run.exempted]
        return Exemption(fact.occurred_at, fact.actor.name, fact.data.get("reason") or "")

    def _state(self, elapsed: int, target: int, policy: Policy, outcome: Outcome | None, now: int) -> State:
        if self.end is not None or self._is_exempted:
            return "stopped" if outcome is None else "met" if outcome == "met" else "missed"
        if stopwatch.paused_at(now, self.spans):
            return "paused"
        if outcome == "breached":
            return "breached"
        return "at_risk" if stopwatch.is_at_risk(elapsed, target, policy.at_risk_percent) else "on_track"

    def _segments(self, calendar: Calendar, end: int) -> Iterator[Segment]:
        position = self.start
        for stop in self.stops:
            if position < stop.first:
                yield self._segment(calendar, position, stop.first, None, end)
            yield self._segment(calendar, stop.first, stop.last, stop, end)
            position = stop.last
        last = FOREVER if self.end is None else end
        if position < last:
            yield self._segment(calendar, position, last, None, end)

    def _segment(self, calendar: Calendar, first: int, last: int, stop: _Stop | None, end: int) -> Segment:
        return Segment(
            kind="paused" if stop else "running",
            from_at=instant_of(first),
            to_at=None if last == FOREVER else instant_of(last),
            seconds=calendar.worked(first, min(last, end)),
            pause=stop.pause() if stop else None,
        )

    def _thresholds(self, policy: Policy, calendar: Calendar, target: int) -> Iterator[ThresholdAt]:
        for threshold in policy.thresholds.get(self.rule.kind, ()):
            at = self.exceeded if threshold.is_breach else stopwatch.due(calendar, self.start, threshold.seconds(target), self.spans)
            is_moot = self._is_exempted or (at is not None and self.end is not None and at >= self.end)
            yield ThresholdAt(threshold, None if is_moot else _instant(at))


def _instant(second: int | None) -> datetime | None:
    return None if second is None else instant_of(second)
