"""A week of one client: Monday 8 March 2027 on, London, 09:00 to 17:00, and a ticket's facts in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from msp.itsm.sla.engine import clock, rules
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.definition import (
    CalendarVersion,
    Conditions,
    Definitions,
    Policy,
    Target,
    Threshold,
)
from msp.itsm.sla.engine.facts import Actor, Fact
from msp.itsm.sla.engine.reading import Cycle, Reading

MINUTE = 60
HOUR = 3600
MONDAY = datetime(2027, 3, 8, tzinfo=UTC)
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

CLIENT = Actor("Amelia Hart", "contact")
AGENT = Actor("Priya Nair", "agent")
LEAD = Actor("Maya Lindqvist", "agent")
RULE = Actor("Auto-reply", "rule")
SUPPLIER = Actor("Imaging Ltd", "supplier")

OFFICE = Calendar("Europe/London", (((9 * 60, 17 * 60),),) * 5 + ((), ()))
HOURS = CalendarVersion("hours-1", "hours", "Office hours", 1, OFFICE)
ROUND_THE_CLOCK = CalendarVersion(
    "always-1", "always", "Emergency cover", 1, Calendar("Europe/London", (((0, 1440),),) * 7)
)


def targets(**hours: float) -> dict[str, Target]:
    return {clock_kind: Target(round(length * HOUR), "hours") for clock_kind, length in hours.items()}


POLICY = Policy(
    id="gold-4",
    policy_id="gold",
    name="Gold",
    version=4,
    targets={
        "P1": targets(response=0.5, update=1, resolution=4, ola=2, underpinning=2),
        "P2": targets(response=1, update=2, resolution=8, ola=4, underpinning=4),
        "P3": targets(response=4, update=4, resolution=16, ola=8, underpinning=8),
        "P5": {},
    },
    thresholds={
        "resolution": (
            Threshold("50 %", percent=50),
            Threshold("75 %", percent=75),
            Threshold("30 min before", offset_seconds=-30 * MINUTE),
            Threshold("100 %", percent=100),
            Threshold("2 h after", offset_seconds=2 * HOUR),
            Threshold("breach"),
        )
    },
)


def at(text: str) -> datetime:
    """`Mon 09:00` of the first week, `Mon+1 09:00` of the second."""
    day, time = text.split()
    name, _, weeks = day.partition("+")
    parts = [int(part) for part in time.split(":")]
    hours, minutes, seconds = [*parts, 0][:3]
    days = WEEKDAYS.index(name) + 7 * int(weeks or 0)
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def fact(kind: str, when: str, by: Actor = AGENT, /, **data: str | None) -> Fact:
    return Fact(kind, at(when), id=f"{kind} {when}", actor=by, data=data)


def opened(when: str = "Mon 09:00", by: Actor = CLIENT, priority: str | None = "P2", **data: str) -> Fact:
    return fact("opened", when, by, **({"priority": priority, "kind": "incident", "channel": "portal"} | data))


def waiting(when: str, state: str = "waiting_for_client", reason: str = "") -> Fact:
    return fact("waiting", when, state=state, reason=reason)


def definitions(policy: Policy = POLICY, *others: Policy, **changes: Any) -> Definitions:
    return Definitions((replace(policy, **changes), *others), (HOURS, ROUND_THE_CLOCK))


def read(kind: str, *facts: Fact, now: str, given: Definitions | None = None) -> Reading:
    """The clock of a ticket whose facts count in the order in which they are written."""
    numbered = [replace(each, sequence=number) for number, each in enumerate(facts)]
    return clock.read(numbered, given or definitions(), rules.RULES[kind], now=at(now))


def current(kind: str, *facts: Fact, now: str, given: Definitions | None = None) -> Cycle:
    found = read(kind, *facts, now=now, given=given).current
    assert found is not None
    return found


def conditions(**fixed: str) -> Conditions:
    return Conditions(**fixed)
