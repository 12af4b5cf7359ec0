"""Many tickets with running clocks and armed steps, written by the owner in a few statements."""

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

NOTIFY = [{"kind": "notify", "to": "assignee", "off_duty": "on_call"}]

_TICKETS = """
INSERT INTO ticket (tenant_id, id, number, ref, kind, status, subject, requester_id, requester_name, source, priority,
                    opened_at, created_at, updated_at, assignee_id, assignee_name, sla_clock, sla_standing, sla_due_at)
SELECT %(tenant)s, uuidv7(), %(first)s + n, 'BULK-' || %(first)s + n, 'incident', 'open', 'Number ' || n, %(contact)s,
       'Somebody', 'portal', 3, %(at)s, %(at)s, %(at)s, %(agent)s, 'Agent', 'resolution', 'running', %(at)s
FROM generate_series(1, %(count)s) n
"""
_SUBJECTS = """
INSERT INTO sla_subject (tenant_id, id, kind, attributes, created_at)
SELECT tenant_id, id, 'incident', '{}', created_at
FROM ticket WHERE tenant_id = %(tenant)s AND ref LIKE 'BULK-%%' AND number > %(first)s
"""
_CLOCKS = """
INSERT INTO sla_clock (tenant_id, id, subject_id, kind, cycle, is_internal, is_current, standing, target_seconds,
                       started_at, due_at, breaches_at, elapsed_seconds, is_exempted, segments, computed_at)
SELECT tenant_id, uuidv7(), id, 'resolution', 1, false, true, 'running', 3600,
       %(at)s - interval '1 hour', %(at)s, %(at)s, 0, false, '[]', created_at
FROM ticket WHERE tenant_id = %(tenant)s AND ref LIKE 'BULK-%%' AND number > %(first)s
"""
_STEPS = """
INSERT INTO sla_escalation (tenant_id, id, clock_id, subject_id, step, position, fire_at, actions, is_internal)
SELECT c.tenant_id, uuidv7(), c.id, c.subject_id, %(step)s, 0, %(at)s, %(actions)s, false
FROM sla_clock c JOIN ticket t ON t.tenant_id = c.tenant_id AND t.id = c.subject_id
WHERE c.tenant_id = %(tenant)s AND t.ref LIKE 'BULK-%%' AND t.number > %(first)s
"""


def many(
    owner_url: str,
    company: Any,
    count: int,
    at: datetime,
    *,
    agent_id: UUID,
    step: str = "breach",
    actions: Any = NOTIFY,
    first: int = 100_000,
) -> None:
    """`count` tickets of a company, each with a clock due and a step to fire at `at`, assigned to one agent."""
    values = {
        "tenant": company.id,
        "contact": company.people["requester"].id,
        "agent": agent_id,
        "count": count,
        "at": at,
        "first": first,
        "step": step,
        "actions": Jsonb(actions),
    }
    with psycopg.connect(owner_url) as connection:
        for statement in (_TICKETS, _SUBJECTS, _CLOCKS, _STEPS):
            connection.execute(statement, values)
        connection.execute("ANALYZE ticket, sla_clock, sla_escalation")


def forget(owner_url: str, company: Any) -> None:
    """Remove what `many` made, so that lists of other tests are as they were."""
    bulk = "SELECT id FROM ticket WHERE tenant_id = %(tenant)s AND ref LIKE 'BULK-%%'"
    statements = (
        f"DELETE FROM sla_outcome WHERE clock_id IN (SELECT id FROM sla_clock WHERE subject_id IN ({bulk}))",
        f"DELETE FROM sla_escalation WHERE subject_id IN ({bulk})",
        f"DELETE FROM sla_clock WHERE subject_id IN ({bulk})",
        f"DELETE FROM notification WHERE subject_id IN ({bulk})",
        f"DELETE FROM timeline_entry WHERE ticket_id IN ({bulk})",
        f"DELETE FROM sla_subject WHERE id IN ({bulk})",
        f"DELETE FROM ticket WHERE id IN ({bulk})",
    )
    with psycopg.connect(owner_url) as connection:
        for statement in statements:
            connection.execute(statement, {"tenant": company.id})
