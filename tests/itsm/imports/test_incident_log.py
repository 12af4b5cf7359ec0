"""The public incident log, replayed: every row accounted for, clocks as if lived, nothing leaves, twice is once."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from msp.core.db import db, transaction
from msp.core.outbox.models import Outbox
from msp.core.scope import Scope
from msp.itsm.imports.incident_log import reader
from msp.itsm.imports.incident_log import run as runs
from msp.itsm.sla import queries as sla
from msp.itsm.sla.engine.clock import reading
from msp.itsm.sla.engine.rules import RULES
from msp.itsm.sla.models import Clock, Escalation
from msp.itsm.sla.services.clocks import segment_json
from msp.itsm.tickets.models import Ticket, TimelineEntry
from tenants.models import Tenant
from tests.itsm.imports.conftest import SAMPLE

OWN = Ticket.external_key.regexp_match("^incident-log:[0-9]{1,7}$")  # other tests of the import give longer numbers


@pytest.fixture(scope="module")
def log() -> reader.Log:
    return reader.read(SAMPLE)


@pytest.fixture(scope="module")
def imported(console_app: Any, log: reader.Log) -> runs.Work:
    """The sample, replayed once for all tests of this file."""
    return runs.run(log, lambda: console_app, processes=1, on_progress=lambda _: None)


@pytest.fixture
def staff(console_app: Any) -> Iterator[Any]:
    with console_app.app_context(), transaction(Scope.staff()) as session:
        yield session


def test_the_sample_holds_500_incidents_and_every_state(log: reader.Log) -> None:
    assert len(log.incidents) == 500
    assert {event.state for incident in log.incidents for event in incident.events} == set(reader.STATES)
    assert log.rejects == []


def test_every_row_is_accounted_for(log: reader.Log, imported: runs.Work, staff: Any) -> None:
    assert imported.tally.tickets == 500
    assert imported.tally.rows == log.rows
    assert staff.scalar(sa.select(sa.func.count()).select_from(Ticket).where(OWN)) == 500


def test_oddities_are_flagged_and_kept(imported: runs.Work) -> None:
    flags = imported.tally.flags
    assert flags["before the opening"] > 0
    assert flags["earlier than the event before"] > 0
    assert flags["damaged state"] == 5
    assert flags["move new to closed"] > 0
    assert flags["move closed to open"] > 0
    assert imported.tally.acts["location changed"] > 0


def test_a_client_for_each_first_location(log: reader.Log, imported: runs.Work, staff: Any) -> None:
    wanted = {("UNKNOWN" if incident.location == "?" else f"L{incident.location}") for incident in log.incidents}
    keys = sa.select(Tenant.key).join(Ticket, Ticket.tenant_id == Tenant.id).where(OWN)
    found = set(staff.scalars(keys.distinct()))
    assert found == wanted


def test_stored_clocks_equal_the_engine(imported: runs.Work, staff: Any) -> None:
    """Outcome, due, elapsed time and segments of every imported clock, read anew from the facts."""
    tickets = staff.execute(sa.select(Ticket.tenant_id, Ticket.id).where(OWN)).all()
    for tenant_id, ticket_id in tickets:
        history = sla.history(tenant_id, ticket_id)
        for row in sla.clocks(tenant_id, [ticket_id], current_only=False):
            cycle = reading(history, RULES[row.kind], now=row.computed_at).cycles[row.cycle - 1]
            assert (row.outcome, row.due_at, row.elapsed_seconds) == (cycle.outcome, cycle.due_at, cycle.elapsed_seconds)
            assert row.segments == [segment_json(segment) for segment in cycle.segments]


def test_the_first_event_that_is_not_new_acknowledges(log: reader.Log, imported: runs.Work, staff: Any) -> None:
    incident = next(i for i in log.incidents if [e.state for e in i.events][:2] == ["New", "Active"])
    ticket = staff.scalars(sa.select(Ticket).where(Ticket.external_key == f"incident-log:{incident.number}")).one()
    assert ticket.answered_at == incident.events[1].at
    response = staff.scalars(sa.select(Clock).where(Clock.subject_id == ticket.id, Clock.kind == "response")).one()
    assert (response.started_at, response.stopped_at) == (incident.events[0].opened_at, incident.events[1].at)


def test_steps_fired_at_their_instants_and_nothing_is_left_for_the_live_sweep(log: reader.Log, imported: runs.Work, staff: Any) -> None:
    left = staff.scalar(
        sa.select(sa.func.count()).select_from(Escalation).join(Ticket, Ticket.id == Escalation.subject_id)
        .where(OWN, Escalation.state == "armed", Escalation.fire_at <= log.ends_at)
    )  # fmt: skip
    fired = staff.scalar(
        sa.select(sa.func.count()).select_from(Escalation).join(Ticket, Ticket.id == Escalation.subject_id)
        .where(OWN, Escalation.state == "fired")
    )  # fmt: skip
    assert (left, fired > 100) == (0, True)


def test_nothing_leaves(imported: runs.Work, staff: Any) -> None:
    clients = sa.select(Ticket.tenant_id).where(OWN)
    rows = sa.select(sa.func.count()).select_from(Outbox).where(Outbox.tenant_ids[1].in_(clients), Outbox.suppressed_at.is_(None))
    assert staff.scalar(rows) == 0


def test_the_timeline_is_lived_in_its_own_time(log: reader.Log, imported: runs.Work, staff: Any) -> None:
    incident = log.incidents[0]
    ticket = staff.scalars(sa.select(Ticket).where(Ticket.external_key == f"incident-log:{incident.number}")).one()
    entries = staff.scalars(sa.select(TimelineEntry).where(TimelineEntry.ticket_id == ticket.id, TimelineEntry.kind == "moved")).all()
    assert {entry.at for entry in entries} <= {event.at for event in incident.events}
    assert ticket.status == incident.events[-1].status


def test_again_imports_nothing(console_app: Any, log: reader.Log, imported: runs.Work) -> None:
    again = runs.run(log, lambda: console_app, processes=1, on_progress=lambda _: None)
    assert (again.tally.tickets, again.tally.known, again.tally.rows) == (0, 500, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda row: row.replace("29/2/2016 01:23,Phone", "31/2/2016 01:23,Phone"), "day is out of range"),
        (lambda row: ",".join(row.split(",")[:-3]), "33 cells instead of 36"),
        (lambda row: row.replace("New", "Dreaming"), "unknown state"),
        (lambda row: "?" + row[row.index(",") :], "no incident number"),
        (lambda row: '"' + row, "not a row of CSV"),
    ],
)
def test_damaged_rows_are_set_aside_with_their_reason(tmp_path: Path, change: Any, reason: str) -> None:
    lines = SAMPLE.read_text().splitlines()[:6]
    lines[1] = change(lines[1])
    file = tmp_path / "damaged.csv"
    file.write_text("\n".join(lines))
    read = reader.read(file)
    assert (len(read.rejects), read.rows) == (1, 5)
    assert reason in read.rejects[0].reason
    runs.write_rejects(tmp_path / "rejects.csv", read.rejects)
    assert (tmp_path / "rejects.csv").read_text().splitlines()[1].startswith("2,")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither a zip archive nor a CSV file"),
        (b"\x00\xff\xfe", "neither a zip archive nor a CSV file"),
        (b"\x89PNG\r\n\x1a\n", "neither a zip archive nor a CSV file"),
        (b"PK\x03\x04broken", "neither a zip archive nor a CSV file"),
        (b'"broken', "Line 1 cannot be read"),
        (b"number,location\n1,2\n", "lacks the columns incident_state"),
        (SAMPLE.read_bytes().splitlines()[0], "holds no rows"),
    ],
)
def test_another_file_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "other.zip"
    file.write_bytes(content)
    with pytest.raises(reader.UnreadableLog, match=words):
        reader.read(file)


@pytest.mark.parametrize(("names", "words"), [(["readme.txt"], "holds 0 CSV files"), (["a.csv", "b.csv"], "holds 2 CSV files")])
def test_an_archive_without_the_log_is_refused_in_words(tmp_path: Path, names: list[str], words: str) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for name in names:
            archive.writestr(name, SAMPLE.read_bytes())
    with pytest.raises(reader.UnreadableLog, match=words):
        reader.read(tmp_path / "other.zip")


def test_an_archive_damaged_inside_is_refused_in_words(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.csv", SAMPLE.read_bytes())
    raw = bytearray((tmp_path / "whole.zip").read_bytes())
    raw[200:260] = b"\xff" * 60
    (tmp_path / "broken.zip").write_bytes(raw)
    with pytest.raises(reader.UnreadableLog, match="cannot be read"):
        reader.read(tmp_path / "broken.zip")


def test_nobody_of_the_imported_clients_can_be_reached(imported: runs.Work, staff: Any) -> None:
    assert db.session.scalar(sa.text("SELECT count(*) FROM contact WHERE external_key LIKE 'caller:%' AND e_mail IS NOT NULL")) == 0
