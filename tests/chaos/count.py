"""What came of the steps: each effect is counted for each step, and must be there exactly once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from tests.chaos.faults import Outage
from tests.chaos.stage import MAILED
from tests.chaos.steps import BREACH, NOTE, WARNING

PATIENCE = timedelta(seconds=5)  # how late a step may be outside an outage
_STEP_OF = f"CASE WHEN {{}} LIKE '{WARNING} %' THEN '{WARNING}' ELSE '{BREACH}' END"

# Each selects (ticket, step) once for every time that the effect happened.
EFFECTS = {
    "step fired": "SELECT subject_id, step FROM sla_escalation WHERE state = 'fired' AND settled_at IS NOT NULL",
    "work handed over and done": """
        SELECT e.subject_id, e.step FROM outbox o CROSS JOIN jsonb_array_elements_text(o.args -> 'steps') s
        JOIN sla_escalation e ON e.id = s::uuid WHERE o.kind = 'tickets.steps_fired' AND o.done_at IS NOT NULL""",
    "timeline entry": "SELECT ticket_id, data ->> 'step' FROM timeline_entry WHERE kind = 'escalated'",
    "notification": f"SELECT subject_id, {_STEP_OF.format('text')} FROM notification WHERE kind = 'escalation'",
    "mail": f"""
        SELECT split_part(args ->> 'thread', '.', 1)::uuid, {_STEP_OF.format("args -> 'context' ->> 'heading'")} FROM outbox
        WHERE kind = 'mail.send' AND done_at IS NOT NULL""",
    "note": f"SELECT ticket_id, '{BREACH}' FROM message WHERE author_kind = 'system' AND body = '{NOTE}'",
    "breach noted": f"""
        SELECT c.subject_id, '{BREACH}' FROM sla_outcome o JOIN sla_clock c ON c.tenant_id = o.tenant_id AND c.id = o.clock_id
        WHERE o.outcome = 'breached'""",
}
_STEPS = "SELECT subject_id, step FROM sla_escalation WHERE state <> 'skipped'"
_OF_BREACH = f"{_STEPS} AND step = '{BREACH}'"
_MAILED = f"""
SELECT e.subject_id, e.step FROM sla_escalation e JOIN ticket t ON t.tenant_id = e.tenant_id AND t.id = e.subject_id
WHERE e.step = '{WARNING}' AND t.assignee_name = '{MAILED}'"""
WANTED = {"mail": _MAILED, "note": _OF_BREACH, "breach noted": _OF_BREACH}  # of the other effects each step has one
_UNFINISHED = """
SELECT (SELECT count(*) FROM sla_escalation WHERE state = 'armed' AND fire_at IS NOT NULL)
    + (SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL AND suppressed_at IS NULL)
"""
_INSTANTS = f"""
SELECT e.fire_at, e.settled_at, n.created_at FROM sla_escalation e
LEFT JOIN notification n ON n.subject_id = e.subject_id AND n.kind = 'escalation' AND {_STEP_OF.format("n.text")} = e.step
WHERE e.settled_at IS NOT NULL
"""


@dataclass(frozen=True)
class Lateness:
    """Seconds between the instant of a step and what came of it."""

    count: int
    p50: float | None = None
    p99: float | None = None
    max: float | None = None

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Lateness":
        if not seconds:
            return cls(0)
        found = sorted(seconds)
        p50, p99 = (round(found[-(-len(found) * share // 100) - 1], 2) for share in (50, 99))
        return cls(len(found), p50, p99, round(found[-1], 2))


@dataclass
class Result:
    """Steps lost and doubled by effect, work that is left, and how late it was."""

    steps: int
    lost: dict[str, int]
    doubled: dict[str, int]
    parked: int
    left: int
    fired: Lateness
    fired_outside: Lateness
    acted: Lateness
    acted_outside: Lateness
    failures: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (any(self.lost.values()) or any(self.doubled.values()) or self.parked or self.left or self.failures)


def unfinished(admin_url: str) -> int:
    """Steps that are armed and work that is not done."""
    with psycopg.connect(admin_url) as connection:
        return int(_rows(connection, _UNFINISHED)[0][0])


def count(admin_url: str, steps: int, outages: Sequence[Outage], left: int) -> Result:
    """Compare what is there with what must be; `left` is the work that nobody did while there were workers."""
    with psycopg.connect(admin_url) as connection:
        armed = set(_rows(connection, _STEPS))
        lost, doubled = {}, {}
        for effect, statement in EFFECTS.items():
            wanted = set(_rows(connection, WANTED.get(effect, _STEPS)))
            seen = Counter(_rows(connection, statement))
            lost[effect] = len(wanted - seen.keys())
            # What nobody asked for counts as doubled too.
            doubled[effect] = sum(number > 1 or key not in wanted for key, number in seen.items())
        parked = int(_rows(connection, "SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL AND done_at IS NULL")[0][0])
        instants = _rows(connection, _INSTANTS)
    lost["step fired"] += steps - len(armed)
    outside = [row for row in instants if not _is_touched(row[0], row[1], outages)]
    acted = [row for row in instants if row[2] is not None]
    acted_outside = [row for row in acted if not _is_touched(row[0], row[2], outages)]
    return Result(
        steps, lost, doubled, parked, left,
        Lateness.of([_seconds(row[0], row[1]) for row in instants]), Lateness.of([_seconds(row[0], row[1]) for row in outside]),
        Lateness.of([_seconds(row[0], row[2]) for row in acted]), Lateness.of([_seconds(row[0], row[2]) for row in acted_outside]),
    )  # fmt: skip


def _is_touched(due_at: datetime, done_at: datetime, outages: Sequence[Outage]) -> bool:
    """Whether an outage fell between the two, and no later than a step may be late: after that it had no excuse."""
    until = min(done_at, due_at + PATIENCE)
    return any(outage.began_at <= until and outage.ended_at >= due_at for outage in outages)


def _seconds(due_at: datetime, done_at: datetime) -> float:
    return (done_at - due_at).total_seconds()


def _rows(connection: psycopg.Connection[Any], statement: str) -> list[Any]:
    return connection.execute(statement).fetchall()
