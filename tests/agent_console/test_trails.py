"""The audit trail and refused accesses on the console: read by whoever may, a limited agent his clients' part."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa

from msp.core import audit, clock, trails
from msp.core.db import db
from msp.core.errors import Forbidden
from tenants.services import clients
from tests.support import identity, world
from tests.support.pages import words
from tests.support.servers import Servers


@pytest.fixture
def admin(sit: Any) -> Any:
    return sit(roles=("admin",))


@pytest.fixture
def changed(console_app: Any, admin: Any) -> Any:
    """A site added at each of two companies by the administrator; their names."""

    def make(*companies: Any) -> list[str]:
        names = [world.unique("Depot ") for _ in companies]
        with world.acting(console_app, admin.actor):
            for company, name in zip(companies, names, strict=True):
                clients.add_site(company.id, name, by=admin.actor)
        return names

    return make


def test_the_trail_says_who_did_what_and_narrows(admin: Any, acme: Any, birch: Any, changed: Any) -> None:
    ours, theirs = changed(acme, birch)
    page = admin.get(f"/settings/audit?person={admin.actor.id}")
    said = words(page)
    assert page.status_code == 200
    assert all(word in said for word in (ours, theirs, admin.actor.name, acme.tenant.name, f"Site {ours} created"))
    for query, shown in (
        (f"client={acme.id}", True),
        (f"client={birch.id}", False),
        (f"person={admin.actor.id}&kind=site", True),
        (f"person={uuid4()}", False),
        ("kind=branding", False),
        ("from=2000-01-01&to=2000-12-31", False),
        (f"from={clock.now() - timedelta(days=1):%Y-%m-%d}&to={clock.now() + timedelta(days=1):%Y-%m-%d}", True),
    ):
        assert (ours in words(admin.get(f"/settings/audit?{query}"))) is shown, query


def test_wrong_filters_are_named_and_kept(admin: Any) -> None:
    for query, told in (
        ("person=nobody", "Choose one of the list."),
        ("client=42", "Choose one of the list."),
        ("kind=secrets", "Choose one of the list."),
        ("from=yesterday", "Write the day as 2027-03-31."),
        ("to=9999-12-31", "This day is out of reach."),
    ):
        answer = admin.get(f"/settings/audit?{query}")
        assert answer.status_code == 422, query
        assert told in words(answer), query
    assert 'value="yesterday"' in admin.get("/settings/audit?from=yesterday").text
    assert admin.get("/settings/audit?cursor=x").status_code == 400
    assert admin.get("/settings/refusals?reason=none").status_code == 422


def test_who_may_read(sit: Any) -> None:
    assert sit(roles=("lead",)).get("/settings/audit").status_code == 200
    for role in ("agent", "read_only", "billing", "account_manager"):
        desk = sit(roles=(role,))
        assert [desk.get(f"/settings/{page}").status_code for page in ("audit", "refusals")] == [403, 403], role
        assert "Audit trail" not in words(desk.get("/settings"))
        with pytest.raises(Forbidden):
            trails.changes(trails.Span(), by=desk.actor)
        with pytest.raises(Forbidden):
            trails.refusals(trails.Span(), by=desk.actor)


def test_a_limited_agent_reads_what_belongs_to_his_clients(sit: Any, acme: Any, birch: Any, changed: Any) -> None:
    ours, theirs = changed(acme, birch)
    limited = sit(acme, roles=("lead",))
    said = words(limited.get(f"/settings/audit?kind=site&client={acme.id}"))
    assert ours in said
    assert theirs not in said
    assert theirs not in words(limited.get(f"/settings/audit?client={birch.id}"))
    with world.acting(limited.app, limited.actor):
        rows = trails.changes(trails.Span(), by=limited.actor).rows
    assert {row["tenant_id"] for row in rows} == {acme.id}


def test_pages_follow_each_other_without_loss(console_app: Any, admin: Any, acme: Any) -> None:
    kind, total = world.unique("proof"), trails.PAGE * 2 + 7
    with world.acting(console_app, admin.actor):
        for number in range(total):
            audit.note(db.session(), f"act {number}", kind, None, tenant_id=acme.id)
    with world.acting(console_app, admin.actor):
        seen, cursor, back = [], None, None
        while True:
            page = trails.changes(trails.Span(), by=admin.actor, subject=kind, cursor=cursor)
            seen += [row["id"] for row in page.rows]
            if page.next is None:
                break
            cursor, back = page.next, page.rows
        assert len(seen) == len(set(seen)) == total
        assert page.previous is not None
        before = trails.changes(trails.Span(), by=admin.actor, subject=kind, cursor=page.previous)
        assert back is not None
        assert [row["id"] for row in before.rows] == [row["id"] for row in back]
        first = trails.changes(trails.Span(), by=admin.actor, subject=kind, cursor=before.previous)
        assert first.previous is None


def test_refused_accesses_are_read_by_reason_and_client(admin: Any, sit: Any, portal_of: Any, acme: Any, birch: Any) -> None:
    address = f"{world.unique('stranger')}@acme.example"
    identity.sign_in(identity.from_own_address(portal_of(acme, None)), address, "not the one at all")
    assert address in words(admin.get(f"/settings/refusals?reason=wrong_password&client={acme.id}"))
    assert address not in words(admin.get("/settings/refusals?reason=throttled"))
    assert address in words(sit(acme, roles=("lead",)).get("/settings/refusals"))
    assert address not in words(sit(birch, roles=("lead",)).get("/settings/refusals"))


@pytest.mark.parametrize("role", ["msp_tenant", "msp_signin"])
def test_the_readers_are_closed_to_others(servers: Servers, role: str) -> None:
    with psycopg.connect(servers.url("msp_console")) as connection:
        connection.execute("SELECT set_config('role', %s, true)", (role,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM read_audit(NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, 10)")


def test_no_role_reads_the_tables_themselves(console_app: Any) -> None:
    with world.as_staff(console_app), pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        db.session.execute(sa.text("SELECT 1 FROM audit_entry LIMIT 1"))


def test_a_refusal_says_what_is_lacking_and_who_grants_it(sit: Any) -> None:
    answer = sit(roles=("agent",)).get("/settings/audit")
    assert answer.status_code == 403
    assert "This needs the right to read the audit trail." in answer.text
    assert "It comes with the roles Administrator and Team lead; an administrator can give you one of them." in answer.text
    assert "audit.read" not in answer.text


def test_ids_are_shown_by_their_names(console_app: Any, sit: Any, acme: Any, birch: Any, opened: Any) -> None:
    from agent_console import named
    from msp.itsm.tickets.services import triage
    from tests.support.statements import counted

    lead, ticket = sit(acme, roles=("lead",)), opened(acme)
    foreign = opened(birch)
    with world.acting(console_app, lead.actor):
        triage.assign(ticket.id, by=lead.actor, assignee_id=lead.actor.id)
        triage.add_follower(ticket.id, by=lead.actor, contact_id=acme.people["manager"].id)
    page = lead.get(f"/settings/audit?client={acme.id}")
    assert page.status_code == 200
    said, manager = words(page), acme.people["manager"]
    assert f"Ticket {ticket.ref} changed" in said
    assert f'<span title="{manager.id}">{manager.name}</span>' in page.text
    assert f"assignee: – → {lead.actor.name}" in said
    assert f"ticket: {ticket.ref}" in said
    ids = [ticket.id, foreign.id, manager.id, lead.actor.id, acme.id, birch.id, uuid4()]
    with world.acting(console_app, lead.actor), counted(console_app) as statements:
        found = named.names_of(ids, by=lead.actor)
    assert found == {ticket.id: ticket.ref, manager.id: manager.name, lead.actor.id: lead.actor.name, acme.id: acme.tenant.name}
    assert len([each for each in statements if each.startswith("SELECT") and "set_config" not in each]) == 1
