"""`msp sla`: the SLA clock on the command line."""

import sys
from typing import BinaryIO

import click


@click.group()
def sla() -> None:
    """Ask the SLA clock."""


@sla.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--explain", is_flag=True, help="add the steps: what counted, what did not, and why")
def evaluate(file: BinaryIO, explain: bool) -> int:
    """Answer questions about working time: one JSON object a line from FILE or standard input, one answer a line.

    \b
    kind            asks for
    due             when a target is used up
    elapsed         working time between two instants
    clock           a stopped clock: met or breached, and by how much
    escalation      the instants of thresholds
    status          where a clock stands at an instant
    midflight       the due instant before and after a change
    is_working, next_open, open_windows    the calendar itself

    \b
    Example:
      echo '{"kind":"due","calendar":{"tz":"Europe/Berlin","hours":{"mon":[["09:00","17:00"]]}},
             "start":"2027-03-08T09:00:00+01:00","target_minutes":90}' | tr -d '\\n' | msp sla evaluate

    No database is needed. A bad line is answered by an error with a code and a pointer, the rest goes on, and the exit
    status is 1. docs/sla-evaluate.md lists every key.
    """
    from msp.itsm.sla.evaluate import main

    return main(file, sys.stdout, explain=explain)
