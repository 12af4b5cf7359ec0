"""Whom a step gives a ticket, where the rule names nobody: the next by turns, the least loaded, whoever has a skill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock
from msp.core.db import apart, db
from msp.core.errors import Conflict
from msp.core.scope import Scope
from msp.itsm.automation import queries
from msp.itsm.automation.models import Rule
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services.recipients import Directory
from tenants import skills

MOST_NAMED = 10
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Choice:
    """Who takes it and why. `is_turn`: the rule remembers that it chose him."""

    agent_id: UUID | None
    why: str = ""
    is_turn: bool = False


def of_team(ticket: Ticket, rule: Rule, team_id: UUID, *, by_turns: bool) -> Choice:
    """Who of the team is present and takes it: the next by turns, or whoever has the fewest open tickets."""
    present = Directory(clock.now()).present(ticket.tenant_id, team_id)
    if not present:
        raise Conflict("Nobody of the team is present who may work for this client.")
    if by_turns:
        ids, last = [agent.id for agent in present], queries.last_turn(rule.id)
        chosen = present[(ids.index(last) + 1) % len(present)] if last in ids else present[0]
        return Choice(chosen.id, "next by turns of " + ", ".join(agent.name for agent in present), is_turn=True)
    loads = _loads(ticket, rule, [agent.id for agent in present])
    chosen = min(present, key=lambda agent: loads.get(agent.id, 0))
    return Choice(chosen.id, ", ".join(f"{agent.name} has {loads.get(agent.id, 0)} open" for agent in present))


def with_skill(ticket: Ticket, rule: Rule, skill: str, team_id: UUID | None) -> Choice | None:
    """Who has the skill and may work for the client, of the team where one is named; None where nobody does.

    Those present come first, then the least loaded, then whom this rule chose longest ago.
    """
    having = Directory(clock.now()).having(ticket.tenant_id, skills.normal(skill), team_id)
    if not having:
        return None
    loads, turns = _loads(ticket, rule, [agent.id for agent, _ in having]), queries.last_chosen(rule.id)
    having.sort(key=lambda each: (not each[1], loads.get(each[0].id, 0), turns.get(each[0].id, _NEVER)))
    told = [f"{agent.name} has {loads.get(agent.id, 0)} open{'' if is_there else ', not present'}" for agent, is_there in having]
    more = f"; {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return Choice(having[0][0].id, f"of those with “{skills.normal(skill)}”: {'; '.join(told[:MOST_NAMED])}{more}", is_turn=True)


def _loads(ticket: Ticket, rule: Rule, agent_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Open tickets of each agent: at all clients, but for a client's own rule at this client alone."""
    statement: Any = sa.select(Ticket.assignee_id, sa.func.count()).where(Ticket.is_open, Ticket.assignee_id.in_(agent_ids))
    grouped = statement.group_by(Ticket.assignee_id)
    if rule.client_id is not None:
        return dict(db.session.execute(grouped.where(Ticket.tenant_id == ticket.tenant_id)).all())
    with apart(Scope.staff()) as session:  # numbers only: how busy somebody is does not end at a client
        return dict(session.execute(grouped).all())
