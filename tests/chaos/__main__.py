"""`make chaos`: kill workers and servers under load and count. Exit status 1 where a step was lost or doubled."""

import argparse
import signal
import sys
from pathlib import Path

from tests.chaos import report
from tests.chaos.run import Run, Scenario, run
from tests.chaos.stage import Stage, stage

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run both scenarios with every seed, or the one that is asked for."""
    chosen = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what runs, as Ctrl-C does
    known = report.facts("make chaos" + (f' ARGS="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else ""))
    spreads = [600, 0] if chosen.spread is None else [chosen.spread]
    runs: list[Run] = []
    with stage(chosen.steps // 2) as made:
        for spread in spreads:
            for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
                runs.append(_told(made, Scenario(chosen.steps, spread), seed))
        print(report.table(runs))
        found = report.problems(runs)
        print("\n".join(found) or "Nothing was lost and nothing was doubled.")
        if chosen.json:
            chosen.json.write_text(report.as_json(known, runs))
        if chosen.write:
            report.write(known, runs, ROOT / "docs" / "chaos.md")
        if found:
            sys.exit(f"The logs are in {made.home / 'logs'}.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000, help="steps in a run")
    parser.add_argument("--spread", type=int, help="seconds over which they are due, 0 for one second; without it 600 and 0")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds")
    parser.add_argument("--first-seed", type=int, default=1, help="to repeat one run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--write", action="store_true", help="write docs/chaos.md")
    return parser.parse_args()


def _told(made: Stage, scenario: Scenario, seed: int) -> Run:
    done = run(made, scenario, seed)
    said = "good" if done.result.is_good else "NOT GOOD"
    print(f"{scenario.name}, seed {seed}: {said} after {done.seconds} s", file=sys.stderr, flush=True)
    return done


if __name__ == "__main__":
    sys.exit(main())
