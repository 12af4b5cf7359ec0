"""The hot queries use the index that was made for them, and no page asks once per row.

Plans are those of the application's own roles, on a scratch database with thousands of tickets, at the planner's usual
settings: an index that it does not choose there is not used in real life either.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from msp.core import clock
from msp.core.db import db
from msp.core.outbox import forgotten
from msp.itsm.sla.models import Clock, Escalation
from msp.itsm.sla.services import escalation
from msp.prove.browser import browser
from msp.prove.scratch import scratch
from msp.wsgi import app_of
from tenants.services import clients
from tests.support import bulk, world
from tests.support.statements import counted

MANY, FEW, OTHERS = 6000, 12, (6000, 5000, 3000)
LARGE = {"ticket", "message", "timeline_entry", "sla_clock", "sla_fact", "sla_escalation", "sla_subject", "outbox", "audit_entry"}
Sent = list[tuple[str, Any]]

# One ticket in fifty stays the requester's, the others are his manager's.
_REQUESTERS = """
UPDATE ticket t SET requester_id = c.id, requester_name = c.name
FROM contact c WHERE c.tenant_id = t.tenant_id AND 'manager' = ANY (c.roles) AND t.number % 50 > 0
"""
_STEPS = """
INSERT INTO sla_escalation (tenant_id, id, clock_id, subject_id, step, position, fire_at, state, is_internal, is_replayed, actions)
SELECT tenant_id, uuidv7(), id, subject_id, '75', 0, now() + (row_number() OVER () - 40) * interval '1 minute',
    CASE WHEN standing = 'running' THEN 'armed' ELSE 'skipped' END, false, false, '[]'::jsonb
FROM sla_clock
"""
_OUTBOX = """
INSERT INTO outbox (id, kind, queue, args, scope_role, tenant_ids, created_at, run_after, done_at)
SELECT uuidv7(), 'mail.send', 'mail', '{}'::jsonb, 'msp_staff', '{}', now() - interval '1 hour', now() - interval '1 hour',
    CASE WHEN n > 20 THEN now() END
FROM generate_series(1, 8000) n
"""


class Desk:
    """The loaded installation: a company with many tickets, one with few, and whoever looks at them."""

    def __init__(self, console: Flask, portal: Flask, loaded: Any) -> None:
        self.console, self.portal, self.loaded = console, portal, loaded
        self.many, self.few, *_ = loaded.companies

    def agent(self) -> Any:
        actor = self.loaded.actor
        return self._browser(self.console, "console.localhost", actor.provider_id, actor.person_id)

    def contact(self, company: Any, person: str) -> Any:
        return self._browser(self.portal, company.host, company.id, company.people[person].person_id)

    def _browser(self, app: Flask, host: str, tenant_id: Any, person_id: Any) -> Any:
        client = app.test_client()
        world.signed_in(app, client, host, tenant_id, person_id)
        return browser(app, host, client.get_cookie("msp", domain=host).value)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with scratch(None, None) as made:
        console, portal = (app_of(surface, made.settings) for surface in ("console", "portal"))
        with world.as_staff(console) as by:
            clients.install("Bulk Provider", key="BULK", environment="test", console_host="console.localhost", time_zone="UTC", by=by)
        owner_url = made.owner_url.replace("postgresql+psycopg://", "postgresql://")
        loaded = bulk.load(console, owner_url, clients=2 + len(OTHERS), tickets=[MANY, FEW, *OTHERS])
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute(_REQUESTERS)
            connection.execute(_STEPS)
            connection.execute(_OUTBOX)
            connection.execute("VACUUM ANALYZE")
        yield Desk(console, portal, loaded)
        for app in (console, portal):
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()
            app.extensions["msp.redis"].close()


@contextmanager
def kept(app: Flask) -> Iterator[Sent]:
    """What the application reads while the block runs, with its plan taken in the same transaction."""
    plans: Sent = []

    def plan(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "WITH")) or "set_config" in statement:
            return
        with cursor.connection.cursor() as other:
            other.execute("EXPLAIN (FORMAT JSON) " + statement, parameters)
            plans.append((statement, other.fetchone()[0]))

    with app.app_context():
        engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", plan)
    try:
        yield plans
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", plan)


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    for part in plan if isinstance(plan, list) else [plan]:
        node = part.get("Plan", part)
        yield node
        yield from nodes(node.get("Plans", []))


def page(path: str) -> Callable[[Desk], Any]:
    return lambda desk: desk.agent().get(path.format(key=desk.many.tenant.key, low=desk.many.tenant.key.lower()))


def portal(path: str, person: str) -> Callable[[Desk], Any]:
    return lambda desk: desk.contact(desk.many, person).get(path)


def due_steps(desk: Desk) -> None:
    with world.as_staff(desk.console):
        db.session.execute(escalation.due_steps(clock.now()).where(~Escalation.is_replayed).limit(500)).all()


def due_clocks(desk: Desk) -> None:
    with world.as_staff(desk.console):
        db.session.execute(escalation.due_clocks(clock.now()).where(~Clock.is_replayed).limit(500)).all()


def due_work(desk: Desk) -> None:
    with desk.console.app_context():
        forgotten._due(forgotten.LIMIT)


# what is asked -> the index that was made for it
HOT: dict[str, tuple[Callable[[Desk], Any], str]] = {
    "the queue": (page("/queue"), "ix_ticket_queue"),
    "a client's queue": (page("/queue?q=client:{low}+is:open"), "ix_ticket_client_queue"),
    "my tickets": (page("/queue?q=assignee:me+is:open"), "ix_ticket_assignee"),
    "the newest": (page("/queue?q=sort:-created"), "ix_ticket_newest"),
    "a ticket by its reference": (page("/tickets/{key}-5"), "ix_ticket_ref"),
    "a conversation": (page("/tickets/{key}-5"), "ix_message_tenant_id_ticket_id_sent_at_id"),
    "a timeline": (page("/tickets/{key}-5"), "ix_timeline_entry_tenant_id_ticket_id_at_id"),
    "a company's requests": (portal("/company", "manager"), "ix_ticket_client_updated"),
    "my requests": (portal("/", "requester"), "ix_ticket_requester"),
    "steps that are due": (due_steps, "ix_sla_escalation_due"),
    "clocks that run out": (due_clocks, "ix_sla_clock_breaching"),
    "work that is due": (due_work, "ix_outbox_due"),
}


@pytest.mark.parametrize("name", HOT)
def test_a_hot_query_uses_its_index(desk: Desk, name: str) -> None:
    ask, index = HOT[name]
    app = desk.portal if name in ("a company's requests", "my requests") else desk.console
    with kept(app) as plans:
        answer = ask(desk)
    assert answer is None or answer.status_code == 200
    used = {node["Index Name"] for _, plan in plans for node in nodes(plan) if "Index Name" in node}
    assert index in used, sorted(used)
    read_whole = [
        (node["Relation Name"], statement) for statement, plan in plans for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE
        and "count(" not in statement  # a count of a fifth of all tickets reads them all, and may
    ]  # fmt: skip
    assert read_whole == []


def test_the_plans_would_show_a_missing_index(desk: Desk) -> None:
    """The control: a condition without an index reads the whole table, and is seen to."""
    with world.as_staff(desk.console), kept(desk.console) as plans:
        db.session.execute(sa.text("SELECT id FROM ticket WHERE subject = 'x'")).all()
    assert [node["Node Type"] for _, plan in plans for node in nodes(plan) if node.get("Relation Name") == "ticket"] == ["Seq Scan"], (
        json.dumps(plans)
    )


@pytest.mark.parametrize("path", ["/queue?q=client:{key}", "/clients/{id}", "/clients/{id}/people", "/settings/audit?client={id}"])
def test_a_console_page_asks_as_often_for_many_rows_as_for_few(desk: Desk, path: str) -> None:
    agent = desk.agent()
    numbers = []
    for company in (desk.few, desk.many):
        address = path.format(key=company.tenant.key.lower(), id=company.id)
        assert agent.get(address).status_code == 200, address
        with counted(desk.console) as sent:
            agent.get(address)
        numbers.append(len(sent))
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("path", ["/", "/company"])
def test_a_portal_page_asks_as_often_for_many_rows_as_for_few(desk: Desk, path: str) -> None:
    numbers = []
    for company in (desk.few, desk.many):
        contact = desk.contact(company, "manager")
        assert contact.get(path).status_code == 200
        with counted(desk.portal) as sent:
            contact.get(path)
        numbers.append(len(sent))
    assert numbers[0] == numbers[1]
