"""A clock's explanation as a client's people read it: the portal and the API say the same.

The promise in the agreement's words, what counted and what did not; a pause says whom we waited for, not who set it.
"""

from collections.abc import Iterator
from dataclasses import replace

from msp.itsm.sla import opening
from msp.itsm.sla.engine.explain import explain, move_words
from msp.itsm.sla.engine.reading import Cycle, Exemption, Reading
from msp.itsm.sla.engine.steps import Step
from msp.itsm.sla.engine.wording import sentence_case
from msp.itsm.sla.thread.receipt import client_pause_words


def client_steps(reading: Reading) -> tuple[Step, ...]:
    """The steps of the last cycle: what has happened, not what is to come."""
    cycle = reading.current
    steps = explain(reading)
    if cycle is None or cycle.calendar is None or cycle.target_seconds is None:
        return steps
    told = set(moved_words(reading, cycle))
    return tuple(
        _worded(step, cycle) for step in steps if not step.is_ahead and (step.kind != "change" or step.text in told)
    )


def moved_words(reading: Reading, cycle: Cycle) -> Iterator[str]:
    """What moved the promise beside the pauses, which stand for themselves: what was changed, and the clocks."""
    calendar = cycle.calendar.calendar if cycle.calendar else None
    for move in cycle.moves:
        if move.kind == "change" and calendar is not None:
            by = f" by {move.author}" if move.author else ""
            yield f"{sentence_case(move.why)}{by}: {move_words(calendar, move.from_due_at, move.to_due_at)}"
    yield from (step.text for step in explain(reading, cycle) if step.kind == "clock_change")


def agreement_words(cycle: Cycle) -> str:
    """`Your agreement “Standard” counts opening hours, Monday to Friday 09:00 to 17:00.`"""
    if cycle.policy is None or cycle.calendar is None:
        return ""
    counted = opening.hours_words(cycle.calendar.calendar)
    if opening.is_round_the_clock(cycle.calendar.calendar):
        return f"Your agreement “{cycle.policy.name}” counts every hour, day and night."
    return f"Your agreement “{cycle.policy.name}” counts opening hours, {counted}."


def exempt_words(exemption: Exemption) -> str:
    """`“You asked us to wait for your move”, approved by Lena Moritz.`"""
    return f"“{exemption.reason}”, approved by {exemption.approver}." if exemption.reason else f"Approved by {exemption.approver}."


def _worded(step: Step, cycle: Cycle) -> Step:
    if step.kind == "exemption" and cycle.exemption is not None:
        words = f"This does not count towards what we promised: {exempt_words(cycle.exemption)}"
        return replace(step, label=words, text=words)
    if step.kind == "policy":
        words = agreement_words(cycle)
        return replace(step, label=words, text=words) if words else step
    if step.kind == "pause":
        words = client_pause_words(step)
        return replace(step, label=words, text=step.text.replace(step.label, words, 1))
    return step
