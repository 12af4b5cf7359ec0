"""`make prove`: take away each safeguard in turn; every one must be noticed. Exit status 1 where one is not."""

import sys
import time
from collections import Counter

from msp.prove.proof import dispose
from msp.prove.scratch import scratch
from msp.prove.world import build
from msp.wsgi import app_of
from tests.prove.removals import removals


def main() -> int:
    """Run every removal, print those that went unnoticed and the counts."""
    started, counts, unnoticed = time.perf_counter(), Counter[str](), []
    wanted = sys.argv[1:]
    with scratch(None, None) as made:
        console, portal = app_of("console", made.settings), app_of("portal", made.settings)
        world = build(made, console, portal)
        for removal in removals(made, world):
            if wanted and removal.kind not in wanted:
                continue
            counts[removal.kind] += 1
            if not removal.is_noticed():
                unnoticed.append(f"{removal.kind} {removal.name}")
                print(f"not noticed: {removal.kind} {removal.name}", flush=True)
        dispose(console, portal)
    seconds = time.perf_counter() - started
    print(", ".join(f"{count} {kind} removals" for kind, count in counts.items()))
    print(f"{sum(counts.values()) - len(unnoticed)} noticed, {len(unnoticed)} not, in {seconds:.0f} s")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
