"""How fast the SLA engine is: `python -m tests.benchmarks.engine`."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any

from msp.itsm.sla import evaluate
from msp.itsm.sla.engine import clock, rules, stopwatch
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.definition import CalendarVersion, Definitions, Policy, Target, Threshold
from msp.itsm.sla.engine.explain import explain
from msp.itsm.sla.engine.facts import Actor, Fact
from msp.itsm.sla.engine.history import History
from msp.itsm.sla.engine.seconds import seconds_of

_HOUR = 3600
_HOURS = (((8 * 60 + 30, 12 * 60 + 30), (13 * 60 + 30, 17 * 60 + 30)),) * 5 + ((), ())
_JSON_HOURS = {day: [["08:30", "12:30"], ["13:30", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}
_ZONES = ("Europe/London", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")


def measure() -> dict[str, float]:
    """Evaluations and lines per second on one core; each figure after one warm run."""
    return {
        "due_per_second": _due(),
        "due_with_pauses_per_second": _due_with_pauses(),
        "evaluate_lines_per_second": _lines(explain=False),
        "evaluate_explained_lines_per_second": _lines(explain=True),
        "tickets_read_per_second": _tickets(),
        "explanations_per_second": _explanations(),
        "calendar_year_compiled_per_second": _years(),
    }


def _per_second(work: Callable[[], int]) -> float:
    work()
    began = perf_counter()
    done = work()
    return round(done / (perf_counter() - began))


def _starts(count: int) -> list[datetime]:
    chance = Random(1)  # noqa: S311 - repeatable, not secret
    first = datetime(2027, 1, 1, tzinfo=UTC)
    return [first + timedelta(seconds=chance.randrange(365 * 86400)) for _ in range(count)]


def _due() -> float:
    calendar, starts = Calendar("Europe/London", _HOURS), _starts(50_000)
    return _per_second(lambda: len([calendar.add(start, 12 * _HOUR) for start in starts]))


def _due_with_pauses() -> float:
    calendar = Calendar("Europe/London", _HOURS)
    starts = [seconds_of(start) for start in _starts(20_000)]

    def work() -> int:
        for start in starts:
            given = ((start + hours * _HOUR, start + (hours + 20) * _HOUR) for hours in (5, 30, 70))
            stopwatch.due(calendar, start, 12 * _HOUR, stopwatch.normalised(given, start))
        return len(starts)

    return _per_second(work)


def _lines(*, explain: bool) -> float:
    lines = [json.dumps(_question(number, start)) for number, start in enumerate(_starts(5_000 if explain else 20_000))]

    def work() -> int:
        evaluate.main(lines, io.StringIO(), explain=explain)
        return len(lines)

    return _per_second(work)


def _question(number: int, start: datetime) -> dict[str, Any]:
    pause = [(start + timedelta(hours=hours)).isoformat() for hours in (5, 25)]
    return {
        "kind": "due",
        "calendar": {
            "tz": _ZONES[number % len(_ZONES)],
            "hours": _JSON_HOURS,
            "holidays": ["2027-12-24", "2027-12-27"],
        },
        "start": start.isoformat(),
        "target_minutes": 720,
        "pauses": [pause],
    }


_DEFINITIONS = Definitions(
    policies=(
        Policy(
            id="gold-1",
            policy_id="gold",
            name="Gold",
            version=1,
            targets={
                "P2": {
                    "response": Target(_HOUR, "c"),
                    "update": Target(4 * _HOUR, "c"),
                    "resolution": Target(12 * _HOUR, "c"),
                }
            },
            thresholds={"resolution": tuple(Threshold(f"{share} %", percent=share) for share in (50, 75, 90, 100))},
        ),
    ),
    calendars=(CalendarVersion("c-1", "c", "Hours", 1, Calendar("Europe/London", _HOURS)),),
)


def _facts(start: datetime) -> list[Fact]:
    agent, client = Actor("Priya Nair", "agent"), Actor("Amelia Hart", "contact")
    return [
        Fact("opened", start, 1, actor=client, data={"priority": "P2", "kind": "incident"}),
        Fact("assigned", start + timedelta(minutes=10), 2, actor=agent, data={"team": "Clinical"}),
        Fact("replied", start + timedelta(minutes=30), 3, actor=agent),
        Fact("waiting", start + timedelta(minutes=31), 4, actor=agent, data={"state": "waiting_for_client"}),
        Fact("resumed", start + timedelta(hours=22), 5, actor=client),
        Fact("replied", start + timedelta(hours=24), 6, actor=agent),
        Fact("resolved", start + timedelta(hours=30), 7, actor=agent),
    ]


def _tickets() -> float:
    """Three clocks of a ticket of seven facts."""
    tickets = [_facts(start) for start in _starts(1_000)]
    now = datetime(2028, 1, 1, tzinfo=UTC)

    def work() -> int:
        for facts in tickets:
            history = History(facts, _DEFINITIONS)
            for rule in (rules.RESPONSE, rules.UPDATE, rules.RESOLUTION):
                clock.reading(history, rule, now=now)
        return len(tickets)

    return _per_second(work)


def _explanations() -> float:
    now = datetime(2028, 1, 1, tzinfo=UTC)
    readings = [clock.read(_facts(start), _DEFINITIONS, rules.RESOLUTION, now=now) for start in _starts(1_000)]
    return _per_second(lambda: len([explain(reading) for reading in readings]))


def _years() -> float:
    starts = [datetime(year, 1, 1, tzinfo=UTC) for year in range(1990, 2090)]
    return _per_second(lambda: len([Calendar("Europe/London", _HOURS).next_open(start) for start in starts]))


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:40} {figure:>12,.0f}")
