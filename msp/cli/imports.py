"""`msp import`: the past of other tools."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from msp.cli.context import console_app, require_installed
from msp.core.db import transaction
from msp.core.scope import Scope
from msp.itsm.imports.incident_log import reader
from msp.itsm.imports.incident_log import run as runs


@click.group("import")
def import_() -> None:
    """Bring the past of other tools in."""


@import_.command("incident-log")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--processes", type=click.IntRange(1, 32), default=2, show_default=True, help="clients replayed at a time")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="where damaged rows go [default: FILE.rejects.csv]")
@click.option("--json", "as_json", is_flag=True, help="print the closing figures as JSON")
def incident_log(file: Path, processes: int, rejects: Path | None, as_json: bool) -> int:
    """Replay the public incident log FILE (zip or CSV) through the services, each row at its own instant.

    A client for each location, with contacts, agents, teams and categories; nothing is mailed. Run again, it goes on where it
    stopped and imports nothing twice. Exit status 1 when rows were set aside.
    """
    app = console_app()
    with app.app_context(), transaction(Scope.staff()):
        require_installed()
    log = reader.read(file)
    set_aside = rejects or file.with_name(file.name + ".rejects.csv")
    if log.rejects:
        _set_aside(set_aside, log.rejects)
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True))
    with bar:
        task = bar.add_task("Replaying rows", total=log.rows - len(log.rejects))
        work = runs.run(log, console_app, processes=processes, on_progress=lambda rows: bar.advance(task, rows))
    figures = _figures(log, work, app, bar.tasks[0].elapsed or work.seconds)
    if log.rejects:
        figures["rejects_file"] = str(set_aside)
    click.echo(json.dumps(figures) if as_json else "")
    if not as_json:
        _print(figures)
    return 1 if log.rejects else 0


def _set_aside(file: Path, rejects: list[reader.Reject]) -> None:
    try:
        runs.write_rejects(file, rejects)
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: damaged rows go to {file}; name another file with --rejects.") from error


def _figures(log: reader.Log, work: runs.Work, app: Any, elapsed: float) -> dict[str, Any]:
    tally = work.tally
    busy = work.seconds or 1.0
    return {
        "rows": log.rows,
        "rows_replayed": tally.rows,
        "rows_rejected": len(log.rejects),
        "incidents": len(log.incidents),
        "tickets": tally.tickets,
        "tickets_known_before": tally.known,
        "acts": dict(tally.acts),
        "flags": dict(tally.flags),
        "facts": runs.facts(app),
        "outcomes": [
            {"clock": kind, "priority": priority, "met": met, "breached": breached}
            for kind, priority, met, breached in runs.outcomes(app)
        ],
        "made_sla": runs.agreement(log, app),
        "seconds": round(elapsed, 1),
        "rows_per_second": round(tally.rows / elapsed, 1) if elapsed else None,
        "share": {
            "database": round(work.database_seconds / busy, 3),
            "engine": round(work.engine_seconds / busy, 3),
            "services": round(max(0.0, 1 - (work.database_seconds + work.engine_seconds) / busy), 3),
        },
    }


def _print(figures: dict[str, Any]) -> None:
    out = Console()
    table = Table("", "Rows", "Tickets", title="Incident log")
    table.add_row("in the file", str(figures["rows"]), str(figures["incidents"]))
    table.add_row("replayed", str(figures["rows_replayed"]), str(figures["tickets"]))
    table.add_row("there before", "", str(figures["tickets_known_before"]))
    table.add_row("set aside", str(figures["rows_rejected"]), "")
    out.print(table)
    table = Table("Clock", "Priority", "Met", "Breached", title="Clocks")
    for row in figures["outcomes"]:
        table.add_row(row["clock"], row["priority"], str(row["met"]), str(row["breached"]))
    out.print(table)
    for title in ("facts", "acts", "flags", "made_sla", "share"):
        out.print(f"[bold]{title.replace('_', ' ')}[/bold]", ", ".join(f"{key}: {value}" for key, value in sorted(figures[title].items())))
    out.print(f"{figures['seconds']} s, {figures['rows_per_second']} rows a second")
