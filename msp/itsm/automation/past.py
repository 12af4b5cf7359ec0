"""Tickets as they stood at an instant: the row of today with what was noted since then taken back.

What a condition asks for is then held against that state by the database, as it is for a rule that acts. Tags, the state
of the service level and moments relative to now are those of today.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import visitors

from msp.core.db import db
from msp.itsm.automation.matching import Term
from msp.itsm.tickets.models import Ticket, TimelineEntry
from msp.itsm.tickets.states import ENDED
from tenants import queries as tenants

_TEXTS, _NUMBERS, _IDS = ("status", "kind"), ("priority", "impact", "urgency"), ("assignee_id", "team_id", "category_id")
_INSTANTS = ("answered_at", "resolved_at", "closed_at")
_CHANGED = (*_NUMBERS, "kind", "category_id")


@dataclass(frozen=True)
class Moment:
    """A ticket at an instant."""

    ticket: Ticket
    at: datetime


def names() -> tuple[dict[str, UUID], dict[str, UUID]]:
    """Agents and teams by name, as the timeline names them."""
    return (
        {agent.name: agent.id for agent in tenants.agents(active_only=False)},
        {team.name: team.id for team in tenants.teams(active_only=False)},
    )


def state(moment: Moment, entries: Sequence[TimelineEntry], agents: Mapping[str, UUID], teams: Mapping[str, UUID]) -> dict[str, Any]:
    """What the ticket was then; `entries` are its own, oldest first."""
    ticket = moment.ticket
    was: dict[str, Any] = {name: getattr(ticket, name) for name in (*_TEXTS, *_NUMBERS, *_IDS)}
    for entry in reversed(entries):
        if entry.at <= moment.at:
            break
        data = entry.data
        if entry.kind == "moved":
            was["status"] = data["from"]
        elif entry.kind == "assigned":
            was["assignee_id"] = agents.get(data["from"].get("assignee") or "")
            was["team_id"] = teams.get(data["from"].get("team") or "")
        elif entry.kind == "classified":
            was |= {name: values[0] for name, values in data.get("changes", {}).items() if name in _CHANGED}
    for name in _INSTANTS:
        at = getattr(ticket, name)
        was[name] = at.isoformat() if at is not None and at <= moment.at else None
    was = {name: str(value) if isinstance(value, UUID) else value for name, value in was.items()}
    return {**was, "is_open": was["status"] not in ENDED}


def holding(states: Sequence[tuple[UUID, UUID, Mapping[str, Any]]], terms: Sequence[Term]) -> list[bool]:
    """Whether all terms hold for each of these states of tickets (client, ticket, state), with one statement."""
    if not states or not terms:
        return [True] * len(states)
    rows = [{"n": number, "tenant": str(tenant), "id": str(id), **was} for number, (tenant, id, was) in enumerate(states)]
    columns = [
        sa.column("n", sa.Integer), sa.column("tenant", sa.Uuid), sa.column("id", sa.Uuid), sa.column("is_open", sa.Boolean),
        *(sa.column(name, sa.Text) for name in _TEXTS), *(sa.column(name, sa.Integer) for name in _NUMBERS),
        *(sa.column(name, sa.Uuid) for name in _IDS), *(sa.column(name, sa.DateTime(timezone=True)) for name in _INSTANTS),
    ]  # fmt: skip
    given = sa.func.jsonb_to_recordset(sa.bindparam("states", rows, JSONB))
    was_then = given.table_valued(*columns, name="was").render_derived(with_types=True)

    def as_it_was(element: Any, **_: Any) -> Any:
        table = getattr(element, "table", None)
        if getattr(table, "name", None) == "ticket" and element.key in was_then.c and element.key != "id":
            return was_then.c[element.key]
        return None

    conditions = [visitors.replacement_traverse(term.condition.is_(sa.true()), {}, as_it_was) for term in terms]
    own = sa.and_(Ticket.tenant_id == was_then.c.tenant, Ticket.id == was_then.c.id)
    found = set(db.session.scalars(sa.select(was_then.c.n).select_from(was_then).join(Ticket, own).where(*conditions)))
    return [number in found for number in range(len(states))]
