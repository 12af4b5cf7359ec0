"""What a run says of itself: lines of one wording, for real runs and for dry ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Kind = Literal["start", "matched", "did", "skipped", "stopped", "failed", "end"]
Outcome = Literal["acted", "skipped", "stopped", "failed"]
OUTCOMES: dict[Outcome, str] = {"acted": "Acted", "skipped": "Skipped", "stopped": "Stopped", "failed": "Failed"}


@dataclass(frozen=True)
class Line:
    """One thing that a run found or did. `sub` is a detail below it."""

    kind: Kind
    label: str
    text: str
    sub: str = ""

    def dump(self) -> dict[str, str]:
        """As it is stored."""
        return {name: value for name, value in vars(self).items() if value}


def read(stored: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Lines as they were stored."""
    return [Line(each["kind"], each.get("label", ""), each.get("text", ""), each.get("sub", "")) for each in stored]


def started(at: datetime, words: str) -> Line:
    return Line("start", f"{at:%H:%M:%S}", words)


def matched(terms: Sequence[str]) -> Line:
    """`because kind:incident, priority:1,2 and -status:waiting`"""
    return Line("matched", "matched", f"because {_listed(terms)}" if terms else "because it asks for nothing")


def skipped(why: str, label: str = "skipped") -> Line:
    return Line("skipped", label, why)


def summary(lines: Sequence[Line]) -> str:
    """What a ticket's timeline says: what was done, and what stopped it."""
    told = [line.text for line in lines if line.kind in ("did", "stopped", "failed")]
    why = [line.text for line in lines if line.kind == "matched"]
    return "; ".join([*told, *why])


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
