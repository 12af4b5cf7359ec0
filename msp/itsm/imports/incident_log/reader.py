"""The file: one row is one update of one incident; damaged rows are set aside with their reason.

Source: Claudio Amaral, Marcelo Fantinato, Sarajane Peres, *Incident management process enriched event log*, UCI Machine
Learning Repository, 2018, CC BY 4.0. Dates are `D/M/YYYY HH:MM` in local time without a zone, read as America/Sao_Paulo.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msp.core.errors import BadRequest

ZONE = ZoneInfo("America/Sao_Paulo")
UNKNOWN = "?"
# the log's states, and ours; the damaged state leaves a ticket where it is
STATES: dict[str, str | None] = {
    "New": "new",
    "Active": "open",
    "Awaiting Problem": "open",
    "Awaiting Evidence": "open",
    "Awaiting User Info": "waiting_for_client",
    "Awaiting Vendor": "waiting_for_supplier",
    "Resolved": "resolved",
    "Closed": "closed",
    "-100": None,
}
SOURCES = {"Phone": "phone", "IVR": "phone", "Self service": "portal", "Email": "mail", "Direct opening": "console"}
NEEDED = (
    "number", "incident_state", "made_sla", "caller_id", "opened_by", "opened_at", "sys_updated_by", "sys_updated_at",
    "contact_type", "location", "category", "subcategory", "u_symptom", "cmdb_ci", "impact", "urgency", "assignment_group",
    "assigned_to",
)  # fmt: skip


class UnreadableLog(BadRequest):
    code, title = "unreadable_log", "This file is not the incident log"


@dataclass(frozen=True, slots=True)
class Event:
    """One row, read."""

    line: int
    number: str
    state: str
    at: datetime
    opened_at: datetime
    author: str
    caller: str
    opener: str
    source: str
    location: str
    category: str
    subcategory: str
    symptom: str
    ci: str
    impact: int
    urgency: int
    group: str
    assignee: str
    made_sla: bool

    @property
    def status(self) -> str | None:
        """Our state; None where the row's own is damaged."""
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be replayed."""

    line: int
    reason: str
    text: str


@dataclass
class Incident:
    """The rows of one incident in the order of the file."""

    number: str
    events: list[Event]

    @property
    def location(self) -> str:
        """The first known location: it names the client."""
        return next((event.location for event in self.events if event.location != UNKNOWN), UNKNOWN)


@dataclass
class Log:
    """Everything in the file."""

    incidents: list[Incident]
    rejects: list[Reject]
    rows: int

    @property
    def ends_at(self) -> datetime:
        """The last instant of the log."""
        return max(event.at for incident in self.incidents for event in incident.events)


def read(file: Path) -> Log:
    """Read the zip, or the CSV inside it; UnreadableLog where it is something else."""
    incidents: dict[str, Incident] = {}
    rejects: list[Reject] = []
    rows = 0
    for line, text in _lines(file):
        rows += 1
        try:
            event = _event(line, text)
        except (ValueError, KeyError, OverflowError) as error:
            rejects.append(Reject(line, _reason(error), ",".join(text.values())))
            continue
        incidents.setdefault(event.number, Incident(event.number, [])).events.append(event)
    if rows == 0:
        raise UnreadableLog("The file holds no rows.")
    return Log(list(incidents.values()), rejects, rows)


def _lines(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Numbered rows by column name; a row with too few or too many cells keeps what it has."""
    reader = csv.reader(io.StringIO(_text(file), newline=""))
    header = [cell.strip() for cell in next(reader, [])]
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise UnreadableLog(f"The file lacks the columns {', '.join(missing)}.")
    try:
        for cells in reader:
            row = dict(zip(header, cells, strict=False))
            if len(cells) != len(header):
                row["cells"] = f"{len(cells)} cells instead of {len(header)}"
            yield reader.line_num, row
    except csv.Error as error:
        raise UnreadableLog(f"Line {reader.line_num} cannot be read: {error}") from error


def _text(file: Path) -> str:
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                names = [name for name in archive.namelist() if name.endswith(".csv")]
                if len(names) != 1:
                    raise UnreadableLog(f"The archive holds {len(names)} CSV files instead of one.")
                raw = archive.read(names[0])
        else:
            raw = file.read_bytes()
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise UnreadableLog(f"The file cannot be read: {error}") from error
    return raw.decode("utf-8", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _event(line: int, row: dict[str, str]) -> Event:
    if "cells" in row:
        raise ValueError(row["cells"])
    if not row["number"] or row["number"] == UNKNOWN:
        raise ValueError("no incident number")
    if row["incident_state"] not in STATES:
        raise ValueError(f"unknown state {row['incident_state']!r}")
    return Event(
        line=line, number=row["number"], state=row["incident_state"], at=_instant(row["sys_updated_at"]),
        opened_at=_instant(row["opened_at"]), author=row["sys_updated_by"], caller=row["caller_id"], opener=row["opened_by"],
        source=SOURCES.get(row["contact_type"], "console"), location=row["location"], category=row["category"],
        subcategory=row["subcategory"], symptom=row["u_symptom"], ci=row["cmdb_ci"], impact=_level(row["impact"]),
        urgency=_level(row["urgency"]), group=row["assignment_group"], assignee=row["assigned_to"], made_sla=row["made_sla"] == "true",
    )  # fmt: skip


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


def _level(text: str) -> int:
    """`1`, or `1 - High` as the published file writes it."""
    level = int(text.partition("-")[0])
    if level not in (1, 2, 3):
        raise ValueError(f"no level {text!r}")
    return level


def _reason(error: Exception) -> str:
    return f"no column {error}" if isinstance(error, KeyError) else str(error)
