"""`msp import incident-log`: killed in the middle it goes on, and what it cannot read it says in one line."""

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from msp.core.db import transaction
from msp.core.scope import Scope
from msp.itsm.imports.incident_log import reader
from msp.itsm.imports.incident_log import run as runs
from tests.itsm.imports.conftest import SAMPLE, Start

MANY = 60
OF = {
    "ticket": ("status", "x.id"),
    "sla_fact": ("kind", "x.subject_id"),
    "sla_clock": ("kind || standing || coalesce(outcome, '')", "x.subject_id"),
    "sla_escalation": ("state", "x.subject_id"),
    "timeline_entry": ("kind", "x.ticket_id"),
}


def copied(folder: Path, prefix: str) -> Path:
    """The first incidents of the sample under other numbers and at other clients."""
    header, *rows = SAMPLE.read_text().splitlines()
    place = header.split(",").index("location")
    made: list[list[str]] = []
    for cells in (row.split(",") for row in rows):
        cells[0] = f"{prefix}{cells[0].zfill(7)}"
        cells[place] = f"{prefix}{cells[place].replace('?', '')}"
        if cells[0] not in {known[0] for known in made} and len({known[0] for known in made}) == MANY:
            break
        made.append(cells)
    file = folder / f"copy{prefix}.csv"
    file.write_text("\n".join([header, *(",".join(cells) for cells in made)]))
    return file


def counts(app: Any, prefix: str) -> dict[str, dict[str, int]]:
    with app.app_context(), transaction(Scope.staff()) as session:
        own = {"own": f"incident-log:{prefix}_______"}
        of = "FROM {} x JOIN ticket t ON t.id = {} WHERE t.external_key LIKE :own GROUP BY 1"
        found = {}
        for table, (what, ticket) in OF.items():
            named = re.sub(r"\b(status|kind|standing|outcome|state)\b", r"x.\1", what)
            found[table] = dict(map(tuple, session.execute(sa.text(f"SELECT {named}, count(*) " + of.format(table, ticket)), own)))
        return found


def test_killed_it_goes_on_and_comes_to_the_same(console_app: Any, start: Start, tmp_path: Path) -> None:
    runs.run(reader.read(copied(tmp_path, "800")), lambda: console_app, processes=1, on_progress=lambda _: None)
    file = copied(tmp_path, "900")
    running = start(str(file), "--json")
    while (done := sum(counts(console_app, "900")["ticket"].values())) < 5 and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    _, said = running.communicate()
    assert 5 <= done < MANY, said
    again = start(str(file), "--json")
    figures = json.loads(again.communicate(timeout=120)[0])
    assert again.returncode == 0
    assert figures["tickets_known_before"] >= done
    assert figures["tickets"] + figures["tickets_known_before"] == MANY
    assert figures["facts"]["opened"] >= 2 * MANY
    assert counts(console_app, "900") == counts(console_app, "800")


def test_another_file_ends_with_one_line(start: Start, tmp_path: Path) -> None:
    assert "neither a zip archive nor a CSV file" in refused(start, tmp_path, b"PK\x03\x04broken")


def refused(start: Start, folder: Path, content: bytes) -> str:
    file = folder / "other.zip"
    file.write_bytes(content)
    running = start(str(file))
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert len(said.splitlines()) == 1, said
    return said


def test_only_damaged_rows_are_all_set_aside_and_nothing_is_made(start: Start, tmp_path: Path) -> None:
    header, row = SAMPLE.read_text().splitlines()[:2]
    file = tmp_path / "damaged.csv"
    file.write_text("\n".join([header, f'"{row}', row.replace("New", "Dreaming"), "a,b", row.replace("/2016", "/1016")]))
    running = start(str(file), "--json")
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    figures = json.loads(said)
    assert (figures["rows"], figures["rows_rejected"], figures["tickets"]) == (4, 4, 0)
    lines = (tmp_path / "damaged.csv.rejects.csv").read_text()
    for words in ("2,not a row of CSV", "3,unknown state 'Dreaming'", "4,2 cells instead of 36", "5,a date too far away"):
        assert words in lines


def test_a_place_that_takes_no_rejects_is_said_before_anything_is_done(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "damaged.csv"
    file.write_text("\n".join([*SAMPLE.read_text().splitlines()[:3], "a,b"]))
    running = start(str(file), "--rejects", str(tmp_path / "none" / "rejects.csv"))
    _, said = running.communicate(timeout=60)
    assert (running.returncode, "name another file with --rejects" in said) == (1, True)


def test_a_file_that_is_not_there_is_wrong_use(start: Start, tmp_path: Path) -> None:
    running = start(str(tmp_path / "none.zip"))
    _, said = running.communicate(timeout=60)
    assert (running.returncode, "does not exist" in said) == (2, True)
