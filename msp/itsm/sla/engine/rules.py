"""What starts, stops and pauses each clock. Every clock is the same engine under a rule of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from msp.itsm.sla.engine.definition import Policy
from msp.itsm.sla.engine.facts import WAITING_FOR_CLIENT, WAITING_FOR_SUPPLIER


class Effect(Enum):
    """What a signal does to the cycles of a clock."""

    START = auto()  # begin a cycle unless one runs
    MEET = auto()  # end the running cycle: met, or missed
    END = auto()  # end the running cycle without an outcome; a breach that has already happened stays
    VOID = auto()  # end the running cycle without any outcome
    MEET_AND_START = auto()  # end the running cycle and begin the next; nothing when none runs
    END_AND_START = auto()  # end the running cycle, if any, without an outcome and begin the next
    REOPEN = auto()  # as the policy says: the stopped cycle goes on and the time between is a pause, or the next begins
    REOPEN_UNMET = auto()  # the cycle goes on if nothing has met it


@dataclass(frozen=True, slots=True)
class ClockRule:
    """Which signals do what, and whether the policy's pause states pause the clock."""

    kind: str
    effects: Mapping[str, Effect]
    pauses: Literal["as_policy", "if_policy_says", "never"] = "as_policy"
    runs_in: frozenset[str] = frozenset()  # states that never pause it

    def pause_states(self, policy: Policy | None) -> frozenset[str]:
        """The states that pause this clock under a policy."""
        if policy is None or self.pauses == "never":
            return frozenset()
        if self.pauses == "if_policy_says" and not policy.pauses_response:
            return frozenset()
        return policy.pause_states - self.runs_in


_DROPPED = {"cancelled": Effect.VOID, "merged": Effect.VOID}

RESPONSE = ClockRule(
    "response",
    {
        "opened": Effect.START,
        "answered_at_opening": Effect.MEET,
        "answered": Effect.MEET,
        "acknowledged": Effect.MEET,
        "resolved": Effect.END,
        "closed": Effect.END,
        "reopened": Effect.REOPEN_UNMET,
        **_DROPPED,
    },
    pauses="if_policy_says",
)

UPDATE = ClockRule(
    "update",
    {
        "opened": Effect.START,
        "answered": Effect.MEET_AND_START,
        f"entered:{WAITING_FOR_CLIENT}": Effect.END,
        f"left:{WAITING_FOR_CLIENT}": Effect.START,
        "resolved": Effect.END,
        "closed": Effect.END,
        "reopened": Effect.START,
        **_DROPPED,
    },
    pauses="never",
)

RESOLUTION = ClockRule(
    "resolution",
    {
        "opened": Effect.START,
        "resolved": Effect.MEET,
        "closed": Effect.END,
        "reopened": Effect.REOPEN,
        **_DROPPED,
    },
)

# Between teams: each team's share of the work is a cycle of its own.
OLA = ClockRule(
    "ola",
    {
        "assigned": Effect.END_AND_START,
        "resolved": Effect.MEET,
        "closed": Effect.END,
        "reopened": Effect.REOPEN,
        **_DROPPED,
    },
)

# Towards the supplier: from each hand-over until the ticket comes back.
UNDERPINNING = ClockRule(
    "underpinning",
    {
        "handed_over": Effect.END_AND_START,
        "returned": Effect.MEET,
        "resolved": Effect.MEET,
        "closed": Effect.END,
        **_DROPPED,
    },
    runs_in=frozenset({WAITING_FOR_SUPPLIER}),
)

RULES: Mapping[str, ClockRule] = {rule.kind: rule for rule in (RESPONSE, UPDATE, RESOLUTION, OLA, UNDERPINNING)}
