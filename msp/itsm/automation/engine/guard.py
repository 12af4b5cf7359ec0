"""What keeps rules from running in circles: each event says which rules led to it, in their order."""

from collections.abc import Sequence
from typing import TypeVar

DEEPEST = 12

R = TypeVar("R")


def refusal(rule: R, chain: Sequence[R], names: Sequence[str]) -> str | None:
    """Why a rule must not act on an event that the rules of `chain` caused, or None where it may.

    `names` are those of the chain, in its order. A rule's own acts never start it, directly or by way of others, and no
    more than `DEEPEST` rules follow on each other.
    """
    if chain and chain[-1] == rule:
        return "its own acts never start it"
    if rule in chain:
        around = [*names[list(chain).index(rule) :], names[list(chain).index(rule)]]
        return "these rules start each other in a loop: " + " → ".join(around)
    if len(chain) >= DEEPEST:
        return f"{DEEPEST} rules have followed on each other already: " + " → ".join(names)
    return None
