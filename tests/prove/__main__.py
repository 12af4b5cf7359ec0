"""`make prove`: take away each safeguard in turn; every one must be noticed. Exit status 1 where one is not."""

import sys
import time
from collections import defaultdict

import structlog

from msp.prove import gates
from msp.prove.proof import dispose
from msp.prove.scratch import scratch
from msp.prove.world import build
from msp.wsgi import app_of
from tests.prove.removals import Removal, removals

# How a removal shows, the strongest first, by a word of the line that says so.
BY_ANSWER, BY_BEGINNING, BY_LIST = "by an answer", "by the view that began, for what lies below it refuses too", "by the reviewed list"


def main() -> int:
    """Run every removal; print those that went unnoticed, how the others were noticed, and the counts."""
    started, wanted = time.perf_counter(), sys.argv[1:]
    counts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with scratch(None, None) as made:
        console, portal = app_of("console", made.settings), app_of("portal", made.settings)
        # With a gate gone, views break on nobody: their tracebacks are what was looked for.
        structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), cache_logger_on_first_use=False)
        world = build(made, console, portal)
        for removal in removals(made, world):
            if not wanted or removal.kind in wanted:
                counts[removal.kind][how(removal)].append(removal.name)
        dispose(console, portal)
    unnoticed = _print(counts)
    noticed = sum(len(names) for ways in counts.values() for names in ways.values()) - unnoticed
    print(f"{noticed} noticed, {unnoticed} not, in {time.perf_counter() - started:.0f} s")
    return 1 if unnoticed else 0


def how(removal: Removal) -> str:
    """How the proof notices; empty where it does not."""
    said = removal.said()
    if not said:
        print(f"not noticed: {removal.kind} {removal.name}", flush=True)
        return ""
    if not removal.kind.startswith("gate"):
        return BY_ANSWER
    if any(f" {gates.PASSES} " in line for line in said):
        return BY_ANSWER
    return BY_BEGINNING if any(f" {gates.BEGINS} " in line for line in said) else BY_LIST


def _print(counts: dict[str, dict[str, list[str]]]) -> int:
    unnoticed = 0
    for kind, ways in counts.items():
        unnoticed += len(ways[""])
        print(f"{sum(map(len, ways.values()))} removals of a {kind}")
        for way, names in ways.items():
            if names:
                print(f"  {len(names)} {f'noticed {way}' if way else 'NOT noticed'}")
            if way == BY_BEGINNING:
                print(*(f"    {name}" for name in names), sep="\n")
    return unnoticed


if __name__ == "__main__":
    sys.exit(main())
