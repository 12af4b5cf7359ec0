"""Many tickets at once, written by the owner with a few statements: what benchmarks and the chaos run stand on.

Clients and people are made through the services; only the mass of tickets, clocks, messages and steps is loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from flask import Flask

from tests.support import world

# A ticket each for (client i, number n); the spread of states is that of a busy desk: one in five is open.
_TICKETS = """
INSERT INTO ticket (tenant_id, id, number, ref, kind, status, subject, requester_id, requester_name, source, impact, urgency,
    priority, team_id, team_name, assignee_id, assignee_name, opened_at, created_at, updated_at, answered_at, resolved_at,
    message_count, sla_clock, sla_standing, sla_due_at, sla_risk_at, sla_breaches_at, sla_target_seconds, sla_elapsed_seconds,
    sla_outcome, sla_stopped_at)
SELECT %(tenant)s, uuidv7(make_interval(secs => -n * 60)), n, %(key)s || '-' || n, CASE WHEN n %% 4 = 0 THEN 'request' ELSE 'incident' END,
    CASE WHEN n %% 5 > 0 THEN 'closed' WHEN n %% 3 = 0 THEN 'new' ELSE 'open' END,
    (ARRAY['Printer', 'Mailbox', 'Scanner', 'Laptop', 'Phone', 'Portal', 'Backup', 'Network'])[1 + n %% 8] || ' ' ||
    (ARRAY['does not start', 'is slow today', 'asks for a password', 'lost its settings', 'shows an error'])[1 + n %% 5] || ' in room ' || n,
    %(contact)s, %(contact_name)s, 'portal', 1 + n %% 3, 1 + (n / 3) %% 3, 1 + n %% 4, %(team)s, 'Loaded team',
    CASE WHEN n %% 3 > 0 THEN %(agent)s END, CASE WHEN n %% 3 > 0 THEN 'Loaded agent' END,
    now() - n * interval '1 minute', now() - n * interval '1 minute', now() - n * interval '50 seconds', NULL,
    CASE WHEN n %% 5 > 0 THEN now() - n * interval '40 seconds' END, 2, 'resolution',
    CASE WHEN n %% 5 > 0 THEN 'stopped' ELSE 'running' END, now() + (n %% 500 - 20) * interval '3 minutes',
    now() + (n %% 500 - 60) * interval '3 minutes', now() + (n %% 500 - 20) * interval '3 minutes', 28800, 3600,
    CASE WHEN n %% 5 > 0 THEN CASE WHEN n %% 7 = 0 THEN 'breached' ELSE 'met' END END,
    CASE WHEN n %% 5 > 0 THEN now() - n * interval '40 seconds' END
FROM generate_series(1, %(count)s) n
"""
_SUBJECTS = """
INSERT INTO sla_subject (tenant_id, id, kind, attributes, facts_count, created_at)
SELECT tenant_id, id, kind, jsonb_build_object('kind', kind, 'priority', 'P' || priority), 1, created_at FROM ticket WHERE tenant_id = %(tenant)s
"""
_FACTS = """
INSERT INTO sla_fact (tenant_id, id, subject_id, number, kind, occurred_at, recorded_at, actor_kind, actor_name, data)
SELECT tenant_id, uuidv7(), id, 1, 'opened', opened_at, opened_at, 'contact', requester_name,
    jsonb_build_object('kind', kind, 'priority', 'P' || priority, 'channel', source) FROM ticket WHERE tenant_id = %(tenant)s
"""
_CLOCKS = """
INSERT INTO sla_clock (tenant_id, id, subject_id, kind, cycle, is_internal, is_current, priority, target_seconds, standing, started_at,
    stopped_at, due_at, risk_at, breaches_at, outcome, outcome_at, elapsed_seconds, is_exempted, segments, computed_at)
SELECT tenant_id, uuidv7(), id, 'resolution', 1, false, true, 'P' || priority, 28800, sla_standing, opened_at, sla_stopped_at, sla_due_at,
    sla_risk_at, CASE WHEN sla_standing = 'running' THEN now() + interval '30 days' END, sla_outcome, sla_stopped_at, 3600, false,
    '[]'::jsonb, now()
FROM ticket WHERE tenant_id = %(tenant)s
"""
_MESSAGES = """
INSERT INTO message (tenant_id, id, ticket_id, is_internal, author_kind, author_id, author_name, body, via, sent_at)
SELECT t.tenant_id, uuidv7(), t.id, k = 2, CASE WHEN k = 0 THEN 'contact' ELSE 'agent' END, CASE WHEN k = 0 THEN t.requester_id END,
    CASE WHEN k = 0 THEN t.requester_name ELSE 'Loaded agent' END,
    'We looked at ' || t.subject || ' and wrote down what we found: step ' || k || ' of the list. Please tell us whether it helps.',
    'portal', t.opened_at + k * interval '20 seconds'
FROM ticket t CROSS JOIN generate_series(0, 2) k WHERE t.tenant_id = %(tenant)s
"""
_TIMELINE = """
INSERT INTO timeline_entry (tenant_id, id, ticket_id, at, kind, is_internal, actor_kind, actor_name, data)
SELECT t.tenant_id, uuidv7(), t.id, t.opened_at + k * interval '25 seconds', (ARRAY['opened', 'replied', 'moved'])[1 + k], false, 'agent',
    'Loaded agent', CASE WHEN k = 2 THEN '{"from": "new", "to": "open"}'::jsonb ELSE '{"source": "portal"}'::jsonb END
FROM ticket t CROSS JOIN generate_series(0, 2) k WHERE t.tenant_id = %(tenant)s
"""
_COUNTER = "INSERT INTO ticket_counter (tenant_id, id, last) VALUES (%(tenant)s, uuidv7(), %(count)s)"
STATEMENTS = (_TICKETS, _SUBJECTS, _FACTS, _CLOCKS, _MESSAGES, _TIMELINE, _COUNTER)


@dataclass(frozen=True)
class Loaded:
    """Clients with their tickets, and the agent and team that they name."""

    companies: list[world.Company]
    agent: object
    actor: object


def load(app: Flask, owner_url: str, *, clients: int, tickets: Sequence[int] | int) -> Loaded:
    """Make `clients` companies and give each its tickets: one number for all, or one for each."""
    counts = [tickets] * clients if isinstance(tickets, int) else list(tickets)
    agent, actor = world.agent(app, "admin", "lead", "agent")
    team = _team(app)
    companies = [world.company(app, "Bulk") for _ in range(clients)]
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for company, count in zip(companies, counts, strict=True):
            _load(connection, company, count, agent.id, team)
        connection.execute("VACUUM ANALYZE")
    return Loaded(companies, agent, actor)


def _load(connection: psycopg.Connection, company: world.Company, count: int, agent_id: UUID, team_id: UUID) -> None:
    contact = company.people["requester"]
    values = {
        "tenant": company.id, "key": company.tenant.key, "count": count, "contact": contact.id, "contact_name": contact.name,
        "agent": agent_id, "team": team_id,
    }  # fmt: skip
    for statement in STATEMENTS:
        connection.execute(statement, values)


def _team(app: Flask) -> UUID:
    from tenants.services import people

    with world.as_staff(app) as by:
        return people.add_team(world.unique("Loaded team "), by=by).id


def shares(total: int, clients: int) -> list[int]:
    """Tickets a client: three hold half of the volume, as in the real log, the others share the rest."""
    if clients < 6:
        return [total // clients] * clients
    large = [total // 4, total // 6, total // 12]
    rest = total - sum(large)
    small = [rest // (clients - 3)] * (clients - 3)
    small[0] += rest - sum(small)
    return large + small
