"""What was promised, as values: policies with their targets, calendars in versions, the priority matrix."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeVar

from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.errors import BadDefinition

Reopening = Literal["continue", "new_cycle"]

_ALWAYS = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_WORDS = {"service": "service", "ci_class": "CI class", "kind": "kind", "channel": "channel"}


@dataclass(frozen=True, slots=True)
class Subject:
    """What policies match on; None where it is not known."""

    service: str | None = None
    ci_class: str | None = None
    kind: str | None = None
    channel: str | None = None
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a policy fixes, most telling first; None leaves it free."""

    service: str | None = None
    ci_class: str | None = None
    kind: str | None = None
    channel: str | None = None

    @property
    def specificity(self) -> tuple[bool, ...]:
        """Compared as a tuple: fixed before free, service before CI class before kind before channel."""
        return tuple(value is not None for value in astuple(self))

    def match(self, subject: Subject) -> bool:
        """Whether everything fixed is so."""
        return all(value == getattr(subject, name) for name, value in self.fixed())

    def fixed(self) -> list[tuple[str, str]]:
        """Name and value of each fixed condition."""
        return [(name, value) for name in _WORDS if (value := getattr(self, name)) is not None]


@dataclass(frozen=True, slots=True)
class Target:
    """Working seconds of a calendar, which is named by what its versions share."""

    seconds: int
    calendar_id: str


@dataclass(frozen=True, slots=True)
class Action:
    """What a threshold does. Someone off duty is replaced by the on-call, or the action waits for him."""

    kind: Literal["notify", "reassign", "raise_priority", "web_hook", "note"]
    to: str = ""  # assignee, lead, account_manager; a team; an address; a text
    off_duty: Literal["on_call", "wait"] = "on_call"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share of the target, working seconds before (negative) or after it, or, with neither, the breach itself."""

    key: str
    percent: float | None = None
    offset_seconds: int | None = None
    actions: tuple[Action, ...] = ()

    @property
    def is_breach(self) -> bool:
        """Whether it stands at the instant of the breach instead of at a share of working time."""
        return self.percent is None and self.offset_seconds is None

    def seconds(self, target: int) -> int:
        """Working seconds from the start, rounded to the second; 0 when it would lie before the start."""
        if self.percent is not None:
            return round(target * self.percent / 100)
        return max(0, target + (self.offset_seconds or 0))


class _Version(Protocol):
    @property
    def effective_at(self) -> datetime | None: ...

    @property
    def version(self) -> int: ...


_V = TypeVar("_V", bound=_Version)


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """One version of a calendar; without `effective_at` it holds from the beginning."""

    id: str
    calendar_id: str
    name: str
    version: int
    calendar: Calendar
    effective_at: datetime | None = None

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} v{self.version}"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy: it holds from `effective_at` until the next version, or until `ends_at`."""

    id: str
    policy_id: str
    name: str
    version: int
    targets: Mapping[str, Mapping[str, Target]]  # priority -> clock -> target, in the order of the rows
    conditions: Conditions = Conditions()
    effective_at: datetime | None = None
    ends_at: datetime | None = None
    thresholds: Mapping[str, tuple[Threshold, ...]] = field(default_factory=dict)  # by clock
    pause_states: frozenset[str] = frozenset({"waiting_for_client", "scheduled"})
    pauses_response: bool = False
    phone_counts_as_answer: bool = True
    reopening: Reopening = "continue"
    at_risk_percent: float = 75

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} v{self.version}"

    def target(self, priority: str | None, clock: str) -> Target | None:
        """What is promised for a priority, if anything."""
        return self.targets.get(priority or "", {}).get(clock)

    def line(self, priority: str | None) -> int | None:
        """The row of a priority, counted from 1."""
        return next((line for line, name in enumerate(self.targets, 1) if name == priority), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """The policy that applies and why; None when nothing matches."""

    policy: Policy | None
    because: tuple[str, ...] = ()
    passed_over: tuple[Policy, ...] = ()  # match too, but fix less


def choose(policies: Iterable[Policy], subject: Subject, at: datetime) -> Choice:
    """The policy for a subject, of the versions in force at an instant: the most specific one that matches."""
    found = [policy for policy in in_force(policies, at) if policy.conditions.match(subject)]
    if not found:
        return Choice(None)
    found.sort(key=lambda policy: (policy.conditions.specificity, policy.policy_id), reverse=True)
    policy, *others = found
    fixed = policy.conditions.fixed()
    because = tuple(f"{_WORDS[name]} is {value}" for name, value in fixed) or ("it is the default",)
    return Choice(policy, because, tuple(others))


def in_force(policies: Iterable[Policy], at: datetime) -> list[Policy]:
    """Of each policy the version in force at an instant."""
    by_policy: dict[str, list[Policy]] = {}
    for policy in policies:
        by_policy.setdefault(policy.policy_id, []).append(policy)
    latest = (_latest(versions, at) for versions in by_policy.values())
    return [policy for policy in latest if policy and (policy.ends_at is None or at < policy.ends_at)]


def clashes(policy: Policy, others: Iterable[Policy]) -> list[Policy]:
    """The policies that make a policy ambiguous, so that it is refused: same conditions, overlapping periods."""
    everyone = [*others, policy]
    first, last = _period(policy, everyone)
    found = []
    for other in everyone:
        if other.policy_id == policy.policy_id or other.conditions != policy.conditions:
            continue
        other_first, other_last = _period(other, everyone)
        if max(first, other_first) < min(last, other_last):
            found.append(other)
    return found


def _period(policy: Policy, everyone: Sequence[Policy]) -> tuple[datetime, datetime]:
    first = policy.effective_at or _ALWAYS
    later = (
        other.effective_at
        for other in everyone
        if other.policy_id == policy.policy_id and other.effective_at and other.effective_at > first
    )
    return first, min([*later, policy.ends_at or _NEVER])


def _latest(versions: Iterable[_V], at: datetime) -> _V | None:
    started = [version for version in versions if (version.effective_at or _ALWAYS) <= at]
    return max(started, key=_age, default=None)


def _age(version: _Version) -> tuple[datetime, int]:
    return version.effective_at or _ALWAYS, version.version


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything a client's clocks may run under, all versions."""

    policies: tuple[Policy, ...]
    calendars: tuple[CalendarVersion, ...]

    def calendar(self, calendar_id: str, at: datetime) -> CalendarVersion:
        """The version of a calendar in force at an instant; its first one before that."""
        versions = [version for version in self.calendars if version.calendar_id == calendar_id]
        if not versions:
            raise BadDefinition(f"A policy names a calendar that is not there: {calendar_id}.")
        return _latest(versions, at) or min(versions, key=_age)


@dataclass(frozen=True, slots=True)
class PriorityMatrix:
    """One version of impact x urgency -> priority; every pair has its cell."""

    id: str
    name: str
    version: int
    cells: Mapping[tuple[str, str], str]
    effective_at: datetime | None = None

    def __post_init__(self) -> None:
        impacts, urgencies = {pair[0] for pair in self.cells}, {pair[1] for pair in self.cells}
        missing = [(i, u) for i in sorted(impacts) for u in sorted(urgencies) if (i, u) not in self.cells]
        if missing or not self.cells:
            raise BadDefinition(f"The priority matrix has no cell for {missing or 'anything'}.")

    def priority(self, impact: str, urgency: str) -> str:
        """The priority of a pair. Raises BadDefinition for a pair that the matrix does not know."""
        try:
            return self.cells[impact, urgency]
        except KeyError:
            raise BadDefinition(f"The priority matrix knows no impact {impact} with urgency {urgency}.") from None
