"""`make bench`: measure and write docs/benchmarks.md; ARGS="--small --no-properties" for a quick look."""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import engine, pages, policies, replay
from tests.benchmarks.report import write
from tests.benchmarks.stage import stage

ROOT = Path(__file__).parents[2]
SIZES = {"50 clients, 20,000 tickets": (50, 20_000), "500 clients, 200,000 tickets": (500, 200_000)}
SMALL = {"5 clients, 2,000 tickets": (5, 2_000), "20 clients, 8,000 tickets": (20, 8_000)}


def main() -> int:
    """Run every part asked for; figures as JSON beside the page."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--small", action="store_true", help="two small sizes, for trying the benchmark itself")
    parser.add_argument("--no-properties", action="store_true", help="leave the 5,000 examples of the engine's properties out")
    parser.add_argument("--log", type=Path, help="the whole incident log (zip); without it the sample of the tests is replayed")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    chosen = parser.parse_args()
    given = " ".join(each if each != str(chosen.log) else chosen.log.name for each in sys.argv[1:])
    command = "make bench" + (f' ARGS="{given}"' if given else "")
    figures: dict[str, Any] = {"command": command, "load": os.getloadavg()}
    began = time.perf_counter()
    figures["engine"] = engine.measure()
    figures["sizes"] = {name: _size(*size) for name, size in (SMALL if chosen.small else SIZES).items()}
    figures["import"] = replay.measure(chosen.log)
    if not chosen.no_properties:
        figures["properties"] = _properties()
    figures["seconds"] = round(time.perf_counter() - began)
    write(figures, chosen.output)
    print(json.dumps(figures, indent=2))
    return 0


def _size(client_count: int, ticket_count: int) -> dict[str, Any]:
    with stage(client_count=client_count, ticket_count=ticket_count) as made:
        for name, arguments in (("worker", ("worker",)), ("cron", ("cron",)), ("live", ("live", "--port", "8311"))):
            made.start(name, *arguments)
        return {
            "load_seconds": round(made.load_seconds, 1),
            "pages": pages.measure(made),
            "create": pages.measure_creation(made),
            "policies": policies.measure(made),
            "peak_memory_mb": made.peak_memory(),
        }


def _properties() -> dict[str, Any]:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/itsm/sla", "-k", "propert or simulation", "-q"],
        cwd=ROOT, env={**os.environ, "MSP_PROPERTY_EXAMPLES": "5000"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {"examples": 5000, "result": done.stdout.strip().splitlines()[-1], "seconds": round(time.perf_counter() - began)}


if __name__ == "__main__":
    sys.exit(main())
