"""The report: what was asked, what was seen, in words and as JSON, dated, fit to be handed to a client's auditor."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime


@dataclass
class Part:
    """One part of the proof. `figures` say how much was looked at; an empty list of failures is the proof; `notes` say where it is weak."""

    title: str
    claim: str
    figures: dict[str, int | str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.failures


@dataclass
class Report:
    """The whole proof of one installation at one instant."""

    installation: str
    made_at: datetime
    revision: str
    server: str
    parts: list[Part] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return all(part.holds for part in self.parts)

    def as_json(self) -> str:
        body = asdict(self) | {"made_at": self.made_at.isoformat(timespec="seconds"), "holds": self.holds}
        return json.dumps(body, indent=2, ensure_ascii=False)

    def as_text(self) -> str:
        """Plain text of 96 columns."""
        lines = [
            "PROOF OF ISOLATION",
            f"Installation  {self.installation}",
            f"Made          {self.made_at:%d %B %Y, %H:%M} UTC",
            f"Schema        revision {self.revision}",
            f"Scratch on    {self.server}",
            f"Result        {'isolation holds' if self.holds else 'ISOLATION DOES NOT HOLD'}",
        ]
        for part in self.parts:
            lines += ["", f"{'[holds]' if part.holds else '[FAILS]'} {part.title}", f"  {part.claim}"]
            lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in part.figures.items()]
            lines += [f"  - {failure}" for failure in part.failures]
            lines += [f"    {note}" if number else f"  {note}" for number, note in enumerate(part.notes)]
        if self.not_done:
            lines += ["", "Not part of this proof", *(f"  - {words}" for words in self.not_done)]
        return "\n".join(lines)
