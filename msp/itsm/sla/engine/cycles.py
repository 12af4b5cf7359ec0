"""The cycles of a clock: which fact began each, which ended it and how. No arithmetic of time here."""

from collections.abc import Callable
from dataclasses import dataclass, field

from msp.itsm.sla.engine.definition import Policy
from msp.itsm.sla.engine.history import History
from msp.itsm.sla.engine.rules import ClockRule, Effect


@dataclass(slots=True)
class Run:
    """One cycle, in positions of facts. `gaps` are the times between a stop and the reopening that took it back."""

    number: int
    began: int
    ended: int | None = None
    ending: Effect | None = None  # MEET, END or VOID
    gaps: list[tuple[int, int]] = field(default_factory=list)
    exempted: int | None = None  # by which fact


def runs(history: History, rule: ClockRule) -> list[Run]:
    """The cycles of a clock, in order; only the last one may be running."""
    machine = _Machine(history, rule)
    for position, said in enumerate(history.signals):
        for signal in said:
            machine.take(position, signal)
    return machine.runs


class _Machine:
    def __init__(self, history: History, rule: ClockRule) -> None:
        self.runs: list[Run] = []
        self._history = history
        self._rule = rule
        self._terms = history.terms(rule.kind)
        self._is_exempted = False

    def take(self, position: int, signal: str) -> None:
        if self._is_exempted:
            return  # it counts no more, whatever comes back later
        if signal == "exempted":
            self._exempt(position)
            return
        effect = self._rule.effects.get(signal)
        if effect is None:
            return
        if signal == "answered_at_opening" and not self._phone_counts(position):
            return
        _STEPS[effect](self, position)

    @property
    def _running(self) -> Run | None:
        return self.runs[-1] if self.runs and self.runs[-1].ended is None else None

    def _policy(self, position: int) -> Policy | None:
        terms = [term for term in self._terms if term.position <= position]
        return terms[-1].policy if terms else None

    def _phone_counts(self, position: int) -> bool:
        policy = self._policy(position)
        return policy is None or policy.phone_counts_as_answer

    def _exempt(self, position: int) -> None:
        if self._history.facts[position].data.get("clock") not in (None, self._rule.kind):
            return
        self._end(position, Effect.VOID)
        self._is_exempted = True
        for run in self.runs:
            if run.exempted is None:
                run.exempted = position

    def _end(self, position: int, ending: Effect) -> bool:
        run = self._running
        if run:
            run.ended, run.ending = position, ending
        return run is not None

    def _begin(self, position: int) -> None:
        self.runs.append(Run(len(self.runs) + 1, position))

    def start(self, position: int) -> None:
        if not self._running:
            self._begin(position)

    def meet(self, position: int) -> None:
        self._end(position, Effect.MEET)

    def end(self, position: int) -> None:
        self._end(position, Effect.END)

    def void(self, position: int) -> None:
        self._end(position, Effect.VOID)

    def meet_and_start(self, position: int) -> None:
        if self._end(position, Effect.MEET):
            self._begin(position)

    def end_and_start(self, position: int) -> None:
        self._end(position, Effect.END)
        self._begin(position)

    def reopen(self, position: int) -> None:
        policy = self._policy(position)
        if policy and policy.reopening == "new_cycle":
            self.start(position)
        else:
            self._go_on(position)

    def reopen_unmet(self, position: int) -> None:
        if self.runs and self.runs[-1].ending is not Effect.MEET:
            self._go_on(position)

    def _go_on(self, position: int) -> None:
        if self._running or not self.runs:
            return
        run = self.runs[-1]
        if run.ended is not None:
            run.gaps.append((run.ended, position))
            run.ended = run.ending = None


_STEPS: dict[Effect, Callable[[_Machine, int], None]] = {
    Effect.START: _Machine.start,
    Effect.MEET: _Machine.meet,
    Effect.END: _Machine.end,
    Effect.VOID: _Machine.void,
    Effect.MEET_AND_START: _Machine.meet_and_start,
    Effect.END_AND_START: _Machine.end_and_start,
    Effect.REOPEN: _Machine.reopen,
    Effect.REOPEN_UNMET: _Machine.reopen_unmet,
}
