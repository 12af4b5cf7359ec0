"""The steps of a run: two for each clock, the warning and the breach, due when the scenario says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from msp.core import clock
from tests.chaos.stage import MAILED

WARNING, BREACH = "75", "breach"
NOTE = "The promise was not kept."
ACTIONS = {
    WARNING: [{"kind": "notify", "to": "assignee", "off_duty": "on_call"}],
    BREACH: [{"kind": "notify", "to": "lead", "off_duty": "on_call"}, {"kind": "note", "to": NOTE, "off_duty": "on_call"}],
}
LEAD_SECONDS = 3  # between the insert and the first instant

# The smaller and the larger of two even draws: the warning is before the breach and all instants together are even.
_ARM = """
WITH chosen AS MATERIALIZED (
    SELECT tenant_id, id, subject_id, random() * %(spread)s AS a, random() * %(spread)s AS b
    FROM (SELECT * FROM sla_clock WHERE standing = 'running' ORDER BY md5(subject_id::text || %(seed)s::text) LIMIT %(clocks)s) c
), dated AS MATERIALIZED (
    SELECT tenant_id, id, subject_id, %(start)s + make_interval(secs => floor(least(a, b))) AS warns_at,
        %(start)s + make_interval(secs => floor(greatest(a, b))) AS breaches_at FROM chosen
), mailed AS (
    UPDATE ticket t SET assignee_id = a.id, assignee_name = a.name
    FROM agent a, (SELECT * FROM dated ORDER BY subject_id LIMIT %(mailed)s) d
    WHERE a.name = %(agent)s AND t.tenant_id = d.tenant_id AND t.id = d.subject_id
), moved AS (
    UPDATE sla_clock c SET due_at = d.breaches_at, breaches_at = d.breaches_at FROM dated d
    WHERE c.tenant_id = d.tenant_id AND c.id = d.id
)
INSERT INTO sla_escalation (tenant_id, id, clock_id, subject_id, step, position, fire_at, actions, is_internal)
SELECT d.tenant_id, uuidv7(), d.id, d.subject_id, s.step, s.position, CASE s.position WHEN 0 THEN warns_at ELSE breaches_at END, s.actions,
    false
FROM dated d CROSS JOIN (VALUES (%(warning)s, 0, %(warn)s::jsonb), (%(breach)s, 1, %(late)s::jsonb)) AS s (step, position, actions)
"""


@dataclass(frozen=True)
class Window:
    """When the steps of a run are due."""

    start_at: datetime
    spread: int

    @property
    def end_at(self) -> datetime:
        return self.start_at + timedelta(seconds=self.spread)


def arm(admin_url: str, *, count: int, spread: int, seed: int) -> Window:
    """Insert the steps; `spread` 0 puts all of them in one second. Instants are whole seconds, as the engine's are."""
    start = clock.now().replace(microsecond=0) + timedelta(seconds=LEAD_SECONDS)
    values = {
        "spread": spread, "seed": seed, "clocks": count // 2, "start": start, "warning": WARNING, "breach": BREACH,
        "mailed": -(-count // 100), "agent": MAILED, "warn": Jsonb(ACTIONS[WARNING]), "late": Jsonb(ACTIONS[BREACH]),
    }  # fmt: skip
    with psycopg.connect(admin_url) as connection:
        connection.execute("SELECT setseed(%s)", [(seed % 1000) / 1000])
        made = connection.execute(_ARM, values).rowcount
    if made != count // 2 * 2:
        raise RuntimeError(f"{made} steps were armed instead of {count}")
    return Window(start, spread)
