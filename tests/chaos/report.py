"""The figures of all runs, as a table, as JSON, and as docs/chaos.md."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from msp.core import clock
from tests.chaos.count import Lateness
from tests.chaos.run import Run

HEAD = (
    "scenario", "seed", "lost", "doubled", "parked", "fired: p50", "p99", "max", "outside outages: p50", "p99", "max", "steps",
    "acted: p50", "p99", "max", "restarts", "outage s", "longest", "run s",
)  # fmt: skip


def facts(command: str) -> dict[str, Any]:
    """When, where and what was run."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "at": clock.now().isoformat(timespec="seconds"), "commit": commit, "command": command,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load": [round(value, 2) for value in os.getloadavg()],
    }  # fmt: skip


def table(runs: Sequence[Run]) -> str:
    """A Markdown table, a row for each run."""
    rows = [HEAD, ["---"] * len(HEAD), *(_row(run) for run in runs)]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def problems(runs: Sequence[Run]) -> list[str]:
    """A line for everything that should not have been."""
    said = []
    for run in runs:
        where, result = f"{run.scenario.name}, seed {run.seed}", run.result
        said += [f"{where}: lost {number} × {effect}" for effect, number in result.lost.items() if number]
        said += [f"{where}: doubled {number} × {effect}" for effect, number in result.doubled.items() if number]
        said += [f"{where}: {result.parked} jobs gave up"] * bool(result.parked)
        said += [f"{where}: {result.left} left undone"] * bool(result.left)
        said += [f"{where}: {failure}" for failure in result.failures]
    return said


def as_json(known: dict[str, Any], runs: Sequence[Run]) -> str:
    return json.dumps({**known, "runs": [asdict(run) for run in runs]}, indent=2, default=str)


def write(known: dict[str, Any], runs: Sequence[Run], file: Path) -> None:
    """The page, whole."""
    found = problems(runs)
    parts = [
        "# Escalations under failure",
        f"Written by `{known['command']}` on {known['at']} at commit {known['commit']}. Machine: {known['machine']}; load before the "
        f"run {', '.join(map(str, known['load']))}. Servers, workers and load share it.",
        "Between the first instant and the last, workers and cron are killed with `kill -9` (whole, only the child at work, or only its "
        "parent), Redis is flushed, killed and started again, PostgreSQL is restarted in order or after `kill -9`, at instants drawn "
        "from the seed. Then every effect of every step (" + ", ".join(runs[0].result.lost) + ") is counted: none may be missing, none may "
        "be there twice.",
        "Lateness in seconds. *Fired* is when the sweep settled the step, *acted* when its notification was written. A breach takes "
        "effect in the second after its instant. *Outside outages* leaves out the steps that an outage fell on: one that lay between the "
        "step's instant and its effect, but no more than five seconds after the instant. An outage lasts until what was hit is back.",
        table(runs),
        "\n".join(f"- {line}" for line in found) or "Nothing was lost and nothing was doubled.",
    ]
    file.write_text("\n\n".join(parts) + "\n")


def _row(run: Run) -> Sequence[Any]:
    result, lengths = run.result, [outage.seconds for outage in run.outages]
    return (
        run.scenario.name, run.seed, sum(result.lost.values()), sum(result.doubled.values()), result.parked, *_figures(result.fired),
        *_figures(result.fired_outside), result.fired_outside.count, *_figures(result.acted), run.restarts, round(sum(lengths), 1),
        round(max(lengths, default=0), 1), run.seconds,
    )  # fmt: skip


def _figures(lateness: Lateness) -> tuple[Any, Any, Any]:
    return tuple("–" if value is None else value for value in (lateness.p50, lateness.p99, lateness.max))  # type: ignore[return-value]  # three of them
