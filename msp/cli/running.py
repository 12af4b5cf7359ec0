"""The running demonstration's addresses, so that a command beside `msp up` finds it without being told."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import click

from msp.core.embedded import home as homes

COMMANDS = ("admin", "tenant", "agent", "import", "prove-isolation")
_FILE = "environment.json"


def publish(home: Path, environment: Mapping[str, str]) -> None:
    """Leave what the processes are told, readable by this user alone, until `withdraw`."""
    told = {name: value for name, value in environment.items() if name.startswith("MSP_")}
    homes.write_private(home / _FILE, json.dumps(told, indent=1))


def withdraw(home: Path) -> None:
    """The demonstration ends: its addresses lead nowhere."""
    (home / _FILE).unlink(missing_ok=True)


def adopt(command: str | None) -> None:
    """Take over the demonstration's settings where one runs here and no database is named; anything set already stays."""
    file = homes.default_home() / _FILE
    if command not in COMMANDS or _names_a_database() or not os.access(file, os.R_OK):
        return
    if not homes.up_process(file.parent).holder():
        return
    for name, value in json.loads(file.read_text()).items():
        os.environ.setdefault(name, value)
    click.echo(f"Using the demonstration that runs in {file.parent}.", err=True)


def _names_a_database() -> bool:
    return any(name.startswith("MSP_") and name.endswith("_DATABASE_URL") for name in os.environ)
