"""Whom to tell: the people that an action means, those who stand in for them, and what is left when there is nobody."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from msp.core.db import db
from msp.itsm.sla.roster import Roster
from msp.itsm.tickets.models import Ticket
from tenants.models import Agent, AgentClient, TeamMember

WATCHES = "watch_unassigned"  # preference: tell me of tickets that belong to no team


@dataclass
class Plan:
    """Who is told now, each with the reason if it is not he who was meant, and who when he is back on duty."""

    now: list[tuple[Agent, str]] = field(default_factory=list)
    later: list[tuple[Agent, datetime]] = field(default_factory=list)


class Directory:
    """The provider's people as they stand at an instant, read once for any number of tickets."""

    def __init__(self, now: datetime) -> None:
        self.agents = {
            agent.id: agent
            for agent in db.session.scalars(sa.select(Agent).where(Agent.is_active).order_by(Agent.name, Agent.id))
        }
        self._members: dict[UUID, list[TeamMember]] = {}
        for member in db.session.scalars(sa.select(TeamMember).order_by(TeamMember.is_lead.desc(), TeamMember.id)):
            self._members.setdefault(member.team_id, []).append(member)
        limited = [agent.id for agent in self.agents.values() if agent.is_limited]
        granted = sa.select(AgentClient.agent_id, AgentClient.client_id).where(AgentClient.agent_id.in_(limited))
        self._grants = (
            {(agent_id, client_id) for agent_id, client_id in db.session.execute(granted)} if limited else set()
        )
        self._roster = Roster(self.agents, self._members, now)

    def plan(self, ticket: Ticket, to: str, off_duty: str) -> Plan:
        """Whom an action tells. Somebody off duty is replaced by the on-call or told later, as it says.

        With nobody to tell it is the team's lead, then every administrator, whatever the hour.
        """
        plan, meant_team = Plan(), self._team_of(ticket, to)
        for agent in self.reaching(ticket.tenant_id, self._meant(ticket, to)):
            if self._roster.is_on_duty(agent.id):
                plan.now.append((agent, ""))
            elif off_duty == "wait":
                if at := self._roster.next_on_duty(agent.id):
                    plan.later.append((agent, at))
            elif deputy := self._on_call(ticket.tenant_id, meant_team, agent):
                plan.now.append((deputy, f"on call for {agent.name}"))
        if not plan.now and not plan.later:
            plan.now = [(agent, "nobody else to tell") for agent in self._last_resort(ticket)]
        plan.now = list({agent.id: (agent, why) for agent, why in reversed(plan.now)}.values())[::-1]
        return plan

    def on_duty(self, ticket: Ticket) -> list[Agent]:
        """Members of the ticket's team who work now; without a team those who watch for such tickets."""
        if ticket.team_id:
            return self.team_on_duty(ticket.tenant_id, ticket.team_id)
        watching = [agent.id for agent in self.agents.values() if agent.preferences.get(WATCHES)]
        return [agent for agent in self.reaching(ticket.tenant_id, watching) if self._roster.is_on_duty(agent.id)]

    def team_on_duty(self, tenant_id: UUID, team_id: UUID) -> list[Agent]:
        """Members of a team who work now and may see this client."""
        return [agent for agent in self.reaching(tenant_id, self._member_ids(team_id)) if self._roster.is_on_duty(agent.id)]

    def present(self, tenant_id: UUID, team_id: UUID) -> list[Agent]:
        """Members of a team who work now and may see this client."""
        return [agent for agent in self.reaching(tenant_id, self._member_ids(team_id)) if self._roster.is_on_duty(agent.id)]

    def having(self, tenant_id: UUID, skill: str, team_id: UUID | None = None) -> list[tuple[Agent, bool]]:
        """Agents with a skill who may see this client, of a team where one is named, each with whether he works now."""
        meant = self._member_ids(team_id) if team_id else list(self.agents)
        found = (agent for agent in self.reaching(tenant_id, meant) if skill in agent.skills)
        return [(agent, self._roster.is_on_duty(agent.id)) for agent in found]

    def on_call_for(self, ticket: Ticket) -> list[tuple[Agent, str]]:
        """Whoever is on call for the ticket's team; with nobody there its lead, then every administrator."""
        found = self._roster.on_call(ticket.team_id) if ticket.team_id else None
        people = [(agent, "on call") for agent in self.reaching(ticket.tenant_id, [found])]
        return people or [(agent, "nobody else to tell") for agent in self._last_resort(ticket)]

    def reaching(self, tenant_id: UUID, agent_ids: Iterable[UUID | None]) -> Iterator[Agent]:
        """Those of the agents who are active and may see this client."""
        for agent_id in agent_ids:
            agent = self.agents.get(agent_id) if agent_id else None
            if agent is not None and (not agent.is_limited or (agent.id, tenant_id) in self._grants):
                yield agent

    def _meant(self, ticket: Ticket, to: str) -> Sequence[UUID | None]:
        match to:
            case "assignee":
                return [ticket.assignee_id]
            case "lead":
                return self._member_ids(ticket.team_id, leads_only=True)
            case "account_manager":
                return self._account_managers(ticket.tenant_id)
            case _:
                return self._member_ids(_uuid(to))

    def _account_managers(self, tenant_id: UUID) -> list[UUID]:
        """Those limited to clients that include this one, if there are any: they are its own."""
        managers = [agent for agent in self.agents.values() if "account_manager" in agent.roles]
        own = [agent.id for agent in managers if (agent.id, tenant_id) in self._grants]
        return own or [agent.id for agent in managers]

    def _team_of(self, ticket: Ticket, to: str) -> UUID | None:
        meant = _uuid(to)
        return meant if meant in self._members else ticket.team_id

    def _on_call(self, tenant_id: UUID, team_id: UUID | None, agent: Agent) -> Agent | None:
        """Whoever is on call for the team; without a team, for one that the agent belongs to."""
        own = [id for id, members in self._members.items() if any(member.agent_id == agent.id for member in members)]
        found = (self._roster.on_call(id) for id in ([team_id] if team_id else own))
        return next(self.reaching(tenant_id, found), None)

    def _last_resort(self, ticket: Ticket) -> list[Agent]:
        leads = list(self.reaching(ticket.tenant_id, self._member_ids(ticket.team_id, leads_only=True)))
        admins = [agent.id for agent in self.agents.values() if "admin" in agent.roles]
        return leads or list(self.reaching(ticket.tenant_id, admins))

    def _member_ids(self, team_id: UUID | None, *, leads_only: bool = False) -> list[UUID]:
        members = self._members.get(team_id, []) if team_id else []
        return [member.agent_id for member in members if member.is_lead or not leads_only]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
