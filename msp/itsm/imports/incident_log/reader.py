"""The file: one row is one update of one incident; damaged rows are set aside with their reason.

Source: Claudio Amaral, Marcelo Fantinato, Sarajane Peres, *Incident management process enriched event log*, UCI Machine
Learning Repository, 2018, CC BY 4.0. Dates are `D/M/YYYY HH:MM` in local time without a zone, read as America/Sao_Paulo.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msp.core.errors import BadRequest

ZONE = ZoneInfo("America/Sao_Paulo")
UNKNOWN = "?"
_NUMBER = re.compile(r"(?:[A-Za-z_ ]*?0*)([0-9]{1,12}|\?)")
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
    for line, text, header in _lines(file):
        rows += 1
        try:
            event = _event(line, _row(text, header))
        except (ValueError, OverflowError) as error:
            rejects.append(Reject(line, str(error), text))
            continue
        incidents.setdefault(event.number, Incident(event.number, [])).events.append(event)
    if rows == 0:
        raise UnreadableLog("The file holds no rows.")
    return Log(list(incidents.values()), rejects, rows)


def _lines(file: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Number and text of each line, and the names of the columns. No cell spans lines, so a broken quote harms its own line only."""
    lines = io.StringIO(_text(file))
    try:
        header = [cell.strip() for cell in _cells(lines.readline())]
    except ValueError as error:
        raise UnreadableLog(f"Line 1 cannot be read: {error}.") from error
    missing = [name for name in NEEDED if name not in header]
    if len(missing) == len(NEEDED):
        raise UnreadableLog("It is neither a zip archive nor a CSV file whose first line names the log’s columns.")
    if missing:
        raise UnreadableLog(f"The file lacks the columns {', '.join(missing)}.")
    for number, line in enumerate(lines, start=2):
        if text := line.rstrip("\r\n"):
            yield number, text, header


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise ValueError(f"not a row of CSV: {error}") from error


def _row(text: str, header: list[str]) -> dict[str, str]:
    """Cells by the names of their columns."""
    cells = _cells(text)
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells instead of {len(header)}")
    return dict(zip(header, cells, strict=True))


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
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise UnreadableLog(f"The file cannot be read: {error}.") from error
    return raw.decode("utf-8-sig", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _event(line: int, row: dict[str, str]) -> Event:
    number = _number(row, "number")
    if number == UNKNOWN:
        raise ValueError("no incident number")
    if row["incident_state"] not in STATES:
        raise ValueError(f"unknown state {row['incident_state']!r}")
    return Event(
        line=line, number=number, state=row["incident_state"], at=_instant(row["sys_updated_at"]),
        opened_at=_instant(row["opened_at"]), author=_number(row, "sys_updated_by"), caller=_number(row, "caller_id"),
        opener=_number(row, "opened_by"), source=SOURCES.get(row["contact_type"], "console"), location=_number(row, "location"),
        category=_number(row, "category"), subcategory=_number(row, "subcategory"), symptom=_number(row, "u_symptom"),
        ci=_number(row, "cmdb_ci"), impact=_level(row, "impact"), urgency=_level(row, "urgency"),
        group=_number(row, "assignment_group"), assignee=_number(row, "assigned_to"), made_sla=row["made_sla"].lower() == "true",
    )  # fmt: skip


def _number(row: dict[str, str], column: str) -> str:
    """`143`, or `Location 143` and `INC0000143` as the published file writes them."""
    found = _NUMBER.fullmatch(row[column])
    if found is None:
        raise ValueError(f"no number in {column}: {row[column]!r}")
    return found[1]


def _instant(text: str) -> datetime:
    instant = datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=ZONE).astimezone(UTC)
    if instant.year not in range(2000, 2100):
        raise ValueError(f"a date too far away: {text!r}")
    return instant


def _level(row: dict[str, str], column: str) -> int:
    """`1`, or `1 - High` as the published file writes it."""
    level = row[column].partition("-")[0].strip()
    if level not in ("1", "2", "3"):
        raise ValueError(f"no level in {column}: {row[column]!r}")
    return int(level)
