"""Events through rules while workers are killed: none is lost, none is done twice, each trace is whole.

The large form, with the throughput that docs/automation.md states: `MSP_RULE_EVENTS=10000 python -m pytest -m slow -s` of this file.
"""

import os
from typing import Any

import pytest

from tests.itsm.automation import load


def test_killed_workers_lose_and_double_nothing(console_app: Any, settings: Any, servers: Any, acme: Any) -> None:
    found = load.run(console_app, settings, servers, acme, events=150, of_rules=10, kills=2)
    assert found.kills == 2
    assert (found.runs, found.notes, found.entries) == (found.each,) * 3
    assert (found.bare, found.left) == (0, 0)


@pytest.mark.slow
@pytest.mark.skipif("MSP_RULE_EVENTS" not in os.environ, reason="a measure of minutes, asked for by MSP_RULE_EVENTS")
@pytest.mark.timeout(3600)
def test_ten_thousand_events_through_fifty_rules(console_app: Any, settings: Any, servers: Any, acme: Any) -> None:
    number = int(os.environ["MSP_RULE_EVENTS"])
    found = load.run(console_app, settings, servers, acme, events=number, of_rules=50, kills=int(os.environ.get("MSP_RULE_KILLS", "0")))
    print(f"\n{number} events, 50 rules, {found.kills} kills: {found.seconds:.0f} s, {number / found.seconds:.0f} events/s; {found}")
    assert (found.runs, found.notes, found.entries, found.bare, found.left) == (found.each, found.each, found.each, 0, 0)
