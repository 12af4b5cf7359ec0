"""Who has a say over whom: what somebody may see, give and take away of others' rights. Questions and refusals, no acts."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Forbidden
from tenants import queries
from tenants.models import Agent, Contact
from tenants.permissions import CONTACT_ROLES, Permission, lacking


def may_see_invitations(*, by: Actor) -> bool:
    """Whether an invitation may be shown to this actor: he could grant everything that its password would open."""
    return by.may(Permission.INVITATION_SHOW) and by.tenant_ids is None


def may_change(agent: Agent, *, by: Actor) -> bool:
    """Whether the actor sees all that an agent sees: whoever is limited to some clients has a say over no others."""
    return by.tenant_ids is None or (agent.is_limited and set(queries.client_ids_of(agent.id)) <= set(by.tenant_ids))


def require_change(agent: Agent, *, by: Actor) -> None:
    """Forbidden where the agent sees more than the actor."""
    if not may_change(agent, by=by):
        raise Forbidden(f"{agent.name} sees clients beyond yours: only somebody who sees them too can do this.")


def require_grants_of(person_id: UUID, *, by: Actor) -> None:
    """Forbidden unless the actor could give all that this person holds, on the console and in each company that he sees."""
    for agent in db.session.scalars(sa.select(Agent).where(Agent.person_id == person_id)):
        by.require(Permission.AGENT_MANAGE)
        require_change(agent, by=by)
        require_grant(agent.roles, by=by, agent=True)
    for contact in db.session.scalars(sa.select(Contact).where(Contact.person_id == person_id)):
        by.require(Permission.CONTACT_MANAGE)
        require_grant(contact.roles, by=by, agent=False)


def require_reach(*, is_limited: bool, by: Actor) -> None:
    """Whoever is limited to some clients makes nobody see them all."""
    if by.tenant_ids is not None and not is_limited:
        raise Forbidden("You cannot give a reach beyond your own clients.")


def grantable_contact_roles(*, by: Actor) -> list[str]:
    """Roles of contacts that the actor can give and take away."""
    return [role for role in CONTACT_ROLES if not lacking([role], agent=False, held=by.permissions, is_contact=by.is_contact)]


def require_grant(moved: Iterable[str], *, by: Actor, agent: bool) -> None:
    """Forbidden where these roles bring what the actor may not give."""
    missing = lacking(moved, agent=agent, held=by.permissions, is_contact=by.is_contact)
    for permission in missing & {Permission.ROLE_GRANT, Permission.CONTACT_APPOINT}:
        by.require(permission)
    if missing and by.kind != "system":
        raise Forbidden("You cannot grant rights that you do not have yourself.", missing=sorted(missing))
