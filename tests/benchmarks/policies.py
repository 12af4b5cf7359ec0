"""What row-level security costs: the same queries with and without it, in interleaved pairs."""

import statistics
import time
from typing import Any

import psycopg

from tests.benchmarks.stage import Stage

PAIRS = 200


def measure(stage: Stage) -> dict[str, dict[str, float]]:
    """Median milliseconds under the role and without policies, their ratio, and the difference."""
    loaded: Any = stage.loaded
    company = loaded.companies[0]
    found = {}
    with psycopg.connect(stage.urls["msp_console"]) as policed, psycopg.connect(stage.owner_url) as free:
        ticket = free.execute("SELECT id FROM ticket WHERE tenant_id = %s LIMIT 1 OFFSET 100", (company.id,)).fetchone()
        assert ticket is not None
        for name, role, statement, values in _queries(company.id, ticket[0]):
            found[name] = _compare(policed, free, role, company.id, statement, values)
    return found


def _queries(tenant_id: Any, ticket_id: Any) -> list[tuple[str, str, str, tuple[Any, ...]]]:
    newest = "SELECT id, ref, subject FROM ticket WHERE tenant_id = %s ORDER BY created_at DESC, id DESC LIMIT 50"
    said = "SELECT id, body FROM message WHERE tenant_id = %s AND ticket_id = %s AND NOT is_internal ORDER BY sent_at, id"
    return [
        ("list of one client, as its contact", "msp_tenant", newest, (tenant_id,)),
        ("list of one client, as a limited agent", "msp_agent", newest, (tenant_id,)),
        ("ticket by id, as its contact", "msp_tenant", "SELECT * FROM ticket WHERE tenant_id = %s AND id = %s", (tenant_id, ticket_id)),
        ("conversation, as its contact", "msp_tenant", said, (tenant_id, ticket_id)),
        ("queue over all clients, as an agent", "msp_staff",
         "SELECT tenant_id, id FROM ticket WHERE is_open AND sla_due_at IS NOT NULL ORDER BY sla_due_at, id LIMIT 50", ()),
        ("steps due now, as the sweep", "msp_staff",
         "SELECT id FROM sla_escalation WHERE state = 'armed' AND fire_at <= now() ORDER BY fire_at LIMIT 500", ()),
    ]  # fmt: skip


def _compare(policed: Any, free: Any, role: str, tenant_id: Any, statement: str, values: tuple[Any, ...]) -> dict[str, float]:
    """Both sides plan as the application's transactions do (`core.db`)."""
    policed.rollback()
    free.rollback()
    free.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    policed.execute(
        "SELECT set_config('role', %s, true), set_config('msp.tenant', %s, true), set_config('msp.tenants', %s, true),"
        " set_config('plan_cache_mode', 'force_custom_plan', true)",
        (role, str(tenant_id), "{" + str(tenant_id) + "}"),
    )
    with_policies, without = [], []
    for number in range(PAIRS + 20):
        pair = (_time(policed, statement, values), _time(free, statement, values))
        if number >= 20:
            with_policies.append(pair[0])
            without.append(pair[1])
    own, bare = statistics.median(with_policies), statistics.median(without)
    return {"with_ms": round(own, 3), "without_ms": round(bare, 3), "ratio": round(own / bare, 2), "more_ms": round(own - bare, 3)}


def _time(connection: Any, statement: str, values: tuple[Any, ...]) -> float:
    began = time.perf_counter()
    connection.execute(statement, values, prepare=True).fetchall()
    return (time.perf_counter() - began) * 1000
