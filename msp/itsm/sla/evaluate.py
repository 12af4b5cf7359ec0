"""`msp sla evaluate`: the engine on the command line, one JSON object a line in, one a line out.

Blank lines are skipped. Targets, percentages and offsets are rounded to the second, instants lose their fraction. Where
both targets are given, `target_seconds` counts.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn, TextIO

from msp.itsm.sla.engine import notation, stopwatch
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.definition import Threshold
from msp.itsm.sla.engine.errors import EngineError, NeverOpen
from msp.itsm.sla.engine.explain import move_words
from msp.itsm.sla.engine.notation import BadInput, Node
from msp.itsm.sla.engine.reading import Pause
from msp.itsm.sla.engine.seconds import DAY, FOREVER, instant_of
from msp.itsm.sla.engine.steps import Step, Timeline, clock_changes, in_order, total_step
from msp.itsm.sla.engine.wording import duration_words
from msp.itsm.sla.engine.years import Span

_CALENDARS_KEPT = 4096
_AT_RISK_PERCENT = 75


def main(lines: Iterable[str] | Iterable[bytes], out: TextIO, *, explain: bool) -> int:
    """Answer each line; the exit status is 1 when one of them was bad.

    Pass the lines as bytes where they may not be UTF-8: a stream of text breaks off at the first bad one.
    """
    evaluator = _Evaluator(explain=explain)
    status = 0
    for line in lines:
        if not line.strip():
            continue
        answer = evaluator.answer(line)
        status = 1 if "error" in answer else status
        out.write(json.dumps(answer, separators=(",", ":")) + "\n")
    return status


class _Evaluator:
    def __init__(self, *, explain: bool) -> None:
        self._explain = explain
        self._calendars: dict[str, Calendar] = {}

    def answer(self, line: str | bytes) -> dict[str, Any]:
        try:
            return self._answer(_parsed(line))
        except BadInput as error:
            return _error(error.code, error.message, error.pointer)
        except EngineError as error:
            return _error(error.code, str(error), "/calendar" if isinstance(error, NeverOpen) else "")
        except RecursionError:
            return _error("invalid_json", "The line is nested too deeply.", "")

    def _answer(self, line: Node) -> dict[str, Any]:
        kind = line.at("kind")
        answer_to = _KINDS.get(kind.text())
        if answer_to is None:
            raise kind.error("unknown_kind", f"The kind is one of {', '.join(_KINDS)}.")
        answer = answer_to(_Case(line, self._calendar))
        if not self._explain:
            return answer.values
        return answer.values | {"steps": [_written(step) for step in answer.steps()]}

    def _calendar(self, node: Node) -> Calendar:
        key = repr(node.value)
        calendar = self._calendars.get(key)
        if calendar is None:
            calendar = notation.calendar(node)
            if len(self._calendars) >= _CALENDARS_KEPT:
                self._calendars.clear()
            self._calendars[key] = calendar
        return calendar


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_not_json)


def _parsed(line: str | bytes) -> Node:
    try:
        text = line.decode() if isinstance(line, bytes) else line
        text.encode()  # text read with `surrogateescape` hides bad bytes until it is written
        value = _DECODER.decode(text.removeprefix("\ufeff"))
    except UnicodeError:
        raise BadInput("invalid_encoding", "The line is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BadInput("invalid_json", f"The line is not JSON: {error.msg} at column {error.colno}.") from None
    except ValueError as error:  # NaN, Infinity, a number of thousands of digits
        raise BadInput("invalid_json", f"The line is not JSON: {error}.") from None
    if type(value) is not dict:
        raise BadInput("not_an_object", "Each line is one JSON object.")
    return Node(value)


def _error(code: str, message: str, pointer: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "pointer": pointer}}


def _written(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "from": _iso(step.from_at),
        "to": _iso(step.to_at) if step.to_at else None,
        "seconds": step.seconds,
        "counted": step.counted,
        "text": step.text,
    }


def _instant(second: int | None) -> str | None:
    return None if second is None else _iso(instant_of(second))


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class _Answer:
    values: dict[str, Any]
    steps: Callable[[], Iterable[Step]]


class _Case:
    """The common input of a line, read when a kind asks for it."""

    def __init__(self, line: Node, compiled: Callable[[Node], Calendar]) -> None:
        self.line = line
        self._compiled = compiled

    @cached_property
    def calendar(self) -> Calendar:
        return self._compiled(self.line.at("calendar"))

    @cached_property
    def start(self) -> int:
        return self.line.at("start").instant()

    @cached_property
    def target(self) -> int:
        return _target(self.line)

    @cached_property
    def given_pauses(self) -> list[tuple[int, int | None]]:
        found = self.line.get("pauses")
        return [] if found is None else [_pause(*pause.pair()) for pause in found.items()]

    @cached_property
    def pauses(self) -> list[Span]:
        return stopwatch.normalised(self.given_pauses, self.start)

    def due(self, target: int) -> int | None:
        return stopwatch.due(self.calendar, self.start, target, self.pauses)

    def used(self, end: int) -> int:
        return stopwatch.used(self.calendar, self.start, end, self.pauses)

    def calendar_of(self, *nodes: Node) -> Calendar:
        """The first calendar that one of the nodes has, else the common one."""
        for node in nodes:
            found = node.get("calendar")
            if found is not None:
                return self._compiled(found)
        return self.calendar

    def open_pause(self) -> int:
        """Where an open pause begins that hides an answer."""
        return self.pauses[-1][0]


def _target(node: Node) -> int:
    seconds = node.get("target_seconds")
    if seconds is not None:
        return round(seconds.number(least=0))
    return round(node.at("target_minutes").number(least=0) * 60)


def _pause(first: Node, last: Node) -> tuple[int, int | None]:
    return first.instant(), None if last.value is None else last.instant()


def _due(case: _Case) -> _Answer:
    due = case.due(case.target)
    return _Answer(
        {"due": _instant(due)},
        lambda: _explained(case, case.open_pause() if due is None else due, case.target),
    )


def _elapsed(case: _Case) -> _Answer:
    end = case.line.at("end").instant()
    return _Answer(_elapsed_values(case.used(end)), lambda: _explained(case, end))


def _elapsed_values(used: int) -> dict[str, Any]:
    return {"elapsed_seconds": used, "elapsed_minutes": used // 60}


def _clock(case: _Case) -> _Answer:
    stop = case.line.at("stop").instant()
    target, due, used = case.target, case.due(case.target), case.used(stop)
    values = {
        "due": _instant(due),
        "breached_at": _instant(stopwatch.exceeded(case.calendar, due, case.pauses)) if used > target else None,
        **_elapsed_values(used),
        "diff_minutes": target // 60 - used // 60,
        "breached": used > target,
    }
    return _Answer(values, lambda: _explained(case, stop, target))


def _escalation(case: _Case) -> _Answer:
    target, due = case.target, case.due(case.target)
    at = [case.due(_threshold(node).seconds(target)) for node in case.line.at("thresholds").items()]
    last = max(case.open_pause() if instant is None else instant for instant in (due, *at))
    return _Answer(
        {"due": _instant(due), "at": [_instant(instant) for instant in at]},
        lambda: _explained(case, last, target),
    )


def _threshold(node: Node) -> Threshold:
    percent, offset = node.get("percent"), node.get("offset_minutes")
    if percent is not None and offset is None:
        return Threshold("", percent=percent.number(least=0))
    if offset is not None and percent is None:
        return Threshold("", offset_seconds=round(offset.number() * 60))
    raise node.error("bad_threshold", "A threshold has either 'percent' or 'offset_minutes'.")


def _status(case: _Case) -> _Answer:
    as_of, target = case.line.at("as_of").instant(), case.target
    at_risk = case.line.get("at_risk_percent")
    at_risk_percent = at_risk.number(least=0) if at_risk else _AT_RISK_PERCENT
    used = case.used(as_of)
    breached_at = stopwatch.exceeded(case.calendar, case.due(target), case.pauses) if used > target else None
    if any(first <= as_of < (FOREVER if last is None else last) for first, last in case.given_pauses):
        state = "paused"
    elif used > target:
        state = "breached"
    else:
        state = "at_risk" if stopwatch.is_at_risk(used, target, at_risk_percent) else "on_track"
    values = {
        "state": state,
        "percent": stopwatch.percent(used, target, at_risk_percent),
        "elapsed_seconds": used,
        "remaining_seconds": target - used,
        "breached_at": _instant(breached_at),
    }
    return _Answer(values, lambda: _explained(case, as_of, target))


def _midflight(case: _Case) -> _Answer:
    initial, change = case.line.at("initial"), case.line.at("change")
    at = change.at("at").instant()
    before, after = case.calendar_of(initial), case.calendar_of(change, initial)
    began = stopwatch.normalised([pause for pause in case.given_pauses if pause[0] < at], case.start)
    due_before = stopwatch.due(before, case.start, _target(initial), began)
    due_after = stopwatch.due(after, case.start, _target(change), case.pauses)

    def steps() -> list[Step]:
        moved = move_words(after, *(None if due is None else instant_of(due) for due in (due_before, due_after)))
        text = f"Target {duration_words(_target(initial))} to {duration_words(_target(change))}: {moved}"
        step = Step("change", instant_of(at), instant_of(at), 0, False, text, text)
        last = case.open_pause() if due_after is None else due_after
        return _explained(case, last, _target(change), calendar=after, changes=(step,))

    return _Answer({"due_before": _instant(due_before), "due_after": _instant(due_after)}, steps)


def _is_working(case: _Case) -> _Answer:
    at = case.line.at("at").instant()
    return _Answer({"is_working": case.calendar.opening(at) == at}, lambda: _around(case.calendar, at))


def _next_open(case: _Case) -> _Answer:
    at = case.line.at("at").instant()
    opening = case.calendar.opening(at)
    if opening is None:
        raise NeverOpen("This calendar has no working time from then on.")
    return _Answer({"next_open": _instant(opening)}, lambda: _around(case.calendar, at))


def _open_windows(case: _Case) -> _Answer:
    end = case.line.at("end").instant()
    windows = [[_instant(opens), _instant(closes)] for opens, closes in case.calendar.spans(case.start, end)]
    return _Answer({"windows": windows}, lambda: _explained(case, end, pauses=()))


def _around(calendar: Calendar, at: int) -> Iterator[Step]:
    """The window or the gap in which an instant lies, from that instant on."""
    opening = calendar.opening(at)
    if opening is None:
        text = "No working time from then on"
        yield Step("gap", instant_of(at), None, 0, False, text, text)
        return
    last = opening if opening > at else next(calendar.spans(at, min(at + DAY, FOREVER - 1)))[1]
    yield from Timeline(calendar, at, last).steps()


def _explained(
    case: _Case,
    last: int,
    target: int | None = None,
    *,
    calendar: Calendar | None = None,
    changes: Iterable[Step] = (),
    pauses: Iterable[Span] | None = None,
) -> list[Step]:
    calendar = calendar or case.calendar
    spans = list(case.pauses if pauses is None else pauses)
    given = [Pause(instant_of(first), None if end == FOREVER else instant_of(end)) for first, end in spans]
    steps = in_order(
        Timeline(calendar, case.start, last, given).steps(),
        clock_changes(calendar, case.start, last, given),
        changes,
    )
    used = stopwatch.used(calendar, case.start, last, spans)
    if target is not None:
        text = f"Target {duration_words(target)} of working time, {calendar.tz}"
        steps.insert(0, Step("policy", instant_of(case.start), None, 0, False, text, text))
    return [*steps, total_step(case.start, last, used, target)]


_KINDS: Mapping[str, Callable[[_Case], _Answer]] = {
    "due": _due,
    "elapsed": _elapsed,
    "clock": _clock,
    "escalation": _escalation,
    "status": _status,
    "midflight": _midflight,
    "is_working": _is_working,
    "next_open": _next_open,
    "open_windows": _open_windows,
}
