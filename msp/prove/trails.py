"""Trail tables: everybody writes under his own name and for his own client only."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from msp.core.ids import new_id
from msp.prove.scratch import Scratch
from msp.prove.sides import Side, World

NOW = "2027-01-01T00:00:00Z"


def failures(scratch: Scratch, world: World) -> list[str]:
    """What is wrong with the outbox and the audit trail, each as one line."""
    said: list[str] = []
    with psycopg.connect(scratch.settings.console_database_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        for words, is_allowed, role, table, row in _cases(world):
            if _insert(connection, role, world.right, table, row) != is_allowed:
                said.append(f"{table}: {words} is {'refused' if is_allowed else 'accepted'}")
        for words, is_allowed, row in (
            ("forgetting work that is still to be done", False, _work(world.right.tenant_id)),
            ("forgetting work that is finished", True, _work(world.right.tenant_id, suppressed_at=NOW)),
        ):
            if _forgets(connection, world.right, row) != is_allowed:
                said.append(f"outbox: {words} is {'refused' if is_allowed else 'accepted'}")
        connection.rollback()
    return said


def _cases(world: World) -> Iterator[tuple[str, bool, str, str, Mapping[str, Any]]]:
    own, other = world.right.tenant_id, world.left.tenant_id
    actor = _actor(world.right)
    for role, who in (("msp_tenant", "a contact"), ("msp_agent", "a limited agent")):
        yield f"work of {who} for his own client", True, role, "outbox", _work(own)
        yield f"work of {who} for another client", False, role, "outbox", _work(other)
        yield f"work of {who} under the staff's role", False, role, "outbox", _work(own, scope_role="msp_staff")
        yield f"an entry of {who} about his own client", True, role, "audit_entry", _entry(own, actor)
        yield f"an entry of {who} about another client", False, role, "audit_entry", _entry(other, actor)
        yield f"an entry of {who} under another's name", False, role, "audit_entry", _entry(own, new_id())
    provider = world.provider_id
    yield "mail about a limited agent's own account", True, "msp_agent", "outbox", _work(provider, kind="mail.send")
    yield "other work of a limited agent for the provider", False, "msp_agent", "outbox", _work(provider)
    yield "work of an agent without limits", True, "msp_staff", "outbox", _work(own)
    yield "an entry of an agent without limits", True, "msp_staff", "audit_entry", _entry(other, actor)
    yield "an entry of an agent without limits under another's name", False, "msp_staff", "audit_entry", _entry(other, new_id())


def _actor(side: Side) -> UUID | None:
    return side.contacts["everything"].id


def _work(tenant_id: UUID, **changes: Any) -> dict[str, Any]:
    row = {"id": new_id(), "kind": "proof", "queue": "default", "args": Jsonb({}), "tenant_ids": [tenant_id]}
    return row | {"created_at": NOW, "run_after": NOW} | changes


def _entry(tenant_id: UUID, actor_id: UUID | None) -> dict[str, Any]:
    return {
        "id": new_id(), "tenant_id": tenant_id, "at": NOW, "actor_id": actor_id, "actor_kind": "contact", "actor_name": "proof",
        "action": "proof", "subject": "proof", "changes": Jsonb({}),
    }  # fmt: skip


def _take(connection: psycopg.Connection, role: str, side: Side) -> None:
    connection.rollback()
    connection.execute(
        "SELECT set_config('role', %s, true), set_config('msp.tenant', %s, true), set_config('msp.tenants', %s, true),"
        " set_config('msp.actor', %s, true)",
        (role, str(side.tenant_id), "{" + str(side.tenant_id) + "}", str(_actor(side))),
    )


def _forgets(connection: psycopg.Connection, side: Side, row: Mapping[str, Any]) -> bool:
    """Whether staff may delete such a piece of queued work, which is put back at once."""
    _take(connection, "msp_staff", side)
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"INSERT INTO outbox ({names}) VALUES ({marks})", list(row.values()))
            return connection.execute("DELETE FROM outbox WHERE id = %s", (row["id"],)).rowcount == 1
    except psycopg.errors.InsufficientPrivilege:
        return False


def _insert(connection: psycopg.Connection, role: str, side: Side, table: str, row: Mapping[str, Any]) -> bool:
    """Whether the row is accepted under the role of this side's people."""
    _take(connection, role, side)
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
