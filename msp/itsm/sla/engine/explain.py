"""A reading in steps that an agent and a client can read: what was promised, what counted, what did not and why."""

from datetime import datetime

from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.facts import SETTLED
from msp.itsm.sla.engine.reading import Cycle, Exemption, Move, Reading
from msp.itsm.sla.engine.seconds import DAY, FOREVER, seconds_of
from msp.itsm.sla.engine.steps import Step, Timeline, clock_changes, in_order, total_step
from msp.itsm.sla.engine.wording import duration_words, instant_words, sentence_case, state_words, wall

_COUNTED_FROM = {"ola": "from assignment", "underpinning": "from hand-over"}


def explain(reading: Reading, cycle: Cycle | None = None) -> tuple[Step, ...]:
    """The steps of one cycle, by default the last: to its stop, or, while it runs, on to its due instant."""
    cycle = cycle or reading.current
    if cycle is None:
        return ()
    if cycle.calendar is None or cycle.target_seconds is None:
        return (_nothing_promised(cycle),)
    calendar, start = cycle.calendar.calendar, seconds_of(cycle.started_at)
    end = _end(reading, cycle)
    last = end if cycle.stopped_at or not cycle.due_at else max(end, seconds_of(cycle.due_at))
    timeline = Timeline(
        calendar,
        start,
        last,
        cycle.pauses,
        now=None if cycle.stopped_at else end,
        opening=_counted_from(reading.kind, cycle),
    )
    steps = in_order(
        timeline.steps(),
        clock_changes(calendar, start, last, cycle.pauses),
        (_move_step(calendar, move) for move in cycle.moves),
        (_exemption_step(each) for each in (cycle.exemption,) if each is not None),
    )
    return (_policy_step(cycle), *steps, total_step(start, end, cycle.elapsed_seconds, cycle.target_seconds))


def thread(reading: Reading, cycle: Cycle | None = None) -> tuple[Step, ...]:
    """The windows, gaps and pauses of a cycle for drawing: uncut, touching each other, to the end of the last window.

    That end is at most the midnight after the due instant, after now, or after the stop, so that 24×7 has an end too.
    """
    cycle = cycle or reading.current
    if cycle is None or cycle.calendar is None:
        return ()
    calendar, start = cycle.calendar.calendar, seconds_of(cycle.started_at)
    last = _end(reading, cycle)
    if cycle.due_at:
        last = max(last, seconds_of(cycle.due_at))
    midnight = min(last + DAY - wall(calendar.tz, last) % DAY, FOREVER - 1)
    window = next(calendar.spans(max(start, last - 1), midnight), None)
    if window and window[0] <= last:
        last = max(last, window[1])
    return tuple(Timeline(calendar, start, last, cycle.pauses).steps())


def _end(reading: Reading, cycle: Cycle) -> int:
    if cycle.stopped_at:
        return seconds_of(cycle.stopped_at)
    return max(seconds_of(reading.now), seconds_of(cycle.started_at))


def _counted_from(kind: str, cycle: Cycle) -> str:
    if kind == "update" and cycle.number > 1:
        return "from the last update"
    return _COUNTED_FROM.get(kind, "from opening" if cycle.number == 1 else "from reopening")


def _policy_step(cycle: Cycle) -> Step:
    target = duration_words(cycle.target_seconds or 0)
    said = [f"Target {target} of working time"]
    if cycle.policy:
        line = cycle.policy.line(cycle.priority)
        because = " and ".join(cycle.choice.because)
        said.append(f"{cycle.priority} is line {line} of {cycle.policy.label}, chosen because {because}")
    if cycle.calendar:
        said.append(f"counted by {cycle.calendar.label}, {cycle.calendar.calendar.tz}")
    label = "; ".join(said)
    return Step("policy", cycle.started_at, None, 0, False, label, label)


def _nothing_promised(cycle: Cycle) -> Step:
    label = "Nothing is promised: no policy applies"
    if cycle.policy:
        label = f"Nothing is promised: {cycle.policy.label} has no target for {cycle.priority or 'this ticket'}"
    return Step("policy", cycle.started_at, None, 0, False, label, label)


def _move_step(calendar: Calendar, move: Move) -> Step:
    by = f" by {move.author}" if move.author else ""
    if move.kind == "pause" and move.why in SETTLED:
        label = f"Reopened{by}"
    elif move.kind == "pause":
        label = f"The pause{by} ({state_words(move.why)})"
    else:
        label = f"{sentence_case(move.why)}{by}"
    text = f"{label}: {move_words(calendar, move.from_due_at, move.to_due_at)}"
    return Step("change", move.at, move.at, 0, False, label, text)


def _exemption_step(exemption: Exemption) -> Step:
    by = f" by {exemption.approver}" if exemption.approver else ""
    why = f": “{exemption.reason}”" if exemption.reason else ""
    label = f"Exempted{by}{why}"
    return Step("exemption", exemption.at, exemption.at, 0, False, label, f"{label}. It counts neither as met nor as breached")


def move_words(calendar: Calendar, before: datetime | None, after: datetime | None) -> str:
    """`due moved from Wed 31 Mar 09:20 to Wed 31 Mar 11:50`."""
    was, now = (None if at is None else instant_words(calendar.tz, seconds_of(at)) for at in (before, after))
    if was is None:
        return f"due {now}"
    return f"due moved from {was} to {now}" if now else f"no longer due {was}"
