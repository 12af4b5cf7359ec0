"""The kinds of action: what each is called and what it needs. One more kind is one entry here and one function in `services/acts.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Input = Literal["choice", "text", "long", "agent", "team", "skill", "macro", "runbook"]
MOST_TEXT, MOST_LONG = 200, 5000


@dataclass(frozen=True)
class Param:
    """A value that an action takes. `only_for`: it is asked for, and needed, where another has one of these values;
    with those of `free_for` among them it may be left out.
    """

    name: str
    label: str
    input: Input
    choices: Mapping[str, str] | None = None
    is_required: bool = True
    only_for: tuple[str, frozenset[str]] | None = None
    free_for: frozenset[str] = frozenset()

    def is_asked(self, values: Mapping[str, str]) -> bool:
        """Whether the other values ask for this one."""
        return self.only_for is None or values.get(self.only_for[0], "") in self.only_for[1]

    def is_needed(self, values: Mapping[str, str]) -> bool:
        """Whether it cannot be left out beside the other values."""
        return self.is_required and not (self.only_for and values.get(self.only_for[0]) in self.free_for)


@dataclass(frozen=True)
class ActionKind:
    """A kind of act on a ticket."""

    name: str
    label: str
    icon: str
    params: tuple[Param, ...]


WAITS = ("waiting_for_client", "waiting_for_supplier", "scheduled")
_STATES = {
    "open": "In progress", "waiting_for_client": "Waiting for client", "waiting_for_supplier": "Waiting for supplier",
    "scheduled": "Scheduled", "resolved": "Resolved", "closed": "Closed", "cancelled": "Cancelled",
}  # fmt: skip
_WAYS = {
    "agent": "a person", "team": "a team", "round_robin": "the next in a team by turns", "least_load": "the least loaded of a team",
    "skill": "whoever has a skill",
}  # fmt: skip
_TOLD = {"assignee": "the assignee", "lead": "the lead on duty", "team": "a team", "on_call": "whoever is on call"}
_OF_TEAM, _BY_SKILL = frozenset({"team", "round_robin", "least_load", "skill"}), frozenset({"skill"})

KINDS: dict[str, ActionKind] = {
    kind.name: kind
    for kind in (
        ActionKind("assign", "Assign", "user-plus", (
            Param("to", "To", "choice", _WAYS),
            Param("agent", "Person", "agent", only_for=("to", frozenset({"agent"}))),
            Param("skill", "Skill", "skill", only_for=("to", _BY_SKILL)),
            Param("team", "Team", "team", only_for=("to", _OF_TEAM), free_for=_BY_SKILL),
        )),
        ActionKind("priority", "Priority", "flag", (Param("to", "Set to", "choice", {str(n): f"P{n}" for n in (1, 2, 3, 4)}),)),
        ActionKind("category", "Category", "list", (Param("to", "Path, as Hardware / Printer", "text"),)),
        ActionKind("status", "State", "arrow-right", (
            Param("to", "Set to", "choice", _STATES),
            Param("reason", "What it waits for", "text", only_for=("to", frozenset(WAITS))),
        )),
        ActionKind("tag", "Tag", "star", (Param("tags", "Add these words", "text"),)),
        ActionKind("untag", "Remove tag", "x", (Param("tags", "Remove these words", "text"),)),
        ActionKind("reply", "Reply", "send", (Param("macro", "Canned reply", "macro"),)),
        ActionKind("note", "Note", "lock", (Param("body", "Internal note", "long"),)),
        ActionKind("notify", "Notify", "bell", (
            Param("to", "Whom", "choice", _TOLD),
            Param("team", "Team", "team", only_for=("to", frozenset({"team"}))),
        )),
        ActionKind("task", "Task", "list-check", (
            Param("title", "What is to be done", "text"),
            Param("detail", "Details", "long", is_required=False),
            Param("team", "Team", "team", is_required=False),
            Param("runbook", "Done by a runbook", "runbook", is_required=False),
        )),
        ActionKind("runbook", "Runbook", "player-play", (Param("runbook", "Runbook", "runbook"),)),
    )
}  # fmt: skip
