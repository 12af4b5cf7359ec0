"""The incident log, replayed by the command as an operator would: rows a second and where the time goes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks import segments
from tests.benchmarks.stage import stage

SAMPLE = Path(__file__).parents[1] / "data" / "incident_log_sample.csv"


def measure(log: Path | None) -> dict[str, Any]:
    """The closing figures of `msp import incident-log`, the peak memory of its processes, and whether its clocks are the engine's."""
    file = log or SAMPLE
    with stage(client_count=1, ticket_count=10) as made:
        command = [sys.executable, "-m", "msp.cli", "import", "incident-log", str(file), "--json", "--rejects", "/dev/null"]
        process = subprocess.Popen(command, env=made.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        peak = _watch(process)
        said = process.stdout.read() if process.stdout else ""
        if process.returncode not in (0, 1):
            raise RuntimeError(f"the import ended with {process.returncode}")
        compared = segments.compare(made.console)
    figures: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return figures | {"compared": compared} | {"file": file.name, "peak_memory_mb": round(peak / 1024 / 1024)}


def _watch(process: "subprocess.Popen[str]") -> int:
    """The most resident bytes that the command and its children held together."""
    peak = 0
    while process.poll() is None:
        try:
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in family))
        except psutil.NoSuchProcess:
            continue
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            continue
    return peak
