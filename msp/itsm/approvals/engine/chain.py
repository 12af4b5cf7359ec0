"""The definition of a chain: ordered stages, whom each asks, when it applies, how long it waits."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

ApproverKind = Literal["contact", "agent", "role"]
Operator = Literal["=", "!=", ">", ">=", "<", "<=", "in"]
Value = str | bool | Decimal | tuple[str, ...]

CLIENT_ROLES = ("manager", "site_manager", "cost_centre_owner", "approver", "client_admin", "cab")
PROVIDER_ROLES = ("account_manager",)
ROLES = CLIENT_ROLES + PROVIDER_ROLES
OPERATORS: tuple[Operator, ...] = ("=", "!=", ">", ">=", "<", "<=", "in")
MOST_STAGES, MOST_APPROVERS, MOST_HOURS = 20, 50, 24 * 366
HOURS = 24 * 30  # a stage that does not say how long it waits waits so long: each ends some day


@dataclass(frozen=True)
class Approver:
    """Somebody by id, or whoever has a role; `value` is the id as text, or the role's name."""

    kind: ApproverKind
    value: str

    @property
    def is_ours(self) -> bool:
        """Whether it is somebody of the provider."""
        return self.kind == "agent" or (self.kind == "role" and self.value in PROVIDER_ROLES)


@dataclass(frozen=True)
class Condition:
    """When a stage applies: a shown value against one named here."""

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True)
class Stage:
    """One step. `needed` of those asked must approve, all of them where it is None.

    `expires_after_hours` and `remind_after_hours` count from when the stage opens. With `escalates` a stage that is late goes
    once to the client's administrators, then to the account manager, for as long again.
    """

    name: str
    approvers: tuple[Approver, ...]
    needed: int | None = None
    condition: Condition | None = None
    expires_after_hours: int = HOURS
    remind_after_hours: int | None = None
    escalates: bool = False
    self_counts: bool = False


@dataclass(frozen=True)
class Chain:
    """The stages in their order."""

    stages: tuple[Stage, ...]


def applies(condition: Condition | None, shown: dict[str, Value]) -> bool:
    """Whether a stage is asked. What was not shown, or cannot be compared, is asked: rather one question too many."""
    if condition is None:
        return True
    found, wanted = shown.get(condition.field), condition.value
    if found is None:
        return True
    if condition.operator == "in" or isinstance(found, tuple):
        return _is_among(found, wanted, condition.operator)
    if type(found) is not type(wanted):
        return True
    if condition.operator in ("=", "!="):
        return (found == wanted) is (condition.operator == "=")
    if isinstance(found, Decimal) and isinstance(wanted, Decimal):
        return _is_so((found > wanted) - (found < wanted), condition.operator)
    if isinstance(found, str) and isinstance(wanted, str):
        return _is_so((found > wanted) - (found < wanted), condition.operator)
    return True


def _is_among(found: Value, wanted: Value, operator: Operator) -> bool:
    """A text among those wanted; of several given at once, any one of them."""
    given = found if isinstance(found, tuple) else (found,)
    named = wanted if isinstance(wanted, tuple) else (wanted,)
    if operator not in ("=", "!=", "in") or not all(isinstance(each, str) for each in (*given, *named)):
        return True
    return any(each in named for each in given) is not (operator == "!=")


def _is_so(sign: int, operator: Operator) -> bool:
    return {">": sign > 0, ">=": sign >= 0, "<": sign < 0, "<=": sign <= 0}[operator]
