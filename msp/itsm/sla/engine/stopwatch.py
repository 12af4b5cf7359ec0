"""Working time less pauses, in whole seconds since 1970: what is used, when a target is used up, when it is exceeded.

A pause is half-open, [first, last); an open one lasts to FOREVER. Every function takes pauses as `normalised` returns
them.
"""

from collections.abc import Iterable, Sequence

from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.seconds import FOREVER
from msp.itsm.sla.engine.years import Span, merged


def normalised(pauses: Iterable[tuple[int, int | None]], start: int) -> list[Span]:
    """Pauses in order, counted once, cut to what lies after the start; open ones last for ever."""
    return merged((max(first, start), FOREVER if last is None else last) for first, last in pauses)


def used(calendar: Calendar, start: int, end: int, pauses: Sequence[Span]) -> int:
    """Working seconds between start and end that no pause gives back."""
    given_back = sum(calendar.worked(first, min(last, end)) for first, last in pauses)
    return calendar.worked(start, end) - given_back


def due(calendar: Calendar, start: int, target: int, pauses: Sequence[Span]) -> int | None:
    """The earliest second at which the target is used up; None when an open pause begins before it is.

    Raises NeverOpen or OutOfRange as `Calendar.add` does.
    """
    position, left = start, target
    for first, last in pauses:
        reached = calendar.advance(position, left)
        if reached <= first:
            return reached
        if last == FOREVER:
            return None
        left -= calendar.worked(position, first)
        position = last
    return calendar.advance(position, left)


def exceeded(calendar: Calendar, due_at: int | None, pauses: Sequence[Span]) -> int | None:
    """The first second after which more than the target is used; None when that never comes."""
    if due_at is None:
        return None
    at = calendar.opening(due_at)
    for first, last in pauses:
        if at is None or at < first:
            break
        if at < last:
            at = calendar.opening(last) if last < FOREVER else None
    return at


def paused_at(second: int, pauses: Sequence[Span]) -> bool:
    """Whether a second lies in a pause."""
    return any(first <= second < last for first, last in pauses)


def percent(used_seconds: int, target: int, at_risk_percent: float) -> float:
    """Share of the target, to two places; 100 of a target of nothing.

    It is rounded, but never over the percentage at which a clock is at risk: figure and state say the same.
    """
    if not target:
        return 100.0
    shown = round(100 * used_seconds / target, 2)
    if (shown >= at_risk_percent) is is_at_risk(used_seconds, target, at_risk_percent):
        return shown
    cut = 10_000 * used_seconds // target
    return (cut if shown >= at_risk_percent else cut + 1) / 100


def is_at_risk(used_seconds: int, target: int, at_risk_percent: float) -> bool:
    """Whether the exact share has reached a percentage."""
    return 100 * used_seconds >= target * at_risk_percent if target else at_risk_percent <= 100
