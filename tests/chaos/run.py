"""One run: steps, faults, the wait until nothing is left to do, the count."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import psycopg
import redis

from tests.chaos import count, faults, steps
from tests.chaos.faults import Outage, Trouble
from tests.chaos.processes import PROGRAMS, Processes
from tests.chaos.stage import Stage

FAULTS = (
    *("kill worker",) * 4, *("kill cron",) * 2, "flush Redis", "restart Redis", "restart PostgreSQL",
)  # fmt: skip
STUCK_SECONDS = 400  # longer than the claim of a dead worker keeps others away
AT_ONCE_SECONDS = 15  # within which faults fall when everything is due at once


@dataclass(frozen=True)
class Scenario:
    """So many steps over so many seconds, with these faults in between, done by these processes."""

    steps: int
    spread: int
    faults: Sequence[str] = FAULTS
    programs: Sequence[str] = tuple(PROGRAMS)

    @property
    def name(self) -> str:
        return f"{self.steps:,} steps " + (f"over {self.spread} s" if self.spread else "in one second")


@dataclass(frozen=True)
class Run:
    """What a scenario came to under one seed."""

    scenario: Scenario
    seed: int
    result: count.Result
    outages: Sequence[Outage]
    restarts: int
    seconds: float


def run(stage: Stage, scenario: Scenario, seed: int) -> Run:
    """Run the scenario on a copy of the loaded database, which stays where something went wrong."""
    name, began = f"run_{scenario.spread}_{seed}", time.monotonic()
    admin_url = stage.copy(name)
    with redis.Redis.from_url(stage.cache.url) as client:
        client.flushall()
    processes = Processes(stage.environment(name), stage.home / "logs" / name, scenario.programs)
    trouble = Trouble(stage, processes, admin_url)
    processes.start()
    try:
        trouble.await_start()
        window = steps.arm(admin_url, count=scenario.steps, spread=scenario.spread, seed=seed)
        planned = faults.plan(seed, seconds=scenario.spread or AT_ONCE_SECONDS, kinds=scenario.faults)
        trouble.begin(planned, window.start_at)
        trouble.wait()
        left = _wait_for_end(admin_url)
    finally:
        trouble.end()
        processes.stop()
    result = count.count(admin_url, scenario.steps // 2 * 2, trouble.outages, left)
    result.failures += trouble.failures
    if result.is_good:
        stage.drop(name)
    return Run(scenario, seed, result, trouble.outages, processes.restarts, round(time.monotonic() - began, 1))


def _wait_for_end(admin_url: str) -> int:
    """Until nothing is left to do, or nothing has moved for long; what was left then.

    Asked before the processes end: cron hands over housekeeping by the second, and its last row finds no worker.
    """
    least, moved = -1, time.monotonic()
    while time.monotonic() - moved < STUCK_SECONDS:
        with suppress(psycopg.OperationalError):
            left = count.unfinished(admin_url)
            if left == 0:
                return 0
            if least < 0 or left < least:
                least, moved = left, time.monotonic()
        time.sleep(1)
    return least
