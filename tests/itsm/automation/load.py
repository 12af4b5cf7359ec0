"""Many events through many rules, worked by processes that may be killed: what it takes, and the count afterwards."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg

from msp.core import clock
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.itsm.automation.services import rules
from tests.itsm.automation.drain import drain_later
from tests.support import due, world

MATCHING = 5


@dataclass(frozen=True)
class Counted:
    """What became of the events. `each` is how many distinct pairs of event and matching rule there are."""

    each: int
    runs: int
    notes: int
    entries: int
    bare: int
    """Runs whose trace lacks its beginning, its reason or its act."""
    left: int
    seconds: float
    kills: int


def environment(settings: Any, servers: Any) -> dict[str, str]:
    """What a worker of its own process needs to know."""
    return {
        **os.environ, "MSP_ENVIRONMENT": "test", "MSP_SECRET_KEY": settings.secret_key, "MSP_PUBLIC_SCHEME": "http",
        "MSP_CONSOLE_DATABASE_URL": servers.url("msp_console"), "MSP_CONSOLE_HOST": settings.console_host,
        "MSP_REDIS_URL": servers.redis_url, "MSP_STORAGE_URL": settings.storage_url,
    }  # fmt: skip


def run(app: Any, settings: Any, servers: Any, company: Any, *, events: int, of_rules: int, processes: int = 2, kills: int = 0) -> Counted:
    """So many events through so many rules, of which `MATCHING` act on each; workers are killed so often meanwhile."""
    _rules(app, company, of_rules)
    agent, _ = world.agent(app)
    due.many(servers.url("msp_owner"), company, events, clock.now(), agent_id=agent.id)
    _events(app, servers, company)
    began = time.monotonic()
    killed = _work(environment(settings, servers), processes, kills)
    seconds = time.monotonic() - began
    drain_later(app)
    return _count(servers.url("msp_owner"), company, events, seconds, killed)


def _rules(app: Any, company: Any, number: int) -> None:
    with world.as_staff(app) as by:
        for n in range(number):
            is_matching = n % (number // MATCHING) == 0
            content = {
                "trigger": {"kind": "event", "event": "client_replied"},
                "query": f"kind:incident priority:{3 if is_matching else 1} -status:waiting", "brake": 10_000,
                "actions": [{"kind": "note", "body": f"Rule {n} was here."}],
            }  # fmt: skip
            made = rules.add_rule(f"Load {n}", content, client_id=company.id, by=by)
            rules.put_in_force(made.id, version=made.version, by=by)


def _events(app: Any, servers: Any, company: Any) -> None:
    with psycopg.connect(servers.url("msp_owner")) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM ticket WHERE tenant_id = %s AND ref LIKE 'BULK-%%'", (company.id,))]
    with world.as_staff(app):
        at = clock.now().isoformat()
        calls = [{"event_id": str(new_id()), "kind": "client_replied", "ticket_id": str(id), "at": at, "chain": []} for id in ids]
        for first in range(0, len(calls), 1000):
            outbox.enqueue_many("automation.happened", calls[first : first + 1000], tenant_id=company.id)


def _work(given: dict[str, str], processes: int, kills: int) -> int:
    """Workers until nothing unclaimed is left; `kill -9` of one now and then, with another in its place."""
    chance, killed = random.Random(7), 0  # noqa: S311 - which worker dies when
    running = [_start(given) for _ in range(processes)]
    try:
        while any(process.poll() is None for process in running):
            time.sleep(chance.uniform(0.8, 1.4) if killed < kills else 0.05)
            number = chance.randrange(processes)
            if killed < kills and running[number].poll() is None:
                os.killpg(running[number].pid, signal.SIGKILL)
                running[number].wait()
                running[number], killed = _start(given), killed + 1
    finally:
        for process in running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return killed


def _start(given: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.itsm.automation.drain"]
    return subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


_KINDS = "array(SELECT line ->> 'kind' FROM jsonb_array_elements(trace) line)"
_COUNTS = {
    "runs": "SELECT count(*) FROM automation_run WHERE tenant_id = %(c)s AND outcome = 'acted'",
    "bare": f"SELECT count(*) FROM automation_run WHERE tenant_id = %(c)s AND {_KINDS} <> ARRAY['start', 'matched', 'did']",
    "notes": "SELECT count(*) FROM message WHERE tenant_id = %(c)s AND is_internal AND body LIKE 'Rule %% was here.'",
    "pairs": "SELECT count(*) FROM (SELECT DISTINCT ticket_id, body FROM message WHERE tenant_id = %(c)s AND is_internal) pair",
    "entries": "SELECT count(*) FROM timeline_entry WHERE tenant_id = %(c)s AND kind = 'automated'",
    "left": "SELECT count(*) FROM outbox WHERE kind = 'automation.happened' AND done_at IS NULL AND %(c)s = ANY (tenant_ids)",
}


def _count(owner_url: str, company: Any, events: int, seconds: float, kills: int) -> Counted:
    with psycopg.connect(owner_url) as connection:
        found = {name: connection.execute(sql, {"c": company.id}).fetchone()[0] for name, sql in _COUNTS.items()}  # type: ignore[index]
    assert found.pop("pairs") == found["notes"], "a rule acted twice on one event"
    return Counted(each=events * MATCHING, seconds=seconds, kills=kills, **found)
