"""What happened to a ticket, as append-only facts, and the two readings clocks take of them: signals and states."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msp.itsm.sla.engine.seconds import seconds_of

WAITING_FOR_CLIENT = "waiting_for_client"
WAITING_FOR_SUPPLIER = "waiting_for_supplier"
SCHEDULED = "scheduled"

KINDS = (
    "opened",
    "acknowledged",
    "replied",
    "assigned",
    "handed_over",
    "waiting",
    "resumed",
    "resolved",
    "reopened",
    "cancelled",
    "merged",
    "closed",
    "reclassified",
    "redefined",
    "exempted",
)
SETTLED = frozenset({"resolved", "closed", "cancelled", "merged", "exempted"})  # what a reopening takes back
_ENDS_WAITING = frozenset({"waiting", "resumed", "resolved", "reopened", "cancelled", "merged", "closed"})
_PERSONAL_CHANNELS = frozenset({"phone", "in_person"})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: an `agent`, a `contact`, a `supplier`, a `rule`, or the `system`. A macro acts as its agent."""

    name: str = ""
    kind: str = "system"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened. Clocks use `occurred_at`; facts of one instant count in the order of `sequence`.

    `data` by kind: opened and reclassified carry service, ci_class, kind, channel, priority as far as known or
    changed; assigned carries team; handed_over carries supplier; waiting carries state and reason; exempted may carry
    the one clock that it means. `redefined` moves the ticket to the versions in force at its instant.
    """

    kind: str
    occurred_at: datetime
    sequence: int = 0
    id: str = ""
    actor: Actor = Actor()
    data: Mapping[str, str | None] = field(default_factory=dict)
    recorded_at: datetime | None = None

    @property
    def second(self) -> int:
        """`occurred_at` in seconds since 1970."""
        return seconds_of(self.occurred_at)


def ordered(facts: Iterable[Fact]) -> list[Fact]:
    """In the order in which they count."""
    return sorted(facts, key=lambda fact: (fact.occurred_at, fact.sequence))


@dataclass(frozen=True, slots=True)
class Spell:
    """A ticket's stay in a waiting state; positions are those of the facts that began and ended it."""

    state: str
    began: int
    ended: int | None


def spells(facts: Sequence[Fact]) -> list[Spell]:
    """The stays in waiting states, in order, never overlapping."""
    found: list[Spell] = []
    began: tuple[int, str] | None = None
    for position, fact in enumerate(facts):
        if fact.kind not in _ENDS_WAITING:
            continue
        if began:
            found.append(Spell(began[1], began[0], position))
        began = (position, fact.data.get("state") or "") if fact.kind == "waiting" else None
    if began:
        found.append(Spell(began[1], began[0], None))
    return found


def signals(facts: Iterable[Fact]) -> list[tuple[str, ...]]:
    """What each fact, in order, means to a clock; the words are those of the clock rules.

    Most facts mean their own kind. Only a public reply by an agent is `answered`: a rule's, a supplier's or the
    client's own is silent, like assigning within a team and handing over to the same supplier. Waiting is `left:STATE`
    and `entered:STATE`.
    """
    reader = _Reader()
    return [reader.signals(fact) for fact in facts]


class _Reader:
    def __init__(self) -> None:
        self.state: str | None = None
        self.team: str | None = None
        self.supplier: str | None = None

    def signals(self, fact: Fact) -> tuple[str, ...]:
        meaning = _MEANINGS.get(fact.kind)
        return meaning(self, fact) if meaning else (fact.kind,)

    def opened(self, fact: Fact) -> tuple[str, ...]:
        in_person = fact.actor.kind == "agent" and fact.data.get("channel") in _PERSONAL_CHANNELS
        return ("opened", "answered_at_opening") if in_person else ("opened",)

    def replied(self, fact: Fact) -> tuple[str, ...]:
        return ("answered",) if fact.actor.kind == "agent" else ()

    def assigned(self, fact: Fact) -> tuple[str, ...]:
        team, before = fact.data.get("team"), self.team
        self.team = team or before
        return ("assigned",) if self.team != before else ()

    def handed_over(self, fact: Fact) -> tuple[str, ...]:
        supplier, before = fact.data.get("supplier") or "", self.supplier
        self.supplier = supplier
        return ("handed_over",) if supplier != before else ()

    def waiting(self, fact: Fact) -> tuple[str, ...]:
        state, before = fact.data.get("state") or "", self.state
        self.state = state
        if state == before:
            return ()
        return (f"left:{before}", f"entered:{state}") if before else (f"entered:{state}",)

    def resumed(self, fact: Fact) -> tuple[str, ...]:
        before, self.state = self.state, None
        left = (f"left:{before}",) if before else ()
        if self.supplier is None or before not in (None, WAITING_FOR_SUPPLIER):
            return left
        self.supplier = None
        return (*left, "returned")

    def settled(self, fact: Fact) -> tuple[str, ...]:
        self.state = self.supplier = None
        return (fact.kind,)


_MEANINGS: dict[str, Callable[[_Reader, Fact], tuple[str, ...]]] = {
    "opened": _Reader.opened,
    "replied": _Reader.replied,
    "assigned": _Reader.assigned,
    "handed_over": _Reader.handed_over,
    "waiting": _Reader.waiting,
    "resumed": _Reader.resumed,
    **dict.fromkeys(("resolved", "reopened", "cancelled", "merged", "closed"), _Reader.settled),
}
