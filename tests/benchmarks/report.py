"""docs/benchmarks.md: written by the run alone, with machine, commit, load and command."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

from msp.core import clock

GOALS = {"queue page": 150, "ticket page": 200, "search over all clients": 200}


def write(figures: dict[str, Any], file: Path) -> None:
    """The page, whole."""
    parts = [_head(figures), _engine(figures["engine"]), _sizes(figures["sizes"]), _growth(figures["sizes"])]
    parts += [_policies(figures["sizes"]), _memory(figures["sizes"]), _replay(figures["import"])]
    if "properties" in figures:
        found = figures["properties"]
        parts.append(f"## Properties of the engine\n\n{found['examples']} examples each: {found['result']} ({found['seconds']} s).")
    file.write_text("\n\n".join(parts) + "\n")


def _head(figures: dict[str, Any]) -> str:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False).stdout.strip()
    memory = round(psutil.virtual_memory().total / 2**30)
    return (
        "# Benchmarks\n\n"
        f"Written by `{figures['command']}` on {clock.now():%d %B %Y} at commit {commit}. Machine: {platform.machine()}, "
        f"{os.cpu_count()} cores, {memory} GiB, {platform.system()}, Python {platform.python_version()}. Load before the run: "
        f"{', '.join(f'{value:.2f}' for value in figures['load'])}. Everything runs on this one machine: PostgreSQL, Redis, the web "
        f"process and the caller. The run took {figures['seconds']} s."
    )


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in lines)


def _engine(figures: dict[str, float]) -> str:
    rows = [[name.replace("_", " "), f"{value:,.0f}"] for name, value in figures.items()]
    return "## The SLA engine, one core\n\n" + _table(["", "a second"], rows)


def _sizes(sizes: dict[str, Any]) -> str:
    said = ["## Pages"]
    for name, size in sizes.items():
        rows = [
            [page, f["median_ms"], f["p95_ms"], GOALS.get(page, ""), f["requests_per_second"], f"{f['bytes']:,}", f["queries"]]
            for page, f in size["pages"].items()
        ]
        rows.append(["create a ticket (service)", size["create"]["median_ms"], size["create"]["p95_ms"], "", "", "", ""])
        said.append(
            f"### {name}\n\nLoaded in {size['load_seconds']} s.\n\n"
            + _table(["Page", "median ms", "p95 ms", "goal p95", "requests/s", "bytes", "queries"], rows)
        )
    return "\n\n".join(said)


def _growth(sizes: dict[str, Any]) -> str:
    small, large = sizes.values()
    rows = [
        [page, found["median_ms"], large["pages"][page]["median_ms"], f"{large['pages'][page]['median_ms'] / found['median_ms']:.2f}×"]
        for page, found in small["pages"].items()
    ]
    head = ["Page", "first ms", "second ms", "growth"]
    return "### Growth from the first size to the second (goal: at most 1.3×)\n\n" + _table(head, rows)


def _policies(sizes: dict[str, Any]) -> str:
    name, size = list(sizes.items())[-1]
    rows = [[query, f["with_ms"], f["without_ms"], f"{f['ratio']}×", f["more_ms"]] for query, f in size["policies"].items()]
    return (
        f"## Row-level security\n\nMedian of 200 interleaved pairs at {name} (goal: at most 1.3× or 0.2 ms more).\n\n"
        + _table(["Query", "with ms", "without ms", "ratio", "more ms"], rows)
    )


def _memory(sizes: dict[str, Any]) -> str:
    name, size = list(sizes.items())[-1]
    rows = [[process, value] for process, value in size["peak_memory_mb"].items()]
    return f"## Peak resident memory at {name}\n\n" + _table(["Process (with its children)", "MB"], rows)


def _replay(figures: dict[str, Any]) -> str:
    rows = [
        ["file", figures["file"]],
        ["rows replayed", f"{figures['rows_replayed']:,} of {figures['rows']:,}"],
        ["tickets", f"{figures['tickets']:,} of {figures['incidents']:,}"],
        ["rows set aside", figures["rows_rejected"]],
        ["facts", ", ".join(f"{name}: {count:,}" for name, count in sorted(figures["facts"].items()))],
        ["seconds", figures["seconds"]],
        ["rows a second", figures["rows_per_second"]],
        ["share of time", ", ".join(f"{name} {value:.0%}" for name, value in figures["share"].items())],
        ["peak memory, MB", figures["peak_memory_mb"]],
        ["beside the source's own verdict", ", ".join(f"{name}: {count}" for name, count in sorted(figures["made_sla"].items()))],
    ]
    outcomes = [[row["clock"], row["priority"], f"{row['met']:,}", f"{row['breached']:,}"] for row in figures["outcomes"]]
    read = figures["compared"]
    return "\n\n".join((
        "## Import of the incident log, two processes\n\n" + _table(["", ""], rows),
        _table(["Clock", "Priority", "Met", "Breached"], outcomes),
        f"Read anew from their facts: {read['clocks']:,} clocks with {read['segments']:,} segments; "
        f"{read['different']} differ from what is stored.",
    ))  # fmt: skip
