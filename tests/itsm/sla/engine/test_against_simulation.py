"""Every answer of `msp sla evaluate` equals what a walk, minute by minute or second by second, finds."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given

from msp.itsm.sla import evaluate
from tests.itsm.sla.engine.simulation import Walk
from tests.itsm.sla.engine.strategies import cases, examples, written


def answers(case: dict[str, Any], *questions: dict[str, Any]) -> list[dict[str, Any]]:
    common = {
        "calendar": case["calendar"],
        "start": written(case["start"]),
        "target_seconds": case["target"],
        "pauses": [[written(first), last and written(last)] for first, last in case["pauses"]],
    }
    out = io.StringIO()
    evaluate.main([json.dumps(common | question) for question in questions], out, explain=False)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def iso(second: int | None) -> str | None:
    return None if second is None else datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")


def assert_instant(answer: dict[str, Any], key: str, expected: int | None, walk: Walk) -> None:
    """The walk's instant; where the walk ended without one, the engine's is later, hidden by a pause, or an error."""
    if expected is not None:
        assert answer.get(key) == iso(expected), (answer, key)
        return
    if answer.get(key) is not None:
        assert datetime.fromisoformat(answer[key]).timestamp() >= walk.end


def check(case: dict[str, Any], *, length: timedelta, cell: int) -> None:
    walk = Walk(case["calendar"], case["start"], case["pauses"], length=length, cell=cell)
    target, at = case["target"], int(case["at"].timestamp())
    when = written(case["at"])
    thresholds = [{"percent": 75}, {"offset_minutes": -30}, {"offset_minutes": 45.5}]
    shares = [round(target * 0.75), max(0, target - 1800), target + 2730]
    due, elapsed, clock, status, escalation = answers(
        case,
        {"kind": "due"},
        {"kind": "elapsed", "end": when},
        {"kind": "clock", "stop": when},
        {"kind": "status", "as_of": when},
        {"kind": "escalation", "thresholds": thresholds},
    )
    assert_instant(due, "due", walk.due(target), walk)
    if at < walk.end:
        used = walk.used(at)
        assert elapsed == {"elapsed_seconds": used, "elapsed_minutes": used // 60}
        breached_at = iso(walk.exceeded(target)) if used > target else None
        assert (status["elapsed_seconds"], status["remaining_seconds"]) == (used, target - used)
        assert status["breached_at"] == breached_at
        assert abs(status["percent"] - (100 * used / target if target else 100)) <= 0.01
        assert status["state"] not in ("on_track", "at_risk") or (status["percent"] >= 75) is (status["state"] == "at_risk")
        assert status["state"] == state(walk, used, target, at)
        if "error" not in clock:
            assert clock["elapsed_seconds"] == used
            assert clock["breached"] is (used > target)
            assert clock["breached_at"] == breached_at
            assert clock["diff_minutes"] == target // 60 - used // 60
    assert_instant(clock, "due", walk.due(target), walk)
    for index, share in enumerate(shares):
        answer = {"at": escalation["at"][index]} if "at" in escalation else {}
        if answer or all(walk.due(each) is not None for each in [target, *shares]):
            assert_instant(answer, "at", walk.due(share), walk)


def state(walk: Walk, used: int, target: int, at: int) -> str:
    if walk.is_paused(at):
        return "paused"
    if used > target:
        return "breached"
    return "at_risk" if not target or used * 4 >= target * 3 else "on_track"


@given(case=cases())
@examples()
def test_minute_by_minute(case: dict[str, Any]) -> None:
    check(case, length=timedelta(days=9), cell=60)


@given(case=cases(hours=20))
@examples(1 / 10)
def test_second_by_second_within_two_days(case: dict[str, Any]) -> None:
    check(case, length=timedelta(days=2), cell=1)


@given(case=cases())
@examples(1 / 6)
def test_through_shutdowns_and_one_hour_weeks(case: dict[str, Any]) -> None:
    case["target"] %= 4 * 3600
    check(case, length=timedelta(days=45), cell=60)


@given(case=cases())
@examples(1 / 3)
def test_questions_about_hours(case: dict[str, Any]) -> None:
    walk = Walk(case["calendar"], case["start"], [], length=timedelta(days=5), cell=60)
    end = datetime.fromtimestamp(walk.end, UTC)
    windows, is_working, next_open = answers(
        case,
        {"kind": "open_windows", "end": written(end)},
        {"kind": "is_working", "at": written(case["start"])},
        {"kind": "next_open", "at": written(case["start"])},
    )
    assert windows["windows"] == [[iso(first), iso(last)] for first, last in walk.windows()]
    opening = walk.runs[0][0] if walk.runs else None
    assert is_working["is_working"] is (opening == walk.start)
    assert_instant(next_open, "next_open", opening, walk)


@given(case=cases())
@examples(1 / 3)
def test_change_of_the_promise(case: dict[str, Any]) -> None:
    length = timedelta(days=8)
    change = case["at"]
    earlier = [pause for pause in case["pauses"] if pause[0] < change]
    before = Walk(case["calendar"], case["start"], earlier, length=length)
    after = Walk(case["other_calendar"], case["start"], case["pauses"], length=length)
    shorter = case["target"] // 2
    (answer,) = answers(
        case,
        {
            "kind": "midflight",
            "initial": {"target_seconds": case["target"]},
            "change": {"at": written(change), "target_seconds": shorter, "calendar": case["other_calendar"]},
        },
    )
    if "error" in answer:
        assert before.due(case["target"]) is None or after.due(shorter) is None
        return
    assert_instant(answer, "due_before", before.due(case["target"]), before)
    assert_instant(answer, "due_after", after.due(shorter), after)
