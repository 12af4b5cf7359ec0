"""Rules to start from: each a definition that only needs its people or texts chosen."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Start:
    """A name and what the rule would say."""

    name: str
    content: dict[str, Any]


def _rule(trigger: dict[str, Any], query: str, *actions: dict[str, str], once: str = "", stops: bool = False) -> dict[str, Any]:
    return {"trigger": trigger, "query": query, "actions": list(actions), "stops": stops, "once": once, "brake": 60}


def _time(minutes: int, without: str, *, calendar: str = "client", repeats: bool = False) -> dict[str, Any]:
    return {"kind": "time", "minutes": minutes, "without": without, "calendar": calendar, "repeats": repeats}


_TWO_DAYS = 2 * 24 * 60

STARTS: dict[str, Start] = {
    "urgent": Start(
        "Urgent without an answer",
        _rule(
            _time(30, "public_reply"), "priority:1,2 is:open -status:waiting", {"kind": "tag", "tags": "rescue"},
            {"kind": "notify", "to": "lead"}, {"kind": "note", "body": "30 working minutes without an answer."}, once="until_reply",
        ),
    ),
    "unhappy": Start(
        "A bad rating goes to the lead",
        _rule(
            {"kind": "event", "event": "rated", "at_most": 2}, "", {"kind": "tag", "tags": "unhappy"}, {"kind": "notify", "to": "lead"},
        ),
    ),
    "close-warning": Start(
        "Say that a resolved ticket will be closed",
        _rule(
            _time(_TWO_DAYS, "reply", calendar="always", repeats=True), "status:resolved resolved:<-3d -tag:closing",
            {"kind": "reply", "macro": ""}, {"kind": "tag", "tags": "closing"},
        ),
    ),
    "close": Start(
        "Close what was resolved five days ago",
        _rule(
            _time(_TWO_DAYS, "reply", calendar="always", repeats=True), "status:resolved resolved:<-5d tag:closing updated:<-1d",
            {"kind": "status", "to": "closed"},
        ),
    ),
    "close-not": Start(
        "A reopened ticket is warned anew before it is closed",
        _rule({"kind": "event", "event": "reopened"}, "tag:closing", {"kind": "untag", "tags": "closing"}),
    ),
}  # fmt: skip
