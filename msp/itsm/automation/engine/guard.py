"""What keeps rules from running in circles: each event says which rules led to it, in their order."""

from collections.abc import Sequence
from typing import TypeVar

DEEPEST = 12

R = TypeVar("R")


def refusal(rule: R, chain: Sequence[R], depth: int, names: Sequence[str]) -> str | None:
    """Why a rule must not act on an event that the rules of `chain` caused, or None where it may.

    `names` are those of the chain, in its order; `depth` is how many events have followed on each other by rules. A rule's
    own acts never start it, directly or by way of others, and no more than `DEEPEST` events follow.
    """
    if chain and chain[-1] == rule:
        return "its own acts never start it"
    if rule in chain:
        around = [*names[list(chain).index(rule) :], names[list(chain).index(rule)]]
        return "these rules start each other in a loop: " + " → ".join(around)
    if depth >= DEEPEST:
        return f"rules have followed on each other {DEEPEST} times already: " + " → ".join(names)
    return None
